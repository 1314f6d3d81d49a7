"""Graphs with exact spectra: named families, incidence matrices, strongly regular parameters.

A family's generator (`triangular`, `johnson`, ...) gives a networkx graph; `from_spec` gives the
closed form alone, a `NamedGraph`, at any size.  `complement`, `incidence`, `parameters` and
`spectrum` take any networkx graph.  `feasibility` asks which strongly regular graphs can exist.

All but the incidence matrices is imported on first use (PEP 562): networkx takes 0.2 s.

References
----------
[BH12] A. E. Brouwer, W. H. Haemers, Spectra of Graphs, Springer 2012: chapter 9 (strongly
regular graphs), chapter 11 (association schemes, Krein parameters, absolute bound).
[BCN89] A. E. Brouwer, A. M. Cohen, A. Neumaier, Distance-Regular Graphs, Springer 1989:
chapter 9 (Johnson and Hamming schemes).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Not on first use: the function must replace the submodule of the same name at once.
from nctheory.graphs.incidence import incidence as incidence
from nctheory.graphs.incidence import subset_incidence as subset_incidence

if TYPE_CHECKING:
    from nctheory.graphs.generators import clebsch as clebsch
    from nctheory.graphs.generators import complement as complement
    from nctheory.graphs.generators import complete_multipartite as complete_multipartite
    from nctheory.graphs.generators import hamming as hamming
    from nctheory.graphs.generators import hoffman_singleton as hoffman_singleton
    from nctheory.graphs.generators import johnson as johnson
    from nctheory.graphs.generators import kneser as kneser
    from nctheory.graphs.generators import paley as paley
    from nctheory.graphs.generators import petersen as petersen
    from nctheory.graphs.generators import rook as rook
    from nctheory.graphs.generators import schlaefli as schlaefli
    from nctheory.graphs.generators import triangular as triangular
    from nctheory.graphs.named import NamedGraph as NamedGraph
    from nctheory.graphs.named import from_spec as from_spec
    from nctheory.graphs.named import given as given
    from nctheory.graphs.regularity import Feasibility as Feasibility
    from nctheory.graphs.regularity import feasibility as feasibility
    from nctheory.graphs.regularity import spectrum as spectrum
    from nctheory.graphs.srg import Parameters as Parameters
    from nctheory.graphs.srg import parameters as parameters

_NAMES = {
    "generators": "clebsch complement complete_multipartite hamming hoffman_singleton johnson "
                  "kneser paley petersen rook schlaefli triangular",
    "named": "NamedGraph from_spec given",
    "regularity": "Feasibility feasibility spectrum",
    "srg": "Parameters parameters"}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = ["incidence", "subset_incidence", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nctheory.graphs' has no attribute '{name}'")
    return getattr(importlib.import_module(f"nctheory.graphs.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
