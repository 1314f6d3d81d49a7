"""Margins without decay as rows, and as a map of the best rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nctheory.margins import MarginTable, log_margin
from nctheory.report.figures import integer_ticks, style
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTES = ("margin: the least margin with every factor of norm 1, n = 1; over DNC: in units of that "
         "of deep neural collapse.  It decides what training without decay can end at, not what a "
         "run does end at.")


def rows(table: MarginTable) -> Rows:
    """As text the best of each K and L; in JSON and CSV the best of each rank as well."""
    shown = grid({"K": "right", "L": "right", "construction": "left", "rank": "right",
                  "log margin": "right", "over DNC": "right", "verdict": "left"},
                 ("log margin",))
    for cell in table.cells:
        made = cell.best
        shown.add_row(str(cell.classes), str(cell.layers), made.label, str(cell.rank(made)),
                      f"{log_margin(made, cell.layers, cell.activation):.4f}",
                      f"{cell.ratio(made):.4g}", cell.verdict)
    takeovers = "; ".join(
        f"K={K}: " + ", ".join(f"rank {rank} from L={L}" for L, rank in steps)
        for K, steps in table.takeovers().items())
    return Rows(table.records(), shown, f"{takeovers}\n{NOTES}\n",
                after={"takeovers": {str(K): steps for K, steps in table.takeovers().items()}})


def figure(table: MarginTable) -> Figure:
    """The best rank for each K and L; bold frames where DNC is beaten.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    with style((4.5, 3.4)):
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle

        drawn = Figure()
        axes = drawn.add_subplot()
        axes.grid(False)
        for cell in table.cells:
            rank, K, L = cell.rank(cell.best), cell.classes, cell.layers
            shade = 1 - 0.75 * (rank - 1) / K
            axes.add_patch(Rectangle((K - 0.5, L - 0.5), 1, 1, facecolor=str(shade),
                                     edgecolor="white"))
            axes.text(K, L, str(rank), ha="center", va="center", fontsize=7,
                      weight="bold" if cell.verdict == "dnc beaten" else "normal",
                      color="black" if shade > 0.5 else "white")
        sizes, depths = ([getattr(cell, name) for cell in table.cells]
                         for name in ("classes", "layers"))
        axes.set(xlim=(min(sizes) - 0.5, max(sizes) + 0.5), xlabel="classes $K$",
                 ylim=(min(depths) - 0.5, max(depths) + 0.5), ylabel="layers $L$",
                 title="rank of largest margin (bold: DNC beaten)")
        for axis, values in ((axes.xaxis, sorted(set(sizes))), (axes.yaxis, sorted(set(depths)))):
            integer_ticks(axis, values)
        return drawn
