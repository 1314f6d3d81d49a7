"""Figure 5 of [SLM24]: few classes, where the width decides what descent finds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from nctheory.atlas.partial import relax
from nctheory.problem import Problem
from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.slm24 import problem_of
from nctheory.reproduce.tables import BRACKETS, group, share
from nctheory.thresholds import threshold_table


class Known(NamedTuple):
    """A loss that runs are compared with; `width` is what it needs (0: not known)."""

    classes: int
    name: str
    loss: float
    width: int
    status: str


@cache
def _known(problem: Problem) -> tuple[Known, ...]:
    """DNC, the best exact fit of the atlas, and what training makes of that at this decay."""
    K, L = problem.classes, problem.layers
    row, = threshold_table([K], [L]).rows
    best: Any = row.construction
    return (Known(K, "DNC", dufm.dnc_loss(problem), K, "closed form"),
            Known(K, best.label, best.loss(problem), best.required_width(L),
                  "certified" if row.certified else "closed form"),
            Known(K, "atlas, trained on", relax(problem).loss, 0, "observed"))


def _measure_5(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs at all widths; curves and class means of the best run of each K."""
    steps, rate = parameters["steps"], parameters["learning_rate"]
    jobs = [dufm.Job(problem_of(parameters, K), d, steps, rate)
            for K in parameters["classes"] for d in parameters["widths"] if d >= K]
    tables: dict[str, list[Any]] = {"runs": [], "known": [], "curves": [], "matrices": []}
    best: dict[int, tuple[float, dufm.Job, int]] = {}
    for job, result in dufm.trained(jobs, range(seed, seed + parameters["runs"]), progress):
        K = job.problem.classes
        i = int(np.argmin(np.nan_to_num(result.loss, nan=np.inf)))  # nan: diverged
        tables["runs"] += dufm.run_rows(job, result)
        if result.loss[i] < best.get(K, (math.inf,))[0]:
            best[K] = float(result.loss[i]), job, int(result.seeds[i])
    for K, (_, job, number) in best.items():  # once more, with a trace
        job = replace(job, trace_every=dufm.TRACE_EVERY)
        (_, result), = dufm.trained([job], range(number, number + 1), None)
        tables["known"] += _known(job.problem)
        tables["curves"] += dufm.curve_rows(job, result)
        for l, M in enumerate(result.means(0)[1:], start=2):
            tables["matrices"] += dufm.entry_rows(K, f"M_{l}", M)
    return tables


def _judge_5(tables: Tables, parameters: Parameters) -> Finding:
    """No number of the figure is known to us, nor its width: a trend at most."""
    words, found = [], True
    known = group(tables["known"], "classes")
    for K, runs in group(tables["runs"], "classes").items():
        dnc, fit, relaxed = known[K]
        widths = group(runs, "width")
        shares = {d: share(rows, dufm.is_below) for d, rows in widths.items()}
        winners = [d for d, (p, _, _) in shares.items() if p > 0]
        best = min(runs, key=lambda run: run.loss)
        found &= bool(winners)
        tried = f"of the {len(widths)} widths tried, {min(widths)} to {max(widths)}"
        reach = f"below DNC at none {tried}"
        if winners:
            reach = (f"below DNC at {_widths(winners)} (most at {_most(shares)}), at no other "
                     f"{tried}")
        words.append(
            f"K = {K}: {reach}; best loss {best.loss / dnc.loss:.4f} of DNC's (width "
            f"{best.width}, ranks of M_2.. {' '.join(best.before.split()[1:])}), against "
            f"{fit.loss / dnc.loss:.4f} of {fit.name} ({fit.status}, needs width {fit.width}) and "
            f"{relaxed.loss / dnc.loss:.4f} of the atlas trained on at this decay (observed)")
    return Finding("trend" if found else "no match", (
        f"{dufm.setting(parameters)}, {parameters['runs']} runs a width, for neither the figure's "
        f"width nor any number of it is known to us: {'; '.join(words)}. {BRACKETS}"))


def _widths(widths: Sequence[int]) -> str:
    return f"width{'s' if len(widths) > 1 else ''} " + ", ".join(map(str, widths))


def _most(shares: Mapping[int, tuple[float, float, float]]) -> str:
    width = max(shares, key=lambda d: shares[d][0])
    p, low, high = shares[width]
    return f"{width}: share {p:.2f} [{low:.2f}, {high:.2f}]"


def _draw_5(figure: Any, tables: Tables, parameters: Parameters) -> None:
    above, below = figure.subfigures(2, 1, height_ratios=(1, 2))
    left, right = above.subplots(1, 2)
    known = group(tables["known"], "classes")
    runs = group(tables["runs"], "classes")
    for (K, rows), look in zip(runs.items(), drawing.looks(), strict=False):
        widths = group(rows, "width")
        dufm.draw_share(left, widths, dufm.is_below, f"$K={K}$")
        right.plot(list(widths), [min(run.loss for run in part) / part[0].dnc
                                  for part in widths.values()])
        for level, dashes in zip(known[K][1:], ("--", ":"), strict=True):
            right.axhline(level.loss / known[K][0].loss, color=look["color"],
                          linestyle=dashes, linewidth=0.7)
    for axes in (left, right):
        axes.set(xscale="log", xlabel="width $d$", xticks=parameters["widths"][::2],
                 xticklabels=parameters["widths"][::2])
        axes.minorticks_off()
    left.set(ylabel="share of runs below DNC")
    left.legend()
    right.axhline(1, color=drawing.GREY, linewidth=0.7)
    right.set(ylabel="best loss / DNC", ylim=(0.92, 1.02),
              title="dashed: certified; dotted: atlas, trained on")
    panels = below.subplots(len(runs), 4, width_ratios=(1.8, 1, 1, 1), squeeze=False)
    for row, K in zip(panels, runs, strict=True):
        _draw_run(row, tables, K)
    panels[-1][0].set_xlabel("step")


def _draw_run(row: Sequence[Any], tables: Tables, K: int) -> None:
    """The best run for K: its loss and the parts of it, M_3, M_4 and the Gram matrix of M_3."""
    points = [point for point in group(tables["curves"], "classes")[K] if point.step > 0]
    steps = [point.step for point in points]
    for name in ("loss", "fit", "regularisation"):
        row[0].plot(steps, [getattr(point, name) for point in points], marker="", label=name)
    row[0].set(xscale="log", yscale="log", ylabel=f"$K={K}$, best run")
    row[0].legend(loc="center right")
    shown = dufm.matrices(group(tables["matrices"], "classes")[K])
    for axes, (matrix, title) in zip(row[1:], (
            (shown["M_3"], "$M_3$"), (shown["M_4"], "$M_4$"),
            (shown["M_3"].T @ shown["M_3"], r"$M_3^\top M_3$")), strict=True):
        drawing.matrix_panel(axes, matrix, title)


FEW = {"classes": [3, 4, 5], "layers": 4, "weight_decay": 0.004, "learning_rate": 0.5}
FIGURE_5 = Experiment(
    name="slm24-fig5", source="[SLM24] Fig 5",
    claim="K = 3, 4, 5 at L = 4: low rank beats DNC there, too (DNC stops being optimal beyond "
          "two layers or two classes)",
    quick={**FEW, "runs": 16, "widths": [3, 4, 5, 6, 8, 12, 16, 64], "steps": 20_000},
    full={**FEW, "runs": 32, "widths": [3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 30, 48, 64],
          "steps": 40_000},
    measure=_measure_5, judge=_judge_5, draw=_draw_5, size=(6.5, 7.2))
