r"""Corners of half-cubes, and the 27 lines on a cubic surface (E6).

The half-cube: words of m bits with an even number of ones, a row for each bit and for its
complement: rank m + 1 for m >= 3, F F^T as of the whole cube, halved.  The 27 lines: F = A + 2 I
for the Schlaefli graph A, srg(27, 16, 10, 8) with eigenvalues 16 [1], 4 [6], -2 [20]: rank 7.
Source: [BCN89, sections 3.11 and 9.2].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from nctheory.errors import integer
from nctheory.feature_sets.base import FeatureSet
from nctheory.graphs.sporadic import schlaefli


def half_cube(m: int) -> FeatureSet:
    """2^(m-1) corners, m >= 3 (m = 3: an orthogonal frame in other coordinates).

    >>> half_cube(4).matrix.shape, half_cube(4).gram
    ((8, 8), {16: 1, 4: 4})
    """
    m = integer("m", m, 3, 12)
    words = np.array([word for word in product((0, 1), repeat=m) if sum(word) % 2 == 0])
    return FeatureSet(f"half-cube({m})", np.vstack([words.T, 1 - words.T]),
                      {m * 2 ** (m - 2): 1, 2 ** (m - 2): m})


def lines_27() -> FeatureSet:
    """F = A + 2 I, A the Schlaefli graph: which of the 27 lines are skew.

    >>> lines_27().rank, lines_27().gram
    (7, {324: 1, 36: 6})
    """
    matrix = 2 * np.eye(27, dtype=np.int64)
    for one, other in schlaefli():
        matrix[one, other] = matrix[other, one] = 1
    return FeatureSet("27 lines", matrix, {18**2: 1, 6**2: 6})


def members(classes: int) -> Iterator[FeatureSet]:
    """Half-cubes with K = 2^(m-1) corners, and the lines for K = 27.

    >>> [found.name for found in members(16)], [found.name for found in members(27)]
    (['half-cube(5)'], ['27 lines'])
    """
    K = integer("classes", classes, 2)
    if K == 27:
        yield lines_27()
    if K >= 4 and K & (K - 1) == 0:
        yield half_cube(K.bit_length())
