"""Verified rank statements as text and as plain data."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from nctheory.rank_bounds import Verification
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid


def records(found: Sequence[Verification]) -> list[dict[str, Any]]:
    """One record a statement."""
    return [{
        "name": v.statement.name, "statement": v.statement.text, "domain": v.statement.domain,
        "source": v.statement.source, "points": v.points,
        "least_margin": v.least_margin if v.points else None, "where": v.where,
        "holds": v.counterexample is None,
        "counterexample": None if v.counterexample is None else _origin(v),
    } for v in found]


def _origin(verification: Verification) -> str:
    point = verification.counterexample
    assert point is not None
    return f"{point.origin}, {point.problem}"


def rows(found: Sequence[Verification]) -> Rows:
    """A row a statement, then the statements in words."""
    table = grid({"statement": "left", "points": "right", "least margin": "right",
                  "where": "left", "verdict": "left"}, least=("where", "points"))
    for v in found:
        verdict = "no points" if not v.points else (
            "holds" if v.counterexample is None else f"COUNTEREXAMPLE: {_origin(v)}")
        margin = f"{v.least_margin:.2e}" if v.points else "-"
        table.add_row(v.statement.name, str(v.points), margin, v.where, verdict,
                      colour={"holds": "green", "no points": "dim"}.get(verdict, "red"))
    words = [textwrap.fill(f"{v.statement.name}: {v.statement.text} ({v.statement.source})",
                           width=96, subsequent_indent="  ") for v in found]
    return Rows(records(found), table, "\nMargin: right side minus left side; rounding may leave "
                "-1e-11 of their size.\n\n" + "\n".join(words) + "\n")
