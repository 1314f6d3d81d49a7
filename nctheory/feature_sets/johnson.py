r"""Johnson schemes J(v, k): the k-subsets of v points as 0/1 columns.

F F^T = C(v-2, k-1) I + C(v-2, k-2) J, with the eigenvalues k C(v-1, k-1) on the all-ones vector
and C(v-2, k-1) on the rest, so F has rank v for k < v.  J(v, 1) is the orthogonal frame, J(r, 2)
the edges of K_r: the triangular family's T(r).  Source: [BCN89, chapter 9].
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

from nctheory.errors import integer
from nctheory.feature_sets.base import FeatureSet
from nctheory.graphs import subset_incidence


def johnson(v: int, k: int) -> FeatureSet:
    """Points against k-subsets of v >= 2 points, 1 <= k < v.

    >>> johnson(5, 2).matrix.shape, johnson(5, 2).gram
    ((5, 10), {8: 1, 3: 4})
    """
    v = integer("v", v, 2)
    k = integer("k", k, 1, v - 1)
    name = f"I({v})" if k == 1 else f"T({v})" if k == 2 else f"J({v},{k})"
    first, rest = k * comb(v - 1, k - 1), comb(v - 2, k - 1)
    gram = {first: 1, rest: v - 1} if first != rest else {first: v}
    return FeatureSet(name, subset_incidence(v, 1, k), gram)


def members(classes: int) -> Iterator[FeatureSet]:
    """J(v, k) with C(v, k) = K.

    >>> [found.name for found in members(10)]
    ['I(10)', 'T(5)', 'J(5,3)', 'J(10,9)']
    """
    K = integer("classes", classes, 2)
    seen = ((v, k) for k in range(1, K) for v in range(k + 1, K + 1) if comb(v, k) == K)
    for v, k in sorted(seen, key=lambda pair: pair[1]):
        yield johnson(v, k)
