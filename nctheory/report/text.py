"""Aligned text with rich: what all terminal output shares."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table

Justify = Literal["left", "right"]


def grid(columns: Mapping[str, Justify]) -> Table:
    """An empty table with these columns, ruled under the head alone."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head, justify in columns.items():
        table.add_column(head, justify=justify, no_wrap=True)
    return table


def render(table: Table, *, colour: bool = False) -> str:
    """The table as text, as wide as it needs; escape codes only where `colour`."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=colour, no_color=not colour, highlight=False,
                      width=1000)
    console.print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def span(ranks: Iterable[int]) -> str:
    """Ranks layer by layer, one number where all are equal: [5, 5, 4] is "5 5 4"."""
    values = list(ranks)
    return str(values[0]) if len(set(values)) == 1 else " ".join(map(str, values))
