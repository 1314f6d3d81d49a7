"""Whether the cases of a case split cover the whole range: boxes of integers, exactly.

A box has an interval (least, greatest) an axis; None: no greatest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sympy

from nctheory.certify import Certificate

Interval = tuple[int, int | None]
Box = tuple[Interval, ...]


def uncovered(domain: Box, boxes: Iterable[Box]) -> tuple[int, ...] | None:
    """A point of the domain that lies in no box; None where they cover it.

    Cut every axis at each end of each box: on a piece all integers lie in the same boxes, so its
    first one decides.

    >>> uncovered(((2, None), (1, 3)), [((2, 4), (1, None)), ((5, None), (1, 2))])
    (5, 3)
    """
    boxes = list(boxes)
    starts = []
    for axis, (least, most) in enumerate(domain):
        ends = {least} | {box[axis][0] for box in boxes}
        ends |= {last + 1 for box in boxes if (last := box[axis][1]) is not None}
        starts.append(np.array(sorted(x for x in ends
                                      if x >= least and (most is None or x <= most))))
    held = np.zeros([len(at) for at in starts], dtype=bool)
    for box in boxes:
        held[tuple(_range(at, interval) for at, interval in zip(starts, box, strict=True))] = True
    missing = np.argwhere(~held)
    if len(missing) == 0:
        return None
    return tuple(int(at[i]) for at, i in zip(starts, missing[0], strict=True))


def _range(starts: np.ndarray, interval: Interval) -> slice:
    least, most = interval
    first = int(np.searchsorted(starts, least))
    return slice(first, len(starts) if most is None else int(np.searchsorted(starts, most,
                                                                             "right")))


def needed(domain: Box, boxes: Sequence[Box]) -> bool:
    """Whether the boxes cover the domain and no more, and none is superfluous."""
    within = all(least >= first and (last is None or (most is not None and most <= last))
                 for box in boxes
                 for (least, most), (first, last) in zip(box, domain, strict=True))
    return within and uncovered(domain, boxes) is None and all(
        uncovered(domain, [*boxes[:i], *boxes[i + 1:]]) is not None for i in range(len(boxes)))


def inside(point: Sequence[int], box: Box) -> bool:
    return all(least <= x and (most is None or x <= most)
               for x, (least, most) in zip(point, box, strict=True))


def layers(text: str) -> Interval:
    """"3" or "3+"."""
    least = int(text.removesuffix("+"))
    return least, None if text.endswith("+") else least


def pair(first: sympy.Expr, second: sympy.Expr) -> tuple[Interval, Interval]:
    """The box of all (first, second) as their variables, if any, run through 0, 1, 2, ...: each
    must be an integer, or one plus a variable that the other has not."""
    intervals: list[Interval] = []
    seen: set[sympy.Symbol] = set()
    for expression in (first, second):
        constant, rest = sympy.expand(expression).as_coeff_Add()
        if not (constant.is_Integer and (rest == 0 or rest.is_Symbol) and rest not in seen):
            raise ValueError(f"not a box: {first}, {second}")
        seen |= {rest} - {sympy.Integer(0)}
        intervals.append((int(constant), int(constant) if rest == 0 else None))
    return intervals[0], intervals[1]


def triangular(made: Certificate) -> Box:
    """The cells (s, r-s, L) that a certificate about the triangular family decides."""
    given = {name: sympy.sympify(made.parameters[name]) for name in ("r", "s")}
    return (*pair(given["s"], given["r"] - given["s"]), layers(str(made.parameters["L"])))


def halved(made: Certificate) -> Box:
    """The cells (K/2, L), K even, that a certificate about pairs decides."""
    least, most = pair(sympy.sympify(made.parameters["K"]), sympy.Integer(0))[0]
    return ((-(-least // 2), most if most is None else most // 2),
            layers(made.parameters["L"]))
