"""Rank against weight decay [Z24] on scikit-learn's digits; the bound is checked every time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory.reproduce.drawing import BLACK, BLUE, GREEN, GREY, ORANGE
from nctheory.reproduce.reproduction import (
    Experiment,
    Finding,
    Parameters,
    Progress,
    Tables,
)
from nctheory.reproduce.tables import group, trend
from nctheory.trained.data import digits
from nctheory.trained.network import Architecture
from nctheory.trained.rank_bound import rank_bounds
from nctheory.trained.training import Recipe, Training


class LayerRank(NamedTuple):
    """One layer at one weight decay; `singular_values` are separated by spaces."""

    weight_decay: float
    layer: int
    rank: int
    stable_rank: float
    cluster_variation: float
    backward_norm: float
    gradient_norm: float
    distance: float
    bound: float
    objective: float
    singular_values: str


def _measure(size: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Singular values, ranks, cluster variation and our bound, for a grid of weight decays.

    tanh layers (smooth, so that full-batch L-BFGS after Adam comes near a critical point) with
    cross-entropy.  A bound that fails is proved, so that is a defect of this program.
    """
    width, hidden = size["width"], size["hidden"]
    decays = np.geomspace(1e-4, 3e-2, size["decays"])
    split = digits(seed)
    rows: list[LayerRank] = []
    for done, decay in enumerate(decays, start=1):
        training = Training(
            split.x, split.labels, Architecture((64, *[width] * hidden, 10), "tanh", "ce"),
            Recipe(epochs=size["epochs"], optimiser="adam", rate=2e-3,
                   weight_decay=float(decay), seed=seed)).run()
        training.polish(size["polish"])
        objective = training.objective()
        for b in rank_bounds(training):
            if not b.holds:
                raise RuntimeError(f"the rank bound fails at layer {b.layer}, weight decay "
                                   f"{decay}: {b.distance} > {b.bound}; please report this")
            rows.append(LayerRank(
                float(decay), b.layer, b.rank, b.stable_rank, b.cluster_variation,
                b.backward_norm, b.gradient_norm, b.distance, b.bound, objective,
                " ".join(f"{s:.6g}" for s in b.singular_values)))
        if progress is not None:
            progress(done, len(decays))
    return {"layers": rows}


def _judge(tables: Tables, size: Parameters) -> Finding:
    """Shown where the mean numerical rank of the hidden weights falls from the least to the
    largest weight decay, and the rank correlation with it is negative."""
    rows: list[LayerRank] = list(tables["layers"])
    # W_1 reads the data itself, W_L has rank at most K anyway.
    inner = [row for row in rows if 1 < row.layer <= size["hidden"]]
    groups = group(inner, "weight_decay")
    decays = list(groups)
    ranks = [float(np.mean([row.rank for row in at])) for at in groups.values()]
    shown = ranks[-1] < ranks[0] and trend(decays, ranks) < 0
    looseness = [row.bound / row.distance for row in inner if row.distance > 0]
    words = "rank falls as weight decay grows" if shown else (
        "rank does not fall as weight decay grows, unlike the claim of [Z24]")
    return Finding("trend" if shown else "no match", (
        f"On digits (1347 samples, {size['hidden']} hidden tanh layers of {size['width']}, "
        f"cross-entropy) {words}: the mean rank of the inner weights (singular values above "
        f"10^-3 of the largest) goes from {ranks[0]:.3g} at weight decay {decays[0]:.2g} to "
        f"{ranks[-1]:.3g} at {decays[-1]:.2g} (K = 10); the bound on the distance to rank K "
        f"holds in all {len(rows)} layers and is loose, {min(looseness):.2g} to "
        f"{max(looseness):.2g} times the distance (median {np.median(looseness):.2g}; "
        f"largest gradient norm left {max(row.gradient_norm for row in rows):.1e})."))


def _draw(figure: Any, tables: Tables, size: Parameters) -> None:
    left, right = figure.subplots(1, 2)
    styles = zip((BLACK, BLUE, ORANGE, GREEN, GREY), "os^Dv", strict=True)
    for (layer, rows), (colour, marker) in zip(group(tables["layers"], "layer").items(), styles,
                                               strict=False):
        decays = [row.weight_decay for row in rows]
        left.plot(decays, [row.rank for row in rows], color=colour, marker=marker,
                  label=f"$W_{layer}$")
        if layer <= size["hidden"]:
            right.plot(decays, [row.distance / row.bound for row in rows], color=colour,
                       marker=marker)
    left.set(xscale="log", xlabel=r"weight decay $\lambda$", ylabel="numerical rank")
    right.set(xscale="log", yscale="log", xlabel=r"weight decay $\lambda$",
              ylabel="distance to rank $K$ / bound")
    left.legend()


RANK = Experiment(
    name="rank-against-weight-decay", source="[Z24], on digits",
    claim="weights have the lower rank, the larger the weight decay",
    quick={"width": 32, "hidden": 2, "epochs": 10, "polish": 200, "decays": 4},
    full={"width": 64, "hidden": 4, "epochs": 60, "polish": 3000, "decays": 10},
    measure=_measure, judge=_judge, draw=_draw)
