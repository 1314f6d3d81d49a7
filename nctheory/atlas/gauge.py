r"""The two-layer gauge C2(F): how cheaply two layers tell the classes apart, given features F.

    C2(F) = min sum_j |u_j| |v_j|   subject to   sum_j u_j sigma(v_j^T F) = I_K.

With x_j the share of neuron j, |v_j| = 1 and the marks phi_v = sigma(F^T v), it is an A-optimal
design of experiments,

    C2(F)^2 = min_x tr(G(x)^-1),  G(x) = sum_j x_j phi_j phi_j^T,  x >= 0, sum x = 1,

whose dual is  max tr(Lambda)  subject to  |Lambda phi_v| <= 1 for all |v| <= 1.  For any design,
Lambda = G^-1 / max_v |G^-1 phi_v| is feasible and bounds C2 from below; at the optimum it meets
the bound (the equivalence theorem of optimal design).  Source: ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError, integer, require

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Gauge:
    """C2(F) between `lower` and `upper`, and the neurons that reach the upper bound.

    `certified` says whether the maximum over v behind `lower` was found region by region
    (rank 2; floating point) or by many starts, when `lower` is an observation.
    """

    upper: float
    lower: float
    certified: bool
    rows: Matrix
    shares: Matrix

    @property
    def gap(self) -> float:
        """upper / lower - 1."""
        return self.upper / self.lower - 1


def two_layer_gauge(features: Any, *, tolerance: float = 1e-6, rounds: int = 200,
                    starts: int = 200, seed: int = 0) -> Gauge:
    """Solve C2(F) by column generation: add the neuron that violates the dual most, re-weigh.

    Parameters
    ----------
    features : array-like, shape (m, K)
        F: nonnegative, no two columns parallel.
    tolerance : float
        Stop where upper / lower - 1 is below.
    rounds, starts : int
        At most so many new neurons; starts of the search for each, where rank F > 2.
    seed : int
        Of those starts.

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
    F = _check(features)
    rounds, starts = integer("rounds", rounds, 1), integer("starts", starts, 1)
    rng = np.random.default_rng(seed)
    # Only the part of v in col(F) matters.
    basis = np.linalg.svd(F, full_matrices=False)
    rank = int(np.sum(basis[1] > 1e-10 * basis[1][0]))
    columns, lift = basis[0][:, :rank].T @ F, basis[0][:, :rank]
    rows = rng.normal(size=(4 * F.shape[1] * rank, rank))
    if rank == 2:
        rows = np.vstack([rows, _cuts(columns)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shares = np.full(len(rows), 1 / len(rows))
    best = 0.0
    for count in range(rounds):
        marks = np.maximum(rows @ columns, 0)
        shares = _design(marks, shares)
        inverse = _inverse(marks, shares)
        upper = math.sqrt(np.trace(inverse))
        candidates = (_maximisers_in_the_plane(columns, inverse) if rank == 2
                      else _maximisers(columns, inverse, rows, starts, rng))
        violations = np.linalg.norm(np.maximum(candidates @ columns, 0) @ inverse, axis=1)
        best = max(best, float(np.trace(inverse) / violations.max()))
        if upper / best - 1 < tolerance or count == rounds - 1:
            break
        worst = candidates[np.argsort(-violations)[:2 * F.shape[1]]]
        keep = shares > 1e-10
        rows = np.vstack([rows[keep], worst])
        shares = np.append(0.9 * shares[keep] / shares[keep].sum(),
                           np.full(len(worst), 0.1 / len(worst)))
    keep = shares > 1e-10
    return Gauge(upper, best, rank == 2, rows[keep] @ lift.T, shares[keep])


def _check(features: Any) -> Matrix:
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


def _inverse(marks: Matrix, shares: Matrix) -> Matrix:
    return np.linalg.inv((marks.T * shares) @ marks)


def _design(marks: Matrix, shares: Matrix) -> Matrix:
    """A-optimal shares of given marks: tr(G(y^2)^-1) |y|^2 has no constraint; L-BFGS."""
    from scipy.optimize import minimize

    def value(y: Matrix) -> tuple[float, Matrix]:
        inverse = _inverse(marks, y**2)
        trace, size = float(np.trace(inverse)), float(y @ y)
        slopes = np.sum((marks @ inverse) ** 2, axis=1)
        return trace * size, 2 * y * (trace - slopes * size)

    y = minimize(value, np.sqrt(shares / shares.sum()), jac=True, method="L-BFGS-B",
                 options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 30}).x
    return np.asarray(y**2 / (y @ y))


def _cuts(columns: Matrix) -> Matrix:
    """Unit vectors of the plane orthogonal to a column, both signs: the kinks of phi_v."""
    normals = np.array([[-y, x] for x, y in columns.T])
    return np.vstack([normals, -normals])


def _maximisers_in_the_plane(columns: Matrix, inverse: Matrix) -> Matrix:
    """The best unit v of every arc between neighbouring kinks: all of them, exactly one a form.

    On an arc |G^-1 phi_v|^2 is a quadratic form: largest at its first eigenvector, where that
    lies in the arc, else at an end.
    """
    angles = np.sort(np.arctan2(*_cuts(columns).T[::-1]))
    ends = np.append(angles, angles[0] + 2 * math.pi)
    found = [np.column_stack([np.cos(angles), np.sin(angles)])]
    for low, high in zip(ends[:-1], ends[1:], strict=True):
        middle = (low + high) / 2
        active = columns[:, np.array([math.cos(middle), math.sin(middle)]) @ columns > 0]
        chosen = inverse[:, np.array([math.cos(middle), math.sin(middle)]) @ columns > 0]
        if active.shape[1] == 0:
            continue
        top = np.linalg.eigh(active @ (chosen.T @ chosen) @ active.T)[1][:, -1]
        for v in (top, -top):
            turn = (math.atan2(v[1], v[0]) - low) % (2 * math.pi)
            if turn <= high - low:
                found.append(v[None, :])
    return np.vstack(found)


def _maximisers(columns: Matrix, inverse: Matrix, rows: Matrix, starts: int,
                rng: np.random.Generator) -> Matrix:
    """Local maximisers of |G^-1 phi_v|^2 over unit v: ascent from the neurons, at random, and
    from vectors orthogonal to rank - 1 columns or fewer, the kinks, where ascent gets stuck."""
    rank = rows.shape[1]
    kinks = []
    for _ in range(starts):
        v = rng.normal(size=rank)
        chosen = columns[:, rng.permutation(columns.shape[1])[:rng.integers(1, max(rank, 2))]]
        kinks.append(v - chosen @ np.linalg.lstsq(chosen, v, rcond=None)[0])
    v = np.vstack([rows, rng.normal(size=(starts, rank)), kinks])
    v = v[np.linalg.norm(v, axis=1) > 1e-9]
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    metric = inverse @ inverse
    step = np.full((len(v), 1), 1.0)

    def value(at: Matrix) -> Matrix:
        marks = np.maximum(at @ columns, 0)
        return np.einsum("ij,ij->i", marks @ metric, marks)

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
