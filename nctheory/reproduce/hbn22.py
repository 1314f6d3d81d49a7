"""Three observations of [HBN22] on CIFAR-10 and other sets, tried on scikit-learn's digits.

One network for all three: five hidden ReLU layers, squared loss, weight decay 10^-3, Adam with
a cosine schedule. It collapses within minutes; cross-entropy with SGD takes longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from nctheory.metrics.generalisation import linear_probe, strong, weak
from nctheory.metrics.moments import Moments
from nctheory.metrics.variability import trace_ratio
from nctheory.reproduce.drawing import BLACK, BLUE, GREY, ORANGE
from nctheory.reproduce.reproduction import (
    Experiment,
    Finding,
    Parameters,
    Progress,
    Tables,
)
from nctheory.reproduce.tables import group
from nctheory.trained.data import Split, digits
from nctheory.trained.network import Architecture
from nctheory.trained.training import Recipe, Training

QUICK = {"samples": 300, "layers": 5, "width": 64, "epochs": 1000, "seeds": 2}
FULL = {"samples": 300, "layers": 5, "width": 128, "epochs": 1400, "seeds": 5}


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


Measure = Callable[[int, Training, Split], Iterable[Any]]


def _over_training(measure: Measure, coarse: bool = False
                   ) -> Callable[[Parameters, int, Progress | None], Tables]:
    """An experiment's measuring part: rows at about twenty epochs, evenly spaced in the logarithm.

    Where `coarse`, the network learns only whether a digit is odd.
    """
    def run(size: Parameters, seed: int, progress: Progress | None) -> Tables:
        rows: list[Any] = []
        for done in range(size["seeds"]):
            split = digits(seed + done).first(size["samples"])
            learnt = split.relabelled(np.arange(10) % 2) if coarse else split
            for training in _stops(learnt, size, seed + done):
                rows += measure(seed + done, training, split)
            if progress is not None:
                progress(done + 1, size["seeds"])
        return {"epochs": rows}

    return run


def _stops(split: Split, size: Parameters, seed: int) -> Iterator[Training]:
    """The same training, handed out at each of the epochs to be measured."""
    widths = (split.x.shape[1], *[size["width"]] * size["layers"], split.classes)
    training = Training(split.x, split.labels, Architecture(widths, "relu", "mse"),
                        Recipe(epochs=size["epochs"], batch=64, optimiser="adam", rate=2e-3,
                               weight_decay=1e-3, schedule="cosine", seed=seed))
    epochs = np.unique(np.geomspace(1, size["epochs"], 20).round().astype(int)).tolist()
    return (training.run(until=epoch) for epoch in [0, *epochs])


def _accuracy(training: Training, split: Split) -> tuple[float, float]:
    predict = training.network.predict
    return (float(np.mean(predict(split.x) == split.labels)),
            float(np.mean(predict(split.x_test) == split.labels_test)))


def _setting(size: Parameters) -> str:
    return (f"On digits ({size['samples']} train and 450 test samples, {size['layers']} hidden "
            f"layers of {size['width']}, {size['epochs']} epochs, {size['seeds']} seeds)")


def _medians(rows: Iterable[Any], column: str) -> list[float]:
    """The median over seeds of a column at each epoch."""
    return [float(np.median([getattr(row, column) for row in at]))
            for at in group(rows, "epoch").values()]


# Train collapse without test collapse.

def _measure_collapse(seed: int, training: Training, split: Split) -> list[TestCollapse]:
    x, x_test = (training.network.features(part)[-1] for part in (split.x, split.x_test))
    train, test = Moments.of(x, split.labels), Moments.of(x_test, split.labels_test)
    return [TestCollapse(seed, training.epoch, trace_ratio(train), strong(train, test),
                         weak(train, x_test), *_accuracy(training, split))]


def _judge_collapse(tables: Tables, size: Parameters) -> Finding:
    """Shown where the train ratio ends at less than a tenth of the test ratio, having begun
    within a factor two of it."""
    rows = tables["epochs"]
    begin, end = ({name: _medians(rows, name)[at] for name in TestCollapse._fields[2:]}
                  for at in (0, -1))
    shown = (begin["test_strong"] < 2 * begin["train"]
             and end["test_strong"] > 10 * end["train"])
    words = ("the train set collapses and the test set stays behind" if shown else
             "the gap of train and test that [HBN22] see on CIFAR-10 stays below tenfold")
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {words}: the within/between ratio of the last hidden "
        f"layer goes from {begin['train']:.2g} to {end['train']:.2g} on train but from "
        f"{begin['test_strong']:.2g} to {end['test_strong']:.2g} on test around the train "
        f"means (weak: {end['test_weak']:.2g}), {end['test_strong'] / end['train']:.3g} times "
        f"the train value, at test accuracy {end['test_accuracy']:.3f}; the test ratio "
        f"itself fell {begin['test_strong'] / end['test_strong']:.2g}-fold."))


def _draw_collapse(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    epochs = [epoch + 1 for epoch in group(tables["epochs"], "epoch")]
    for name, colour, marker, dashes in (("train", BLACK, "o", "-"),
                                         ("test_strong", BLUE, "s", "--"),
                                         ("test_weak", ORANGE, "^", ":")):
        axes.plot(epochs, _medians(tables["epochs"], name), color=colour, marker=marker,
                  linestyle=dashes, label=name.replace("_", ", "))
    axes.set(xscale="log", yscale="log", xlabel="epoch + 1",
             ylabel=r"$\mathrm{tr}\,\Sigma_W/\mathrm{tr}\,\Sigma_B$, last hidden layer")
    axes.legend()


COLLAPSE = Experiment(
    name="train-collapse-without-test-collapse", source="[HBN22], on digits",
    claim="features collapse on the train set while the test set stays behind",
    quick=QUICK, full=FULL, measure=_over_training(_measure_collapse), judge=_judge_collapse,
    draw=_draw_collapse, size=(3.6, 2.8))


# Cascading collapse.

def _measure_layers(seed: int, training: Training, split: Split) -> list[LayerCollapse]:
    rows = []
    for layer, (x, x_test) in enumerate(zip(
            training.network.features(split.x), training.network.features(split.x_test),
            strict=True), start=1):
        train = Moments.of(x, split.labels)
        rows.append(LayerCollapse(seed, training.epoch, layer, trace_ratio(train),
                                  strong(train, Moments.of(x_test, split.labels_test))))
    return rows


def _layer_table(tables: Tables) -> Any:
    """Median train ratios: layers x epochs."""
    return np.array([_medians(rows, "train")
                     for rows in group(tables["epochs"], "layer").values()])


def _judge_cascade(tables: Tables, size: Parameters) -> Finding:
    """Shown where, besides the last hidden layer, at least one earlier layer's ratio falls
    tenfold or more from the first to the last epoch."""
    table = _layer_table(tables)
    last = len(table)
    falls = table[:, 0] / table[:, -1]
    deep = [l for l in range(1, last + 1) if falls[l - 1] >= 10]
    shown = last in deep and len(deep) >= 2
    each = "each" if np.all(np.diff(table[:, -1]) < 0) else "not each"
    words = (f"collapse reaches back to layer {min(deep)} of {last}" if shown else
             "no layer before the last collapses tenfold, unlike [HBN22]")
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {words}: the train within/between ratio ends at "
        f"{', '.join(f'{v:.2g}' for v in table[:, -1])} from the first to the last hidden "
        f"layer ({each} layer more collapsed than the one before), having fallen "
        f"{', '.join(f'{v:.2g}' for v in falls)}-fold."))


def _draw_cascade(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    table, epochs = _layer_table(tables), list(group(tables["epochs"], "epoch"))
    image = axes.imshow(np.log10(table), aspect="auto", origin="lower", cmap="cividis")
    axes.set(xlabel="epoch", ylabel="hidden layer", xticks=range(len(epochs)),
             yticks=range(len(table)), yticklabels=range(1, len(table) + 1))
    axes.set_xticklabels(epochs, rotation=90)
    figure.colorbar(image,
                    label=r"$\log_{10}\,\mathrm{tr}\,\Sigma_W/\mathrm{tr}\,\Sigma_B$, train")


CASCADE = Experiment(
    name="cascading-collapse", source="[HBN22], on digits",
    claim="earlier layers collapse after the last one",
    quick=QUICK, full=FULL, measure=_over_training(_measure_layers), judge=_judge_cascade,
    draw=_draw_cascade, size=(4.8, 2.6))


# Longer training, worse transfer: pretrain on odd against even, probe the ten digits.

def _measure_transfer(seed: int, training: Training, split: Split) -> list[Transfer]:
    x, x_test = (training.network.features(part)[-1] for part in (split.x, split.x_test))
    coarse = split.relabelled(np.arange(10) % 2)
    return [Transfer(seed, training.epoch,
                     linear_probe(x, split.labels, x_test, split.labels_test),
                     trace_ratio(Moments.of(x, coarse.labels)), *_accuracy(training, coarse))]


def _judge_transfer(tables: Tables, size: Parameters) -> Finding:
    """Shown where the probe's accuracy falls by more than two standard errors over the seeds,
    from the first measured epoch without a train error on the coarse task to the end."""
    runs = list(group(tables["epochs"], "seed").values())
    fitted = [next((r for r in run if r.train_accuracy == 1), run[-1]) for run in runs]
    falls = np.array([a.probe_accuracy - run[-1].probe_accuracy
                      for a, run in zip(fitted, runs, strict=True)])
    error = float(falls.std(ddof=1) / np.sqrt(len(falls)))
    shown = bool(falls.mean() > 2 * error and falls.mean() > 0)
    words = ("longer training makes transfer worse" if shown else
             "longer training does not measurably worsen transfer, unlike [HBN22]")
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {words}: pretrained on odd against even, the last "
        f"hidden layer's ten-class probe has test accuracy "
        f"{np.mean([r.probe_accuracy for r in fitted]):.3f} when the coarse task is first "
        f"fitted (epoch {np.median([r.epoch for r in fitted]):.0f}) and "
        f"{np.mean([run[-1].probe_accuracy for run in runs]):.3f} at the end, a fall of "
        f"{falls.mean():.3f} +- {error:.3f} (standard error over seeds), while the "
        "within/between ratio of the coarse classes ends at "
        f"{np.median([run[-1].train for run in runs]):.2g}."))


def _draw_transfer(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    rows = tables["epochs"]
    epochs = [epoch + 1 for epoch in group(rows, "epoch")]
    for run in group(rows, "seed").values():
        axes.plot(epochs, [r.probe_accuracy for r in run], color=GREY, linewidth=0.5)
    axes.plot(epochs, _medians(rows, "probe_accuracy"), color=BLUE, marker="o",
              label="probe, ten classes (median)")
    axes.plot(epochs, _medians(rows, "test_accuracy"), color=ORANGE, marker="s",
              linestyle="--", label="coarse task (median)")
    axes.set(xscale="log", xlabel="epoch + 1", ylabel="test accuracy")
    axes.legend()


TRANSFER = Experiment(
    name="longer-training-worse-transfer", source="[HBN22], on digits",
    claim="features of a coarse task serve the fine one worse, the longer they are trained",
    quick=QUICK, full=FULL, measure=_over_training(_measure_transfer, coarse=True),
    judge=_judge_transfer, draw=_draw_transfer, size=(3.6, 2.8))
