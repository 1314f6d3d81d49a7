r"""Lattice points of the simplex, bent: of low rank, for every K.   (ours)

For the points x = (x_1, ..., x_r) >= 0 of (1/n) Z^r with sum x_i = 1, of which there are
C(n+r-1, r-1),

    F_i(x) = x_i (1 + gamma (1 - x_i) + delta e_2(x)),   e_2 = sum_{i<j} x_i x_j:

inner points become longer than corners, and move.  Rank r for n >= 1.  r = 2 is an arc of the
quadrant; n = 1 is the orthogonal frame, n = 2 vertices and edges of K_r.  In between K has the
lattice without its most crowded points.  Source: ours (seen in what the search found).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb

import numpy as np

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet

BEND = (Fraction(3, 4), Fraction(5, 2))
MOST_RANK = 6


def simplex(r: int, n: int, bend: tuple[Fraction, Fraction] = BEND) -> FeatureSet:
    """All lattice points of denominator n in r coordinates; r >= 2, n >= 1.

    >>> simplex(2, 2, (Fraction(0), Fraction(0))).matrix.tolist()
    [[2, 1, 0], [0, 1, 2]]
    >>> simplex(3, 4).classes, simplex(3, 4).rank
    (15, 3)
    """
    r, n = integer("r", r, 2), integer("n", n, 1)
    gamma, delta = bend
    require(gamma >= 0 and delta >= 0, "bend", "be nonnegative", bend)
    columns = []
    for word in combinations_with_replacement(range(r), n):
        x = [Fraction(word.count(i), n) for i in range(r)]
        pairs = (1 - sum((value**2 for value in x), Fraction(0))) / 2
        columns.append([value * (1 + gamma * (1 - value) + delta * pairs) for value in x])
    return FeatureSet(f"simplex({r},{n})", np.array(columns, dtype=object).T)


def thinned(points: FeatureSet, classes: int) -> FeatureSet:
    """Without the points with the largest cosines to others, taken off one at a time.

    >>> thinned(simplex(3, 2), 5).name
    'simplex(3,2)-1'
    """
    K = integer("classes", classes, 1, points.classes)
    left = list(range(points.classes))
    directions = points.floats / np.linalg.norm(points.floats, axis=0)
    cosines = directions.T @ directions - np.eye(points.classes)
    while len(left) > K:
        near = np.sort(cosines[np.ix_(left, left)], axis=1)[:, ::-1].round(9)
        left.pop(max(range(len(left)), key=lambda i: tuple(near[i])))
    gone = set(range(points.classes)) - set(left)
    return points.without(gone, f"{points.name}-{len(gone)}") if gone else points


def members(classes: int) -> Iterator[FeatureSet]:
    """The lattices of rank 2 to 6 with K to 3 K / 2 points, thinned to K.

    >>> [found.name for found in members(9)]
    ['simplex(2,8)', 'simplex(3,3)-1', 'simplex(4,2)-1']
    """
    K = integer("classes", classes, 3)
    yield simplex(2, K - 1)
    for r in range(3, MOST_RANK + 1):
        for n in range(2, K):
            if K <= comb(n + r - 1, r - 1) <= 3 * K // 2:
                yield thinned(simplex(r, n), K)
