r"""The two-layer gauge C2(F): how cheaply two layers tell the classes apart, given features F.

    C2(F) = min sum_j |u_j| |v_j|   subject to   sum_j u_j sigma(v_j^T F) = I_K.

With x_j the share of neuron j, |v_j| = 1 and the marks phi_v = sigma(F^T v), it is an A-optimal
design of experiments,

    C2(F)^2 = min_x tr(G(x)^-1),  G(x) = sum_j x_j phi_j phi_j^T,  x >= 0, sum x = 1,

whose dual is  max tr(Lambda)  subject to  |Lambda phi_v| <= 1 for all |v| <= 1.  For any design,
Lambda = G^-1 / max_v |G^-1 phi_v| is feasible and bounds C2 from below; at the optimum it meets
the bound (the equivalence theorem of optimal design).  Symmetries of F reduce the design to orbits
of neurons, and Lambda to the matrices that commute with them.  Source: ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.atlas.regions import Regions, TooMany
from nctheory.atlas.symmetry import Group, feature_symmetry, orbitals
from nctheory.errors import InputError, integer, require

Matrix = NDArray[np.float64]

PATIENCE = 10  # rounds without a smaller gap: the accuracy of the weighing is reached

TOLD_APART = "have columns that neurons tell apart in float64"


@dataclass(frozen=True)
class Gauge:
    """C2(F) between `lower` and `upper`, and the neurons that reach the upper bound.

    `exhaustive` says whether the maximum over v behind `lower` was found face by face of the
    regions of linear marks (in floating point), or by many starts, when `lower` is an
    observation.  `dual` is the Lambda behind it, of trace `lower`.  With symmetries a row stands
    for its whole orbit, with equal shares.
    """

    upper: float
    lower: float
    exhaustive: bool
    rows: Matrix
    shares: Matrix
    dual: Matrix

    @property
    def gap(self) -> float:
        """upper / lower - 1."""
        return self.upper / self.lower - 1


def two_layer_gauge(features: Any, *, tolerance: float = 1e-6, rounds: int = 200,
                    starts: int = 200, seed: int = 0, symmetric: bool = False) -> Gauge:
    """Solve C2(F) by column generation: add the neuron that violates the dual most, re-weigh.

    Parameters
    ----------
    features : array-like, shape (m, K)
        F: nonnegative, no two columns parallel.
    tolerance : float
        Stop where upper / lower - 1 is below.
    rounds, starts : int
        At most so many times new neurons; starts of the search for them, where there are too
        many regions (more than `regions.MOST_FACES` faces).
    seed : int
        Of those starts.
    symmetric : bool
        Find the symmetries of F^T F first, and use them: much less work where there are many.

    Returns
    -------
    Gauge

    Raises
    ------
    InputError
        Where F is not a nonnegative matrix, or has zero or parallel columns.

    Examples
    --------
    Orthogonal features cost C2 = K, deep neural collapse:

    >>> gauge = two_layer_gauge(np.eye(3))
    >>> f"{gauge.upper:.4f} {gauge.lower:.4f}"
    '3.0000 3.0000'
    """
    F = feature_matrix(features)
    rounds, starts = integer("rounds", rounds, 1), integer("starts", starts, 1)
    classes = orbitals(feature_symmetry(F) if symmetric else Group(F.shape[1], 1, ()))
    rng = np.random.default_rng(seed)
    # Only the part of v in col(F) matters.
    left, lengths, _ = np.linalg.svd(F, full_matrices=False)
    lift = left[:, lengths > 1e-10 * lengths[0]]
    columns = lift.T @ F
    regions = _regions(columns)
    rows = np.vstack([rng.normal(size=(4 * columns.size, len(columns))), _cuts(columns, rng)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shares = np.full(len(rows), 1 / len(rows))
    best, dual = 0.0, np.zeros((F.shape[1], F.shape[1]))
    gaps: list[float] = []
    while True:
        marks = np.maximum(rows @ columns, 0)
        shares = _design(marks, shares, classes)
        inverse = _inverse(marks, shares, classes)
        upper = math.sqrt(_sound_trace(inverse))
        candidates = (regions.maximisers(inverse) if regions is not None
                      else _maximisers(columns, inverse, rows, starts, rng))
        violations = np.linalg.norm(np.maximum(candidates @ columns, 0) @ inverse, axis=1)
        if np.trace(inverse) / violations.max() > best:
            best, dual = float(np.trace(inverse) / violations.max()), inverse / violations.max()
        gaps.append(upper / best - 1)
        stalled = len(gaps) > PATIENCE and gaps[-1] > 0.9 * gaps[-1 - PATIENCE]
        if gaps[-1] < tolerance or stalled or len(gaps) == rounds:
            break
        worst = candidates[np.argsort(-violations)[:20 * F.shape[1]]]
        worst = worst[_distinct(worst @ columns, classes)[0][:2 * F.shape[1]]]
        keep = shares > 1e-10
        rows = np.vstack([rows[keep], worst])
        shares = np.append(0.9 * shares[keep] / shares[keep].sum(),
                           np.full(len(worst), 0.1 / len(worst)))
    values = np.linalg.eigvalsh(_gram(np.maximum(rows @ columns, 0), shares, classes))
    require(values[0] > 1e-14 * values[-1], "features", TOLD_APART,
            f"eigenvalues of G from {values[0]:.0e} to {values[-1]:.0e}")
    rows, shares = rows[shares > 1e-10], shares[shares > 1e-10]
    first, number = _distinct(rows @ columns, classes)
    # At the optimum both bounds are the same number up to rounding.
    return Gauge(upper, min(best, upper), regions is not None, rows[first] @ lift.T,
                 np.bincount(number, shares).astype(np.float64), dual)


def feature_matrix(features: Any) -> Matrix:
    """F in floats; `InputError` where it is not as the gauge needs it."""
    try:
        F = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"features must be a matrix of numbers, got {features!r}") from None
    require(F.ndim == 2 and F.size > 0 and bool(np.all(np.isfinite(F))), "features",
            "be a non-empty matrix of finite numbers", features)
    require(bool(np.all(F >= 0)), "features", "be nonnegative", float(F.min()))
    norms = np.linalg.norm(F, axis=0)
    require(bool(np.all(norms > 0)), "features", "have no zero column", features)
    cosines = (F / norms).T @ (F / norms) - np.eye(F.shape[1])
    require(F.shape[1] == 1 or float(cosines.max()) < 1 - 1e-12, "features",
            "have no two parallel columns", float(cosines.max()))
    return F


def _cuts(columns: Matrix, rng: np.random.Generator) -> Matrix:
    """For each column a v orthogonal to it and to rank - 2 others, and -v: without neurons that
    cut between columns close to each other, marks do not tell these apart."""
    rank, K = columns.shape
    cuts = []
    for i in range(K if rank > 1 else 0):
        others = rng.permutation(np.delete(np.arange(K), i))[:rank - 2]
        cuts.append(np.linalg.svd(columns[:, [i, *others]].T)[2][-1])
    return np.array([*cuts, *(-v for v in cuts)]).reshape(-1, rank)


def _gram(marks: Matrix, shares: Matrix, classes: NDArray[np.int64]) -> Matrix:
    """G; an orbit's mean of phi phi^T is the mean over each class of pairs of columns."""
    gram = (marks.T * shares) @ marks
    means = np.bincount(classes.ravel(), gram.ravel()) / np.bincount(classes.ravel())
    return np.asarray(means[classes], dtype=np.float64)


def _inverse(marks: Matrix, shares: Matrix, classes: NDArray[np.int64]) -> Matrix:
    """G^-1, or what rounding makes of it."""
    try:
        return np.asarray(np.linalg.inv(_gram(marks, shares, classes)), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(classes.shape, np.nan)


def _sound_trace(inverse: Matrix) -> float:
    trace = float(np.trace(inverse))
    require(trace > 0, "features", TOLD_APART, f"tr(G^-1) = {trace:g}")
    return trace


def _distinct(inputs: Matrix, classes: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of neurons of one orbit the first, in order; and for each neuron the number of its own."""
    marks = np.maximum(inputs, 0)
    traits = np.array([np.bincount(classes.ravel(), np.outer(phi, phi).ravel()) for phi in marks])
    traits = np.round(traits / traits.max(), 8)
    first, number = np.unique(traits, axis=0, return_index=True, return_inverse=True)[1:]
    order = np.argsort(first)
    return first[order], np.argsort(order)[number]


def _regions(columns: Matrix) -> Regions | None:
    try:
        return Regions(columns)
    except TooMany:
        return None


def _design(marks: Matrix, shares: Matrix, classes: NDArray[np.int64]) -> Matrix:
    """A-optimal shares of given marks: tr(G(y^2)^-1) |y|^2 has no constraint; L-BFGS."""
    from scipy.optimize import minimize

    def value(y: Matrix) -> tuple[float, Matrix]:
        inverse = _inverse(marks, y**2, classes)
        trace, size = float(np.trace(inverse)), float(y @ y)
        slopes = np.sum((marks @ inverse) ** 2, axis=1)
        return trace * size, 2 * y * (trace - slopes * size)

    y = minimize(value, np.sqrt(shares / shares.sum()), jac=True, method="L-BFGS-B",
                 options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 30}).x
    return np.asarray(y**2 / (y @ y))


def _maximisers(columns: Matrix, inverse: Matrix, rows: Matrix, starts: int,
                rng: np.random.Generator) -> Matrix:
    """Local maximisers of |G^-1 phi_v|^2 over unit v: ascent from the neurons, at random, and
    from vectors orthogonal to rank - 1 columns or fewer, the kinks, where ascent gets stuck."""
    rank = rows.shape[1]
    kinks = []
    for _ in range(starts):
        start = rng.normal(size=rank)
        chosen = columns[:, rng.permutation(columns.shape[1])[:rng.integers(1, max(rank, 2))]]
        kinks.append(start - chosen @ np.linalg.lstsq(chosen, start, rcond=None)[0])
    v: Matrix = np.vstack([rows, rng.normal(size=(starts, rank)), kinks])
    v = v[np.linalg.norm(v, axis=1) > 1e-9]
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    metric = inverse @ inverse
    step = np.full((len(v), 1), 1.0)

    def value(at: Matrix) -> Matrix:
        marks = np.maximum(at @ columns, 0)
        values: Matrix = np.einsum("ij,ij->i", marks @ metric, marks)
        return values

    now = value(v)
    for _ in range(150):
        pre = v @ columns
        slope = ((np.maximum(pre, 0) @ metric) * (pre > 0)) @ columns.T
        slope /= np.linalg.norm(slope, axis=1, keepdims=True) + 1e-300
        trial = v + step * slope
        trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        then = value(trial)
        better = then > now
        v = np.where(better[:, None], trial, v)
        now = np.where(better, then, now)
        step = np.where(better[:, None], step * 1.3, step * 0.5)
    return v
