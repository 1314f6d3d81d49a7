"""The atlas: the best known constructions for every K and L, found, certified, bounded below.

What stands in it: `table` puts together, for each cell, the cheapest construction of the registry
(its family "atlas" is the chains of `nctheory.constructions.stored`) and a proved lower bound;
`submit` judges anyone's matrices; `nctheory.report` shows all this.

How it got there: `search` and `discover` minimise over all factors (`kernel`), `store` keeps what
is cheaper; `paths` finds the best chain of named feature sets in their best `shapes`, by costs of
`transitions`; `explain` detects symmetry and `structure`, `simplify` makes chains small (`face`,
`rounding`, `algebraic`).

The last two layers: `gauge` solves the two-layer problem C2(F) in floats, over all `regions` of
linear marks where the rank is small, reduced by `symmetry`; `certified` puts it between exact
numbers.

Beside it: `partial`, networks that fit only a part of the outputs and depend on the weight decay.
"""
