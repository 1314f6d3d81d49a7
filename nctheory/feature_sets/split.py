r"""Split hypergraphs: vertices in two parts, all sets with i vertices of one and j of the other.

On a + b vertices the type ij has C(a, i) C(b, j) points, 0/1 columns; a member is a union of
types, symmetric under S_a x S_b.  With b = 1 cones over Johnson schemes; the search's best
chains for small K are of this kind, with other values than 0 and 1 (see `nctheory.atlas.shapes`).
Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from math import comb

import numpy as np

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet

MOST_TYPES, MOST_SECOND, MOST_VERTICES = 4, 2, 8


def split(a: int, b: int, types: Sequence[tuple[int, int]]) -> FeatureSet:
    """The sets with i of a >= 1 and j of b >= 1 vertices, for each type (i, j).

    >>> cone = split(3, 1, [(1, 1), (2, 0), (0, 1)])
    >>> cone.name, cone.classes, cone.rank
    ('split(3,1): 11 20 01', 7, 4)
    """
    a, b = integer("a", a, 1), integer("b", b, 1)
    columns = []
    for i, j in types:
        i, j = integer("i", i, 0, a), integer("j", j, 0, b)
        require(i + j > 0, "type", "have a vertex", (i, j))
        for first in combinations(range(a), i):
            for second in combinations(range(a, a + b), j):
                columns.append([int(v in first or v in second) for v in range(a + b)])
    require(len(columns) > 0, "types", "be at least one", types)
    name = " ".join(f"{i}{j}" for i, j in types)
    return FeatureSet(f"split({a},{b}): {name}", np.array(columns).T)


def members(classes: int) -> Iterator[FeatureSet]:
    """Up to four types of at most three vertices, or all: K points on at most 8 vertices.

    >>> [found.name for found in members(4)][:2]
    ['split(2,1): 10 11', 'split(2,1): 01 10 21']
    """
    K = integer("classes", classes, 3)
    for b in range(1, MOST_SECOND + 1):
        for a in range(max(b, 2), MOST_VERTICES - b + 1):
            types = {(i, j): comb(a, i) * comb(b, j) for i in range(a + 1) for j in range(b + 1)
                     if 0 < i + j <= 3 or (i, j) == (a, b)}
            for some in chain.from_iterable(combinations(types, count)
                                            for count in range(1, MOST_TYPES + 1)):
                joined = any(i and j for i, j in some)  # else a direct sum of the parts
                if joined and sum(types[kind] for kind in some) == K:
                    yield split(a, b, some)
