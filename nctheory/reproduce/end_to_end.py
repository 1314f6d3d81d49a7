"""Networks trained end to end: a backbone on data under a head as the model has it.

The perceptron below the head is free, without weight decay; its outputs H_1 are penalised by
1/2 lam_H |H_1|_F^2 and the head's weights by 1/2 lam |W_l|_F^2, as in the unconstrained features
model with n samples a class. That model's loss is what is minimised, over the features that the
backbone can make: so no run can end below the model's least loss, and closed forms compare.

[SLM24] and [GK25] train ResNets on CIFAR-10 and the like besides; that needs the images and a
library for convolutions, which this package does not ship. docs/examples/measure_my_run.py
measures such a run, whoever made it. Sizes and decays are ours: what the figures have is not
known to us in full, and no number of theirs is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import nan
from typing import Any, NamedTuple

import numpy as np

from nctheory import losses
from nctheory.constructions import Orthogonal, Triangular
from nctheory.errors import InputError
from nctheory.metrics.classifier import dnc3
from nctheory.metrics.geometry import gram, gram_distance
from nctheory.metrics.moments import Array, Moments
from nctheory.metrics.spectrum import numerical_rank
from nctheory.metrics.triangular import vertices
from nctheory.metrics.variability import trace_ratio
from nctheory.problem import Problem
from nctheory.reproduce.drawing import LEVELS, LINE, looks
from nctheory.reproduce.kept import Parameters, Progress, Tables, over
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.tables import BRACKETS, counted, group
from nctheory.trained.data import Split, dataset, described
from nctheory.trained.network import Architecture
from nctheory.trained.network import Array as NetworkArray
from nctheory.trained.training import Recipe, Training


class State(NamedTuple):
    """One run at one epoch; the loss is the model's, with all penalties."""

    seed: int
    epoch: int
    classes: int
    loss: float
    train_accuracy: float
    test_accuracy: float


class HeadLayer(NamedTuple):
    """H_l of the head (before sigma) and the weight W_l that reads sigma(H_l), at one epoch.

    dnc1 is tr Sigma_W / tr Sigma_B of H_l; dnc2 and dnc2_activated are the distances of the
    Gram matrices of M_l and sigma(M_l) to I (cross-entropy: both centred, to I - J/K); dnc3 is
    the share of W_l outside the span of sigma(M_l).
    """

    seed: int
    epoch: int
    layer: int
    rank: int
    dnc1: float
    dnc2: float
    dnc2_activated: float
    dnc3: float
    singular_values: str


def _measure(size: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs, and the head's layers, at about twenty epochs."""
    def one(seed: int) -> Tables:
        tables: dict[str, list[Any]] = {"runs": [], "layers": []}
        split = dataset(size["data"], seed).balanced(size["samples"])
        training = _training(split, size, seed)
        for epoch in [0, *np.unique(np.geomspace(1, size["epochs"], 20).round().astype(int))]:
            training.run(until=int(epoch))
            tables["runs"].append(State(
                seed, int(epoch), split.classes, training.objective(),
                _accuracy(training, split.x, split.labels),
                _accuracy(training, split.x_test, split.labels_test)))
            tables["layers"] += _head_layers(training, seed)
        return tables

    return over(range(seed, seed + size["seeds"]), one, size, progress)


def _training(split: Split, size: Parameters, seed: int) -> Training:
    L, decay, backbone = size["layers"], size["weight_decay"], size["backbone"]
    widths = (split.x.shape[1], *backbone, *[size["width"]] * L, split.classes)
    return Training(
        split.x, split.labels, Architecture(widths, "relu", size["loss"], head=L),
        Recipe(epochs=size["epochs"], batch=100, optimiser="adam", rate=size["rate"],
               schedule="cosine", weight_decay=(*[0.0] * (len(backbone) + 1), *[decay] * L),
               feature_decay=decay / size["samples"], seed=seed))


def _accuracy(training: Training, x: NetworkArray, labels: Any) -> float:
    return float(np.mean(training.network.predict(np.ascontiguousarray(x)) == labels))


def _head_layers(training: Training, seed: int) -> Iterable[HeadLayer]:
    network, start = training.network, training.architecture.backbone
    centred = losses.get(training.architecture.loss).centred
    read = network.features(training.x)[start - 1:]  # H_1, sigma(H_2), ..., sigma(H_L)
    before = [read[0]] + [z @ w.T for z, w in zip(read, network.weights[start:-1], strict=False)]
    for layer, (h, w) in enumerate(zip(before, network.weights[start:], strict=True), start=1):
        m = Moments.of(h, training.labels)
        active = m.means if layer == 1 else np.maximum(m.means, 0)
        values = np.linalg.svd(m.means, compute_uv=False)
        yield HeadLayer._make((
            seed, training.epoch, layer, numerical_rank(m.means),
            *(_or_nan(metric, *arguments) for metric, arguments in (
                (trace_ratio, (m,)), (_geometry, (m.means, centred)),
                (_geometry, (active, centred)), (dnc3, (active, w)))),
            " ".join(f"{s:.6g}" for s in values)))


def _geometry(means: Array, centred: bool) -> float:
    K = len(means)
    if centred:
        return gram_distance(gram(means - means.mean(axis=0)), np.eye(K) - 1 / K)
    return gram_distance(gram(means), np.eye(K))


def _or_nan(metric: Callable[..., float], *arguments: Any) -> float:
    """The metric, NaN where it is not defined: on a layer that has become zero."""
    try:
        return metric(*arguments)
    except InputError:
        return nan


def _levels(size: Parameters, K: int) -> dict[str, float]:
    """Least losses of the model: DNC's (cross-entropy: a bound that no DNC with ReLU is below,
    that of the linear model) and, where K has one, the best triangular construction's."""
    L, n = size["layers"], size["samples"]

    def problem(activation: str) -> Problem:
        return Problem(classes=K, layers=L, samples=n, loss=size["loss"], activation=activation,
                       weight_decay=(size["weight_decay"] / n, *[size["weight_decay"]] * L))

    centred = losses.get(size["loss"]).centred
    dnc = Orthogonal(classes=K).loss(problem("linear" if centred else "relu"))
    found = {"the bound for DNC" if centred else "DNC": dnc}
    r = vertices(K)
    if r is not None and r >= 4:
        found["triangular"] = min(Triangular(vertices=r, subset=s).loss(problem("relu"))
                                  for s in range(2, r - 1))
    return found


def _judge(tables: Tables, size: Parameters) -> Finding:
    """Shown where most runs fit the train set, and most end with a mean rank of M_2..M_L below
    that of DNC (K, or K - 1 for cross-entropy)."""
    last = [run for run in tables["runs"] if run.epoch == size["epochs"]]
    inner = group([row for row in tables["layers"]
                   if row.epoch == size["epochs"] and row.layer > 1], "seed")
    K = last[0].classes
    full = K - 1 if losses.get(size["loss"]).centred else K
    ranks = [float(np.mean([row.rank for row in rows])) for rows in inner.values()]
    (name, dnc), *rest = _levels(size, K).items()
    ends = [run.loss for run in last]
    fitted = sum(run.train_accuracy == 1 for run in last)
    low = sum(rank < full for rank in ranks)
    shown = 2 * min(fitted, low) > len(last)
    rows = [row for part in inner.values() for row in part]
    others = "".join(f" ({other}: {loss:.5f})" for other, loss in rest)
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {fitted} of {len(last)} runs fit the train set, "
        f"{counted(ranks, lambda rank: rank < full)} end with mean rank of M_2..M_L below DNC's "
        f"{full} (average {np.mean(ranks):.2f}), {counted(ends, lambda loss: loss < dnc)} with a "
        f"loss ({min(ends):.5f} to {max(ends):.5f}) below {name} {dnc:.5f}"
        f"{others}: {_structure(low, len(last), rows)}. Test accuracy "
        f"{np.mean([run.test_accuracy for run in last]):.3f}. {BRACKETS} The ResNets of the "
        "figures need images and a library for convolutions that are not shipped: docs/examples/"
        "measure_my_run.py measures such a run."))


def _structure(low: int, runs: int, rows: list[HeadLayer]) -> str:
    """What the ends of the runs are, in words and medians over the layers M_2..M_L."""
    first, second, third = (float(np.nanmedian([getattr(row, name) for row in rows]))
                            for name in ("dnc1", "dnc2", "dnc3"))
    words = "low-rank structures emerge end to end" if 2 * low > runs else (
        "low-rank structures do not emerge in most runs")
    return (f"{words}, with DNC1 {first:.1e}, DNC2 {second:.2f} and DNC3 {third:.1e} there "
            "(medians; 0 is collapse)")


def _setting(size: Parameters) -> str:
    loss = losses.get(size["loss"]).title
    return (f"End to end on {described(size['data'])} ({size['samples']} samples a class, hidden "
            f"layers {', '.join(map(str, size['backbone']))} below {size['width']} features and a "
            f"head of {size['layers']} ReLU layers, {loss}, lam = {size['weight_decay']:g} in the "
            f"head, lam/n on the features, {size['epochs']} epochs, {size['seeds']} seeds)")


def _draw(figure: Any, tables: Tables, size: Parameters) -> None:
    """Losses of all runs; everything else for the run of the lowest."""
    panels = figure.subplots(2, 3)
    runs = group(tables["runs"], "seed")
    best = min(runs, key=lambda seed: runs[seed][-1].loss)
    for run in runs.values():
        panels[0, 0].plot([row.epoch for row in run[1:]], [row.loss for row in run[1:]],
                          **LINE, color="C0", linewidth=0.8)
    for (name, loss), look in zip(_levels(size, runs[best][0].classes).items(), LEVELS,
                                  strict=False):
        panels[0, 0].axhline(loss, **look, linewidth=0.8, label=name)
    panels[0, 0].set(xscale="log", yscale="log", xlabel="epoch", ylabel="loss (all runs)")
    panels[0, 0].legend()
    layers = group([row for row in tables["layers"] if row.seed == best], "layer")
    for (layer, rows), look in zip(layers.items(), looks(), strict=False):
        style = {**look, "markersize": 2.5, "linewidth": 0.8}
        for axes, column in zip(panels.flat[1:5], ("rank", "dnc1", "dnc2", "dnc3"), strict=True):
            axes.plot([row.epoch for row in rows[1:]], [getattr(row, column) for row in rows[1:]],
                      label=f"$l={layer}$", **style)
        values = np.array(rows[-1].singular_values.split(), float)
        panels[1, 2].plot(range(1, len(values) + 1), values / max(values.max(), 1e-300), **style)
    for axes, label in zip(panels.flat[1:5], ("rank $M_l$", "DNC1", "DNC2", "DNC3"), strict=True):
        axes.set(xscale="log", xlabel="epoch", ylabel=label)
    panels[0, 2].set_yscale("log")
    panels[1, 1].set_yscale("log")
    panels[1, 0].set_ylim(0, None)
    panels[0, 1].yaxis.get_major_locator().set_params(integer=True)
    panels[1, 2].set(xlabel="$i$", ylabel="$s_i(M_l)/s_1(M_l)$ at the end",
                     xticks=range(1, len(values) + 1))
    panels[0, 1].legend(ncols=2)
    panels[0, 1].set_title("from here on: the run of the lowest loss")


SIZE = {"samples": 30, "backbone": [128, 128], "width": 32, "layers": 4, "rate": 2e-3}
MSE = {**SIZE, "loss": "mse", "weight_decay": 0.004}
CE = {**SIZE, "loss": "ce", "weight_decay": 0.002}

SQUARED = Experiment(
    name="slm24-end-to-end", source="[SLM24] Fig 2 (end to end), a perceptron",
    claim="networks that are trained end to end have low-rank structures in the head",
    quick={"data": "digits", **MSE, "epochs": 3500, "seeds": 2},
    full={"data": "mnist", **MSE, "epochs": 6000, "seeds": 4},
    measure=_measure, judge=_judge, draw=_draw, size=(7.2, 4.2))

ENTROPY = Experiment(
    name="gk25-end-to-end", source="[GK25] Figs 3, 4, 7, 8, a perceptron",
    claim="trained networks show the low-rank bias, with cross-entropy too",
    quick={"data": "digits", **CE, "epochs": 2500, "seeds": 2},
    full={"data": "mnist", **CE, "epochs": 4000, "seeds": 4},
    measure=_measure, judge=_judge, draw=_draw, size=(7.2, 4.2))
