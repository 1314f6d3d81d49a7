"""Rows in every format: the one writer of all commands that tell rows.

A report makes `Rows` of its results: records for programs (JSON, CSV), a grid of the same rows
for people (text, LaTeX), and what stands around them.
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, get_args

from nctheory import __version__
from nctheory.errors import InputError, choice, require
from nctheory.files import envelope
from nctheory.tabular import Record, flat
from nctheory.terminal.grid import Grid, grid, render
from nctheory.terminal.screen import SCREEN

Format = Literal["text", "json", "csv", "latex"]

# How heads and cells are written in LaTeX; longer ones first.
_MATH = {r"rank σ(M_L)": r"rank $\sigma(M_L)$", "rank σ(M)": r"rank $\sigma(M)$",
         "rank M": "rank $M_l$", "c/(K-1)": "$c/(K-1)$", "c/K": "$c/K$", "K": "$K$", "L": "$L$",
         "c": "$c$", "P": "$P$"}
_SIGNS = {"\\": r"\textbackslash{}", "σ": r"$\sigma$", "λ": r"$\lambda$",
          "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$",
          **{sign: "\\" + sign for sign in "&%$#_{}"}}


def whole(number: int) -> str:
    """An integer as people read it: exact up to twelve digits, else its size.

    >>> whole(252), whole(2**100)
    ('252', '1.27e+30')
    """
    return str(number) if number < 10**12 else f"{Decimal(number):.2e}"


@dataclass(frozen=True)
class Rows:
    """Rows to tell.

    Attributes
    ----------
    records : list of dict
        What JSON and CSV hold.
    grid : Grid
        What text and LaTeX hold, a line a record.
    title, notes : str
        Lines above and below the text.
    before, after : dict
        What JSON has around the rows.
    name : str
        What JSON calls the rows.
    """

    records: Sequence[Record]
    grid: Grid
    notes: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    name: str = "rows"
    title: str = ""

    def to(self, format_: Format, columns: Sequence[str] = ()) -> str:
        """The rows in a format, with all columns or with these.

        Columns are named as the format names them: heads of text and LaTeX, fields of JSON and
        CSV.

        Raises
        ------
        InputError
            For a format or a column that there is not.
        """
        writers: dict[str, Callable[[Rows], str]] = {
            "text": to_text, "json": to_json, "csv": to_csv, "latex": to_latex}
        choice("format", format_, get_args(Format))
        if not columns:
            return writers[format_](self)
        if format_ in ("text", "latex"):
            return writers[format_](replace(self, grid=self.grid.only(columns)))
        return writers[format_](replace(self, records=_fields(self.records, columns)))


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several models as one: a column K and a column L tell them apart.

    What JSON has around the rows of each stands in "models".
    """
    heads = {head: side for part in parts for head, side in part.grid.columns.items()}
    table = grid({"K": "right", "L": "right", **heads}, parts[0].grid.least)
    records, notes = [], []
    common = [line for line in parts[0].notes.splitlines()
              if all(line in part.notes.splitlines() for part in parts)]
    for part in parts:
        cell = {name: part.before["parameters"][name] for name in ("classes", "layers")}
        records += [cell | record for record in part.records]
        for row in part.grid.cells:
            named = dict(zip(part.grid.columns, row, strict=True))
            table.add_row(*map(str, cell.values()), *(named.get(head, "-") for head in heads))
        notes += ["K={classes} L={layers}: ".format(**cell) + line
                  for line in part.notes.splitlines() if line not in common]
    models = [{**part.before, **part.after} for part in parts]
    return Rows(records, table, "\n" + "\n".join([*notes, *filter(None, common)]) + "\n",
                before={"models": models})


def _fields(records: Iterable[Record], names: Sequence[str]) -> list[Record]:
    records = list(records)
    known = list(dict.fromkeys(name for record in records for name in record))
    for name in names:
        require(name in known, "columns", f"be among {', '.join(known)}", name)
    return [{name: record.get(name) for name in names} for record in records]


def to_text(rows: Rows) -> str:
    """Aligned columns, between the title and the notes; all of it as wide as the screen."""
    return _wrapped(rows.title) + render(rows.grid) + _wrapped(rows.notes)


def _wrapped(text: str) -> str:
    width = SCREEN.get().width
    if width is None:
        return text
    return "".join(textwrap.fill(line, width, subsequent_indent="  ") + "\n"
                   for line in text.splitlines())


def to_json(rows: Rows) -> str:
    """{"version", ..., "rows", ...}."""
    return envelope(**rows.before, **{rows.name: list(rows.records)}, **rows.after)


def to_csv(rows: Rows) -> str:
    """A line a record; ranks as "5 5 5 / 5 10", before and after sigma, other lists by spaces."""
    records = [_plain(record) for record in rows.records]
    names = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def _plain(record: Record) -> Record:
    ranks = {name: " / ".join(" ".join(map(str, side)) for side in value.values())
             for name, value in record.items()
             if isinstance(value, Mapping) and set(value) == {"before", "after"}}
    return {name: " ".join(map(str, value)) if isinstance(value, list | tuple) else value
            for name, value in flat(record | ranks).items()}


def to_latex(rows: Rows) -> str:
    r"""A `tabular` with a line a row, no wider than the text; the first line says what it needs.

    >>> from nctheory.terminal.grid import grid
    >>> table = grid({"K": "right", "rank σ(M_L)": "left"})
    >>> table.add_row("10", "5_5")
    >>> print(to_latex(Rows([], table)), end="")
    % nctheory ...; needs \usepackage{booktabs,graphicx}
    \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
    \begin{tabular}{rl}
    \toprule
    $K$ & rank $\sigma(M_L)$ \\
    \midrule
    10 & 5\_5 \\
    \bottomrule
    \end{tabular}}
    """
    sides = "".join(side[0] for side in rows.grid.columns.values())
    heads = [_head(head) for head in rows.grid.columns]
    lines = [" & ".join(map(_tex, row)) + r" \\" for row in rows.grid.cells]
    return "\n".join([
        rf"% nctheory {__version__}; needs \usepackage{{booktabs,graphicx}}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{sides}}}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule",
        *lines, r"\bottomrule", r"\end{tabular}}", ""])


def _head(head: str) -> str:
    name, comma, rest = head.partition(", ")
    return _MATH.get(name, _tex(name)) + (comma + re.sub(r"^([KL])=(\d+)$", r"$\1=\2$", rest))


def _tex(text: str) -> str:
    """Text with LaTeX's signs escaped, and letters of the model in math."""
    return re.sub(r"\b([KLrsc])=(\d+)", r"$\1=\2$",
                  "".join(_SIGNS.get(sign, sign) for sign in text))


def names(text: str | None) -> tuple[str, ...]:
    """The columns that a text with commas names.

    >>> names("K, L,c/K")
    ('K', 'L', 'c/K')
    """
    found = tuple(part.strip() for part in (text or "").split(","))
    if text is not None and not all(found):
        raise InputError(f"columns must be names with commas between them, got {text!r}")
    return found if text is not None else ()
