"""Aligned text with rich, as wide as it needs or as wide as the terminal is."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nctheory.errors import printable, require
from nctheory.terminal.screen import SCREEN, Screen

Justify = Literal["left", "right"]

EDGE, BETWEEN = 1, 3  # spaces before the first column and between two
READABLE = 12  # a column of text is wrapped to no fewer characters


class Grid:
    """A table, ruled under the head alone.

    Parameters
    ----------
    columns : mapping
        Heads and on which side they are flush.
    least : sequence of str
        Heads of columns to leave out where there is no room, first to last; then the others
        go from the right.  The first column stays.
    """

    def __init__(self, columns: Mapping[str, Justify], least: Sequence[str] = ()) -> None:
        self.columns, self.least = dict(columns), tuple(least)
        rest = [head for head in reversed(self.columns) if head not in least]
        self._leave = [head for head in least if head in self.columns] + rest[:-1]
        self._rows: list[tuple[tuple[Text, ...], bool]] = []

    def add_row(self, *cells: str, end_section: bool = False, colour: str = "default") -> None:
        """A cell a column; a rule below where `end_section`."""
        self._rows.append((tuple(Text(printable(cell), style=colour) for cell in cells),
                           end_section))

    @property
    def cells(self) -> list[list[str]]:
        """The rows as plain text."""
        return [[cell.plain for cell in row] for row, _ in self._rows]

    def only(self, heads: Sequence[str]) -> Grid:
        """The grid with these columns alone, in this order; an `InputError` for an unknown one."""
        for head in heads:
            require(head in self.columns, "columns", f"be among {', '.join(self.columns)}", head)
        indices = [list(self.columns).index(head) for head in heads]
        made = Grid({head: self.columns[head] for head in heads}, self.least)
        made._rows = [(tuple(row[i] for i in indices), end) for row, end in self._rows]
        return made

    def fitted(self, width: int | None) -> tuple[Table, list[str]]:
        """The table within `width`, and the heads of the columns that had no room."""
        shown, left = list(self.columns), []
        needs = {head: max(len(head), *(row[i].cell_len for row, _ in self._rows), 0)
                 for i, head in enumerate(self.columns)}
        for head in self._leave if width is not None else ():
            assert width is not None
            if self._wrapped(shown, needs, width) is not None:
                break
            shown.remove(head)
            left.append(head)
        wrapped = None if width is None else self._wrapped(shown, needs, width)
        return self._table(shown, wrapped or {}), [h for h in self.columns if h in left]

    def _wrapped(self, shown: Sequence[str], needs: Mapping[str, int],
                 width: int) -> dict[str, int] | None:
        """{head: width} of the columns to wrap, {} where all fit, None where there is no room."""
        excess = EDGE + sum(needs[head] + BETWEEN for head in shown) - BETWEEN - width
        widths = {head: needs[head] for head in shown if self.columns[head] == "left"}
        for _ in range(excess):
            widest = max(widths, key=lambda head: widths[head], default="")
            if not widths or widths[widest] <= max(READABLE, needs[widest] // 3):
                return None
            widths[widest] -= 1
        return {head: width for head, width in widths.items() if width < needs[head]}

    def _table(self, shown: Sequence[str], widths: Mapping[str, int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head in shown:
            table.add_column(head, justify=self.columns[head], no_wrap=head not in widths,
                             width=widths.get(head), overflow="fold")
        indices = [i for i, head in enumerate(self.columns) if head in shown]
        for row, end_section in self._rows:
            table.add_row(*(row[i] for i in indices), end_section=end_section)
        return table


def grid(columns: Mapping[str, Justify], least: Sequence[str] = ()) -> Grid:
    """An empty `Grid`."""
    return Grid(columns, least)


def render(table: Grid, screen: Screen | None = None) -> str:
    """The table as text; columns that had no room are named below.

    >>> table = grid({"K": "right", "construction": "left", "note": "left"})
    >>> table.add_row("10", "triangular r=5 s=3", "by integers")
    >>> print(render(table, Screen(width=30)), end="")
      K   construction
     ───────────────────────
     10   triangular r=5 s=3
    (no room for: note)
    """
    screen = screen or SCREEN.get()
    body, left = table.fitted(screen.width)
    out = io.StringIO()
    Console(file=out, force_terminal=screen.colour, no_color=not screen.colour, highlight=False,
            width=1000).print(body)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    note = (textwrap.fill(f"(no room for: {', '.join(left)})", screen.width or 1000) + "\n"
            if left else "")
    return "\n".join(lines).strip("\n") + "\n" + note


def span(ranks: Iterable[int]) -> str:
    """Ranks layer by layer, one number where all are equal: [5, 5, 4] is "5 5 4"."""
    values = list(ranks)
    return str(values[0]) if len(set(values)) == 1 else " ".join(map(str, values))
