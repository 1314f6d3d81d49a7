"""The atlas: the best known constructions for every K and L, found, certified, bounded below.

`table` puts together, for each cell, the cheapest construction of the registry (the chains that
`discover` found and stored under data/ are the registry's family "atlas") and a proved lower
bound.  `submit` judges anyone's matrices.

`gauge` solves the two-layer problem C2(F) in floats, over all `regions` of linear marks where
the rank is small, reduced by `symmetry`; `certified` puts it between exact numbers; `complete`
is its exact solution for the edges of complete graphs.
"""
