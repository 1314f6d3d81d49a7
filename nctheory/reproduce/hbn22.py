"""Three observations of [HBN22] on CIFAR-10 and other sets, tried on digits or one's own data.

One network for all three: five hidden ReLU layers, squared loss, weight decay 10^-3, Adam with
a cosine schedule. It collapses within minutes; cross-entropy with SGD takes longer.

NC1 = tr(Sigma_W pinv(Sigma_B)) / K with Sigma_B of the train set and Sigma_W of

    train         the train set,
    test, strong  the test set around the TRAIN mean of each sample's own class,
    test, weak    the test set around the nearest TRAIN mean.

Collapse is NC1 -> 0 as training goes on. No finite run shows a limit: the judges fit rates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nctheory.errors import require
from nctheory.metrics.classifier import nearest
from nctheory.metrics.generalisation import linear_probe, strong_nc1
from nctheory.metrics.moments import Moments
from nctheory.metrics.variability import nc1
from nctheory.reproduce.drawing import GREY, LINE, looks
from nctheory.reproduce.kept import Parameters, Progress, Tables, over
from nctheory.reproduce.reproduction import Experiment, Finding, Verdict
from nctheory.reproduce.tables import Interval, exponent, group, mean_interval, trend
from nctheory.trained.data import Split, dataset, described
from nctheory.trained.network import Architecture
from nctheory.trained.training import Recipe, Training

QUICK = {"data": "digits", "samples": 300, "layers": 5, "width": 64, "epochs": 800, "seeds": 5}
FULL = {"data": "digits", "samples": 600, "layers": 5, "width": 96, "epochs": 1000, "seeds": 6}


class LastLayer(NamedTuple):
    """NC1 of the last hidden layer."""

    seed: int
    epoch: int
    train: float
    test_strong: float
    test_weak: float
    train_accuracy: float
    test_accuracy: float


class LayerCollapse(NamedTuple):
    """NC1 of one hidden layer."""

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

    Where `coarse`, the network learns only whether a class's number is odd.
    """
    def run(size: Parameters, seed: int, progress: Progress | None) -> Tables:
        def one(seed: int) -> Tables:
            split = dataset(size["data"], seed).first(size["samples"])
            return {"epochs": [
                row for training in _stops(_coarse(split) if coarse else split, size, seed)
                for row in measure(seed, training, split)]}

        return over(range(seed, seed + size["seeds"]), one, size, progress)

    return run


def _coarse(split: Split) -> Split:
    require(split.classes > 2, "data", "have more than two classes: coarse labels are those of "
            "two groups", split.classes)
    return split.relabelled(np.arange(split.classes) % 2)


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
    return (f"On {described(size['data'])} ({size['samples']} train samples, {size['layers']} "
            f"hidden layers of {size['width']}, {size['epochs']} epochs, {size['seeds']} seeds)")


def _medians(rows: Iterable[Any], column: str) -> list[float]:
    """The median over seeds of a column at each epoch."""
    return [float(np.median([getattr(row, column) for row in at]))
            for at in group(rows, "epoch").values()]


def _since_fitted(run: Sequence[Any]) -> Sequence[Any]:
    """The rows of one run from the first without a train error on: [PHD20]'s terminal phase."""
    return run[next((i for i, row in enumerate(run) if row.train_accuracy == 1), len(run)):]


# Train collapse without test collapse.

def _measure_collapse(seed: int, training: Training, split: Split) -> list[LastLayer]:
    x, x_test = (training.network.features(part)[-1] for part in (split.x, split.x_test))
    train = Moments.of(x, split.labels)
    own, near = (Moments.of(x_test, labels) for labels in (
        split.labels_test, train.labels[nearest(x_test, train.means)]))
    return [LastLayer(seed, training.epoch, nc1(train), strong_nc1(train, own),
                      strong_nc1(train, near), *_accuracy(training, split))]


NC1 = ("train", "test_strong", "test_weak")


def _rates(runs: Sequence[Sequence[LastLayer]]) -> dict[str, list[float]]:
    """p of NC1 ~ epoch^p for each kind of NC1, a number for each run."""
    return {name: [exponent([row.epoch for row in run], [getattr(row, name) for row in run])
                   for run in runs] for name in NC1}


def _judge_collapse(tables: Tables, size: Parameters) -> Finding:
    """Shown where, in the terminal phase, NC1 on train falls and that on test, strong and weak,
    falls more slowly or not at all: 95 % intervals of the rates over seeds."""
    runs = [part for run in group(tables["epochs"], "seed").values()
            if len(part := _since_fitted(run)) > 2]
    if len(runs) < 2:
        return Finding("no match", f"{_setting(size)} the train set is not fitted, or not for "
                       "long enough to see it collapse.")
    rates = _rates(runs)
    found = {name: mean_interval(values) for name, values in rates.items()}
    gaps = [mean_interval(np.subtract(rates[name], rates["train"]).tolist()) for name in NC1[1:]]
    verdict, words = _collapse_words(found, gaps)
    ends = {name: [float(np.median([getattr(run[at], name) for run in runs])) for at in (0, -1)]
            for name in NC1}
    parts = "; ".join(
        f"{label} p = {found[name]}, {ends[name][0]:.2g} to {ends[name][1]:.2g}"
        for name, label in zip(NC1, ("train", "test, strong:", "test, weak:"), strict=True))
    return Finding(verdict, (
        f"{_setting(size)} {words}. From the first epoch without a train error (median "
        f"{np.median([run[0].epoch for run in runs]):.0f}) to the end NC1 of the last hidden "
        f"layer goes as epoch^p: {parts}. The rates on test less that on train: {gaps[0]} and "
        f"{gaps[1]}; test accuracy {np.median([run[-1].test_accuracy for run in runs]):.3f}."))


def _collapse_words(rates: dict[str, Interval], gaps: Sequence[Interval]) -> tuple[Verdict, str]:
    if rates["train"].high >= 0:
        return "no match", "the train set does not clearly collapse"
    if min(gap.low for gap in gaps) <= 0:
        return "no match", "test collapse is not clearly slower than train collapse"
    if all(rates[name].high < 0 for name in NC1[1:]):
        return "trend", ("the train set collapses and the test set falls behind: it still "
                         "contracts, but more slowly, strongly and weakly")
    return "trend", "the train set collapses and the test set does not"


def _draw_collapse(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    epochs = [epoch + 1 for epoch in group(tables["epochs"], "epoch")]
    for name in NC1:
        axes.plot(epochs, _medians(tables["epochs"], name), label=name.replace("_", ", "))
    fitted = [part[0].epoch + 1 for run in group(tables["epochs"], "seed").values()
              if (part := _since_fitted(run))]
    if fitted:
        axes.axvline(np.median(fitted), color=GREY, linewidth=0.6)
        axes.annotate("train set fitted", (np.median(fitted), 0.02), (2, 0),
                      xycoords=("data", "axes fraction"), textcoords="offset points",
                      color=GREY, fontsize=7)
    axes.set(xscale="log", yscale="log", xlabel="epoch + 1", title=described(size["data"]),
             ylabel="NC1, last hidden layer (median)")
    axes.legend()


COLLAPSE = Experiment(
    name="train-collapse-without-test-collapse", source="[HBN22]",
    claim="features collapse on the train set but not on the test set, strongly or weakly",
    quick=QUICK, full=FULL, measure=_over_training(_measure_collapse), judge=_judge_collapse,
    draw=_draw_collapse, size=(3.6, 2.8))


# Cascading collapse.

def _measure_layers(seed: int, training: Training, split: Split) -> list[LayerCollapse]:
    rows = []
    for layer, (x, x_test) in enumerate(zip(
            training.network.features(split.x), training.network.features(split.x_test),
            strict=True), start=1):
        train = Moments.of(x, split.labels)
        rows.append(LayerCollapse(seed, training.epoch, layer, nc1(train),
                                  strong_nc1(train, Moments.of(x_test, split.labels_test))))
    return rows


def _crossing(run: Sequence[LayerCollapse], level: float) -> float:
    """The epoch at which NC1 comes down to `level` after its peak, interpolated between
    measurements in log NC1 against log(epoch + 1); the last epoch where it does not."""
    values, epochs = (np.log([row.train for row in run]),
                      np.log([row.epoch + 1 for row in run]))
    peak = int(values.argmax())
    at = next((i for i in range(peak, len(run)) if values[i] <= np.log(level)), len(run) - 1)
    part = slice(max(peak, at - 1), at + 1)
    return float(np.expm1(np.interp(-np.log(level), -values[part], epochs[part])))


def _collapse_times(layers: Sequence[Sequence[LayerCollapse]]) -> tuple[list[float], list[float]]:
    """Of each layer of one run: when NC1 reaches the level that all layers reach in the end, and
    when half of the layer's own fall from its peak (of log NC1) is done."""
    level = max(run[-1].train for run in layers)
    return ([_crossing(run, level) for run in layers],
            [_crossing(run, (max(row.train for row in run) * run[-1].train) ** 0.5)
             for run in layers])


def _times(tables: Tables) -> tuple[list[list[float]], list[list[float]]]:
    """`_collapse_times` of every seed: to the common level, and to half of the own fall."""
    found = [_collapse_times(list(group(run, "layer").values()))
             for run in group(tables["epochs"], "seed").values()]
    return [common for common, _ in found], [half for _, half in found]


def _with_depth(times: Sequence[Sequence[float]]) -> Interval:
    """Rank correlation of collapse times with depth over seeds, within [-1, 1]."""
    mean, low, high = mean_interval([trend(range(len(run)), run) for run in times])
    return Interval(mean, max(-1.0, low), min(1.0, high))


def _judge_cascade(tables: Tables, size: Parameters) -> Finding:
    """Shown where the times to the common level fall with depth: a rank correlation whose 95 %
    interval over seeds is below 0."""
    common, half = _times(tables)
    order, own = _with_depth(common), _with_depth(half)
    shown = order.high < 0
    ends = [np.median([row.train for row in rows if row.epoch == size["epochs"]])
            for rows in group(tables["epochs"], "layer").values()]
    words = ("earlier layers collapse after later ones" if shown else
             "no order of the layers' collapse is clear, unlike [HBN22]")
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {words}: all layers' NC1 on train comes down to {max(ends):.2g}, from "
        f"the first to the last hidden layer at epochs "
        f"{', '.join(f'{t:.0f}' for t in np.median(common, axis=0))} (medians; rank correlation "
        f"with depth {order}); the epochs at which half of a layer's own fall is done, "
        f"{', '.join(f'{t:.0f}' for t in np.median(half, axis=0))}, have correlation {own}. In "
        f"the end NC1 is {', '.join(f'{v:.2g}' for v in ends)}."))


def _draw_cascade(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    table = np.array([_medians(rows, "train")
                      for rows in group(tables["epochs"], "layer").values()])
    epochs = list(group(tables["epochs"], "epoch"))
    image = axes.imshow(np.log10(table), aspect="auto", origin="lower", cmap="cividis")
    axes.grid(False)
    axes.set(xlabel="epoch", ylabel="hidden layer", xticks=range(len(epochs)),
             yticks=range(len(table)), yticklabels=range(1, len(table) + 1),
             title=described(size["data"]))
    axes.set_xticklabels(epochs, rotation=90)
    at = np.log([epoch + 1 for epoch in epochs])
    for times, marker, label in zip(_times(tables), "o^", ("common level", "half of own fall"),
                                    strict=True):
        axes.plot(np.interp(np.log1p(np.median(times, axis=0)), at, range(len(at))),
                  range(len(table)), marker=marker, color="white", markeredgecolor="black",
                  linewidth=0.8, label=label)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.3), ncols=2)
    figure.colorbar(image, label=r"$\log_{10}$ NC1, train (median)")


CASCADE = Experiment(
    name="cascading-collapse", source="[HBN22]",
    claim="earlier layers collapse after the last one",
    quick=QUICK, full=FULL, measure=_over_training(_measure_layers), judge=_judge_cascade,
    draw=_draw_cascade, size=(4.8, 3.0))


# Longer training, worse transfer: pretrain on odd against even, probe all classes.

def _measure_transfer(seed: int, training: Training, split: Split) -> list[Transfer]:
    x, x_test = (training.network.features(part)[-1] for part in (split.x, split.x_test))
    coarse = _coarse(split)
    return [Transfer(seed, training.epoch,
                     linear_probe(x, split.labels, x_test, split.labels_test),
                     nc1(Moments.of(x, coarse.labels)), *_accuracy(training, coarse))]


def _judge_transfer(tables: Tables, size: Parameters) -> Finding:
    """Shown where the probe's accuracy falls from the first measured epoch without a train error
    on the coarse task to the end: the fall's 95 % interval over seeds is above 0."""
    runs = list(group(tables["epochs"], "seed").values())
    fitted = [(_since_fitted(run) or run[-1:])[0] for run in runs]
    fall = mean_interval([first.probe_accuracy - run[-1].probe_accuracy
                          for first, run in zip(fitted, runs, strict=True)])
    shown = fall.low > 0
    words = ("longer training makes transfer worse" if shown else
             "longer training does not measurably worsen transfer, unlike [HBN22]")
    return Finding("trend" if shown else "no match", (
        f"{_setting(size)} {words}: pretrained on odd against even class numbers, the last "
        f"hidden layer's probe for all classes has test accuracy "
        f"{np.mean([row.probe_accuracy for row in fitted]):.3f} when the coarse task is first "
        f"fitted (epoch {np.median([row.epoch for row in fitted]):.0f}) and "
        f"{np.mean([run[-1].probe_accuracy for run in runs]):.3f} at the end, a fall of {fall}, "
        "while NC1 of the coarse classes goes from "
        f"{np.median([row.train for row in fitted]):.2g} to "
        f"{np.median([run[-1].train for run in runs]):.2g}."))


def _draw_transfer(figure: Any, tables: Tables, size: Parameters) -> None:
    axes = figure.subplots()
    rows = tables["epochs"]
    epochs = [epoch + 1 for epoch in group(rows, "epoch")]
    for run in group(rows, "seed").values():
        axes.plot(epochs, [r.probe_accuracy for r in run], **LINE, color=GREY, linewidth=0.5)
    for (column, label), look in zip((("probe_accuracy", "probe, all classes (median)"),
                                      ("test_accuracy", "coarse task (median)")), looks(),
                                     strict=False):
        axes.plot(epochs, _medians(rows, column), **look, label=label)
    axes.set(xscale="log", xlabel="epoch + 1", ylabel="test accuracy",
             title=described(size["data"]))
    axes.legend()


TRANSFER = Experiment(
    name="longer-training-worse-transfer", source="[HBN22]",
    claim="features of a coarse task serve the fine one worse, the longer they are trained",
    quick=QUICK, full=FULL, measure=_over_training(_measure_transfer, coarse=True),
    judge=_judge_transfer, draw=_draw_transfer, size=(3.6, 2.8))
