r"""Cyclic polytopes: points of the moment curve in r coordinates, any r of them independent.

In the Bernstein basis the curve (1, t, ..., t^(r-1)) lies in the nonnegative cone:

    F_i(t) = C(r-1, i) t^i (1-t)^(r-1-i),  i = 0..r-1,  t = j / (K-1), j = 0..K-1,

an invertible linear image (so rank r and the same faces, [Z95, chapter 0]).  r = 2 is a segment.

References
----------
[Z95] G. M. Ziegler, Lectures on Polytopes, Springer 1995.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np

from nctheory.errors import integer
from nctheory.feature_sets.base import FeatureSet

RANKS = (3, 4, 5, 6)


def cyclic(r: int, classes: int) -> FeatureSet:
    """K >= 2 even steps of the curve of degree r - 1, 2 <= r <= K.

    >>> cyclic(3, 3).matrix.tolist()
    [[4, 1, 0], [0, 2, 0], [0, 1, 4]]
    """
    K = integer("classes", classes, 2)
    r = integer("r", r, 2, K)
    n, d = K - 1, r - 1
    matrix = [[comb(d, i) * j**i * (n - j) ** (d - i) for j in range(K)] for i in range(r)]
    return FeatureSet(f"cyclic({r},{K})", np.array(matrix, dtype=object))


def members(classes: int) -> Iterator[FeatureSet]:
    """The curves of rank 3 to 6 below K.

    >>> [found.name for found in members(5)]
    ['cyclic(3,5)', 'cyclic(4,5)']
    """
    K = integer("classes", classes, 2)
    return (cyclic(r, K) for r in RANKS if r < K)
