"""A phase diagram as rows, or a figure with a colour for each family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nctheory.cross_entropy.phases import NOTHING, ZERO, PhaseDiagram
from nctheory.report.figures import integer_ticks, style
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {"classes": "classes $K$", "layers": "layers $L$", "width": "width $d$",
          "weight_decay": r"weight decay $\lambda$"}
SYMBOLS = {"classes": "K", "layers": "L", "width": "d", "weight_decay": "weight decay"}
# For colour-blind readers; hatches tell the families apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "ooo", "+++")
NEUTRAL = {ZERO: "#DDDDDD", NOTHING: "#FFFFFF"}


def rows(diagram: PhaseDiagram) -> Rows:
    """A record a cell; as text a line for each value of the rows' axis, with its families."""
    down, across = diagram.axes
    table = grid({SYMBOLS[down]: "right", f"best family, over {SYMBOLS[across]}": "left"})
    for value, row in zip(diagram.values[0], diagram.best, strict=True):
        changes = [0, *(np.flatnonzero(np.diff(row)) + 1)]
        table.add_row(f"{value:.6g}", ", ".join(
            f"{diagram.names[row[i]]} from {diagram.values[1][i]:.4g}" for i in changes))
    return Rows(diagram.records(), table, before={
        "axes": list(diagram.axes), "values": [list(values) for values in diagram.values],
        "families": [[diagram.names[i] for i in row] for row in diagram.best],
        "loss": diagram.loss.tolist(), "ranks": diagram.ranks.tolist()})


def figure(diagram: PhaseDiagram) -> Figure:
    """The diagram as a matplotlib figure: columns on the horizontal axis, rows on the vertical.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    with style((5.0, 3.6)):
        return _drawn(diagram)


def _drawn(diagram: PhaseDiagram) -> Figure:
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch, Rectangle

    drawn = Figure()
    axes = drawn.add_subplot()
    axes.grid(False)
    families = [name for name in diagram.names if name not in NEUTRAL]
    colours = [NEUTRAL.get(name, COLOURS[families.index(name) % len(COLOURS)]
                           if name in families else "") for name in diagram.names]
    rows, columns = (_edges(values) for values in diagram.values)
    axes.pcolormesh(columns, rows, diagram.best, cmap=ListedColormap(colours),
                    vmin=-0.5, vmax=len(diagram.names) - 0.5)
    handles = []
    for index, name in enumerate(diagram.names):
        hatch = HATCHES[families.index(name) % len(HATCHES)] if name in families else ""
        if hatch:
            for i, j in np.argwhere(diagram.best == index):
                axes.add_patch(Rectangle((columns[j], rows[i]), columns[j + 1] - columns[j],
                                         rows[i + 1] - rows[i], fill=False, hatch=hatch,
                                         edgecolor="#444444", linewidth=0))
        handles.append(Patch(facecolor=colours[index], hatch=hatch, edgecolor="#444444",
                             label=name))
    for set_scale, axis, name, values in zip(
            (axes.set_yscale, axes.set_xscale), (axes.yaxis, axes.xaxis), diagram.axes,
            diagram.values, strict=True):
        if name == "weight_decay":
            set_scale("log")
        else:
            integer_ticks(axis, values)
        axis.set_label_text(LABELS[name])
    drawn.legend(handles=handles, loc="outside right upper")
    return drawn


def _edges(values: tuple[float, ...]) -> list[float]:
    """Cell borders: half-way between neighbours, geometrically where values span decades."""
    x = np.asarray(values, dtype=np.float64)
    logarithmic = x.min() > 0 and x.max() / x.min() > 100
    x = np.log(x) if logarithmic else x
    if len(x) == 1:
        borders = np.array([x[0] - 0.5, x[0] + 0.5])
    else:
        middle = (x[1:] + x[:-1]) / 2
        borders = np.concatenate([[2 * x[0] - middle[0]], middle, [2 * x[-1] - middle[-1]]])
    return [float(b) for b in (np.exp(borders) if logarithmic else borders)]
