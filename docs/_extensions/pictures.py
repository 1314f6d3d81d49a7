"""The picture that makes a theorem plain: its threshold, with both sides of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nctheory import Triangular, losses, threshold_table
from nctheory.atlas.table import atlas


def _marks(axes: Axes, holds: Callable[[int, int], bool], classes: range, layers: range) -> None:
    """Full where the inequality holds, empty where it does not."""
    for side, style in ((True, "o"), (False, "x")):
        points = [(K, L) for K in classes for L in layers if holds(K, L) is side]
        axes.plot(*zip(*points, strict=True), style, color="C0" if side else "0.6",
                  label="holds" if side else "fails")
    axes.set(xlabel="K", ylabel="L", yticks=list(layers))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def gk25_theorem_1(axes: Axes) -> None:
    _marks(axes, lambda K, L: 4 * (K // 2) ** (L + 1) < (2 * (K // 2) - 1) ** (L + 1),
           range(2, 17, 2), range(1, 7))


def gk25_theorem_7(axes: Axes) -> None:
    def holds(K: int, L: int) -> bool:
        return (2 * K + 4) ** (L - 2) * 8 * K**3 < 4 ** (L - 1) * (K - 1) ** (L + 1)

    _marks(axes, holds, range(4, 21, 2), range(2, 9))


def slm24_theorem_5(axes: Axes) -> None:
    rows = threshold_table(range(3, 21), range(2, 7), library=["triangular"]).rows
    beaten = {(row.classes, row.layers): row.verdict == "dnc beaten" for row in rows}
    _marks(axes, lambda K, L: beaten[K, L], range(3, 21), range(2, 7))


def _cuts(axes: Axes, layers: int, vertices: range) -> None:
    for r in vertices:
        made = [(s, Triangular(vertices=r, subset=s)) for s in range(2, r - 1)]
        axes.plot([s for s, _ in made], [one.cost(layers) / one.classes for _, one in made],
                  "o-", label=f"r = {r}, K = {made[0][1].classes}")
    axes.axhline(1, color="0.5", lw=0.8)
    axes.set(xlabel="s", ylabel=f"c/K at L = {layers}")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def triangular_thresholds(axes: Axes) -> None:
    _cuts(axes, 3, range(4, 10))


def two_layer_thresholds(axes: Axes) -> None:
    _cuts(axes, 2, range(5, 11))


def universal_loss(axes: Axes) -> None:
    kappa = np.linspace(0.005, 1.05, 400)
    for L in (1, 2, 4, 8):
        line, = axes.plot(kappa, losses.minimal_loss(kappa, L), label=f"L = {L}")
        axes.plot(losses.critical_kappa(L), 0.5, "o", color=line.get_color())
    axes.set(xlabel="κ", ylabel="f*(κ, L)")
    axes.legend(title="dots: κ_c", loc="upper left", bbox_to_anchor=(1, 1))


def gk25_theorem_4(axes: Axes) -> None:
    K, L = 10, 3
    q = (L - 1) / (L + 1)
    alpha = np.linspace(0.01, 12, 400)
    axes.plot(alpha, alpha**q / (np.exp(alpha) + K - 1))
    axes.axhline(0.06, color="0.5", lw=0.8)
    axes.set(xlabel="α", ylabel="R(α)", title="below the maximum: two critical scales of DNC")


def least_cost_growth(axes: Axes) -> None:
    layers = range(3, 26)
    cells = atlas([10], layers)
    axes.semilogy(layers, [(16 / 3 * 10**5 * 2.0 ** (L - 1)) ** (1 / (L + 1)) for L in layers],
                  "--", label="upper bound")
    axes.semilogy(layers, [cell.cost for cell in cells], "o-", label="best known")
    axes.semilogy(layers, [cell.lower for cell in cells], "--", label="lower bound")
    axes.set(xlabel="L", ylabel="c for K = 10")
    axes.legend()


DRAWN = {draw.__name__.replace("_", "-"): draw for draw in (
    gk25_theorem_1, gk25_theorem_4, gk25_theorem_7, least_cost_growth, slm24_theorem_5,
    triangular_thresholds, two_layer_thresholds, universal_loss)}


def picture(name: str, folder: Path) -> str | None:
    """The file's name in the folder, or None for a theorem that is not drawn."""
    if name not in DRAWN:
        return None
    path = folder / f"{name}.png"
    if not path.exists():
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        DRAWN[name](figure.subplots())
        figure.savefig(path, dpi=110)
    return path.name
