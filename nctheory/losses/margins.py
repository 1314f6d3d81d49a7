"""The cross-entropy of any logits along their scale: fit, critical scales, global minimum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory.errors import InputError, integer, require

# Two critical scales closer than this, relatively, may be taken for none.
RESOLUTION = 1e-6


@dataclass(frozen=True)
class Margins:
    r"""Margins of class-mean logits S (K x K): column c has the margins S_cc - S_jc, j != c.

    At scale b the cross-entropy of b S is the mean over columns of log(1 + sum_j e^(-b margin_j)).
    Columns with equal margins, and equal margins in a column, are kept once.

    Attributes
    ----------
    shares : ndarray, shape (p,)
        The share of the classes that each kind of column has; sum 1.
    margins : ndarray, shape (p, q)
        Margins of each kind of column, all positive (S is diagonally superior, [GK25]).
    counts : ndarray, shape (p, q)
        How many entries of such a column have that margin; 0 pads.
    """

    shares: NDArray[np.float64]
    margins: NDArray[np.float64]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, logits: ArrayLike) -> Margins:
        """The margins of a K x K matrix.

        Raises
        ------
        InputError
            Where a column's own entry is not its strict maximum.

        Examples
        --------
        >>> Margins.of(np.eye(3)).margins
        array([[1., 1.],
               [1., 1.],
               [1., 1.]])
        """
        S = np.asarray(logits, dtype=np.float64)
        K = len(S)
        require(S.shape == (K, K) and K >= 2, "logits", "be a square matrix", S.shape)
        gaps = (S.diagonal() - S).T[~np.eye(K, dtype=bool)].reshape(K, K - 1)
        require(bool((gaps > 0).all()), "logits",
                "have each column's own entry as its strict maximum", float(gaps.min()))
        return cls(np.full(K, 1 / K), gaps, np.ones_like(gaps))

    @property
    def classes(self) -> int:
        """K."""
        return 1 + round(float(self.counts[0].sum()))

    @cached_property
    def least(self) -> float:
        """The least margin."""
        return float(self.margins[self.counts > 0].min())

    def fit(self, scale: ArrayLike) -> Any:
        """g(b), the cross-entropy at scale b >= 0; broadcasts over scales."""
        powers = self._powers(scale)
        return np.log1p(powers.sum(axis=-1)) @ self.shares

    def slope(self, scale: ArrayLike) -> Any:
        """-g'(b) > 0, which decreases with b: g is convex."""
        powers = self._powers(scale)
        return (powers * self.margins).sum(axis=-1) / (1 + powers.sum(axis=-1)) @ self.shares

    def _powers(self, scale: ArrayLike) -> NDArray[np.float64]:
        b = np.asarray(scale, dtype=np.float64)[..., None, None]
        return np.asarray(self.counts * np.exp(-b * self.margins))

    def _log_slope(self, log_scale: Any) -> Any:
        """log(-g'), also where -g' underflows: powers are taken against each column's least
        margin, columns against the largest slope."""
        b = np.exp(log_scale)[..., None]
        met = np.where(self.counts > 0, self.margins, np.inf)
        least = met.min(axis=1)
        powers = self.counts * np.exp(-b[..., None] * (met - least[:, None]))
        inside = np.log((powers * self.margins).sum(axis=-1)) - b * least
        inside -= np.log1p(powers.sum(axis=-1) * np.exp(-b * least))
        top = inside.max(axis=-1)
        return top + np.log(np.exp(inside - top[..., None]) @ self.shares)

    def critical_scales(self, kappa: float, layers: int) -> list[float]:
        """All b > 0 where g(b) + (L+1)/2 kappa b^(2/(L+1)) is stationary, in increasing order.

        They solve -g'(b) b^q = kappa, q = (L-1)/(L+1).  Since -g' decreases, on [a, b] the left
        side lies between -g'(b) a^q and -g'(a) b^q: intervals whose bounds miss kappa hold no
        critical scale, the others are halved down to `RESOLUTION`.

        Examples
        --------
        >>> [round(b, 4) for b in Margins.of(np.eye(10)).critical_scales(0.02, 3)]
        [0.0005, 7.0804]
        """
        q = (layers - 1) / (layers + 1)
        low, high = self._bracket(kappa, q)
        if low >= high:
            return []
        edges = np.linspace(low, high, 65)
        left, right = edges[:-1], edges[1:]
        while len(left) and right[0] - left[0] > RESOLUTION:
            least = self._log_slope(right) + q * left
            most = self._log_slope(left) + q * right
            kept = (least <= math.log(kappa)) & (most >= math.log(kappa))
            left, right = left[kept], right[kept]
            middle = (left + right) / 2
            left, right = (np.sort(np.append(a, middle)) for a in (left, right))
        return self._roots(left, right, kappa, q)

    def _bracket(self, kappa: float, q: float) -> tuple[float, float]:
        """Bounds on the logarithm of every critical scale."""
        start = float(self.slope(0.0))
        if q == 0:  # g is convex: at most one
            low = -50.0 if kappa < start else math.inf
        else:
            low = (math.log(kappa) - math.log(start)) / q - 1e-9
        # -g' <= C e^(-least b), so x = least b is below the root of x = A + log x.
        most = float((self.counts * self.margins).sum(axis=1).max())
        bound = max(1.0, math.log(most) - math.log(kappa) - q * math.log(self.least))
        return low, math.log((bound + math.log(bound) + 2) / self.least)

    def _roots(self, left: NDArray[np.float64], right: NDArray[np.float64], kappa: float,
               q: float) -> list[float]:
        from scipy.optimize import brentq  # slow to import

        def excess(x: float) -> float:
            return float(self._log_slope(np.float64(x))) + q * x - math.log(kappa)

        roots = []
        breaks = np.flatnonzero(left[1:] > right[:-1] + RESOLUTION / 4) + 1
        for group in np.split(np.arange(len(left)), breaks):
            if len(group):
                a, b = left[group[0]] - RESOLUTION, right[group[-1]] + RESOLUTION
                if excess(a) * excess(b) < 0:
                    roots.append(math.exp(brentq(excess, a, b, xtol=1e-16, rtol=1e-15)))
        return roots

    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        """(scale, loss) of the global minimum over b >= 0; (0, log K) where zero is optimal."""
        integer("layers", layers, 1)
        if not 0 < kappa < math.inf:
            raise InputError(f"kappa must be a finite number greater than 0, got {kappa!r}")
        best = 0.0, math.log(self.classes)
        for scale in self.critical_scales(kappa, layers):
            loss = float(self.fit(scale)) + (layers + 1) / 2 * kappa * scale ** (2 / (layers + 1))
            best = min(best, (scale, loss), key=lambda pair: pair[1])
        return best


class _Simplex(Margins):
    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        from nctheory.losses import entropy  # loads six kernels: only where a loss is asked for

        return (float(entropy.collapse_scale(kappa, layers, self.classes)),
                float(entropy.collapse_loss(kappa, layers, self.classes)))


class _Pairs(Margins):
    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        from nctheory.losses import entropy

        return (float(entropy.pairs_scale(kappa, layers, self.classes)),
                float(entropy.pairs_loss(kappa, layers, self.classes)))


def simplex(classes: int) -> Margins:
    """The margins of I - J/K: all are 1."""
    return _Simplex(np.ones(1), np.ones((1, 1)), np.full((1, 1), classes - 1.0))


def pairs(classes: int) -> Margins:
    """The margins of blockdiag([[1, -1], [-1, 1]]): 2 to the partner, 1 to the others; for odd K
    the last class is alone.  Source: [GK25], Theorem 1."""
    K = classes
    if K % 2:
        return _Pairs(np.array([(K - 1) / K, 1 / K]), np.array([[1.0, 2.0], [1.0, 2.0]]),
                      np.array([[K - 2.0, 1.0], [K - 1.0, 0.0]]))
    return _Pairs(np.ones(1), np.array([[1.0, 2.0]]), np.array([[K - 2.0, 1.0]]))
