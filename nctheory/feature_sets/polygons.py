r"""Polygons in the nonnegative cone of space: rank 3, for every K >= 4.

Corner j of the N-gon of radius rho <= 1 has the coordinates 1 + rho cos(theta_j - 2 pi i / 3),
theta_j = 2 pi j / N, i = 0, 1, 2, rounded to rationals: a circle around (1, 1, 1), which touches
the walls of the cone for rho = 1.  Rings are polygons inside one another.  Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet

DENOMINATOR = 1000


def polygon(corners: int, radius: Fraction | int = 1) -> FeatureSet:
    """N >= 3 corners at 0 < radius <= 1.

    >>> polygon(4).matrix.tolist()
    [[1000, 500, 0, 500], [250, 933, 750, 67], [250, 67, 750, 933]]
    """
    N = integer("corners", corners, 3)
    require(0 < radius <= 1, "radius", "be above 0 and at most 1", radius)
    return FeatureSet(f"polygon({N})", _circle(N, float(radius), 0.0))


def rings(outer: int, inner: int) -> FeatureSet:
    """A polygon of radius 1 around one of radius 1/2 (a point in the middle for inner = 1).

    >>> rings(6, 1).rank, rings(6, 1).classes
    (3, 7)
    """
    outer, inner = integer("outer", outer, 3), integer("inner", inner, 1)
    middle = _circle(inner, 0.5 if inner > 1 else 0.0, 0.5)
    return FeatureSet(f"rings({outer},{inner})", np.hstack([_circle(outer, 1.0, 0.0), middle]))


def _circle(corners: int, radius: float, turn: float) -> NDArray[np.int64]:
    """Coordinates times `DENOMINATOR`, turned by `turn` of a step."""
    angles = 2 * np.pi * (np.arange(corners) + turn) / corners
    lags = 2 * np.pi * np.arange(3)[:, None] / 3
    return np.rint(DENOMINATOR * (1 + radius * np.cos(angles - lags))).astype(np.int64)


def members(classes: int) -> Iterator[FeatureSet]:
    """The K-gon, and rings with one point or about a third of the points inside.

    >>> [found.name for found in members(9)]
    ['polygon(9)', 'rings(8,1)', 'rings(6,3)']
    """
    K = integer("classes", classes, 3)
    yield polygon(K)
    for inner in sorted({1, K // 3}):
        if K - inner >= 3:
            yield rings(K - inner, inner)
