"""What the experiments on unconstrained features models share: training, tables, statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from nctheory.problem import Problem
from nctheory.reproduce.drawing import rank_grid
from nctheory.reproduce.reproduction import Progress
from nctheory.reproduce.tables import clear, group
from nctheory.solver import Result, solve

TRACE_EVERY = 100
CURVE_POINTS = 120


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
        result = solve(job.problem, job.width, seeds, steps=job.steps, scale=job.scale,
                       learning_rate=job.learning_rate, trace_every=job.trace_every,
                       progress=progress and partial(_counted, progress, done * len(seeds), total))
        if result.interrupted:
            raise KeyboardInterrupt
        yield job, result


def _counted(progress: Progress, before: int, total: int, finished: int, _: int) -> None:
    """Runs finished in one job, counted on after the jobs before it."""
    progress(before + finished, total)


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


def draw_ranks(axes: Any, runs: Sequence[Run], after: bool = True) -> None:
    """The grid of ranks of all runs that did not diverge, lowest loss first."""
    runs = sorted((run for run in runs if run.label != "diverged"), key=lambda run: run.loss)
    rank_grid(axes, [run.before.split() for run in runs],
              [run.after.split() if after else [] for run in runs],
              [f"{run.loss:.4f}" for run in runs])


def share(rows: Sequence[Run], label: str) -> tuple[float, float, float]:
    """The share of runs with this label, and the ends of its Wilson 95 % interval.

    >>> row = Run(3, 2, 6, 0.1, 1.0, 0, 0.3, 0.3, "dnc", 3.0, "3 3", "3")
    >>> [round(value, 3) for value in share([row] * 10, "dnc")]
    [1.0, 0.722, 1.0]
    """
    hits = sum(row.label == label for row in rows)
    return hits / len(rows), *wilson(hits, len(rows))


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The Wilson score interval of 95 % for a probability, by SciPy.

    >>> [round(bound, 4) for bound in wilson(0, 10)]
    [0.0, 0.2775]
    """
    low, high = binomtest(successes, trials).proportion_ci(method="wilson")
    return float(low), float(high)


def rank_moves(rows: Sequence[Run], column: str, sign: int) -> bool:
    """Whether the rank rises (sign 1) or falls (-1) with a column, over the single runs."""
    sound = [row for row in rows if row.label != "diverged"]
    return clear([getattr(row, column) for row in sound], [row.rank for row in sound], sign)


def share_moves(rows: Sequence[Run], label: str, column: str, sign: int) -> bool:
    """Whether runs with this label grow more (sign 1) or less frequent (-1) with a column."""
    return clear([getattr(row, column) for row in rows],
                 [float(row.label == label) for row in rows], sign)


def mean_rank(rows: Sequence[Run]) -> tuple[float, float]:
    """The mean rank over the runs that did not diverge, and its standard error."""
    ranks = np.array([row.rank for row in rows if row.label != "diverged"])
    if ranks.size == 0:
        return math.nan, math.nan
    error = ranks.std(ddof=1) / math.sqrt(ranks.size) if ranks.size > 1 else 0.0
    return float(ranks.mean()), float(error)
