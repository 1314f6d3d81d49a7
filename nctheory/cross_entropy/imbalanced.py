"""[GK25] appendix A, unequal classes: Theorems A1, A2 and A3, and the result that A3 rests on.

Class sizes n_c, N = sum n_c, D = diag(sqrt n_c); logits are given by their class means Z (K x K),
the singular values of all outputs are those of Z D.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from nctheory.constructions import Pairs
from nctheory.constructions.schatten import SchattenCost
from nctheory.cross_entropy import direct
from nctheory.cross_entropy.theorems import (
    Depth,
    RankCheck,
    VanishingCheck,
    linear_problem,
    spectra,
    theorem_2,
    theorem_3_low_rank,
    theorem_3_vanishing,
)
from nctheory.errors import integer, require
from nctheory.exact import decide
from nctheory.problem import Problem

Array = NDArray[np.float64]


def step_imbalance(classes: int, ratio: int, share: float, minority: int = 1) -> tuple[int, ...]:
    """(R, rho)-STEP class sizes: a share rho of the classes is smaller by the factor R.

    >>> step_imbalance(4, 10, 0.5)
    (10, 10, 1, 1)
    """
    small = round(share * integer("classes", classes, 2))
    require(0 < small < classes, "share", "leave classes of both sizes", share)
    return (ratio * minority,) * (classes - small) + (minority,) * small


def sel_matrix(classes: int) -> Array:
    """The simplex-encoded labels (SEL): class-mean logits I - J/K, whatever the class sizes.

    >>> print(sel_matrix(2))
    [[ 0.5 -0.5]
     [-0.5  0.5]]
    """
    return np.asarray(np.eye(integer("classes", classes, 2)) - 1 / classes)


def generalised_collapse(sizes: Sequence[int], decay: float, *, starts: int = 4,
                         seed: int = 0) -> direct.Minimum:
    """Z*_lam, the minimiser of the one-layer problem: the frame of generalised DNC ([GK25] A.2).

    That problem is convex in Z, and its minimiser unique as [GK25] quotes it for STEP sizes; for
    equal sizes it is a multiple of I - J/K.  Observed, like all of `direct.minimise`.

    Examples
    --------
    >>> found = generalised_collapse((9, 9, 1, 1), 1e-2)
    >>> found.rank, bool(found.gradient < 1e-6)
    (3, True)
    """
    K = len(sizes)
    return direct.minimise(linear_problem(K, 1, sizes, decay), ranks=[K - 1], starts=starts,
                           seed=seed)[0]


def frame_loss(frame: ArrayLike, problem: Problem) -> float:
    """The least loss of the logits beta S over beta >= 0, S fixed: at most log K.

    A scan over the scale, its best point refined.

    Examples
    --------
    Generalised DNC is Z*_lam, which may win where SEL loses to pairs:

    >>> sizes, pairs = (100, 100, 1, 1), Pairs(classes=4).matrix()
    >>> problem = linear_problem(4, 2, sizes, 1e-2)
    >>> frames = sel_matrix(4), pairs, generalised_collapse(sizes, 1e-2).logits
    >>> [round(frame_loss(frame, problem), 5) for frame in frames]
    [0.40595, 0.36916, 0.36604]
    """
    S = np.asarray(frame, np.float64)
    S = S / np.abs(S).max()

    def value(log_scale: float) -> float:
        return float(direct.loss(math.exp(log_scale) * S, problem))

    grid = np.linspace(-10, 7, 400)
    values = direct.loss(np.exp(grid)[:, None, None] * S, problem)
    i = min(max(int(np.argmin(values)), 1), len(grid) - 2)
    refined = minimize_scalar(value, bounds=(grid[i - 1], grid[i + 1]), method="bounded",
                              options={"xatol": 1e-10})
    return min(math.log(problem.classes), float(refined.fun))


# --- A1, A2: Theorems 2 and 3 with unequal classes ---

def theorem_a1(sizes: Sequence[int], superior: ArrayLike, other: ArrayLike) -> Depth:
    """A1: Theorem 2 for any class sizes: the smaller rank wins from some L_0 on, at every weight
    decay.  See `theorem_2`, which is the case of equal sizes.

    Examples
    --------
    >>> theorem_a1((100, 100, 1, 1), Pairs(classes=4).matrix(), sel_matrix(4)).layers
    2
    """
    return theorem_2(superior, other, sizes)


def theorem_a2_low_rank(sizes: Sequence[int], layers: Iterable[int],
                        decay: Callable[[int], float], *, starts: int = 16,
                        seed: int = 0) -> RankCheck:
    """A2 (ii): Theorem 3 (ii) for any class sizes, N = sum n_c, lam_L = o(1/L).

    Examples
    --------
    >>> theorem_a2_low_rank((4, 2, 1, 1), (2, 4, 8, 16), lambda L: 1e-3 / L**2, starts=8).holds
    True
    """
    return theorem_3_low_rank(spectra(len(sizes), layers, decay, samples=sizes, starts=starts,
                                      seed=seed))


def theorem_a2_vanishing(sizes: Sequence[int], layers: Iterable[int],
                         decay: Callable[[int], float], *, starts: int = 8,
                         seed: int = 0) -> VanishingCheck:
    """A2 (i): Theorem 3 (i) for any class sizes, 1/lam_L = o(L).

    Examples
    --------
    >>> check = theorem_a2_vanishing((4, 2, 1, 1), (1, 4, 40), lambda L: 0.2 / L**0.5, starts=4)
    >>> check.holds, check.zero_from
    (True, 40)
    """
    return theorem_3_vanishing(spectra(len(sizes), layers, decay, samples=sizes, starts=starts,
                                       seed=seed))


# --- A3: generalised DNC under STEP imbalance ---

class StepCell(NamedTuple):
    """Losses of generalised DNC and of pairs at one weight decay and L."""

    weight_decay: float
    layers: int
    collapse: float
    pairs: float


class StepCheck(NamedTuple):
    """A3: `rank` of Z*_lam and `depth` L_0 for each weight decay (None where minority collapse
    leaves Z*_lam no larger rank than pairs), `limit` the L_0 of SEL, for lam -> 0;
    `counterexamples` the cells with L >= L_0 where pairs were not better (and zero not best)."""

    holds: bool
    rank: dict[float, int]
    depth: dict[float, int | None]
    limit: int
    cells: list[StepCell]
    counterexamples: list[StepCell]


def theorem_a3(sizes: Sequence[int], layers: Iterable[int], decays: Iterable[float], *,
               seed: int = 0) -> StepCheck:
    """A3, (R, rho)-STEP imbalance, K >= 4: generalised DNC is no global minimum for all lam below
    a lam_0 and all L above an L_0.

    Generalised DNC has logits proportional to Z*_lam (`generalised_collapse`).  Checked for each
    weight decay: L_0 by Theorem A1 with pairs for the smaller rank, and the losses at the given
    L.  Pairs match the classes in decreasing order of size, the largest two first.

    Examples
    --------
    At lam = 0.01 the small classes have collapsed: lam_0 lies below.

    >>> check = theorem_a3((100, 100, 1, 1), [2, 6], [1e-6, 1e-2])
    >>> check.holds, check.rank, check.depth
    (True, {1e-06: 3, 0.01: 2}, {1e-06: 2, 0.01: None})
    """
    sizes = tuple(sorted(sizes, reverse=True))
    K, depths = integer("classes", len(sizes), 4), list(layers)
    require(len(set(sizes)) <= 2, "sizes", "be of two values (STEP)", sizes)
    pairs = Pairs(classes=K).matrix()
    ranks: dict[float, int] = {}
    least: dict[float, int | None] = {}
    cells, bad = [], []
    for decay in decays:
        frame = generalised_collapse(sizes, decay, seed=seed)
        ranks[decay], least[decay] = frame.rank, None
        if frame.rank <= (K + 1) // 2:
            continue
        least[decay] = first = theorem_a1(sizes, pairs, frame.logits).layers
        for L in depths:
            problem = linear_problem(K, L, sizes, decay)
            cells.append(StepCell(decay, L, frame_loss(frame.logits, problem),
                                  frame_loss(pairs, problem)))
            if L >= first and cells[-1].pairs >= min(cells[-1].collapse, math.log(K) - 1e-12):
                bad.append(cells[-1])
    holds = not bad and any(depth is not None for depth in least.values())
    return StepCheck(holds, ranks, least, theorem_a1(sizes, pairs, sel_matrix(K)).layers, cells,
                     bad)


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


class LimitCell(NamedTuple):
    """One STEP problem: `large` classes of size `ratio` times that of the `small` ones, L
    layers."""

    large: int
    small: int
    ratio: int
    layers: int


class LimitCheck(NamedTuple):
    """`margin` is the least 1 - cost(pairs)/cost(SEL) of all cells, `counterexamples` are those
    where rational bounds show no smaller cost."""

    holds: bool
    margin: float
    counterexamples: list[LimitCell]


def pairs_beat_sel(cells: Iterable[tuple[int, int, int, int]]) -> LimitCheck:
    """Whether pairs beat the SEL matrix, the limit of generalised DNC as lam -> 0: exact, at
    every weight decay where zero is not optimal (ours).

    At equal scale the fit of pairs is better, all margins being 1 or 2; the costs
    sum_i s_i(S D)^(2/(L+1)) of `step_spectra` decide the rest, for cells (large, small, R, L).
    Measured: all of Theorem 1's range, whatever the imbalance, and K = 4, L = 2 from some R > 10
    on.  It says nothing about Z*_lam at a given lam, which may be better than SEL.

    Examples
    --------
    >>> pairs_beat_sel([(2, 2, 100, 3), (4, 4, 10, 2)]).holds
    True
    >>> pairs_beat_sel([(2, 2, 1, 2)]).counterexamples           # K = 4, L = 2: as in Theorem 1
    [LimitCell(large=2, small=2, ratio=1, layers=2)]
    """
    margins, bad = [], []
    for cell in map(LimitCell._make, cells):
        sel, pairs = (SchattenCost(integer("layers", cell.layers, 1) + 1, spectrum)
                      for spectrum in step_spectra(*cell[:3]))
        margins.append(1 - math.exp((pairs.log - sel.log) / (cell.layers + 1)))
        if _order(pairs, sel) != -1:
            bad.append(cell)
    return LimitCheck(not bad, min(margins, default=math.inf), bad)


def _order(one: SchattenCost, other: SchattenCost) -> int | None:
    def difference(bits: int) -> tuple[Fraction, Fraction]:
        (low, high), (least, most) = one.root_bounds(bits), other.root_bounds(bits)
        return low - most, high - least

    return decide(difference, 0)


# --- what A3 cites ---

class SelCheck(NamedTuple):
    """`margin` is the least dual variable over the largest, positive where the SEL matrix is
    proved to be the direction; `distances` of the minimisers found to it, over weight decays."""

    holds: bool
    margin: float
    distances: list[float]
    ranks: list[int]


def sel_limit(sizes: Sequence[int], decays: Iterable[float] = (), *, starts: int = 4,
              seed: int = 0) -> SelCheck:
    """The direction of Z*_lam tends to the SEL matrix as lam -> 0 ([TKVB22] Proposition 2 as
    [GK25] quotes it, for STEP imbalance; the argument here is ours, for any sizes).

    Checked: the problem is convex, and as lam -> 0 its direction is that of the least nuclear norm
    |Z D|_* with all margins at least 1.  With U V^T the polar factor of A = (I - J/K) D, column c
    of U V^T D is sum_j mu_jc (e_c - e_j); where all mu_jc >= 0 these are dual variables which
    prove that SEL is a solution (in floats, here), and where all are positive every margin of
    every solution is 1, so that it is SEL, the only one.  For decreasing `decays` the minimisers
    found must come closer, too.

    Examples
    --------
    >>> check = sel_limit((4, 4, 1, 1), [1e-2, 1e-6])
    >>> check.holds, check.ranks
    (True, [3, 3])
    """
    K = integer("classes", len(sizes), 2)
    roots = np.sqrt(sizes)
    sel = sel_matrix(K) * roots
    u, _, vt = np.linalg.svd(sel)
    dual = -((u[:, : K - 1] @ vt[: K - 1]) * roots)[~np.eye(K, dtype=bool)]
    margin = float(dual.min() / dual.max())
    distances, ranks = [], []
    for decay in decays:
        found = generalised_collapse(sizes, decay, starts=starts, seed=seed)
        centred = (found.logits - found.logits.mean(axis=0)) * roots
        difference = centred / np.linalg.norm(centred) - sel / np.linalg.norm(sel)
        distances.append(float(np.linalg.norm(difference)))
        ranks.append(found.rank)
    closer = all(a > b for a, b in zip(distances, distances[1:], strict=False))
    return SelCheck(margin > 0 and closer, margin, distances, ranks)
