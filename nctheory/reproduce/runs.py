"""What the experiments on unconstrained features models share: training, tables, statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from nctheory.problem import Problem
from nctheory.reproduce.drawing import rank_grid
from nctheory.reproduce.reproduction import Progress
from nctheory.solver import Result, solve

TRACE_EVERY = 100
CURVE_POINTS = 120
CLEAR = 0.8  # rank correlation from which on a trend counts as one


@dataclass(frozen=True)
class Job:
    """One batch of gradient descents, as `solve` takes it."""

    problem: Problem
    width: int
    steps: int
    learning_rate: float
    scale: float = 1.0
    trace_every: int | None = None


class Run(NamedTuple):
    """How one run ended.

    `before` and `after` are the ranks of M_1..M_L before sigma and of sigma(M_2)..sigma(M_L),
    `rank` is the mean rank of M_2..M_L; `dnc` is the least loss of deep neural collapse.
    """

    classes: int
    layers: int
    width: int
    weight_decay: float
    scale: float
    seed: int
    loss: float
    dnc: float
    label: str
    rank: float
    before: str
    after: str


class Point(NamedTuple):
    """The loss of one run at one step."""

    classes: int
    seed: int
    step: int
    loss: float


def trained(jobs: Sequence[Job], seeds: range,
            progress: Progress | None) -> Iterator[tuple[Job, Result]]:
    """Every job with its result; an interruption goes on to the caller."""
    total = len(jobs) * len(seeds)
    for done, job in enumerate(jobs):
        def count(finished: int, _: int, before: int = done * len(seeds)) -> None:
            if progress is not None:
                progress(before + finished, total)

        result = solve(job.problem, job.width, seeds, steps=job.steps, scale=job.scale,
                       learning_rate=job.learning_rate, trace_every=job.trace_every,
                       progress=count)
        if result.interrupted:
            raise KeyboardInterrupt
        yield job, result


def run_rows(job: Job, result: Result, dnc: float) -> list[Run]:
    """A row for each run."""
    problem, rows = job.problem, []
    for i in range(len(result)):
        before, after = result.ranks[i].T
        rows.append(Run(
            problem.classes, problem.layers, job.width, problem.decays[0], job.scale,
            int(result.seeds[i]), float(result.loss[i]), dnc, str(result.label[i]),
            float(before[1:].mean()) if result.sound(i) else math.nan,
            " ".join(map(str, before)), " ".join(map(str, after[1:]))))
    return rows


def curve_rows(job: Job, result: Result) -> list[Point]:
    """The traces, thinned to steps that are even in the logarithm."""
    last = len(result.trace_steps) - 1
    chosen = np.unique(np.r_[0, np.geomspace(1, last, CURVE_POINTS).round().astype(int)])
    return [Point(job.problem.classes, int(seed), int(result.trace_steps[k]),
                  float(result.trace["loss"][i, k]))
            for i, seed in enumerate(result.seeds) for k in chosen]


def paths(points: Iterable[Point]) -> dict[int, list[tuple[int, float]]]:
    """{seed: [(step, loss), ...]}."""
    return {seed: [(p.step, p.loss) for p in run] for seed, run in group(points, "seed").items()}


def draw_ranks(axes: Any, runs: Sequence[Run]) -> None:
    """The grid of ranks of all runs that did not diverge, lowest loss first."""
    runs = sorted((run for run in runs if run.label != "diverged"), key=lambda run: run.loss)
    before, after = ([[int(rank) for rank in getattr(run, side).split()] for run in runs]
                     for side in ("before", "after"))
    rank_grid(axes, before, after, [f"{run.loss:.4f}" for run in runs])


def group(rows: Iterable[Any], *columns: str) -> dict[Any, list[Any]]:
    """Rows by the values of one column, or of several as a tuple; in order of appearance."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        values = tuple(getattr(row, column) for column in columns)
        found.setdefault(values if len(values) > 1 else values[0], []).append(row)
    return found


def share(rows: Sequence[Run], label: str) -> tuple[float, float, float]:
    """The share of runs with this label, and the ends of its Wilson 95 % interval.

    >>> row = Run(3, 2, 6, 0.1, 1.0, 0, 0.3, 0.3, "dnc", 3.0, "3 3", "3")
    >>> [round(value, 3) for value in share([row] * 10, "dnc")]
    [1.0, 0.722, 1.0]
    """
    n, z = len(rows), 1.96
    p = sum(row.label == label for row in rows) / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return p, max(0.0, centre - half), min(1.0, centre + half)


def mean_rank(rows: Sequence[Run]) -> tuple[float, float]:
    """The mean rank over the runs that did not diverge, and its standard error."""
    ranks = np.array([row.rank for row in rows if row.label != "diverged"])
    if ranks.size == 0:
        return math.nan, math.nan
    error = ranks.std(ddof=1) / math.sqrt(ranks.size) if ranks.size > 1 else 0.0
    return float(ranks.mean()), float(error)


def trend(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation; 0 where y does not move.

    >>> trend([1, 2, 3], [5, 5, 5]), round(trend([1, 2, 3], [1, 4, 9]), 12)
    (0.0, 1.0)
    """
    if len(set(y)) < 2 or len(set(x)) < 2:
        return 0.0
    return float(spearmanr(x, y).statistic)


def clear(x: Sequence[float], y: Sequence[float], sign: int) -> bool:
    """Whether y rises (sign 1) or falls (-1) with x: by rank correlation, and end to end."""
    return sign * trend(x, y) >= CLEAR and sign * (y[-1] - y[0]) > 0
