r"""Hamming schemes H(m, q): words of m letters, one row a place and letter.

F^T F counts the places where two words agree; F F^T has the eigenvalues m q^(m-1) [1] and
q^(m-1) [m (q-1)], so F has rank m (q-1) + 1.  H(2, q) is the edges of K_{q,q}, H(m, 2) the
corners of a cube.  Source: [BCN89, chapter 9].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from nctheory.errors import integer
from nctheory.feature_sets.base import FeatureSet


def hamming(m: int, q: int) -> FeatureSet:
    """All words of m >= 2 places and q >= 2 letters.

    >>> hamming(3, 2).matrix.shape, hamming(3, 2).gram, hamming(3, 2).rank
    ((6, 8), {12: 1, 4: 3}, 4)
    """
    m, q = integer("m", m, 2), integer("q", q, 2)
    words = np.array(list(product(range(q), repeat=m)))
    rows = [words[:, place] == letter for place in range(m) for letter in range(q)]
    return FeatureSet(f"H({m},{q})", np.array(rows, dtype=np.int64),
                      {m * q ** (m - 1): 1, q ** (m - 1): m * (q - 1)})


def members(classes: int) -> Iterator[FeatureSet]:
    """H(m, q) with q^m = K.

    >>> [found.name for found in members(64)]
    ['H(2,8)', 'H(3,4)', 'H(6,2)']
    """
    K = integer("classes", classes, 2)
    for m in range(2, K.bit_length()):
        q = round(K ** (1 / m))
        if q**m == K:
            yield hamming(m, q)
