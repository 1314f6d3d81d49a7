"""Feature sets: nonnegative matrices of K columns, what sigma(M_l) may be; a family a file.

`members(K)` gives every family's members with exactly K classes; a new family is one file and
one line in `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Iterator

from nctheory.feature_sets import (
    cyclic,
    designs,
    edges,
    hamming,
    johnson,
    orbits,
    polygons,
    polytopes,
    simplex,
    split,
)
from nctheory.feature_sets.base import Family, FeatureSet

__all__ = ["FAMILIES", "Family", "FeatureSet", "members"]

FAMILIES: dict[str, Family] = {
    "johnson": johnson.members,
    "hamming": hamming.members,
    "edges": edges.members,
    "simplex": simplex.members,
    "orbits": orbits.members,
    "split": split.members,
    "polygons": polygons.members,
    "cyclic": cyclic.members,
    "designs": designs.members,
    "polytopes": polytopes.members,
}


def members(classes: int) -> Iterator[FeatureSet]:
    """The members of all families with K >= 3 classes, each geometry once.

    Two sets are taken for the same where the Gram matrices F^T F and their squares have the same
    rows up to order and scale: the first named stays.

    >>> [found.name for found in members(3)][:6]
    ['I(3)', 'T(3)', 'K(2)+2 loops', 'G(4,3)', 'G(5,3)', 'simplex(2,2)']
    """
    seen = set()
    for family in FAMILIES.values():
        for found in family(classes):
            key = _key(found)
            if key not in seen:
                seen.add(key)
                yield found


def _key(found: FeatureSet) -> tuple[tuple[tuple[float, float], ...], ...]:
    gram = found.floats.T @ found.floats
    square = gram @ gram
    return tuple(sorted(tuple(sorted(zip(row.round(9).tolist(), more.round(9).tolist(),
                                         strict=True)))
                        for row, more in zip(gram, square, strict=True)))
