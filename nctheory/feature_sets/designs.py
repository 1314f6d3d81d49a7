r"""Block designs: points against blocks of finite planes of prime order p.

The projective plane has p^2 + p + 1 points and lines, N N^T = p I + J; the affine plane p^2
points and p^2 + p lines, N N^T = p I + J; its dual has the points as classes.  All have full
row rank (Fisher's inequality), but the dual: rank p^2 of p^2 + p rows.  p = 2 gives the Fano
plane and the edges of K_4.  Source: [BH12, section 9].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import choice, integer, require
from nctheory.feature_sets.base import FeatureSet

PRIMES = (2, 3, 5, 7)


def projective_plane(p: int) -> FeatureSet:
    """PG(2, p) for p = 2, 3, 5 or 7; p = 2 is the Fano plane.

    >>> projective_plane(2).classes, projective_plane(2).gram
    (7, {9: 1, 2: 6})
    """
    points = np.array([point for point in product(range(_prime(p)), repeat=3)
                       if next((value for value in point if value), 0) == 1])
    matrix = (points @ points.T % p == 0).astype(np.int64)
    return FeatureSet(f"PG(2,{p})", matrix, {(p + 1) ** 2: 1, p: p * (p + 1)})


def affine_plane(p: int, classes: str = "lines") -> FeatureSet:
    """AG(2, p): lines as classes, or points.

    >>> affine_plane(3).matrix.shape, affine_plane(3, "points").rank
    ((9, 12), 9)
    """
    choice("classes", classes, ("lines", "points"))
    matrix = _affine_lines(_prime(p)).T
    gram = {p * (p + 1): 1, p: p**2 - 1}
    if classes == "points":
        return FeatureSet(f"AG(2,{p})*", matrix.T, gram)
    return FeatureSet(f"AG(2,{p})", matrix, gram)


def _affine_lines(p: int) -> NDArray[np.int64]:
    """Lines (rows) y = a x + b and x = b against points (x, y)."""
    x, y = np.array(list(product(range(p), repeat=2))).T
    lines = [(y - a * x - b) % p == 0 for a in range(p) for b in range(p)]
    return np.array([*lines, *(x == b for b in range(p))], dtype=np.int64)


def _prime(p: int) -> int:
    require(p in PRIMES, "p", f"be one of {PRIMES}", p)
    return integer("p", p, 2)


def members(classes: int) -> Iterator[FeatureSet]:
    """Planes with K lines or K points.

    >>> [found.name for found in members(7)], [found.name for found in members(9)]
    (['PG(2,2)'], ['AG(2,3)*'])
    """
    K = integer("classes", classes, 2)
    for p in PRIMES:
        if K == p * p + p + 1:
            yield projective_plane(p)
        if K == p * p + p:
            yield affine_plane(p)
        if K == p * p:
            yield affine_plane(p, "points")
