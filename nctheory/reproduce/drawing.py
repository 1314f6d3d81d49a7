"""Panels that several figures share, in the style of all figures (`nctheory.report.figures`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY = "0.45"
LINE = {"marker": "", "linestyle": "-"}
LEVELS = ({"color": "black", "linestyle": "--"}, {"color": "C1", "linestyle": ":"},
          {"color": "C2", "linestyle": "-."})


def looks() -> list[dict[str, Any]]:
    """Colour, marker and line of each series of the style at work."""
    from matplotlib import rcParams

    return list(rcParams["axes.prop_cycle"])


def curves(axes: Any, points: Iterable[Sequence[tuple[int, float]]],
           closed_forms: Mapping[str, float]) -> None:
    """Losses over steps, a thin line for each run, and closed forms as named level lines."""
    ends = []
    for run in points:
        steps, losses = zip(*((step, loss) for step, loss in run if step > 0), strict=True)
        axes.plot(steps, losses, **LINE, color="C0", linewidth=0.7, alpha=0.8)
        ends.append(losses[-1])
    # A few runs that end far above do not make the rest flat.
    low = min(*ends, *closed_forms.values())
    high = max(float(np.median(ends)), *closed_forms.values())
    margin = 0.3 * (high - low)
    for (name, loss), look in zip(closed_forms.items(), LEVELS, strict=False):
        axes.axhline(loss, **look, zorder=0)
        # Early steps are far above all lines: there is room for names at the left.
        below = loss == min(closed_forms.values())
        axes.annotate(f"{name}: {loss:.4f}", (0.02, loss), (0, -2 if below else 2),
                      xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="top" if below else "bottom", color=look["color"], fontsize=7)
    axes.set(xscale="log", ylim=(low - margin, high + 1.5 * margin), xlabel="step",
             ylabel="loss")


def matrix_panel(axes: Any, matrix: NDArray[np.float64], title: str) -> None:
    """Entries as colours, white at 0, the largest in absolute value darkest."""
    largest = float(np.abs(matrix).max()) or 1.0
    axes.imshow(matrix, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto",
                interpolation="nearest")
    axes.grid(False)
    axes.set(xticks=[], yticks=[], title=title)


def spectrum_panel(axes: Any, spectra: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Singular values by their number: the mean over runs, bars of one standard deviation."""
    for name, runs in spectra.items():
        values = np.array(runs)
        axes.errorbar(range(1, values.shape[1] + 1), values.mean(axis=0), yerr=values.std(axis=0),
                      elinewidth=0.7, label=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="index $i$", ylabel="singular value $s_i$", ylim=(0, None))
    axes.legend()


def rank_grid(axes: Any, before: Sequence[Sequence[str]], after: Sequence[Sequence[str]],
              labels: Sequence[str]) -> None:
    """Ranks as numbers in cells that are the darker, the higher the rank: a row for each run,
    M_1, M_2, ... at the left and, where given, sigma(M_2), ... at the right."""
    parts = [(np.array(before, int), range(1, len(before[0]) + 1), "rank $M_l$")]
    if after[0]:
        parts.append((np.array(after, int), range(2, len(after[0]) + 2),
                      r"rank $\sigma(M_l)$"))
    largest = max(part.max() for part, _, _ in parts)
    least = min(part.min() for part, _, _ in parts)
    start, ticks = 0, []
    for part, layers, name in parts:
        rows, width = part.shape
        axes.imshow(part, cmap="Greys", vmin=least - 1, vmax=1.6 * largest, aspect="auto",
                    extent=(start - 0.5, start + width - 0.5, rows - 0.5, -0.5))
        for (i, j), rank in np.ndenumerate(part):
            axes.text(start + j, i, str(rank), ha="center", va="center", fontsize=6.5)
        axes.annotate(name, (start + (width - 1) / 2, 1), (0, 4), ha="center",
                      xycoords=("data", "axes fraction"), textcoords="offset points",
                      annotation_clip=False)
        ticks += [(start + j, layer) for j, layer in enumerate(layers)]
        start += width + 0.5
    axes.grid(False)
    axes.set_xlim(-0.5, start - 1)
    axes.set_xticks(*zip(*ticks, strict=True))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(length=0, labelsize=7)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="layer $l$", ylabel="final loss")


def with_interval(axes: Any, x: Sequence[float], values: Sequence[tuple[float, float, float]],
                  label: str) -> None:
    """Points with intervals (value, low, high), joined by a line."""
    middle, low, high = np.array(values).T
    # A value on the edge of its interval may leave it by rounding.
    axes.errorbar(x, middle, yerr=np.maximum(0, [middle - low, high - middle]), capsize=2,
                  elinewidth=0.7, label=label)


def level(axes: Any, value: float, name: str, color: str = GREY) -> None:
    """A thin named line across the panel, its name below it at the right."""
    axes.axhline(value, color=color, linestyle="--", linewidth=0.7)
    axes.annotate(name, (1, value), (0, -2), xycoords=("axes fraction", "data"), va="top",
                  textcoords="offset points", ha="right", fontsize=7, color=color)
