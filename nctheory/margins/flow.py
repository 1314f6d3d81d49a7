r"""Gradient flow without decay of aligned factors, exactly, down to any scale of the logits.

Let all L+1 factors have singular values x_1, x_2, ... along the same vectors, the outputs t_i =
x_i^(L+1).  Where the vectors are the Fourier basis of the cyclic group of the classes, logits are
Z_jc = f(j - c), f(y) = (1/K) sum_k t_k cos(2 pi k y / K), their gradient has the same form, and
gradient flow keeps it: with p = softmax(f) and n = L + 1

    dx_k/dt = x_k^(n-1) (1/K) sum_{y != 0} p(y) (1 - cos(2 pi k y / K)),   k = 1, ..., K-1.

DNC (all t_k equal), the circle (t_1 = t_{K-1} alone) and pairs of an even K (odd k alone) are of
this form.  All modes grow.  While p is uniform, t_i^(-(L-1)/(L+1)) - t_j^(-(L-1)/(L+1)) is
constant: with L >= 2 larger modes run away from smaller ones.  Source: ours, for the repulsion
that [GKT26] states of spectral starts.

Time is changed to s, dt = x_max^(2-n) ds / ((1/K) sum_{y != 0} p(y)): nothing underflows, and
direction and order are the same.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory.errors import integer, require

Array = NDArray[np.float64]

LARGEST = 16.0  # the log of the logits at which a run ends: margins then move by 1e-6


@dataclass(frozen=True, eq=False)
class Flow:
    """A solution: `times` s (T,), `logarithms` of t_1..t_{K//2} (T x K//2; t_k = t_{K-k})."""

    classes: int
    layers: int
    times: Array
    logarithms: Array

    @property
    def spectrum(self) -> Array:
        """t_k over the largest, at the end."""
        last = self.logarithms[-1]
        return np.asarray(np.exp(last - last.max()))

    def over_dnc(self) -> Array:
        """The normalised margin at each time over that of deep neural collapse (T,)."""
        over = log_margin(self.logarithms, self.classes, self.layers)
        return np.asarray(np.exp(over + (self.layers + 1) / 2 * np.log(self.classes - 1)))

    def is_dnc(self, tolerance: float = 0.01) -> bool:
        """Whether all modes end equal."""
        return bool(self.spectrum.min() > 1 - tolerance)


def log_margin(logarithms: Array, classes: int, layers: int) -> Array:
    """log of the least margin over |Z|_p, p = 2/(L+1), for log t_k (..., K//2)."""
    top = logarithms.max(axis=-1, keepdims=True)
    weight = _multiplicities(classes)
    t = np.exp(logarithms - top)
    power = 2 / (layers + 1)
    least = ((weight * t) @ _steps(classes) / classes).min(axis=-1)
    return np.asarray(np.log(least) - np.log((weight * t**power).sum(axis=-1)) / power)


def _multiplicities(classes: int) -> Array:
    """How many of the modes 1..K-1 are k or K - k."""
    k = np.arange(1, classes // 2 + 1)
    return np.where(2 * k == classes, 1.0, 2.0)


def _steps(classes: int) -> Array:
    """1 - cos(2 pi k y / K), modes k = 1..K//2 by y = 1..K-1."""
    k, y = np.arange(1, classes // 2 + 1), np.arange(1, classes)
    return np.asarray(2 * np.sin(np.pi * np.outer(k, y) / classes) ** 2)


def aligned_flow(start: ArrayLike, classes: int, layers: int, *,
                 tolerance: float = 1e-9, points: int = 200) -> Flow:
    """The flow from the singular values t_1, ..., t_{K//2} > 0 of the outputs.

    Parameters
    ----------
    start : array_like, shape (K//2,)
        t_k at the start.
    classes, layers : int
        K >= 3 and L >= 1.
    tolerance : float
        Of the integrator, for the logarithms: relative and absolute, in each step.
    points : int
        At how many times the solution is given.

    Examples
    --------
    Equal modes stay equal; a mode that is ahead runs away with two layers, not with one.

    >>> aligned_flow([0.01, 0.01, 0.01], 6, 2).is_dnc()
    True
    >>> ahead = [0.02, 0.01, 0.01]
    >>> aligned_flow(ahead, 6, 1).is_dnc(), aligned_flow(ahead, 6, 2).is_dnc()
    (True, False)
    """
    from scipy.integrate import solve_ivp  # slow to import

    K, n = integer("classes", classes, 3), integer("layers", layers, 1) + 1
    t = np.asarray(start, dtype=np.float64)
    require(t.shape == (K // 2,) and bool((t > 0).all()), "start",
            f"be {K // 2} numbers greater than 0", t)
    steps, weight = _steps(K), _multiplicities(K)

    def slope(_: float, y: Array) -> Array:
        # Beyond LARGEST the integrator only looks where the run ends.
        logits = -((weight * np.exp(np.minimum(n * y, LARGEST + 1))) @ steps) / K
        q = np.exp(logits - logits.max())
        return np.asarray(np.exp((n - 2) * (y - y.max())) * (steps @ (q / q.sum())))

    def large(_: float, y: Array) -> float:
        return float(n * y.max() - LARGEST)

    large.terminal = True  # type: ignore[attr-defined]  # how scipy is told
    for method in ("LSODA", "Radau"):  # the second is slower, and gets through where kinks meet
        with warnings.catch_warnings(action="ignore"):
            found = solve_ivp(slope, (0.0, 1e6), np.log(t) / n, method=method, rtol=tolerance,
                              atol=tolerance, events=large, dense_output=True)
        if found.status == 1:
            break
    solution: Any = found.sol  # there is one: dense output was asked for
    times = np.linspace(0, found.t[-1], points)
    return Flow(K, n - 1, times, n * solution(times).T)


def basin(classes: int, layers: int, *, runs: int = 100, scale: float = 1e-3,
          seed: int = 0) -> list[Flow]:
    """Flows from spectral starts t_k = scale |N(0, 1)|.

    Examples
    --------
    >>> [sum(flow.is_dnc() for flow in basin(4, layers, runs=10)) for layers in (1, 3)]
    [10, 7]
    """
    rng = np.random.default_rng([integer("seed", seed, 0), classes])
    starts = scale * np.abs(rng.standard_normal((integer("runs", runs, 1), classes // 2)))
    return [aligned_flow(start, classes, layers, tolerance=1e-7) for start in starts]
