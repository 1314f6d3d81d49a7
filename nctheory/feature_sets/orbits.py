r"""Mixtures of orbits: all permutations of some integer vectors, on the same r coordinates.

(1, 0, ..) are points, (1, 1, 0, ..) edges, (1, 1, 1, 0, ..) triples, (2, 1, 0, ..) two points on
each edge: unions of Johnson schemes and of denser layers.  Symmetric under S_r, so F F^T is
a I + b J: two eigenvalues, exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations
from math import factorial, prod

import numpy as np

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet

MOST_COORDINATES = 8
SHAPES = ((1,), (1, 1), (1, 1, 1), (2, 1), (1, 1, 1, 1), (2, 1, 1))


def orbits(r: int, shapes: Sequence[Sequence[int]]) -> FeatureSet:
    """The orbits under S_r of `shapes`, each filled up with zeros to r coordinates.

    Raises
    ------
    InputError
        For a shape that is longer than r, not of positive integers, or parallel to another.

    Examples
    --------
    >>> both = orbits(4, [(1,), (1, 1)])
    >>> both.name, both.classes, both.gram
    ('S4: 1 + 11', 10, {7: 1, 3: 3})
    """
    r = integer("r", r, 2, MOST_COORDINATES)
    columns: list[tuple[int, ...]] = []
    for shape in shapes:
        require(0 < len(shape) <= r, "shape", f"have 1 to {r} entries", shape)
        values = [integer("shape", value, 1) for value in shape]
        columns += sorted(set(permutations([*values, *[0] * (r - len(values))])), reverse=True)
    require(len(columns) > 1, "shapes", "have more than one point", shapes)
    matrix = np.array(columns, dtype=object).T
    diagonal, beside = int(matrix[0] @ matrix[0]), int(matrix[0] @ matrix[1])
    first, rest = diagonal + (r - 1) * beside, diagonal - beside
    gram = {first: 1, rest: r - 1} if rest != first else {first: r}
    name = " + ".join("".join(map(str, shape)) for shape in shapes)
    return FeatureSet(f"S{r}: {name}", matrix, gram)


def size(r: int, shape: Sequence[int]) -> int:
    """The number of points of an orbit.

    >>> size(4, (2, 1, 1))
    12
    """
    full = [*shape, *[0] * (r - len(shape))]
    return factorial(r) // prod(factorial(full.count(value)) for value in set(full))


def members(classes: int) -> Iterator[FeatureSet]:
    """Unions of two orbits or more with K points, of `SHAPES`, in 3 to 8 coordinates.

    >>> [found.name for found in members(10)]
    ['S3: 1 + 111 + 21', 'S3: 11 + 111 + 21', 'S3: 111 + 21 + 211', 'S3: 1 + 11 + 111 + 211',
     'S4: 1 + 11', 'S4: 11 + 111', 'S5: 1 + 1111']
    """
    K = integer("classes", classes, 2)
    for r in range(3, MOST_COORDINATES + 1):
        shapes = [shape for shape in SHAPES if len(shape) <= r and size(r, shape) < K]
        for some in chain.from_iterable(combinations(shapes, count)
                                        for count in range(2, len(shapes) + 1)):
            if sum(size(r, shape) for shape in some) == K:
                yield orbits(r, some)
