"""Three observations of [HBN22] on CIFAR-10 and other sets, tried on scikit-learn's digits.

One network for all three: five hidden ReLU layers, squared loss, weight decay 10^-3, Adam with
a cosine schedule. It collapses within minutes; cross-entropy with SGD takes longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from nctheory.metrics.generalisation import linear_probe, strong, weak
from nctheory.metrics.moments import Moments
from nctheory.metrics.variability import trace_ratio
from nctheory.trained.data import Split, digits
from nctheory.trained.network import Architecture
from nctheory.trained.reproduction import Progress, Reproduction, on_one_thread
from nctheory.trained.training import Recipe, Training

HIDDEN_LAYERS = 5
QUICK = {"samples": 300, "width": 64, "epochs": 1000, "seeds": 2}
FULL = {"samples": 300, "width": 128, "epochs": 1400, "seeds": 5}


def _training(split: Split, size: dict[str, int], seed: int) -> Training:
    widths = (split.x.shape[1], *[size["width"]] * HIDDEN_LAYERS, split.classes)
    return Training(split.x, split.labels, Architecture(widths, "relu", "mse"),
                    Recipe(epochs=size["epochs"], batch=64, optimiser="adam", rate=2e-3,
                           weight_decay=1e-3, schedule="cosine", seed=seed))


def _epochs(last: int) -> list[int]:
    """About twenty epochs from 0 to the last, evenly spaced in the logarithm."""
    return [0, *np.unique(np.geomspace(1, last, 20).round().astype(int)).tolist()]


def _stops(split: Split, size: dict[str, int], seed: int) -> Iterator[Training]:
    """The same training, handed out at each of the epochs to be measured."""
    training = _training(split, size, seed)
    return (training.run(until=epoch) for epoch in _epochs(size["epochs"]))


def _accuracy(training: Training, split: Split) -> tuple[float, float]:
    predict = training.network.predict
    return (float(np.mean(predict(split.x) == split.labels)),
            float(np.mean(predict(split.x_test) == split.labels_test)))


def _setting(size: dict[str, int]) -> str:
    return (f"On digits ({size['samples']} train and 450 test samples, {HIDDEN_LAYERS} hidden "
            f"layers of {size['width']}, {size['epochs']} epochs, {size['seeds']} seeds)")


def _medians(rows: Iterable[Any], column: str, epochs: Iterable[int]) -> list[float]:
    """The median over seeds of a column at each epoch."""
    rows = list(rows)
    return [float(np.median([getattr(r, column) for r in rows if r.epoch == epoch]))
            for epoch in epochs]


class TestCollapse(NamedTuple):
    """One measurement of the last hidden layer."""

    seed: int
    epoch: int
    train: float
    test_strong: float
    test_weak: float
    train_accuracy: float
    test_accuracy: float


class LayerCollapse(NamedTuple):
    """One measurement of one hidden layer."""

    seed: int
    epoch: int
    layer: int
    train: float
    test_strong: float


class Transfer(NamedTuple):
    """One probe of the last hidden layer; the other columns are of the coarse task."""

    seed: int
    epoch: int
    probe_accuracy: float
    train: float
    train_accuracy: float
    test_accuracy: float


@on_one_thread
def collapse_on_train_not_test(quick: bool = False, seed: int = 0,
                               progress: Progress | None = None) -> Reproduction:
    """Train collapse without test collapse [HBN22]: last hidden layer over training time.

    The within/between ratio (`trace_ratio`) of the train set, and of the test set around the
    train means (`strong`, `weak`). The effect counts as shown where the train ratio ends at
    less than a tenth of the test ratio, having begun within a factor two of it.
    """
    size = QUICK if quick else FULL
    rows: list[TestCollapse] = []
    for run in range(size["seeds"]):
        split = digits(seed + run).first(size["samples"])
        for training in _stops(split, size, seed + run):
            x = training.network.features(split.x)[-1]
            x_test = training.network.features(split.x_test)[-1]
            train, test = Moments.of(x, split.labels), Moments.of(x_test, split.labels_test)
            rows.append(TestCollapse(
                seed + run, training.epoch, trace_ratio(train), strong(train, test),
                weak(train, x_test), *_accuracy(training, split)))
        if progress:
            progress(run + 1, size["seeds"])
    epochs = _epochs(size["epochs"])
    curves = {name: _medians(rows, name, epochs) for name in TestCollapse._fields[2:]}
    begin, end = ({name: curve[at] for name, curve in curves.items()} for at in (0, -1))
    shown = (begin["test_strong"] < 2 * begin["train"]
             and end["test_strong"] > 10 * end["train"])
    verdict = ("the train set collapses and the test set stays behind" if shown else
               "the gap of train and test that [HBN22] see on CIFAR-10 stays below tenfold")
    sentence = (
        f"{_setting(size)} {verdict}: the within/between ratio of the last hidden "
        f"layer goes from {begin['train']:.2g} to {end['train']:.2g} on train but from "
        f"{begin['test_strong']:.2g} to {end['test_strong']:.2g} on test around the train "
        f"means (weak: {end['test_weak']:.2g}), {end['test_strong'] / end['train']:.3g} times "
        f"the train value, at test accuracy {end['test_accuracy']:.3f}; the test ratio "
        f"itself fell {begin['test_strong'] / end['test_strong']:.2g}-fold.")

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for name in ("train", "test_strong", "test_weak"):
            axes.plot([e + 1 for e in epochs], curves[name], marker=".",
                      label=name.replace("_", ", "))
        axes.set(xscale="log", yscale="log", xlabel="epoch + 1",
                 ylabel="tr Sigma_W / tr Sigma_B, last hidden layer")
        axes.legend()

    return Reproduction("train-collapse-without-test-collapse", "[HBN22]", rows, shown,
                        sentence, draw)


@on_one_thread
def cascading_collapse(quick: bool = False, seed: int = 0,
                       progress: Progress | None = None) -> Reproduction:
    """Cascading collapse [HBN22]: the within/between ratio of every layer over training time.

    The effect counts as shown where, besides the last hidden layer, at least one earlier
    layer's ratio falls tenfold or more from the first to the last epoch.
    """
    size = QUICK if quick else FULL
    rows: list[LayerCollapse] = []
    for run in range(size["seeds"]):
        split = digits(seed + run).first(size["samples"])
        for training in _stops(split, size, seed + run):
            pairs = zip(training.network.features(split.x),
                        training.network.features(split.x_test), strict=True)
            for layer, (x, x_test) in enumerate(pairs, start=1):
                train = Moments.of(x, split.labels)
                rows.append(LayerCollapse(
                    seed + run, training.epoch, layer, trace_ratio(train),
                    strong(train, Moments.of(x_test, split.labels_test))))
        if progress:
            progress(run + 1, size["seeds"])
    epochs, layers = _epochs(size["epochs"]), range(1, HIDDEN_LAYERS + 1)
    table = np.array([_medians((r for r in rows if r.layer == l), "train", epochs)
                      for l in layers])
    falls = table[:, 0] / table[:, -1]
    deep = [l for l in layers if falls[l - 1] >= 10]
    shown = HIDDEN_LAYERS in deep and len(deep) >= 2
    each = "each" if np.all(np.diff(table[:, -1]) < 0) else "not each"
    verdict = (f"collapse reaches back to layer {min(deep)} of {HIDDEN_LAYERS}" if shown else
               "no layer before the last collapses tenfold, unlike [HBN22]")
    sentence = (
        f"{_setting(size)} {verdict}: the train within/between ratio ends at "
        f"{', '.join(f'{v:.2g}' for v in table[:, -1])} from the first to the last hidden "
        f"layer ({each} layer more collapsed than the one before), having fallen "
        f"{', '.join(f'{v:.2g}' for v in falls)}-fold.")

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        image = axes.imshow(np.log10(table), aspect="auto", origin="lower", cmap="viridis")
        axes.set(xlabel="epoch", ylabel="hidden layer", xticks=range(len(epochs)),
                 yticks=range(HIDDEN_LAYERS), yticklabels=list(layers))
        axes.set_xticklabels(epochs, rotation=90)
        figure.colorbar(image, label="log10 tr Sigma_W / tr Sigma_B (train)")

    return Reproduction("cascading-collapse", "[HBN22]", rows, shown, sentence, draw)


@on_one_thread
def longer_training_worse_transfer(quick: bool = False, seed: int = 0,
                                   progress: Progress | None = None) -> Reproduction:
    """Longer training, worse transfer [HBN22]: pretrain on a coarse label, probe the fine one.

    The network learns whether a digit is odd; a linear probe on its last hidden layer then
    learns the ten digits. Compared, for each seed, are the probe's test accuracies at the first
    measured epoch without a train error on the coarse task and at the end. The effect counts as
    shown where the mean fall exceeds two standard errors over the seeds.
    """
    size = QUICK if quick else FULL
    rows: list[Transfer] = []
    for run in range(size["seeds"]):
        split = digits(seed + run).first(size["samples"])
        coarse = split.relabelled(np.arange(10) % 2)
        for training in _stops(coarse, size, seed + run):
            x = training.network.features(split.x)[-1]
            x_test = training.network.features(split.x_test)[-1]
            rows.append(Transfer(
                seed + run, training.epoch,
                linear_probe(x, split.labels, x_test, split.labels_test),
                trace_ratio(Moments.of(x, coarse.labels)), *_accuracy(training, coarse)))
        if progress:
            progress(run + 1, size["seeds"])
    epochs = _epochs(size["epochs"])
    runs = [[r for r in rows if r.seed == seed + run] for run in range(size["seeds"])]
    fitted = [next((r for r in run if r.train_accuracy == 1), run[-1]) for run in runs]
    falls = np.array([a.probe_accuracy - run[-1].probe_accuracy
                      for a, run in zip(fitted, runs, strict=True)])
    error = float(falls.std(ddof=1) / np.sqrt(len(falls)))
    shown = bool(falls.mean() > 2 * error and falls.mean() > 0)
    verdict = ("longer training makes transfer worse" if shown else
               "longer training does not measurably worsen transfer, unlike [HBN22]")
    sentence = (
        f"{_setting(size)} {verdict}: pretrained on odd against even, the last "
        f"hidden layer's ten-class probe has test accuracy "
        f"{np.mean([r.probe_accuracy for r in fitted]):.3f} when the coarse task is first "
        f"fitted (epoch {np.median([r.epoch for r in fitted]):.0f}) and "
        f"{np.mean([run[-1].probe_accuracy for run in runs]):.3f} at the end, a fall of "
        f"{falls.mean():.3f} +- {error:.3f} (standard error over seeds), while the "
        "within/between ratio of the coarse classes ends at "
        f"{np.median([run[-1].train for run in runs]):.2g}.")

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        shifted = [e + 1 for e in epochs]
        for run in runs:
            axes.plot(shifted, [r.probe_accuracy for r in run], color="grey", linewidth=0.7)
        axes.plot(shifted, _medians(rows, "probe_accuracy", epochs), marker=".",
                  label="probe, ten classes (median)")
        axes.plot(shifted, _medians(rows, "test_accuracy", epochs), marker=".",
                  label="coarse task (median)")
        axes.set(xscale="log", xlabel="epoch + 1", ylabel="test accuracy")
        axes.legend()

    return Reproduction("longer-training-worse-transfer", "[HBN22]", rows, shown, sentence,
                        draw)
