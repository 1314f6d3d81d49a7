"""Neural collapse theory: what the optima of deep unconstrained features models look like.

Public names are imported on first use (PEP 562), so that `import nctheory` stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from nctheory import activations as activations
    from nctheory import atlas as atlas
    from nctheory import certify as certify
    from nctheory import cross_entropy as cross_entropy
    from nctheory import feature_sets as feature_sets
    from nctheory import graphs as graphs
    from nctheory import losses as losses
    from nctheory import metrics as metrics
    from nctheory import network as network
    from nctheory import rank_bounds as rank_bounds
    from nctheory import report as report
    from nctheory import solver as solver
    from nctheory import strategies as strategies
    from nctheory import sweep as sweep
    from nctheory import thresholds as thresholds
    from nctheory import torch as torch
    from nctheory import trained as trained
    from nctheory.atlas.certified import certified_gauge as certified_gauge
    from nctheory.atlas.gauge import two_layer_gauge as two_layer_gauge
    from nctheory.constructions import Arc as Arc
    from nctheory.constructions import Chain as Chain
    from nctheory.constructions import Circle as Circle
    from nctheory.constructions import Code as Code
    from nctheory.constructions import DirectSum as DirectSum
    from nctheory.constructions import Family as Family
    from nctheory.constructions import Features as Features
    from nctheory.constructions import Groups as Groups
    from nctheory.constructions import Orthogonal as Orthogonal
    from nctheory.constructions import Pairs as Pairs
    from nctheory.constructions import Triangular as Triangular
    from nctheory.constructions import TriangularMixture as TriangularMixture
    from nctheory.constructions import construct as construct
    from nctheory.constructions import optimal_mixture as optimal_mixture
    from nctheory.constructions import register as register
    from nctheory.constructions.partial import PartialFit as PartialFit
    from nctheory.errors import InputError as InputError
    from nctheory.problem import Problem as Problem
    from nctheory.solver.solve import solve as solve
    from nctheory.thresholds import threshold_table as threshold_table

_NAMES = {
    "nctheory.atlas.certified": "certified_gauge",
    "nctheory.atlas.gauge": "two_layer_gauge",
    "nctheory.constructions":
        "Arc Chain Circle Code DirectSum Family Features Groups Orthogonal Pairs Triangular "
        "TriangularMixture construct optimal_mixture register",
    "nctheory.constructions.partial": "PartialFit",
    "nctheory.errors": "InputError",
    "nctheory.problem": "Problem",
    "nctheory.solver": "solve",
    "nctheory.thresholds": "threshold_table",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

_MODULES = ("activations", "atlas", "certify", "cross_entropy", "feature_sets", "graphs", "losses",
            "metrics", "network", "rank_bounds", "report", "solver", "strategies", "sweep",
            "thresholds", "torch", "trained")

# `strategies` needs Hypothesis, and "import *" must not; nor may it hide PyTorch's name.
APART = ("strategies", "torch")
__all__ = ["__version__", *_HOME, *(name for name in _MODULES if name not in APART)]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"nctheory.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'nctheory' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
