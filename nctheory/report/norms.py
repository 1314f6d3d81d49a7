"""Thresholds with factors in another norm, as rows."""

from __future__ import annotations

from nctheory.norms import NormTable
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid

NOTES = {
    "spectral": "weights and H_1 in the spectral norm, n = 1: no network costs less than DNC "
                "(python -m proofs spectral-budget); c/DNC is that of the construction's own "
                "matrices",
    "entries": "DNC taken at its Frobenius cost, a bound from below: above 1 nothing is decided",
}


def rows(table: NormTable) -> Rows:
    """A line for each K and L: the winner in the Frobenius norm, and its cost in the other."""
    shown = grid({"K": "right", "L": "right", "construction": "left", "c/DNC": "right",
                  f"c/DNC, {table.norm}": "right", "verdict": "left"})
    for row in table.rows:
        shown.add_row(str(row.construction.classes), str(row.layers), row.construction.label,
                      f"{row.frobenius:.4f}", f"{row.ratio:.4f}", table.verdict(row))
    note = NOTES.get(table.norm, "the construction's own matrices, in floats: an upper bound")
    return Rows(table.records(), shown, note + "\n", before={"norm": table.norm})
