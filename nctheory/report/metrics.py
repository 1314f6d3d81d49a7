"""Collapse metrics as text and JSON."""

from __future__ import annotations

from typing import Any

from nctheory.errors import printable
from nctheory.files import envelope
from nctheory.terminal.grid import grid, render


def to_json(found: dict[str, Any]) -> str:
    """The report of `nctheory.metrics.report`, with the version."""
    return envelope(**found)


def to_text(found: dict[str, Any]) -> str:
    """A line a metric, a column a layer; notes below."""
    layers = found["layers"]
    table = grid({"metric": "left", **{layer["layer"]: "right" for layer in layers}})
    names = list(dict.fromkeys(name for layer in layers for name in layer
                               if name not in ("layer", "notes")))
    for name in names:
        values = [layer.get(name) for layer in layers]
        if any(value is not None for value in values):
            table.add_row(name, *map(_number, values))
    notes = dict.fromkeys(note for layer in layers for note in layer["notes"])
    return render(table) + "".join(f"{printable(line)}\n" for line in (_order(found), *notes))


def _order(found: dict[str, Any]) -> str:
    """Which row of a weight belongs to which class."""
    labels = [str(label) for label in found["labels"]]
    named = labels if len(labels) <= 12 else [*labels[:3], "...", labels[-1]]
    return f"classes, and rows of a weight, in the order {', '.join(named)}"


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
