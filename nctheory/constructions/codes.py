"""Codes: classes as points on a sphere of low dimension, logits their inner products."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import Matrix
from nctheory.constructions.logits import Logits
from nctheory.errors import integer, require
from nctheory.losses import Loss
from nctheory.losses.margins import Margins

# pi to 50 places, rounded down.
PI = Fraction(314159265358979323846264338327950288419716939937510, 10**50)
PI_ABOVE = PI + Fraction(1, 10**50)


def versine_bounds(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Bounds on 1 - cos x for all x between `low` and `high`, 0 < low <= high < pi.

    The alternating series x^2/2! - x^4/4! + ..., whose terms decrease from the second on: each
    partial sum is a bound, and 1 - cos increases with x.
    """
    def partial(x: Fraction, terms: int) -> Fraction:
        return sum((Fraction((-1) ** (k + 1), math.factorial(2 * k)) * x ** (2 * k)
                    for k in range(1, terms + 1)), Fraction(0))

    return partial(low, 30), partial(high, 31)


@lru_cache(maxsize=None)
def _chord_bounds(K: int) -> tuple[Fraction, Fraction]:
    """Bounds on 1 - cos(2 pi / K), widened to short rationals."""
    low, high = versine_bounds(2 * PI / K, 2 * PI_ABOVE / K)
    unit = 1 << 160
    return Fraction(math.floor(low * unit), unit), Fraction(math.ceil(high * unit), unit)


@dataclass(frozen=True, kw_only=True)
class Circle(Logits):
    """K points evenly on a circle: S_jc = cos(2 pi (j - c) / K), rank 2, linear model.

    S has the singular value K/2 twice and the least margin 1 - cos(2 pi / K), so
    c = 2 (K / (2 - 2 cos(2 pi / K)))^(2/(L+1)), which beats every family of larger rank as L
    grows: 2 is the least rank of diagonally superior logits for K >= 3 [GK25, Theorem 2].

    Parameters
    ----------
    classes : int
        K >= 4 (three points on a circle are the simplex).

    Examples
    --------
    >>> circle = Circle(classes=10)
    >>> circle.ranks(3).before, [circle.compare_with_dnc(L) for L in (2, 3, 4)]
    ((2, 2, 2), [1, 1, -1])
    """

    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", integer("classes", self.classes, 4))

    @property
    def label(self) -> str:
        return f"circle {self.classes}"

    def matrix(self) -> Matrix:
        steps = np.arange(self.classes)
        return np.cos(2 * np.pi * (steps[:, None] - steps) / self.classes)

    def margins(self) -> Margins:
        K = self.classes
        halves = np.arange(1, K // 2 + 1)
        gaps = 2 * np.sin(np.pi * halves / K) ** 2
        return Margins(np.ones(1), gaps[None], np.where(2 * halves == K, 1.0, 2.0)[None])

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction(self.classes**2, 4): 2}

    def least_margin(self) -> tuple[Fraction, Fraction]:
        return _chord_bounds(self.classes)

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Circle | None:
        """The member of the family; None with ReLU and below five classes (four are pairs)."""
        linear = loss.centred and activation.linear
        return cls(classes=classes) if classes >= 5 and linear else None


@dataclass(frozen=True, kw_only=True)
class Code(Logits):
    """Any K points on the unit sphere of R^r: S = U^T U, linear model; floats, not certified.

    Parameters
    ----------
    points : array_like, shape (r, K)
        The columns are scaled to unit length; no two may coincide.
    name : str
        What tables call it.

    References
    ----------
    Ours; "softmax codes" in the literature on neural collapse with few dimensions.

    Examples
    --------
    The octahedron, six points in three dimensions:

    >>> points = np.hstack([np.eye(3), -np.eye(3)])
    >>> Code(points=points).label, Code(points=points).ranks(2).before
    ('code K=6 rank=3', (3, 3))
    """

    points: Any
    name: str = "code"
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64)
        require(points.ndim == 2 and points.shape[1] >= 2, "points", "be a matrix of at least "
                "two columns", points.shape)
        require(bool(np.isfinite(points).all()), "points", "be finite", "nan or inf")
        lengths = np.linalg.norm(points, axis=0)
        require(bool((lengths > 0).all()), "points", "have no zero column", float(lengths.min()))
        object.__setattr__(self, "points", points / lengths)
        object.__setattr__(self, "classes", points.shape[1])
        Margins.of(self.matrix())

    @property
    def label(self) -> str:
        return f"{self.name} K={self.classes} rank={sum(self.spectrum().values())}"

    def matrix(self) -> Matrix:
        return np.asarray(self.points.T @ self.points)

    def margins(self) -> Margins:
        return Margins.of(self.matrix())

    @cached_property
    def _spectrum(self) -> Mapping[Fraction, int]:
        s = np.linalg.svd(self.points, compute_uv=False)
        spectrum: dict[Fraction, int] = {}
        for value in s[s > 1e-10 * s[0]] ** 4:
            spectrum[Fraction(float(value))] = spectrum.get(Fraction(float(value)), 0) + 1
        return spectrum

    def spectrum(self) -> Mapping[Fraction, int]:
        """Of S^T S, in floats."""
        return self._spectrum

    def compare_with_dnc(self, layers: int, loss: str | None = None,
                         activation: str | None = None) -> None:
        """None: a code given in floats certifies nothing."""
