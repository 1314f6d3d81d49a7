"""Rank against weight decay [Z24] on scikit-learn's digits; the bound is checked every time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory.trained.data import digits
from nctheory.trained.network import Architecture
from nctheory.trained.rank_bound import rank_bounds
from nctheory.trained.reproduction import Progress, Reproduction, on_one_thread
from nctheory.trained.training import Recipe, Training

QUICK = {"width": 32, "hidden": 2, "epochs": 10, "polish": 200, "decays": 4}
FULL = {"width": 64, "hidden": 4, "epochs": 60, "polish": 3000, "decays": 10}


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


@on_one_thread
def rank_against_weight_decay(quick: bool = False, seed: int = 0,
                              progress: Progress | None = None) -> Reproduction:
    """For a grid of weight decays: singular values, ranks, cluster variation and our bound.

    tanh layers (smooth, so that full-batch L-BFGS after Adam comes near a critical point) with
    cross-entropy. The effect counts as shown where the mean numerical rank of the hidden
    weights falls from the least to the largest weight decay, and the rank correlation with it
    is negative.

    Raises
    ------
    RuntimeError
        Where the bound fails: it is proved, so that is a defect of this program.
    """
    size = QUICK if quick else FULL
    width, hidden = size["width"], size["hidden"]
    decays = np.geomspace(1e-4, 3e-2, size["decays"])
    split = digits(seed)
    rows: list[LayerRank] = []
    for done, decay in enumerate(decays):
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
        if progress:
            progress(done + 1, len(decays))
    inner = range(2, hidden + 1)  # W_1 reads the data itself, W_L has rank at most K anyway
    ranks = [np.mean([r.rank for r in rows if r.weight_decay == decay and r.layer in inner])
             for decay in decays]
    order = float(np.corrcoef(np.argsort(np.argsort(ranks)), range(len(decays)))[0, 1])
    shown = bool(ranks[-1] < ranks[0] and order < 0)
    looseness = [r.bound / r.distance for r in rows if r.layer in inner and r.distance > 0]
    verdict = "rank falls as weight decay grows" if shown else (
        "rank does not fall as weight decay grows, unlike the claim of [Z24]")
    sentence = (
        f"On digits ({len(split.x)} samples, {hidden} hidden tanh layers of {width}, "
        f"cross-entropy) {verdict}: the mean rank of the inner weights (singular values above "
        f"10^-3 of the largest) goes from {ranks[0]:.3g} at weight decay {decays[0]:.2g} to "
        f"{ranks[-1]:.3g} at {decays[-1]:.2g} (K = 10); the bound on the distance to rank K "
        f"holds in all {len(rows)} layers and is loose, {min(looseness):.2g} to "
        f"{max(looseness):.2g} times the distance (median {np.median(looseness):.2g}; "
        f"largest gradient norm left {max(r.gradient_norm for r in rows):.1e}).")

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        for layer in range(1, hidden + 2):
            own = [r for r in rows if r.layer == layer]
            left.plot(decays, [r.rank for r in own], marker=".", label=f"W_{layer}")
            if layer <= hidden:
                right.plot(decays, [r.distance / r.bound for r in own], marker=".")
        left.set(xscale="log", xlabel="weight decay", ylabel="numerical rank")
        right.set(xscale="log", yscale="log", xlabel="weight decay",
                  ylabel="distance to rank K / bound")
        left.legend()

    return Reproduction("rank-against-weight-decay", "[Z24]", rows, shown, sentence, draw)
