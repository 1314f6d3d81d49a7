"""[Z24]: rank, weight decay and within-class variability, and our bounds on the way.

The abstract says: as the weight decay parameter grows, the rank of each layer decreases
proportionally to the within-class variability of the hidden-space embeddings of the previous
layers. Measured here: both exponents of rank ~ decay^a and rank ~ variability^b over a grid of
decays, layer by layer; proportionality is b = 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory.reproduce.drawing import looks
from nctheory.reproduce.kept import Parameters, Progress, Tables, over
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.tables import Interval, exponent, group, mean_interval
from nctheory.trained.data import Split, dataset, described
from nctheory.trained.network import Architecture
from nctheory.trained.rank_bound import BOUNDS, LayerBound, rank_bounds
from nctheory.trained.training import Recipe, Training


class LayerRank(NamedTuple):
    """One layer at one weight decay; `singular_values` are separated by spaces, and the bounds
    are those of `nctheory.trained.rank_bound`."""

    data: str
    seed: int
    weight_decay: float
    layer: int
    rank: int
    stable_rank: float
    cluster_variation: float
    relative_variation: float
    gradient_norm: float
    distance: float
    outside: float
    moment: float
    centred: float
    product: float
    lipschitz: float
    objective: float
    singular_values: str


def _measure(size: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Ranks, variability and bounds in every layer, for a grid of decays, seeds and data.

    tanh layers (smooth, so that full-batch L-BFGS after Adam comes near a critical point) with
    cross-entropy.  A bound that fails is proved, so that is a defect of this program.
    """
    def one(cell: tuple[str, int, float]) -> Tables:
        data, seed, decay = cell
        training = _trained(dataset(data, seed).first(size["samples"]), size, decay, seed)
        objective = training.objective()
        return {"layers": [_row(data, seed, decay, objective, b) for b in rank_bounds(training)]}

    cells = [(data, seed + k, decay) for data in size["data"].split(",")
             for k in range(size["seeds"]) for decay in np.geomspace(*size["decays"]).tolist()]
    return over(cells, one, size, progress)


def _trained(split: Split, size: Parameters, decay: float, seed: int) -> Training:
    widths = (split.x.shape[1], *[size["width"]] * size["hidden"], split.classes)
    training = Training(split.x, split.labels, Architecture(widths, "tanh", "ce"),
                        Recipe(epochs=size["epochs"], optimiser="adam", rate=2e-3,
                               weight_decay=decay, seed=seed)).run()
    training.polish(size["polish"])
    return training


def _row(data: str, seed: int, decay: float, objective: float, b: LayerBound) -> LayerRank:
    if not b.holds:
        raise RuntimeError(f"a rank bound fails at layer {b.layer}, weight decay {decay}: "
                           f"{b.distance} > {dict(b.bounds)}; please report this")
    return LayerRank._make((
        data, seed, decay, b.layer, b.rank, b.stable_rank, b.cluster_variation,
        b.relative_variation, b.gradient_norm, b.distance, *(b.bounds[name] for name in BOUNDS),
        objective, " ".join(f"{s:.6g}" for s in b.singular_values)))


def _inner(tables: Tables, size: Parameters) -> list[LayerRank]:
    """W_1 reads the data, which no decay changes; W_L has rank at most K anyway."""
    return [row for row in tables["layers"] if 1 < row.layer <= size["hidden"]]


def _exponents(rows: list[LayerRank], x: str, y: str) -> Interval:
    """The mean exponent of y ~ x^b over runs; in each run the mean over its layers of the fit
    over the decays."""
    fits = [[exponent([getattr(row, x) for row in layer], [getattr(row, y) for row in layer])
             for layer in group(run, "layer").values()]
            for run in group(rows, "data", "seed").values()]
    return mean_interval([float(np.mean(fit)) for fit in fits])


def _judge(tables: Tables, size: Parameters) -> Finding:
    """Shown where the rank falls as decay grows and rises with variability, both intervals clear
    of 0, and b = 1 lies in the interval of b: "proportionally"."""
    rows = _inner(tables, size)
    falls = _exponents(rows, "weight_decay", "rank")
    rises = _exponents(rows, "cluster_variation", "rank")
    relative = _exponents(rows, "relative_variation", "rank")
    moves = _exponents(rows, "weight_decay", "cluster_variation")
    each = "; ".join(f"{data} W_{layer} {_exponents(part, 'cluster_variation', 'rank')}"
                     for (data, layer), part in group(rows, "data", "layer").items())
    proportional = rises.low > 0 and rises.low <= 1 <= rises.high
    shown = falls.high < 0 and proportional
    words = (f"rank {'falls' if falls.high < 0 else 'does not clearly fall'} as weight decay "
             f"grows, and is {'' if proportional else 'not '}in proportion to")
    loose = {name: np.median([getattr(row, name) / row.distance for row in rows if row.distance])
             for name in BOUNDS}
    return Finding("trend" if shown else "no match", (
        f"On {' and '.join(map(described, size['data'].split(',')))} ({size['samples']} samples, "
        f"{size['hidden']} hidden tanh layers of {size['width']}, cross-entropy, "
        f"{size['seeds']} seeds, decays {size['decays'][0]:g} to {size['decays'][1]:g}) {words} "
        f"the within-class variability V of what the layer reads: in the inner layers rank ~ "
        f"decay^a with a = {falls} and rank ~ V^b with b = {rises}, b = 1 being proportional "
        f"(for V's share in the variance {relative}; b layer by layer: {each}), "
        f"while V ~ decay^c with c = {moves}. Every "
        f"bound on the distance to rank K holds in all {len(tables['layers'])} layers; in the "
        "inner ones they exceed it by these factors (medians): "
        + ", ".join(f"{name} {value:.3g}" for name, value in loose.items())
        + f" (largest gradient norm left {max(row.gradient_norm for row in rows):.1e})."))


def _draw(figure: Any, tables: Tables, size: Parameters) -> None:
    left, middle, right = figure.subplots(1, 3)
    rows = _inner(tables, size)
    for (layer, part), look in zip(group(rows, "layer").items(), looks(), strict=False):
        for run in group(part, "data", "seed").values():
            decays, ranks = [row.weight_decay for row in run], [row.rank for row in run]
            left.plot(decays, ranks, **look, markersize=2.5, linewidth=0.5)
            middle.plot([row.cluster_variation for row in run], ranks, **look, markersize=2.5,
                        linewidth=0, label=f"$W_{layer}$")
    handles = dict(zip(middle.get_legend_handles_labels()[1],
                       middle.get_legend_handles_labels()[0], strict=True))
    left.legend(handles.values(), handles.keys())
    for axes in (left, middle):
        axes.set(xscale="log", yscale="log", ylabel="numerical rank")
        _ticks(axes.yaxis, [row.rank for row in rows])
    _ticks(middle.xaxis, [row.cluster_variation for row in rows])
    left.set_xlabel(r"weight decay $\lambda$")
    middle.set_xlabel("variability $V$ of what it reads")
    for name in BOUNDS:
        at = group([row for row in rows if row.distance], "weight_decay")
        right.plot(list(at), [np.median([getattr(row, name) / row.distance for row in part])
                              for part in at.values()], label=name)
    right.set(xscale="log", yscale="log", xlabel=r"weight decay $\lambda$",
              ylabel="bound / distance (median)")
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _ticks(axis: Any, values: list[float]) -> None:
    """Numbers as they are read, on an axis that spans less than three decades."""
    numbers = [b * 10.0**p for p in range(-3, 4) for b in (1, 1.5, 2, 3, 5)]
    axis.set_ticks([n for n in numbers if min(values) <= n <= max(values)])
    axis.set_ticks([], minor=True)
    axis.set_major_formatter("{x:g}")


RANK = Experiment(
    name="rank-against-weight-decay", source="[Z24]",
    claim="as weight decay grows, the rank of each layer falls in proportion to the within-class "
          "variability of what it reads",
    quick={"data": "digits", "samples": 300, "width": 32, "hidden": 3, "epochs": 40,
           "polish": 1200, "decays": [1e-4, 2e-2, 5], "seeds": 5},
    full={"data": "digits,mnist", "samples": 500, "width": 40, "hidden": 4, "epochs": 40,
          "polish": 1000, "decays": [1e-4, 2e-2, 7], "seeds": 4},
    measure=_measure, judge=_judge, draw=_draw, size=(9.0, 3.0))
