"""Figures from a store or a table, each with its data beside it.

A figure is two functions: `data` turns records into the rows that are drawn, which are also
written as CSV, and `draw` draws these rows and nothing else.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nctheory import losses
from nctheory.errors import InputError, choice, require, show
from nctheory.files import check_figure, open_regular, write_figure
from nctheory.problem import Problem
from nctheory.report.runs import closed_forms
from nctheory.statistics import wilson
from nctheory.sweep.export import write_csv
from nctheory.sweep.store import Row, Store
from nctheory.thresholds import NOT_BEATEN, OPTIMAL, UNDECIDED, ZERO, ZERO_OPTIMAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Record = dict[str, Any]
STYLE = Path(__file__).with_name("paper.mplstyle")
SYMBOLS = {"classes": "K", "layers": "L", "weight_decay": r"\lambda", "width": "d",
           "samples": "n", "learning_rate": r"\eta"}


class Source:
    """Records to draw from: the points of a store, or the lines of a CSV table.

    Parameters
    ----------
    path : path
        A store, or a file that ends in ".csv" (as `nctheory store export` and
        `nctheory thresholds --format csv` write them).
    where : mapping
        Only records with these values.
    task, version : str, optional
        Which points of a store that has several kinds.
    """

    def __init__(self, path: str | Path, where: Mapping[str, Any] | None = None,
                 task: str | None = None, version: str | None = None) -> None:
        self.path = Path(path)
        self._where = dict(where or {})
        self._rows: list[Row] = []
        if self.path.suffix == ".csv":
            records = _read_csv(self.path)
        else:
            with Store(self.path) as store:
                task, version = store.choose(task, version)
                self._rows = list(store.rows(task, version))
                records = list(store.table(task, version))
        for name in self._where:
            names = sorted({key for record in records for key in record})
            require(name in names, "where", f"name one of {', '.join(names)}", name)
        chosen = [i for i, record in enumerate(records) if self._wanted(record)]
        self.records = [records[i] for i in chosen]
        self._rows = [self._rows[i] for i in chosen if self._rows]
        require(bool(self.records), "where", "leave at least one record", self._where)

    def _wanted(self, record: Record) -> bool:
        return record.get("error") is None and all(
            str(record.get(name)) == str(value) for name, value in self._where.items())

    def need(self, *names: str) -> list[Record]:
        """The records that have all of these; an `InputError` where none has."""
        found = [r for r in self.records if all(r.get(name) is not None for name in names)]
        require(bool(found), "source", f"have records with {', '.join(names)}", str(self.path))
        return found

    def arrays(self, name: str) -> list[tuple[Record, dict[str, np.ndarray[Any, Any]]]]:
        """Records with their arrays, those that have the array of this name."""
        with Store(self.path) if self._rows else _no_store(self.path) as store:
            found = [(record, store.arrays(row)) for record, row in
                     zip(self.records, self._rows, strict=True) if row.arrays is not None]
        found = [(record, arrays) for record, arrays in found if name in arrays]
        require(bool(found), "source",
                f"be a store whose plan has the array {name} in keep", str(self.path))
        return found


def _no_store(path: Path) -> Store:
    raise InputError(f"source must be a store: a table has no arrays, got {show(str(path))}")


def _read_csv(path: Path) -> list[Record]:
    try:
        with io.TextIOWrapper(open_regular(path), newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"source must be a readable table, got {show(str(path))}: {error}") \
            from None
    require(bool(rows), "source", "be a table with a row below its head", str(path))
    uneven = [row for row in rows if None in row]
    require(not uneven, "source", f"have {len(reader.fieldnames or ())} fields in each row",
            list(uneven[0].values()) if uneven else "")
    return [{name: _value(text) for name, text in row.items()} for row in rows]


def _value(text: Any) -> Any:
    if text in ("", None):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            pass
    return {"True": True, "False": False}.get(text, text)


@dataclass(frozen=True)
class Kind:
    """What a figure shows, the rows that it takes from a source, and how they are drawn."""

    about: str
    data: Callable[[Source], list[Record]]
    draw: Callable[[Figure, list[Record]], None]


def make_figure(kind: str, source: Source, output: str | Path, *,
                force: bool = False) -> list[Path]:
    """Draw a figure into a PNG, PDF or SVG file and its rows into a CSV file beside it.

    Raises
    ------
    InputError
        Where the source lacks what the figure shows, or a file cannot be written (see
        `nctheory.files.check_target`).
    """
    choice("kind", kind, tuple(KINDS))
    output = Path(output)
    check_figure(output, force=force, sources=[source.path])
    from matplotlib import style
    from matplotlib.figure import Figure

    data = output.with_suffix(".csv")
    require(data.resolve() != source.path.resolve(), "output",
            "not put its data over the source", str(data))
    rows = KINDS[kind].data(source)
    with style.context(STYLE):
        figure = Figure()
        KINDS[kind].draw(figure, rows)
        write_csv(lambda: rows, data, force=force)
        write_figure(output, figure, force=force)
    return [output, data]


# --- threshold heat map over (K, L) ---

def _threshold_rows(source: Source) -> list[Record]:
    names = ("classes", "layers", "ratio", "verdict")
    rows = [{name: record[name] for name in names} for record in source.need(*names)]
    _single("classes and layers", [(row["classes"], row["layers"]) for row in rows])
    return rows


def _single(what: str, keys: Sequence[Any]) -> None:
    require(len(set(keys)) == len(keys), "where",
            f"leave one record for each {what} (several parameters vary)", len(keys))


def _matrix(rows: Iterable[Record], x: str, y: str, value: str,
            ) -> tuple[list[Any], list[Any], np.ndarray[Any, Any]]:
    cells = {(row[x], row[y]): row[value] for row in rows}
    xs, ys = (sorted({key[i] for key in cells}) for i in (0, 1))
    return xs, ys, np.array([[cells.get((a, b), np.nan) for a in xs] for b in ys], float)


def _draw_threshold_map(figure: Figure, rows: list[Record]) -> None:
    from matplotlib.patches import Patch

    xs, ys, ratio = _matrix(rows, "classes", "layers", "ratio")
    axes = figure.subplots()
    axes.grid(False)
    edges = _edges(xs), _edges(ys)
    image = axes.pcolormesh(*edges, ratio, vmin=min(0.95, float(np.nanmin(ratio))),
                            vmax=max(1.0, float(np.nanmax(ratio))))
    # Grey readers see the verdict by its hatching, not by a shade alone.
    legend = []
    for label, hatch, verdicts in _HATCHES:
        marked = [row | {"marked": 1.0 if row["verdict"] in verdicts else math.nan}
                  for row in rows]
        cells = _matrix(marked, "classes", "layers", "marked")[2]
        if not np.isnan(cells).all():
            axes.contourf(*_stretched(*edges, cells), colors="none", hatches=[hatch])
            legend.append(Patch(facecolor="none", edgecolor="black", hatch=hatch, label=label))
    figure.colorbar(image, label="$c/K$, cost over that of DNC")
    axes.set(xlabel="classes $K$", ylabel="layers $L$")
    _integer_ticks(axes.xaxis, xs)
    _integer_ticks(axes.yaxis, ys)
    if legend:
        axes.legend(handles=legend, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2,
                    borderaxespad=0.2)


_HATCHES = (("DNC not beaten by this library", "////", (NOT_BEATEN, OPTIMAL)),
            ("zero not beaten by this library", "....", (ZERO, ZERO_OPTIMAL)),
            ("undecided", "xx", (UNDECIDED,)))


def _edges(values: Sequence[float]) -> np.ndarray[Any, Any]:
    centres = np.asarray(values, float)
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middles[0]], middles,
                           [2 * centres[-1] - middles[-1]]])


def _stretched(x: Any, y: Any, cells: Any) -> tuple[Any, Any, Any]:
    """Cells as points at their corners, so that contours follow their borders."""
    return (np.repeat(x, 2)[1:-1], np.repeat(y, 2)[1:-1],
            np.ma.masked_invalid(np.kron(cells, np.ones((2, 2)))))


def _integer_ticks(axis: Any, values: Sequence[int]) -> None:
    from matplotlib.ticker import MaxNLocator

    if len(values) <= 12:
        axis.set_ticks(list(values))
    else:
        axis.set_major_locator(MaxNLocator(integer=True))


# --- cost curves against K and L ---

def _draw_cost_curves(figure: Figure, rows: list[Record]) -> None:
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, x, group in ((left, "classes", "layers"), (right, "layers", "classes")):
        for value in _some(sorted({row[group] for row in rows}), 5):
            line = sorted((row[x], row["ratio"]) for row in rows if row[group] == value)
            axes.plot(*zip(*line, strict=True), label=f"${SYMBOLS[group]} = {value}$",
                      markevery=max(1, len(line) // 12))
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set(xlabel=f"{x} ${SYMBOLS[x]}$")
        axes.legend()
        _integer_ticks(axes.xaxis, sorted({row[x] for row in rows}))
    left.set(ylabel="$c/K$, cost over that of DNC")


def _some(values: list[Any], count: int) -> list[Any]:
    """At most `count` of the values, evenly spread, the first and the last among them."""
    if len(values) <= count:
        return values
    return [values[round(i * (len(values) - 1) / (count - 1))] for i in range(count)]


# --- loss ratio against r ---

def _loss_ratio_rows(source: Source) -> list[Record]:
    best: dict[tuple[Any, ...], Record] = {}
    for record in source.need("construction", "layers", "weight_decay", "loss_ratio"):
        named = re.fullmatch(r"triangular:r=(\d+),s=(\d+)", str(record["construction"]))
        if named is None:
            continue
        row = {"r": int(named[1]), "s": int(named[2]), "layers": record["layers"],
               "weight_decay": record["weight_decay"], "loss_ratio": record["loss_ratio"]}
        key = (row["layers"], row["weight_decay"], row["r"])
        if key not in best or row["loss_ratio"] < best[key]["loss_ratio"]:
            best[key] = row
    require(bool(best), "source", "have records of constructions triangular:r=..,s=..",
            str(source.path))
    return [best[key] for key in sorted(best)]


def _draw_loss_ratio(figure: Figure, rows: list[Record]) -> None:
    axes = figure.subplots()
    decays = {row["weight_decay"] for row in rows}
    for key, line in _grouped(rows, ("layers", "weight_decay")):
        label = f"$L = {key[0]}$" + (f", $\\lambda = {key[1]:g}$" if len(decays) > 1 else "")
        axes.plot([row["r"] for row in line], [row["loss_ratio"] for row in line], label=label)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(xlabel="$r$, with $K = r(r-1)/2$ classes", ylabel="loss over that of DNC")
    _integer_ticks(axes.xaxis, sorted({row["r"] for row in rows}))
    axes.legend(title="" if len(decays) > 1 else f"$\\lambda = {decays.pop():g}$, best $s$")


def _grouped(rows: Iterable[Record], names: Sequence[str],
             ) -> list[tuple[tuple[Any, ...], list[Record]]]:
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return sorted(groups.items())


# --- statistics of solver runs against weight decay and width ---

def _statistics(source: Source, value: str, summary: Callable[[list[Any]], Record],
                ) -> list[Record]:
    """Summaries over seeds for every K, L, lambda, d."""
    names = ("classes", "layers", "weight_decay", "width")
    records = source.need(*names, value)
    # Other parameters must not vary unseen.
    hidden = [name for name in ("method", "learning_rate", "steps", "init", "scale", "samples",
                                "loss", "activation")
              if len({str(record.get(name)) for record in records}) > 1]
    require(not hidden, "where", "choose a value of each parameter that varies beside K, L, "
            "weight decay, width and seed", hidden)
    return [dict(zip(names, key, strict=True)) | summary([r[value] for r in group])
            for key, group in _grouped(records, names)]


def _rank_rows(source: Source) -> list[Record]:
    def summary(ranks: list[float]) -> Record:
        error = float(np.std(ranks, ddof=1) / math.sqrt(len(ranks))) if len(ranks) > 1 else 0.0
        return {"mean_rank": float(np.mean(ranks)), "standard_error": error, "runs": len(ranks)}

    return _statistics(source, "mean_rank", summary)


def _probability_rows(source: Source) -> list[Record]:
    def summary(hits: list[bool]) -> Record:
        low, high = wilson(sum(hits), len(hits))
        return {"probability": sum(hits) / len(hits), "low": low, "high": high,
                "runs": len(hits)}

    return _statistics(source, "is_dnc", summary)


def _draw_against(figure: Figure, rows: list[Record], label: str,
                  values: Callable[[Record], tuple[float, float, float]]) -> list[Axes]:
    """A panel for each of weight decay and width that varies; lines for everything else."""
    scales = {"weight_decay": "log", "width": "linear"}
    varying = [name for name in scales if len({row[name] for row in rows}) > 1]
    require(bool(varying), "source", "vary weight_decay or width", "one value of each")
    panels = np.atleast_1d(figure.subplots(1, len(varying), sharey=True))
    for axes, name in zip(panels, varying, strict=True):
        others = [other for other in ("classes", "layers", "weight_decay", "width")
                  if other != name and len({row[other] for row in rows}) > 1]
        lines = _some(_grouped(rows, others), 7)
        spread = np.ptp([_place(row[name], scales[name]) for row in rows])
        for i, (key, line) in enumerate(lines):
            line = sorted(line, key=lambda row: float(row[name]))
            y = np.array([values(row) for row in line])
            # Lines stand a little apart: equal values and their bars stay visible.
            shift = 0.012 * spread * (i - (len(lines) - 1) / 2)
            x = np.array([_place(row[name], scales[name]) for row in line]) + shift
            axes.errorbar(np.exp(x) if scales[name] == "log" else x, y[:, 0],
                          yerr=np.maximum([y[:, 0] - y[:, 1], y[:, 2] - y[:, 0]], 0),
                          capsize=2, elinewidth=0.8,
                          label=", ".join(f"${SYMBOLS[other]} = {v:.3g}$"
                                          for other, v in zip(others, key, strict=True)))
        axes.set(xlabel=f"{name.replace('_', ' ')} ${SYMBOLS[name]}$", xscale=scales[name])
        if others:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    panels[0].set(ylabel=label)
    return list(panels)


def _place(value: float, scale: str) -> float:
    return math.log(value) if scale == "log" else float(value)


def _draw_rank(figure: Figure, rows: list[Record]) -> None:
    _draw_against(figure, rows, r"mean rank of $M_2, \ldots, M_L$", lambda row: (
        row["mean_rank"], row["mean_rank"] - row["standard_error"],
        row["mean_rank"] + row["standard_error"]))


def _draw_probability(figure: Figure, rows: list[Record]) -> None:
    for axes in _draw_against(figure, rows, "probability of DNC (95 % Wilson)", lambda row: (
            row["probability"], row["low"], row["high"])):
        axes.set(ylim=(-0.03, 1.03))


# --- arrays of single runs ---

def _singular_rows(source: Source) -> list[Record]:
    return [{"layer": layer, "index": index, "seed": record.get("seed", 0), "value": value}
            for record, arrays in _one_setting(source.arrays("singular_values"))
            for layer, profile in enumerate(arrays["singular_values"].tolist(), start=1)
            for index, value in enumerate(profile, start=1)]


def _one_setting(found: list[tuple[Record, Any]]) -> list[tuple[Record, Any]]:
    """The runs, where they differ in their seed alone; an `InputError` otherwise."""
    for name in ("classes", "layers", "weight_decay", "width", "method", "samples", "steps"):
        values = sorted({str(record.get(name)) for record, _ in found})
        require(len(values) == 1, "where", f"choose one {name}", values)
    return found


def _draw_singular_values(figure: Figure, rows: list[Record]) -> None:
    axes = figure.subplots()
    for (layer,), line in _grouped(rows, ("layer",)):
        by_index = _grouped(line, ("index",))
        y = [float(np.median([row["value"] for row in group])) for _, group in by_index]
        axes.plot([index for (index,), _ in by_index], y, label=f"$M_{{{layer}}}$")
    largest = max(row["value"] for row in rows)
    axes.set(xlabel="index $i$", ylabel="singular value $s_i$ (median over seeds)",
             yscale="log", ylim=(1e-8 * largest, 2 * largest))
    _integer_ticks(axes.xaxis, sorted({row["index"] for row in rows}))
    axes.legend()


def _matrix_rows(source: Source) -> list[Record]:
    found = _one_setting(source.arrays("means"))
    record, arrays = found[0]
    rows = []
    for layer, mean in enumerate(arrays["means"], start=1):
        for name, matrix in (("means", mean), ("gram", mean.T @ mean)):
            rows += [{"layer": layer, "matrix": name, "row": i, "column": j, "value": value,
                      "seed": record.get("seed", 0)}
                     for i, line in enumerate(matrix.tolist()) for j, value in enumerate(line)]
    return rows


def _draw_matrices(figure: Figure, rows: list[Record]) -> None:
    layers = sorted({row["layer"] for row in rows})
    figure.set_size_inches(1.5 * len(layers) + 0.6, 3.6)
    panels = np.atleast_2d(figure.subplots(2, len(layers), squeeze=False))
    for (layer, name), cells in _grouped(rows, ("layer", "matrix")):
        axes = panels[("means", "gram").index(name), layers.index(layer)]
        _, _, matrix = _matrix(cells, "column", "row", "value")
        largest = float(np.abs(matrix).max()) or 1.0  # 0 has the same shade everywhere
        image = axes.imshow(matrix, interpolation="nearest", vmin=-largest, vmax=largest,
                            aspect="equal" if name == "gram" else "auto")
        axes.grid(False)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"$M_{{{layer}}}$" if name == "means" else
                       rf"$M_{{{layer}}}^\top M_{{{layer}}}$")
        bar = figure.colorbar(image, ax=axes, orientation="horizontal", pad=0.03)
        bar.ax.tick_params(labelsize=6)
        bar.locator = _few_ticks()
        bar.update_ticks()
    panels[0, 0].set(ylabel="neurons")
    panels[1, 0].set(ylabel="classes")


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=3)


def _curve_rows(source: Source) -> list[Record]:
    found = _one_setting(source.arrays("trace_loss"))
    rows = [{"series": f"seed {record.get('seed', 0)}", "step": step, "loss": value}
            for record, arrays in found
            for step, value in zip(arrays["trace_steps"].tolist(),
                                   arrays["trace_loss"].tolist(), strict=True)
            if math.isfinite(value)]
    return rows + [{"series": label, "step": None, "loss": value}
                   for label, value in _closed_forms(found[0][0])]


def _closed_forms(record: Record) -> list[tuple[str, float]]:
    """Losses of DNC and of the best sum of the library, where the run's problem has them."""
    word = record.get("loss")
    if word is None or losses.get(word).centred or not isinstance(record["weight_decay"], float):
        return []
    known = closed_forms(Problem(classes=record["classes"], layers=record["layers"],
                                 samples=record["samples"], weight_decay=record["weight_decay"],
                                 loss=word, activation=record.get("activation", "relu")))
    (_, dnc), (best, least) = known["dnc"], known["best"]
    lines = [("DNC (closed form)", dnc)]
    if least < dnc:
        lines.append((f"{best} (closed form)", least))
    return lines


def _draw_loss_curves(figure: Figure, rows: list[Record]) -> None:
    axes = figure.subplots()
    runs = _grouped([row for row in rows if row["step"] is not None], ("series",))
    for i, (_, line) in enumerate(runs):
        axes.plot([row["step"] for row in line], [row["loss"] for row in line], color="0.55",
                  marker="", linestyle="-", linewidth=0.9,
                  label=f"{len(runs)} runs" if i == 0 else None)
    forms = [row for row in rows if row["step"] is None]
    for row, style, colour in zip(forms, ("--", "-."), ("C0", "C1"), strict=False):
        axes.axhline(row["loss"], linestyle=style, color=colour, label=row["series"])
    ends = [line[-1]["loss"] for _, line in runs] + [
        row["loss"] for row in rows if row["step"] is None]
    axes.set(xlabel="step", ylabel="loss",
             ylim=(min(ends) - 0.1 * max(ends), 1.5 * max(ends)))  # not the first steps
    axes.legend()


KINDS: dict[str, Kind] = {
    "threshold-map": Kind("c/K over K and L", _threshold_rows, _draw_threshold_map),
    "cost-curves": Kind("c/K against K and against L", _threshold_rows, _draw_cost_curves),
    "loss-ratio": Kind("loss of the triangular family over that of DNC, against r",
                       _loss_ratio_rows, _draw_loss_ratio),
    "rank": Kind("mean rank against weight decay and width", _rank_rows, _draw_rank),
    "dnc-probability": Kind("share of runs that reach DNC, with Wilson intervals",
                            _probability_rows, _draw_probability),
    "singular-values": Kind("singular values of the class means, layer by layer",
                            _singular_rows, _draw_singular_values),
    "matrices": Kind("class means and their Gram matrices of one run", _matrix_rows,
                     _draw_matrices),
    "loss-curves": Kind("loss of runs while they train, closed forms as lines", _curve_rows,
                        _draw_loss_curves),
}
