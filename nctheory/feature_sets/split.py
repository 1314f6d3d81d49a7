r"""Split orbits: coordinates in two parts, all permutations within each.

On a + b coordinates the type x|y is all points with the entries x (and zeros) in the first part
and y in the second; a member is a union of types, symmetric under S_a x S_b.  With entries 0
and 1 these are hypergraphs, for b = 1 cones over Johnson schemes.  The search's best chains for
small K are of this kind, with values of their own (see `nctheory.atlas.shapes`).  Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations, product
from math import comb

import numpy as np

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet

Entries = tuple[int, ...]
Type = tuple[Entries, Entries]

MOST_TYPES, MOST_SECOND, MOST_COORDINATES = 4, 2, 8
# Beside the points of the coordinates, for three and four of them.
DENSE: tuple[Type, ...] = (
    ((1, 1), ()), ((2, 1), ()), ((1,), (1,)), ((2,), (1,)), ((1,), (2,)), ((1, 1), (1,)),
    ((1, 1), (2,)), ((2, 2), (1,)), ((2, 1), (1,)), ((2, 1), (2,)))


def split(a: int, b: int, types: Sequence[Type]) -> FeatureSet:
    """The union of `types` on a >= 1 and b >= 1 coordinates.

    >>> cone = split(3, 1, [((1,), (1,)), ((1, 1), ()), ((), (1,))])
    >>> cone.name, cone.classes, cone.rank
    ('split(3,1): 1|1 11| |1', 7, 4)
    """
    a, b = integer("a", a, 1), integer("b", b, 1)
    columns: list[tuple[Entries, Entries]] = []
    for first, second in types:
        require(len(first) <= a and len(second) <= b and len(first) + len(second) > 0, "type",
                f"have at most {a} and {b} entries, and one at least", (first, second))
        columns += product(_placed(first, a), _placed(second, b))
    require(len(columns) > 0, "types", "be at least one", types)
    name = " ".join(f"{_word(first)}|{_word(second)}" for first, second in types)
    return FeatureSet(f"split({a},{b}): {name}",
                      np.array([[*first, *second] for first, second in columns]).T)


def _placed(entries: Entries, places: int) -> list[Entries]:
    values = [integer("entry", value, 1) for value in entries]
    return sorted(set(permutations([*values, *[0] * (places - len(values))])), reverse=True)


def _word(entries: Entries) -> str:
    return "".join(map(str, entries))


def members(classes: int) -> Iterator[FeatureSet]:
    """Up to four types of at most three ones, or all, on at most 8 coordinates; on 2 + 1 and
    3 + 1 of them the points and any of `DENSE`.

    >>> [found.name for found in members(4)][:2]
    ['split(2,1): 1| 1|1', 'split(2,1): |1 1| 11|1']
    """
    K = integer("classes", classes, 3)
    for b in range(1, MOST_SECOND + 1):
        for a in range(max(b, 2), MOST_COORDINATES - b + 1):
            ones = [((1,) * i, (1,) * j) for i in range(a + 1) for j in range(b + 1)
                    if 0 < i + j <= 3 or (i, j) == (a, b)]
            yield from _unions(a, b, K, ones, (), MOST_TYPES)
    for a in (2, 3):
        points = (((1,), ()), ((), (1,)))
        yield from _unions(a, 1, K, DENSE, points, len(DENSE))


def _unions(a: int, b: int, classes: int, types: Sequence[Type], always: Sequence[Type],
            most: int) -> Iterator[FeatureSet]:
    """All unions with so many points that join the parts (the others are direct sums)."""
    sizes = {kind: _size(a, kind[0]) * _size(b, kind[1]) for kind in (*types, *always)}
    for some in chain.from_iterable(combinations(types, count) for count in range(1, most + 1)):
        kinds = (*always, *some)
        if sum(sizes[kind] for kind in kinds) == classes and any(x and y for x, y in kinds):
            yield split(a, b, kinds)


def _size(places: int, entries: Entries) -> int:
    """The number of ways to place entries of one or two different values."""
    ones = entries.count(1)
    return comb(places, len(entries)) * comb(len(entries), ones)
