"""Figures from a store or a table, each with its data beside it.

A figure is two functions: `data` turns records into the rows that are drawn, which are also
written as CSV, and `draw` draws these rows and nothing else, into panels that it is given.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nctheory import losses
from nctheory.errors import choice, require
from nctheory.files import check_figure, check_matplotlib, write_figure
from nctheory.problem import Problem
from nctheory.report.runs import closed_forms
from nctheory.report.source import Record, Source
from nctheory.statistics import wilson
from nctheory.sweep.export import write_csv
from nctheory.thresholds import NOT_BEATEN, OPTIMAL, UNDECIDED, ZERO, ZERO_OPTIMAL, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KindName = Literal["threshold-map", "cost-curves", "loss-ratio", "decay-curves", "rank",
                   "dnc-probability", "singular-values", "matrices", "loss-curves", "collapse"]
Panels = np.ndarray[Any, Any]  # of axes, two-dimensional
STYLE = Path(__file__).with_name("paper.mplstyle")
SYMBOLS = {"classes": "K", "layers": "L", "weight_decay": r"\lambda", "width": "d",
           "samples": "n", "learning_rate": r"\eta", "momentum": r"\mu"}
MOST_LINES = 7  # as many as the style's cycle tells apart


@dataclass(frozen=True)
class Kind:
    """What a figure shows, the rows that it takes from a source, and how they are drawn.

    `panels` is the shape of the grid of axes that `draw` wants for these rows, `size` that of the
    figure in inches, where it is not the style's.
    """

    about: str
    data: Callable[[Source], list[Record]]
    draw: Callable[[Panels, list[Record]], None]
    panels: Callable[[list[Record]], tuple[int, int]] = lambda rows: (1, 1)
    size: Callable[[list[Record]], tuple[float, float] | None] = lambda rows: None


def draw(kind: KindName, source: Source | Table | str | Path, ax: Any = None) -> Axes | Panels:
    """Draw a figure of one kind, e.g. in a notebook.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    source : Source, threshold table, or path
        A path is that of a store or a CSV table.
    ax : Matplotlib axes or array of axes, optional
        Where to draw, as many as the kind has panels; by default a new figure.

    Returns
    -------
    Axes, or an array of axes where the kind has several panels

    Raises
    ------
    InputError
        Where the source lacks what the figure shows, varies in what it does not, or `ax` has
        another number of panels.

    Examples
    --------
    >>> from nctheory import threshold_table
    >>> axes = draw("threshold-map", threshold_table(range(9, 12), [3, 4]))
    >>> axes.get_xlabel()
    'classes $K$'
    """
    choice("kind", kind, tuple(KINDS))
    if isinstance(source, Table):
        source = Source.of(source.records())
    made = source if isinstance(source, Source) else Source(source)
    chosen = KINDS[kind]
    rows = chosen.data(made)
    with style(chosen.size(rows)):
        panels = _panels(chosen.panels(rows), ax)
        chosen.draw(panels, rows)
    return panels if panels.size > 1 else panels[0, 0]


def _panels(shape: tuple[int, int], ax: Any) -> Panels:
    if ax is None:
        from matplotlib.figure import Figure

        return np.asarray(Figure().subplots(*shape, squeeze=False))
    given = np.atleast_1d(np.asarray(ax, dtype=object))
    require(given.size == math.prod(shape), "ax",
            f"be {shape[0]} x {shape[1]} axes for this figure", given.size)
    return given.reshape(shape)


def style(size: tuple[float, float] | None = None,
          font_size: float | None = None) -> AbstractContextManager[None]:
    """The style of every figure, with another size in inches or of its letters."""
    check_matplotlib()
    from matplotlib import style as styles

    changes: dict[str, Any] = {} if size is None else {"figure.figsize": size}
    if font_size is not None:
        changes |= {"font.size": font_size, "axes.titlesize": font_size,
                    "axes.labelsize": font_size, "legend.fontsize": font_size}
    found: AbstractContextManager[None] = styles.context([STYLE, changes])
    return found


def make_figure(kind: KindName, source: Source, output: str | Path, *, force: bool = False,
                size: tuple[float, float] | None = None,
                font_size: float | None = None) -> list[Path]:
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
    data = output.with_suffix(".csv")
    require(data.resolve() != source.path.resolve(), "output",
            "not put its data over the source", str(data))
    chosen = KINDS[kind]
    rows = chosen.data(source)
    with style(size or chosen.size(rows), font_size):
        panels = _panels(chosen.panels(rows), None)
        chosen.draw(panels, rows)
        write_csv(lambda: rows, data, force=force)
        write_figure(output, panels[0, 0].figure, force=force)
    return [output, data]


# --- threshold heat map over (K, L) ---

def _threshold_rows(source: Source) -> list[Record]:
    names = ("classes", "layers", "ratio", "verdict")
    records = source.need(*names)
    source.settle(records, ("classes", "layers"))
    rows = [{name: record[name] for name in names} for record in records]
    cells = {(row["classes"], row["layers"]) for row in rows}
    require(len(cells) == len(rows), "where", "leave one record for each classes and layers",
            len(rows))
    return rows


def _matrix(rows: Iterable[Record], x: str, y: str, value: str,
            ) -> tuple[list[Any], list[Any], np.ndarray[Any, Any]]:
    cells = {(row[x], row[y]): row[value] for row in rows}
    xs, ys = (sorted({key[i] for key in cells}) for i in (0, 1))
    return xs, ys, np.array([[cells.get((a, b), np.nan) for a in xs] for b in ys], float)


def _draw_threshold_map(panels: Panels, rows: list[Record]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    xs, ys, ratio = _matrix(rows, "classes", "layers", "ratio")
    axes = panels[0, 0]
    axes.grid(False)
    edges = _edges(xs), _edges(ys)
    image = axes.pcolormesh(*edges, ratio, vmin=min(0.95, float(np.nanmin(ratio))),
                            vmax=max(1.0, float(np.nanmax(ratio))))
    # Grey readers see the verdict by its hatching, not by a shade alone.
    legend: list[Any] = []
    below = np.where(ratio < 1 - 1e-9, 1.0, 0.0)  # DNC's own cost is a float
    if 0 < below.sum() < below.size:
        axes.contour(*_stretched(*edges, below), levels=[0.5], colors="#D55E00", linewidths=2)
        legend.append(Line2D([], [], color="#D55E00", linewidth=2, marker="", linestyle="-",
                             label="edge of $c/K < 1$"))
    for label, hatch, verdicts in _HATCHES:
        marked = [row | {"marked": 1.0 if row["verdict"] in verdicts else math.nan}
                  for row in rows]
        cells = _matrix(marked, "classes", "layers", "marked")[2]
        if not np.isnan(cells).all():
            axes.contourf(*_stretched(*edges, cells), colors="none", hatches=[hatch])
            legend.append(Patch(facecolor="none", edgecolor="black", hatch=hatch, label=label))
    axes.figure.colorbar(image, ax=axes, label="$c/K$, cost over that of DNC")
    axes.set(xlabel="classes $K$", ylabel="layers $L$")
    integer_ticks(axes.xaxis, xs)
    integer_ticks(axes.yaxis, ys)
    if legend:
        _legend_above(axes, handles=legend)


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


def integer_ticks(axis: Any, values: Sequence[float]) -> None:
    """Ticks at whole numbers alone: at each of few values, at some of many."""
    from matplotlib.ticker import MaxNLocator

    if len(values) <= 12:
        axis.set_ticks(list(values))
    else:
        axis.set_major_locator(MaxNLocator(integer=True))


# --- lines, told apart by the legend or, where they are many, by a colour bar ---

def _draw_lines(axes: Axes, rows: Sequence[Record], x: str, y: str, by: Sequence[str]) -> None:
    """y over x, a line for each combination of values of `by`."""
    import matplotlib

    by = [name for name in by if len({row[name] for row in rows}) > 1]
    shaded = _shaded(rows, by)
    styled = [name for name in by if name != shaded]
    cycle = list(matplotlib.rcParams["axes.prop_cycle"])
    styles = dict(zip((key for key, _ in _grouped(rows, styled)), cycle, strict=False))
    shade = _shades(axes, rows, shaded) if shaded else None
    told = set()
    for key, line in _grouped(rows, by):
        names = dict(zip(by, key, strict=True))
        look = dict(styles[tuple(names[name] for name in styled)])
        if shade:
            look["color"] = shade(names.pop(shaded))
        label = ", ".join(_equal(name, value) for name, value in names.items())
        line = sorted(line, key=lambda row: float(row[x]))
        axes.plot([row[x] for row in line], [row[y] for row in line], **look,
                  label="_" if label in told else label, markevery=max(1, len(line) // 12))
        told.add(label)
    if told - {""}:
        _legend_above(axes)


def _shaded(rows: Sequence[Record], by: Sequence[str]) -> str:
    """The parameter that a colour bar stands for, "" where a legend tells all lines apart."""
    def values(names: Sequence[str]) -> int:
        return len(_grouped(rows, names))

    if values(by) <= MOST_LINES:
        return ""
    numeric = [name for name in by if all(isinstance(row[name], int | float) for row in rows)]
    chosen = max(numeric, key=lambda name: values([name]), default="")
    rest = values([name for name in by if name != chosen])
    require(rest <= MOST_LINES, "where", f"leave at most {MOST_LINES} kinds of line beside those "
            f"of one parameter (here {', '.join(by)} vary)", rest)
    return chosen


def _shades(axes: Axes, rows: Sequence[Record], name: str) -> Callable[[float], Any]:
    """Colours for the values of a parameter, and their bar."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    values = [row[name] for row in rows]
    norm = (LogNorm if name in LOGARITHMIC else Normalize)(min(values), max(values))
    # The palest end would not be seen on white.
    colours = ListedColormap(colormaps["cividis"](np.linspace(0, 0.9, 256)))
    figure: Any = axes.figure
    figure.colorbar(ScalarMappable(norm, colours), ax=axes, label=_name(name))
    return lambda value: colours(norm(value))


LOGARITHMIC = ("weight_decay", "learning_rate")


def _name(parameter: str) -> str:
    words = parameter.replace("_", " ")
    return f"{words} ${SYMBOLS[parameter]}$" if parameter in SYMBOLS else words


def _equal(name: str, value: Any) -> str:
    words = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"${SYMBOLS[name]} = {words}$" if name in SYMBOLS and isinstance(
        value, int | float) else f"{name.replace('_', ' ')} {words}"


def _legend_above(axes: Axes, **entries: Any) -> None:
    axes.legend(**{"loc": "lower left", "bbox_to_anchor": (0, 1.0), "ncols": 3,
                   "borderaxespad": 0.2, **entries})


def _grouped(rows: Iterable[Record], names: Sequence[str],
             ) -> list[tuple[tuple[Any, ...], list[Record]]]:
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for row in rows:
        groups[tuple(_key(row[name]) for name in names)].append(row)
    return sorted(groups.items(), key=lambda item: [
        (isinstance(value, str), value is not None and value) for value in item[0]])


def _key(value: Any) -> Any:
    return str(value) if isinstance(value, list) else value


# --- cost curves against K and L ---

def _draw_cost_curves(panels: Panels, rows: list[Record]) -> None:
    left, right = panels.ravel()
    for axes, x, group in ((left, "classes", "layers"), (right, "layers", "classes")):
        _draw_lines(axes, rows, x, "ratio", [group])
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set(xlabel=_name(x))
        integer_ticks(axes.xaxis, sorted({row[x] for row in rows}))
    left.set(ylabel="$c/K$, cost over that of DNC")


# --- loss ratio against r, and against weight decay ---

def _loss_ratio_rows(source: Source) -> list[Record]:
    best: dict[tuple[Any, ...], Record] = {}
    records = source.need("construction", "layers", "weight_decay", "loss_ratio")
    source.settle(records, ("construction", "layers", "weight_decay"))
    for record in records:
        named = re.fullmatch(r"triangular:r=(\d+),s=(\d+)", str(record["construction"]))
        if named is None:
            continue
        row = {"r": int(named[1]), "s": int(named[2]), "layers": record["layers"],
               "weight_decay": record["weight_decay"], "loss_ratio": record["loss_ratio"]}
        key = (row["layers"], _key(row["weight_decay"]), row["r"])
        if key not in best or row["loss_ratio"] < best[key]["loss_ratio"]:
            best[key] = row
    require(bool(best), "source", "have records of constructions triangular:r=..,s=..",
            str(source.path))
    return [best[key] for key in sorted(best)]


def _draw_loss_ratio(panels: Panels, rows: list[Record]) -> None:
    axes = panels[0, 0]
    _draw_lines(axes, rows, "r", "loss_ratio", ("layers", "weight_decay"))
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(xlabel="$r$, with $K = r(r-1)/2$ classes and the best $s$",
             ylabel="loss over that of DNC")
    integer_ticks(axes.xaxis, sorted({row["r"] for row in rows}))


def _decay_rows(source: Source) -> list[Record]:
    records = source.need("weight_decay", "layers", "classes", "loss_ratio")
    # In a threshold table the construction is the best of its cell, and no parameter.
    names = ["classes", "layers", *["construction"] * ("construction" in source.parameters)]
    source.settle(records, ("weight_decay", *names))
    rows = [{name: record[name] for name in (*names, "weight_decay", "loss_ratio")}
            for record in records if isinstance(record["weight_decay"], float)]
    require(len({row["weight_decay"] for row in rows}) > 1, "source", "vary weight_decay",
            str(source.path))
    return rows


def _draw_decay(panels: Panels, rows: list[Record]) -> None:
    axes = panels[0, 0]
    # A construction has its number of classes.
    by = [name for name in ("construction", "classes", "layers") if name in rows[0]]
    _draw_lines(axes, rows, "weight_decay", "loss_ratio",
                [name for name in by if name != "classes" or "construction" not in by])
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(xlabel=_name("weight_decay"), xscale="log", ylabel="loss over that of DNC")


# --- statistics of solver runs against weight decay and width ---

def _statistics(source: Source, value: str, summary: Callable[[list[Any]], Record],
                ) -> list[Record]:
    """Summaries over seeds, and over nothing else."""
    names = ["classes", "layers", "weight_decay", "width"]
    records = source.need(*names, value)
    names += source.varying(records, (*names, "seed"))
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


_SCALES = {"weight_decay": "log", "width": "linear"}
_MEASURES = ("mean_rank", "standard_error", "probability", "low", "high", "runs")


def _axes_that_vary(rows: list[Record]) -> list[str]:
    varying = [name for name in _SCALES if len({row[name] for row in rows}) > 1]
    require(bool(varying), "source", "vary weight_decay or width", "one value of each")
    return varying


def _draw_against(panels: Panels, rows: list[Record], label: str,
                  values: Callable[[Record], tuple[float, float, float]]) -> None:
    """A panel for each of weight decay and width that varies; lines for everything else."""
    for axes, name in zip(panels.ravel(), _axes_that_vary(rows), strict=True):
        others = [other for other in rows[0] if other not in (name, *_MEASURES)
                  and len({row[other] for row in rows}) > 1]
        lines = _grouped(rows, others)
        require(len(lines) <= MOST_LINES, "where",
                f"leave at most {MOST_LINES} lines (here {', '.join(others)} vary)", len(lines))
        spread = np.ptp([_place(row[name], _SCALES[name]) for row in rows])
        for i, (key, line) in enumerate(lines):
            line = sorted(line, key=lambda row: float(row[name]))
            y = np.array([values(row) for row in line])
            # Lines stand a little apart: equal values and their bars stay visible.
            shift = 0.012 * spread * (i - (len(lines) - 1) / 2)
            x = np.array([_place(row[name], _SCALES[name]) for row in line]) + shift
            axes.errorbar(np.exp(x) if _SCALES[name] == "log" else x, y[:, 0],
                          yerr=np.maximum([y[:, 0] - y[:, 1], y[:, 2] - y[:, 0]], 0),
                          capsize=2, elinewidth=0.8,
                          label=", ".join(_equal(*pair) for pair in zip(others, key,
                                                                        strict=True)))
        axes.set(xlabel=_name(name), xscale=_SCALES[name])
        if name == "width":
            integer_ticks(axes.xaxis, sorted({row[name] for row in rows}))
        if others:
            _legend_above(axes, ncols=2)
    panels[0, 0].set(ylabel=label)


def _place(value: float, scale: str) -> float:
    return math.log(value) if scale == "log" else float(value)


def _draw_rank(panels: Panels, rows: list[Record]) -> None:
    _draw_against(panels, rows, r"mean rank of $M_2, \ldots, M_L$", lambda row: (
        row["mean_rank"], row["mean_rank"] - row["standard_error"],
        row["mean_rank"] + row["standard_error"]))


def _draw_probability(panels: Panels, rows: list[Record]) -> None:
    _draw_against(panels, rows, "probability of DNC (95 % Wilson)", lambda row: (
        row["probability"], row["low"], row["high"]))
    for axes in panels.ravel():
        axes.set(ylim=(-0.03, 1.03))


# --- arrays of single runs ---

def _runs(source: Source, name: str) -> list[tuple[Record, dict[str, np.ndarray[Any, Any]]]]:
    """Runs with this array, which differ in their seed alone."""
    found = source.arrays(name)
    source.settle([record for record, _ in found], ("seed",))
    return found


def _singular_rows(source: Source) -> list[Record]:
    return [{"layer": layer, "index": index, "seed": record.get("seed", 0), "value": value}
            for record, arrays in _runs(source, "singular_values")
            for layer, profile in enumerate(arrays["singular_values"].tolist(), start=1)
            for index, value in enumerate(profile, start=1)]


def _draw_singular_values(panels: Panels, rows: list[Record]) -> None:
    axes = panels[0, 0]
    medians = [{"layer": layer, "index": index,
                "value": float(np.median([row["value"] for row in group]))}
               for (layer, index), group in _grouped(rows, ("layer", "index"))]
    _draw_lines(axes, medians, "index", "value", ["layer"])
    largest = max(row["value"] for row in rows)
    seeds = len({row["seed"] for row in rows})
    axes.set(xlabel="index $i$", yscale="log", ylim=(1e-8 * largest, 2 * largest),
             ylabel="singular value $s_i$" + (f", median of {seeds} seeds" if seeds > 1 else ""))
    integer_ticks(axes.xaxis, sorted({row["index"] for row in rows}))


def _matrix_rows(source: Source) -> list[Record]:
    record, arrays = _runs(source, "means")[0]
    rows = []
    for layer, mean in enumerate(arrays["means"], start=1):
        for name, matrix in (("means", mean), ("gram", mean.T @ mean)):
            rows += [{"layer": layer, "matrix": name, "row": i, "column": j, "value": value,
                      "seed": record.get("seed", 0)}
                     for i, line in enumerate(matrix.tolist()) for j, value in enumerate(line)]
    return rows


def _layers(rows: Iterable[Record]) -> list[int]:
    return sorted({row["layer"] for row in rows})


def _draw_matrices(panels: Panels, rows: list[Record]) -> None:
    layers = _layers(rows)
    figure = panels[0, 0].figure
    for (layer, name), cells in _grouped(rows, ("layer", "matrix")):
        axes = panels[("means", "gram").index(name), layers.index(layer)]
        _, _, matrix = _matrix(cells, "column", "row", "value")
        largest = float(np.abs(matrix).max()) or 1.0  # 0 is white everywhere
        image = axes.imshow(matrix, interpolation="nearest", vmin=-largest, vmax=largest,
                            aspect="equal" if name == "gram" else "auto", cmap="RdBu_r")
        axes.grid(False)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"$M_{{{layer}}}$" if name == "means" else
                       rf"$M_{{{layer}}}^\top M_{{{layer}}}$")
        bar = figure.colorbar(image, ax=axes, orientation="horizontal", pad=0.03)
        bar.ax.tick_params(labelsize=6)
        bar.locator = _few_ticks()
        bar.update_ticks()
    panels[0, 0].set(ylabel=f"neurons (seed {rows[0]['seed']})")
    panels[1, 0].set(ylabel="classes")


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=3)


# What the closed forms depend on; the rest is how the run was made.
_PROBLEM = ("classes", "layers", "samples", "weight_decay", "loss", "activation")


def _curve_rows(source: Source) -> list[Record]:
    found = source.arrays("trace_loss")
    records = [record for record, _ in found]
    ways = source.varying(records, (*_PROBLEM, "seed"))
    source.settle(records, ("seed", *ways))
    rows: list[Record] = [
        {"series": f"seed {record.get('seed', 0)}", **{name: record.get(name) for name in ways},
         "step": step, "loss": value}
        for record, arrays in found
        for step, value in zip(arrays["trace_steps"].tolist(),
                               arrays["trace_loss"].tolist(), strict=True)
        if math.isfinite(value)]
    return rows + [{"series": label, **dict.fromkeys(ways), "step": None, "loss": value}
                   for label, value in _closed_forms(records[0])]


def _closed_forms(record: Record) -> list[tuple[str, float]]:
    """Losses of DNC and of the best sum of the library, where the run's problem has them."""
    word = record.get("loss")
    if word is None or losses.get(word).centred or not (
            {"classes", "layers", "samples"} <= record.keys()
            and isinstance(record["weight_decay"], float)):
        return []
    known = closed_forms(Problem(**{name: record[name] for name in _PROBLEM}))
    if not known:
        return []
    (_, dnc), (best, least) = known["dnc"], known["best"]
    lines = [("DNC (closed form)", dnc)]
    if least < dnc:
        lines.append((f"{best} (closed form)", least))
    return lines


def _draw_loss_curves(panels: Panels, rows: list[Record]) -> None:
    axes = panels[0, 0]
    runs = [row for row in rows if row["step"] is not None]
    forms = [row for row in rows if row["step"] is None]
    ways = [name for name in runs[0] if name not in ("series", "step", "loss")]
    groups = _grouped(runs, ways)
    require(len(groups) <= MOST_LINES, "where",
            f"leave at most {MOST_LINES} ways to train (here {', '.join(ways)} vary)",
            len(groups))
    for i, (key, group) in enumerate(groups):
        seeds = _grouped(group, ("series",))
        words = [_equal(*pair) for pair in zip(ways, key, strict=True)]
        count = f"{len(seeds)} run" + "s" * (len(seeds) > 1)
        for j, (_, line) in enumerate(seeds):
            axes.plot([row["step"] for row in line], [row["loss"] for row in line],
                      color=f"C{i + 2}" if ways else "0.55", marker="", linestyle="-",
                      linewidth=0.9,
                      label="_" if j else ", ".join([*words, count]))
    for row, dashes, colour in zip(forms, ("--", "-."), ("C0", "C1"), strict=False):
        axes.axhline(row["loss"], linestyle=dashes, color=colour, label=row["series"])
    ends = [line[-1]["loss"] for _, line in _grouped(runs, ("series", *ways))] + [
        row["loss"] for row in forms]
    axes.set(xlabel="step", ylabel="loss",
             ylim=(min(ends) - 0.1 * max(ends), 1.5 * max(ends)))  # not the first steps
    _legend_above(axes, ncols=1)


# --- collapse of a network while it trains ---

def _collapse_rows(source: Source) -> list[Record]:
    """What `nctheory.torch.Recorder.track` wrote."""
    return [{"layer": str(row["layer"]), "step": row["step"], "nc1": row["nc1"],
             "test_nc1": row.get("test_nc1")} for row in source.need("step", "layer", "nc1")]


def _draw_collapse(panels: Panels, rows: list[Record]) -> None:
    ax = panels[0, 0]
    layers = list(dict.fromkeys(row["layer"] for row in rows))
    require(len(layers) <= MOST_LINES, "where", f"leave at most {MOST_LINES} layers", len(layers))
    for layer in layers:
        chosen = [row for row in rows if row["layer"] == layer]
        steps = [row["step"] for row in chosen]
        line, = ax.plot(steps, [row["nc1"] for row in chosen], "-", label=layer)
        if chosen[0]["test_nc1"] is not None:
            ax.plot(steps, [row["test_nc1"] for row in chosen], "--", color=line.get_color())
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="NC1 (dashed: test)")
    ax.legend()


KINDS: dict[KindName, Kind] = {
    "threshold-map": Kind("c/K over K and L", _threshold_rows, _draw_threshold_map),
    "cost-curves": Kind("c/K against K and against L", _threshold_rows, _draw_cost_curves,
                        lambda rows: (1, 2)),
    "loss-ratio": Kind("loss of the triangular family over that of DNC, against r",
                       _loss_ratio_rows, _draw_loss_ratio),
    "decay-curves": Kind("loss over that of DNC, against weight decay", _decay_rows,
                         _draw_decay),
    "rank": Kind("mean rank against weight decay and width", _rank_rows, _draw_rank,
                 lambda rows: (1, len(_axes_that_vary(rows)))),
    "dnc-probability": Kind("share of runs that reach DNC, with Wilson intervals",
                            _probability_rows, _draw_probability,
                            lambda rows: (1, len(_axes_that_vary(rows)))),
    "singular-values": Kind("singular values of the class means, layer by layer",
                            _singular_rows, _draw_singular_values),
    "matrices": Kind("class means and their Gram matrices of one run", _matrix_rows,
                     _draw_matrices, lambda rows: (2, len(_layers(rows))),
                     lambda rows: (1.5 * len(_layers(rows)) + 0.6, 3.6)),
    "loss-curves": Kind("loss of runs while they train, closed forms as lines", _curve_rows,
                        _draw_loss_curves),
    "collapse": Kind("NC1 of a network's layers while it trains, train and test", _collapse_rows,
                     _draw_collapse),
}
