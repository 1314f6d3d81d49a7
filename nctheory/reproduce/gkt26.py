"""Depth without decay [GKT26]: DNC's basin against depth and width, and the repulsion.

We know the abstract and the first pages, not the figures' sizes: trends are what is compared.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory.margins.descent import descend
from nctheory.margins.flow import aligned_flow, basin
from nctheory.reproduce.drawing import LINE, with_interval
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.tables import clear, group
from nctheory.statistics import wilson


class Spectral(NamedTuple):
    """A flow from aligned factors: over_dnc is its margin at the end, DNC's being 1."""

    classes: int
    layers: int
    run: int
    dnc: bool
    over_dnc: float


class Gaussian(NamedTuple):
    """A run of gradient descent from independent entries."""

    classes: int
    layers: int
    width: int
    run: int
    dnc: bool
    rank: int
    movement: float


class Ratio(NamedTuple):
    """How far two singular values that start near are apart, as they grow."""

    layers: int
    growth: float  # of log t_1, the larger
    ratio: float  # t_1 / t_2


def _measure(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    classes, layers = parameters["classes"], parameters["layers"]
    jobs = [(K, L) for K in classes for L in layers]
    total = len(jobs) + len(parameters["depths"]) * len(parameters["widths"])
    spectral: list[Spectral] = []
    for done, (K, L) in enumerate(jobs, start=1):
        spectral += [Spectral(K, L, run, flow.is_dnc(), float(flow.over_dnc()[-1]))
                     for run, flow in enumerate(basin(K, L, runs=parameters["runs"], seed=seed))]
        if progress is not None:
            progress(done, total)
    gaussian: list[Gaussian] = []
    K, done = parameters["trained_classes"], len(jobs)
    for L in parameters["depths"]:
        for width in parameters["widths"]:
            found = descend(K, L, width, runs=parameters["trained"], steps=parameters["steps"],
                            seed=seed)
            gaussian += [Gaussian(K, L, width, run, bool(dnc), int(rank), float(moved))
                         for run, (dnc, rank, moved) in enumerate(zip(
                             found.is_dnc(), found.ranks(), found.movement, strict=True))]
            done += 1
            if progress is not None:
                progress(done, total)
    return {"spectral": spectral, "gaussian": gaussian, "repulsion": _repulsion(parameters)}


def _repulsion(parameters: Parameters) -> list[Ratio]:
    """Two of three modes, one 10 % ahead, six classes."""
    rows = []
    for L in parameters["repulsion"]:
        flow = aligned_flow([1.1e-3, 1e-3, 1e-3], 6, L)
        gap = np.exp(flow.logarithms[:, 0] - flow.logarithms[:, 1])
        top = flow.logarithms[:, 0] - flow.logarithms[0, 0]
        rows += [Ratio(L, float(x), float(y)) for x, y in zip(top, gap, strict=True)]
    return rows


def _shares(rows: Any) -> tuple[float, float, float]:
    hits = sum(row.dnc for row in rows)
    return hits / len(rows), *wilson(hits, len(rows))


def _judge(tables: Tables, parameters: Parameters) -> Finding:
    fine, words = True, []
    for K, rows in group(tables["spectral"], "classes").items():
        by_depth = {L: _shares(runs)[0] for L, runs in group(rows, "layers").items()}
        fine &= clear([row.layers for row in rows], [float(row.dnc) for row in rows], -1)
        words.append(f"K={K} " + ", ".join(f"L={L}: {p:.2f}" for L, p in by_depth.items()))
    spectral = "DNC's share of spectral starts, " + "; ".join(words)
    wide = []
    for L, rows in group(tables["gaussian"], "layers").items():
        if any(row.dnc for row in rows):
            fine &= clear([row.width for row in rows], [float(row.dnc) for row in rows], 1)
        wide.append(f"L={L} " + ", ".join(
            f"d={d}: {np.mean([row.rank for row in runs]):.2f} (DNC {_shares(runs)[0]:.2f})"
            for d, runs in group(rows, "width").items()))
    settled = max(row.movement for row in tables["gaussian"])
    return Finding("trend" if fine else "no match",
                   f"{spectral}.  Mean rank of Gaussian starts, K={parameters['trained_classes']}"
                   f", {'; '.join(wide)}; log margins moved by at most {settled:.1e} in the last "
                   "tenth of the steps.  Sizes and starts are ours: the paper's are not known "
                   "to us.")


def _draw(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, middle, right = figure.subplots(1, 3)
    for K, rows in group(tables["spectral"], "classes").items():
        depths = group(rows, "layers")
        with_interval(left, list(depths), list(map(_shares, depths.values())), f"$K={K}$")
    left.set(xlabel="layers $L$", ylabel="share of DNC, spectral starts", ylim=(-0.03, 1.03))
    for L, rows in group(tables["gaussian"], "layers").items():
        widths = group(rows, "width")
        with_interval(middle, list(widths), list(map(_shares, widths.values())), f"$L={L}$")
    middle.set(xlabel="width $d$", ylabel="share of DNC, Gaussian starts", ylim=(-0.03, 1.03))
    for L, rows in group(tables["repulsion"], "layers").items():
        right.plot([row.growth for row in rows], [row.ratio for row in rows], **LINE,
                   label=f"$L={L}$")
    right.set(xlabel=r"growth of $\log t_1$", ylabel="$t_1/t_2$, at first 1.1", yscale="log")
    for axes in (left, middle, right):
        axes.legend()


BASINS = Experiment(
    name="gkt26-basins", source="[GKT26] abstract",
    claim="no decay: depth shrinks DNC's basin, singular values repel early under spectral "
          "starts, width works the other way",
    quick={"classes": [4, 5, 6], "layers": [1, 2, 3, 4], "runs": 30, "trained_classes": 4,
           "depths": [2], "widths": [6, 24], "trained": 32, "steps": 1500,
           "repulsion": [1, 2, 4]},
    full={"classes": [4, 5, 6, 8], "layers": [1, 2, 3, 4, 6, 8], "runs": 200,
          "trained_classes": 4, "depths": [2, 3, 4], "widths": [6, 12, 24, 48], "trained": 64,
          "steps": 4000, "repulsion": [1, 2, 4]},
    measure=_measure, judge=_judge, draw=_draw, size=(7.2, 2.6))
