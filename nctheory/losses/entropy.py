"""Cross-entropy in closed form: optimal scale and least loss of collapse and of pairs (ufuncs).

Both are one family.  With u = e^-b, k = K - 2 and logits of scale b, the fit is

    g(b) = (1-w) log(1 + k u + u^2) + w log(1 + (K-1) u),

w = 1 for deep neural collapse (the simplex), w = 0 for pairs of an even number of classes, and
w = 1/K for pairs with one class left over.  The loss g(b) + (L+1)/2 kappa b^(2/(L+1)) is
stationary where F(b) = log(-g'(b)) + (L-1)/(L+1) log b - log kappa vanishes.  log(-g') is concave
in each case (ours, proved in tests/test_losses_ce.py), so F is: it has two roots at most, the
larger one is the minimum, and Newton's method from the right of it never overshoots.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, vectorize

from nctheory.compiled import cached

_inlined = njit(inline="always", error_model="numpy")


@_inlined
def _fit(b: float, classes: float, single: float) -> float:
    u = math.exp(-b)
    return ((1 - single) * math.log1p(u * (classes - 2 + u))
            + single * math.log1p((classes - 1) * u))


@_inlined
def _derivatives(b: float, classes: float, single: float) -> tuple[float, float]:
    """log(-g') and its derivative in b."""
    u, k, m = math.exp(-b), classes - 2, classes - 1
    pairs, one = 1 + u * (k + u), 1 + m * u
    slope = (1 - single) * (k + 2 * u) / pairs + single * m / one
    bend = ((1 - single) * (k * (1 + u * u) + 4 * u) / (pairs * pairs)
            + single * m / (one * one))
    return math.log(slope) - b, -bend / slope


@_inlined
def _largest_root(kappa: float, layers: float, classes: float, single: float) -> float:
    """The larger root of F, or 0 where there is none."""
    q, target = (layers - 1) / (layers + 1), math.log(kappa)
    # For two classes in a pair the least gap between logits is 2b, else b: -g' <= K e^-gap, so
    # the root is at most that of gap = bound + log gap.
    gap = 2.0 if classes == 2 and single == 0 else 1.0
    bound = max(1.0, math.log(classes) - target)
    b = (bound + math.log(bound) + 2) / gap
    for _ in range(200):
        value, slope = _derivatives(b, classes, single)
        value, slope = value + q * math.log(b) - target, slope + q / b
        if slope >= 0:
            return 0.0
        smaller = b - value / slope
        if smaller <= 0:
            return 0.0
        if smaller >= b * (1 - 1e-16):
            return b
        b = smaller
    return b


@_inlined
def _valid(kappa: float, layers: float, classes: float) -> bool:
    whole = np.floor(layers) == layers and np.floor(classes) == classes
    return kappa >= 0 and 1 <= layers < math.inf and 2 <= classes < math.inf and whole


@_inlined
def _optimum(kappa: float, layers: float, classes: float, single: float) -> tuple[float, float]:
    """(scale, loss) of the global minimum; (0, log K) where zero is optimal."""
    if not _valid(kappa, layers, classes):
        return math.nan, math.nan
    zero = math.log(classes)
    if kappa == 0:
        return math.inf, 0.0
    if kappa > 2 * classes:  # more than any -g' b^q
        return 0.0, zero
    b = _largest_root(kappa, layers, classes, single)
    if b == 0:
        return 0.0, zero
    loss = (_fit(b, classes, single)
            + 0.5 * (layers + 1) * kappa * math.exp(math.log(b) * (2 / (layers + 1))))
    return (b, loss) if loss < zero else (0.0, zero)


@_inlined
def _single(classes: float) -> float:
    """The share of classes without a partner: 1/K for odd K."""
    return 1 / classes if classes % 2 == 1 else 0.0


def _collapse_fit(scale: float, classes: float) -> float:
    """g = log(1 + (K-1) e^-alpha), the cross-entropy of logits alpha (I - J/K).

    Parameters
    ----------
    scale : array_like
        alpha.
    classes : array_like
        K, whole numbers >= 2.

    Returns
    -------
    ndarray or float64
        g, to a few units in the last place of a normal number.

    References
    ----------
    [GK25] section 3.

    Examples
    --------
    >>> collapse_fit(0.0, 10) == np.log(10)
    np.True_
    """
    return _fit(scale, classes, 1.0)


def _pairs_fit(scale: float, classes: float) -> float:
    """The cross-entropy of pairs at scale beta: log(1 + e^-2beta + (K-2) e^-beta) for even K.

    For odd K the class left over has the diagonal logit beta, and the fit is the mean
    ((K-1) log(1 + e^-2beta + (K-2) e^-beta) + log(1 + (K-1) e^-beta)) / K.

    Parameters
    ----------
    scale, classes : array_like
        beta, and K as for `collapse_fit`.

    Returns
    -------
    ndarray or float64
        g, as accurate as `collapse_fit`.

    References
    ----------
    [GK25] Theorem 1.

    Examples
    --------
    >>> bool(pairs_fit(3.0, 10) < collapse_fit(3.0, 10))
    True
    """
    return _fit(scale, classes, _single(classes))


def _collapse_scale(kappa: float, layers: float, classes: float) -> float:
    """The scale alpha of least loss of deep neural collapse; 0 where zero output is optimal.

    It is the larger root of kappa = alpha^((L-1)/(L+1)) (K-1) / (e^alpha + K - 1).

    Parameters
    ----------
    kappa : array_like
        lam_eff n^(1/(L+1)) c with c = K - 1 in the linear model; kappa >= 0.
    layers : array_like
        L, whole numbers >= 1.
    classes : array_like
        K, whole numbers >= 2.

    Returns
    -------
    ndarray or float64
        alpha, to a relative error of 1e-13 (for L = 1, where alpha tends to 0 as kappa tends to
        (K-1)/K, to an absolute one); infinite for kappa = 0, NaN outside the domain.

    References
    ----------
    [GK25] Theorem 4 for the stationarity condition; the algorithm is ours.

    Examples
    --------
    >>> print(collapse_scale(9 * 0.001 * 5 ** (1 / 3), 2, 10).round(5))
    7.01243
    """
    return _optimum(kappa, layers, classes, 1.0)[0]


def _collapse_loss(kappa: float, layers: float, classes: float) -> float:
    """The least loss of deep neural collapse over its scale, at most log K (zero output).

    Parameters
    ----------
    kappa, layers, classes : array_like
        As for `collapse_scale`.

    Returns
    -------
    ndarray or float64
        min over alpha >= 0 of log(1 + (K-1) e^-alpha) + (L+1)/2 kappa alpha^(2/(L+1)), to a
        relative error of 1e-14.

    References
    ----------
    [GK25] section 3.

    Examples
    --------
    K = 10, L = 2, n = 5, lam = 2^-10:

    >>> print(collapse_loss(9 * 2.0**-10 * 5 ** (1 / 3), 2, 10).round(7))
    0.0906622
    """
    return _optimum(kappa, layers, classes, 1.0)[1]


def _pairs_scale(kappa: float, layers: float, classes: float) -> float:
    """The scale beta of least loss of pairs; 0 where zero output is optimal.

    Parameters
    ----------
    kappa : array_like
        lam_eff n^(1/(L+1)) c, in the linear model with c = m 4^(1/(L+1)) for K = 2m classes and
        c = m 4^(1/(L+1)) + 1 for K = 2m + 1; kappa >= 0.
    layers, classes : array_like
        L >= 1 and K >= 2, whole numbers.

    Returns
    -------
    ndarray or float64
        beta, as accurate as `collapse_scale`.

    References
    ----------
    [GK25] Theorem 1 for the construction; the algorithm is ours.

    Examples
    --------
    Two classes in a pair have logits +-beta, at half the scale of the simplex:

    >>> bool(np.isclose(2 * pairs_scale(4 ** (1 / 3) * 0.01, 2, 2), collapse_scale(0.01, 2, 2)))
    True
    """
    return _optimum(kappa, layers, classes, _single(classes))[0]


def _pairs_loss(kappa: float, layers: float, classes: float) -> float:
    """The least loss of pairs over their scale, at most log K (zero output).

    Parameters
    ----------
    kappa, layers, classes : array_like
        As for `pairs_scale`.

    Returns
    -------
    ndarray or float64
        min over beta >= 0 of pairs_fit(beta) + (L+1)/2 kappa beta^(2/(L+1)), to a relative error
        of 1e-14.

    References
    ----------
    [GK25] Theorem 1.

    Examples
    --------
    K = 10, L = 2, n = 5, lam = 2^-10:

    >>> print(pairs_loss(5 * 4 ** (1 / 3) * 2.0**-10 * 5 ** (1 / 3), 2, 10).round(7))
    0.0800127
    """
    return _optimum(kappa, layers, classes, _single(classes))[1]


def _ufunc(body: Callable[..., float]) -> Any:
    signature = f"float64({','.join(['float64'] * body.__code__.co_argcount)})"
    return cached(vectorize, [signature])(body)


collapse_fit = _ufunc(_collapse_fit)
pairs_fit = _ufunc(_pairs_fit)
collapse_scale = _ufunc(_collapse_scale)
collapse_loss = _ufunc(_collapse_loss)
pairs_scale = _ufunc(_pairs_scale)
pairs_loss = _ufunc(_pairs_loss)
