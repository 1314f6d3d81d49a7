"""Appendix A of [GK25], unequal classes, in our own words: Theorems A1, A2 and A3 as checks.

The appendix extends the linear model to class sizes n_c, N = sum n_c, D = diag(sqrt n_c); what is
checked is stated here and ours.  The SEL matrix (simplex-encoded labels) is I - J/K, its columns
repeated n_c times: all margins 1, whatever the sizes.  Generalised DNC has it as logits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from nctheory import losses
from nctheory.constructions import Construction, Orthogonal, Pairs
from nctheory.constructions.schatten import SchattenCost
from nctheory.cross_entropy import direct
from nctheory.cross_entropy.theorems import linear_problem
from nctheory.errors import integer, require
from nctheory.exact import PRECISIONS
from nctheory.problem import Problem


def step_imbalance(classes: int, ratio: int, share: float, minority: int = 1) -> tuple[int, ...]:
    """(R, rho)-STEP class sizes: a share rho of the classes is smaller by the factor R.

    >>> step_imbalance(4, 10, 0.5)
    (10, 10, 1, 1)
    """
    small = round(share * integer("classes", classes, 2))
    require(0 < small < classes, "share", "leave classes of both sizes", share)
    return (ratio * minority,) * (classes - small) + (minority,) * small


def imbalanced_loss(construction: Construction, problem: Problem) -> float:
    """The least loss over the scale of a construction's logits with unequal classes, at most
    log K: a scan over the scale, its best point refined."""
    S = construction.outputs(losses.get("ce")).matrix()

    def value(log_scale: float) -> float:
        return float(direct.loss(math.exp(log_scale) * S, problem))

    grid = np.linspace(-10, 7, 400)
    i = min(max(int(np.argmin([value(x) for x in grid])), 1), len(grid) - 2)
    refined = minimize_scalar(value, bounds=(grid[i - 1], grid[i + 1]), method="bounded",
                              options={"xatol": 1e-10})
    return min(math.log(problem.classes), float(refined.fun))


def weighted_cost(construction: Construction, sizes: Iterable[int], layers: int) -> float:
    """sum_i s_i(S D)^(2/(L+1)): with equal least margins it decides as lam -> 0.

    >>> round(weighted_cost(Orthogonal(classes=5), [1] * 5, 3), 9)
    4.0
    """
    S = construction.outputs(losses.get("ce")).matrix()
    s = np.linalg.svd(S * np.sqrt(list(sizes)), compute_uv=False)
    return float((s[s > direct.ROUNDING * s[0]] ** (2 / (layers + 1))).sum())


class ImbalanceCheck(NamedTuple):
    """A1: over `cells` problems, `margin` is the least 1 - loss(pairs)/loss(SEL);
    `counterexamples` those where it was not positive."""

    holds: bool
    margin: float
    cells: int
    counterexamples: list[Problem]


def theorem_a1(sizes: Iterable[tuple[int, ...]], layers: Iterable[int],
               decays: Iterable[float]) -> ImbalanceCheck:
    """A1: pairs beat generalised DNC with unequal classes, too.

    Checked: wherever pairs have the smaller weighted cost sum_i s_i(S D)^(2/(L+1)), they have the
    smaller loss, each at its best scale, at every weight decay where zero is not better than both
    (at equal scale their fit is better, all margins being 1 or 2).  Classes are paired in
    decreasing order, which is best: a pair of sizes a, b costs (2 (a + b))^(1/(L+1)), concave.

    Examples
    --------
    >>> theorem_a1([(9, 9, 3, 2, 1, 1)], [3, 5], [1e-5, 1e-3]).holds
    True
    """
    margins, bad, layers, decays = [], [], list(layers), list(decays)
    for given in sizes:
        ordered = tuple(sorted(given, reverse=True))
        K = len(ordered)
        pairs, sel = Pairs(classes=K), Orthogonal(classes=K)
        for L in layers:
            if weighted_cost(pairs, ordered, L) >= weighted_cost(sel, ordered, L):
                continue
            for decay in decays:
                problem = replace(linear_problem(K, L, 1, decay), samples=ordered)
                loss = imbalanced_loss(pairs, problem)
                if loss >= math.log(K):
                    continue
                margins.append(1 - loss / imbalanced_loss(sel, problem))
                if margins[-1] <= 0:
                    bad.append(problem)
    return ImbalanceCheck(not bad, min(margins, default=math.inf), len(margins), bad)


Squares = dict[Fraction, int]


def step_spectra(large: int, small: int, ratio: int) -> tuple[Squares, Squares]:
    """Squared singular values of S D for the SEL matrix and for pairs, exact.

    `large` classes of size R and `small` of size 1, both even: SEL has R [large - 1],
    1 [small - 1] and (small R + large)/K; pairs have 4R [large/2] and 4 [small/2] (ours).

    >>> step_spectra(2, 2, 9)[0]
    {Fraction(9, 1): 1, Fraction(1, 1): 1, Fraction(5, 1): 1}
    """
    for name, number in (("large", large), ("small", small)):
        require(integer(name, number, 2) % 2 == 0, name, "be even", number)
    R = Fraction(integer("ratio", ratio, 1))
    sel: Squares = {}
    for theta, m in ((R, large - 1), (Fraction(1), small - 1),
                     ((small * R + large) / (large + small), 1)):
        sel[theta] = sel.get(theta, 0) + m
    pairs = {4 * R: large // 2}
    pairs[Fraction(4)] = pairs.get(Fraction(4), 0) + small // 2
    return sel, pairs


class StepCell(NamedTuple):
    """One STEP problem: `large` classes of size `ratio` times that of the `small` ones, L
    layers."""

    large: int
    small: int
    ratio: int
    layers: int


class StepCheck(NamedTuple):
    """A2: `margin` is the least 1 - cost(pairs)/cost(SEL) of all cells, `counterexamples` are
    those where rational bounds show no smaller cost."""

    holds: bool
    margin: float
    counterexamples: list[StepCell]


def theorem_a2(cells: Iterable[tuple[int, int, int, int]]) -> StepCheck:
    """A2: pairs beat generalised DNC under (R, rho)-STEP imbalance, at every weight decay where
    zero is not optimal.

    Checked exactly, by the weighted costs of `step_spectra`, for cells (large, small, R, L) with
    an even number of classes of each size (ours).  Measured: all of Theorem 1's range, whatever
    the imbalance, and K = 4, L = 2 from some R > 10 on.

    Examples
    --------
    >>> theorem_a2([(2, 2, 100, 3), (4, 4, 10, 2)]).holds
    True
    >>> theorem_a2([(2, 2, 1, 2)]).counterexamples           # K = 4, L = 2: as in Theorem 1
    [StepCell(large=2, small=2, ratio=1, layers=2)]
    """
    margins, bad = [], []
    for cell in map(StepCell._make, cells):
        sel, pairs = (SchattenCost(integer("layers", cell.layers, 1) + 1, spectrum)
                      for spectrum in step_spectra(*cell[:3]))
        margins.append(1 - math.exp((pairs.log - sel.log) / (cell.layers + 1)))
        if _order(pairs, sel) != -1:
            bad.append(cell)
    return StepCheck(not bad, min(margins, default=math.inf), bad)


def _order(one: SchattenCost, other: SchattenCost) -> int | None:
    for bits in PRECISIONS:
        (low, high), (least, most) = one.root_bounds(bits), other.root_bounds(bits)
        if high < least or low > most:
            return -1 if high < least else 1
    return None


class SelCheck(NamedTuple):
    """A3: `margin` is the least dual variable over the largest, positive where the SEL matrix is
    proved to be the direction; `distances` of the minimisers found to it, over weight decays."""

    holds: bool
    margin: float
    distances: list[float]
    ranks: list[int]


def theorem_a3(sizes: tuple[int, ...], decays: Iterable[float] = (), *, starts: int = 4,
               seed: int = 0) -> SelCheck:
    """A3: with L = 1 the minimiser's direction tends to the SEL matrix as lam -> 0.

    Checked: the problem is convex, and as lam -> 0 its direction is that of the least nuclear norm
    |Z D|_* with all margins at least 1.  With U V^T the polar factor of A = (I - J/K) D, column c
    of U V^T D is sum_j mu_jc (e_c - e_j); where all mu_jc >= 0 these are dual variables which
    prove that SEL is a solution (in floats, here), and where all are positive every margin of
    every solution is 1, so that it is SEL, the only one.  For decreasing `decays` the minimisers
    found must come closer, too.

    Examples
    --------
    >>> check = theorem_a3((4, 4, 1, 1), [1e-2, 1e-6])
    >>> check.holds, check.ranks
    (True, [3, 3])
    """
    K = integer("classes", len(sizes), 2)
    roots = np.sqrt(sizes)
    sel = (np.eye(K) - 1 / K) * roots
    u, _, vt = np.linalg.svd(sel)
    dual = -((u[:, : K - 1] @ vt[: K - 1]) * roots)[~np.eye(K, dtype=bool)]
    margin = float(dual.min() / dual.max())
    distances, ranks = [], []
    for decay in decays:
        problem = replace(linear_problem(K, 1, 1, decay), samples=tuple(sizes))
        best = direct.minimise(problem, ranks=[K - 1], starts=starts, seed=seed)[0]
        centred: Any = (best.logits - best.logits.mean(axis=0)) * roots
        difference = centred / np.linalg.norm(centred) - sel / np.linalg.norm(sel)
        distances.append(float(np.linalg.norm(difference)))
        ranks.append(best.rank)
    closer = all(a > b for a, b in zip(distances, distances[1:], strict=False))
    return SelCheck(margin > 0 and closer, margin, distances, ranks)
