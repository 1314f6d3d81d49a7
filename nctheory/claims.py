"""The registered claims that `nctheory refute` knows: theorems, rank bounds, and some that fail.

Margins are relative where they can be: log K^(L+1) - log P, with the sign decided exactly.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nctheory import rank_bounds
from nctheory import strategies as ncs
from nctheory.atlas.search import minimise, random_start
from nctheory.certify import compare, threshold
from nctheory.certify.uniform import two_layer_range
from nctheory.constructions import Orthogonal, Triangular
from nctheory.constructions.pairs import Pairs
from nctheory.errors import InputError, show
from nctheory.problem import Problem
from nctheory.refute import Claim, assume, claim

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def _below_dnc(r: int, s: int, L: int) -> float:
    """log K - log c, negative unless P < K^(L+1) exactly."""
    block = Triangular(vertices=r, subset=s)
    margin = abs(math.log(block.classes) - block.log_cost(L))
    return margin if block.compare_with_dnc(L) == -1 else -margin - 1e-300


@claim(r=range(5, 201), s=range(3, 199), L=range(3, 31))
def triangular_thresholds(r: int, s: int, L: int) -> float:
    """P < K^(L+1) for all 3 <= s <= r-2, L >= 3."""
    assume(s <= r - 2)
    return _below_dnc(r, s, L)


@claim(r=range(4, 201), s=range(2, 199))
def two_layer_thresholds(r: int, s: int) -> bool:
    """With L = 2, P < K^3 exactly for the s of the rule in proofs/two_layer_thresholds.py."""
    assume(s <= r - 2)
    beats = Triangular(vertices=r, subset=s).compare_with_dnc(2) == -1
    return beats == (s in two_layer_range(r))


@claim(K=range(2, 61), L=range(2, 9))
def slm24_theorem_5(K: int, L: int) -> bool:
    """The library beats DNC for K >= 6, L >= 4 and K >= 10, L = 3 [SLM24], K >= 15, L = 2."""
    beaten = K >= {2: 15, 3: 10}.get(L, 6)
    return (threshold(K, L).verdict == "beaten") == beaten


@claim(K=range(4, 61), L=range(2, 13), n=ncs.samples(), decay=ncs.decays(3, 20))
def gk25_theorem_1(K: int, L: int, n: int, decay: Fraction) -> bool:
    """Where m 2^(2/(L+1)) < 2m-1, m = K//2, the least loss of pairs is at most that of DNC."""
    assume(K >= 6 or L >= 3)
    try:
        return compare("pairs", "dnc", K, L, samples=n, weight_decay=decay).verdict != "above"
    except InputError:  # too close for the certificate's floats: not decided
        assume(False)
        raise


@claim(K=range(10, 81), L=range(4, 21))
def gk25_theorem_7(K: int, L: int) -> float:
    """ReLU pairs cost less than K-1 for K >= 10, L >= 5 and for K >= 16, L = 4 (K even)."""
    assume(K % 2 == 0 and (L >= 5 or K >= 16))
    pairs = Pairs(classes=K)
    margin = abs(math.log(K - 1) - math.log(pairs.cost(L, "ce", "relu")))
    return margin if pairs.compare_with_dnc(L, "ce", "relu") == -1 else -margin - 1e-300


@claim(r=range(4, 41), s=range(2, 39))
def dnc_optimal_with_two_layers(r: int, s: int) -> float:
    """FALSE: with L = 2 no triangular construction beats DNC.  Fails first at K = 15."""
    assume(s <= r - 2)
    block = Triangular(vertices=r, subset=s)
    margin = abs(block.log_cost(2) - math.log(block.classes))
    return -margin - 1e-300 if block.compare_with_dnc(2) == -1 else margin


@claim(r=range(4, 13), s=range(2, 11), other=range(1, 11), L=range(2, 9), decay=ncs.decays())
def cost_decides(r: int, s: int, other: int, L: int, decay: Fraction) -> bool:
    """Of two constructions on K = r(r-1)/2 classes (other = 1: DNC) the cheaper has the lower
    loss, or both are zero."""
    assume(s <= r - 2 and other <= r - 2)
    a, K = Triangular(vertices=r, subset=s), r * (r - 1) // 2
    b = Triangular(vertices=r, subset=other) if other > 1 else Orthogonal(classes=K)
    assume(abs(a.log_cost(L) - b.log_cost(L)) > 1e-12)
    problem = Problem(classes=K, layers=L, weight_decay=float(decay))
    difference = a.loss(problem) - b.loss(problem)
    cheaper = a.log_cost(L) < b.log_cost(L)
    return (difference < 0) == cheaper if difference else a.loss(problem) == 0.5


# What descent leaves above the bottom of a valley, in log c.
_VALLEY = 1e-9


def _found_above_dnc(K: int, L: int, rank: int, seed: int) -> float:
    """log c - log K at the end of a descent from a random start of that rank."""
    assume(rank < K)
    log_product, _ = minimise(random_start(K, L, np.random.default_rng(seed), rank))
    assume(math.isfinite(log_product))
    return log_product / (L + 1) - math.log(K) + _VALLEY


@claim(K=range(3, 15), rank=range(1, 14), seed=range(10**6))
def two_layers_below_15_classes(K: int, rank: int, seed: int) -> float:
    """OPEN: with L = 2 and K < 15 no exact fit costs less than DNC.  Hunted by descent."""
    return _found_above_dnc(K, 2, rank, seed)


@claim(K=range(3, 7), rank=range(1, 6), seed=range(10**6))
def three_layers_below_7_classes(K: int, rank: int, seed: int) -> float:
    """OPEN: with L = 3 and K < 7 no exact fit costs less than DNC.  Hunted by descent."""
    return _found_above_dnc(K, 3, rank, seed)


def _rank_bound(statement: rank_bounds.Statement) -> Claim:
    def point(problem: Problem) -> SearchStrategy[rank_bounds.Witness]:
        return ncs.parameters(problem).map(
            lambda matrices: rank_bounds.Witness(matrices, problem, "random"))

    def holds(point: rank_bounds.Witness) -> bool:
        return bool(statement.check(point).holds)

    return Claim(statement.name, statement.text, {"point": ncs.problems().flatmap(point)}, holds)


CLAIMS: dict[str, Claim] = {made.name: made for made in (
    triangular_thresholds, two_layer_thresholds, slm24_theorem_5, gk25_theorem_1, gk25_theorem_7,
    cost_decides, dnc_optimal_with_two_layers, two_layers_below_15_classes,
    three_layers_below_7_classes,
    *(_rank_bound(statement) for statement in rank_bounds.STATEMENTS.values()
      if statement.name != "construction-ranks"))}


def load(text: str) -> Claim:
    """A registered claim by name, or "FILE.py:NAME", the claim NAME in one's own file.

    Raises
    ------
    InputError
        Where there is no such claim, file or name.
    """
    file, colon, name = text.rpartition(":")
    if not colon:
        if text not in CLAIMS:
            raise InputError(f"claim must be FILE.py:NAME or one of {', '.join(CLAIMS)}, "
                             f"got {show(text)}")
        return CLAIMS[text]
    path = Path(file)
    spec = importlib.util.spec_from_file_location(f"claims_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InputError(f"claim must name a Python file, got {show(file)}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not isinstance(found, Claim):
        raise InputError(f"{file} must define a claim {name} (see nctheory.refute.claim), "
                         f"got {show(found)}")
    return found
