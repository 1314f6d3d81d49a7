"""Collapse over training: when a metric comes down to stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nctheory.errors import require

TIMED = ("nc1", "nc2_norms", "nc2_angles", "nc3", "nc4")
THRESHOLD = 0.1


def collapse_time(steps: Sequence[float], values: Sequence[float | None],
                  threshold: float = THRESHOLD) -> float | None:
    """The first step from which the values stay at or below `threshold` to the end, or None.

    A value that is None (a metric not defined then) is not below. The steps increase.

    Examples
    --------
    >>> collapse_time([0, 10, 20, 30], [1.0, 0.05, 0.2, 0.01])
    30
    >>> collapse_time([0, 10], [1.0, 0.5]) is None
    True
    """
    require(len(steps) == len(values), "values", "be one a step", len(values))
    require(all(a < b for a, b in zip(steps, steps[1:], strict=False)), "steps", "increase",
            list(steps)[:5])
    found = None
    for step, value in zip(steps, values, strict=True):
        below = value is not None and value <= threshold
        found = (step if found is None else found) if below else None
    return found


def collapse_times(records: Iterable[Mapping[str, Any]],
                   threshold: float = THRESHOLD) -> dict[str, dict[str, float | None]]:
    """For each layer the collapse times of NC1-4, from records with "step" and "layer".

    Examples
    --------
    >>> rows = [{"step": t, "layer": "fc", "nc1": 1 / (1 + t)} for t in (0, 10, 20)]
    >>> collapse_times(rows)["fc"]["nc1"]
    10
    """
    layers: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        layers.setdefault(str(record["layer"]), []).append(record)
    return {layer: {name: collapse_time([row["step"] for row in rows],
                                        [row.get(name) for row in rows], threshold)
                    for name in TIMED}
            for layer, rows in layers.items()}
