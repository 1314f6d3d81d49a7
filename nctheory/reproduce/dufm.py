"""What the experiments on unconstrained features models share: training, tables, statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import network
from nctheory.constructions import Orthogonal
from nctheory.metrics import Moments, trace_ratio
from nctheory.problem import Problem
from nctheory.reproduce import drawing
from nctheory.reproduce.kept import Parameters, Progress, place
from nctheory.reproduce.tables import clear, group, share
from nctheory.solver import Result, solve
from nctheory.solver.methods import MethodName

TRACE_EVERY = 100
CURVE_POINTS = 120
HISTORY_POINTS = 24


@dataclass(frozen=True)
class Job:
    """One batch of runs, as `solve` takes it; `start` is also "dnc", its closed form and noise.

    Runs stop before `steps` where the gradient's norm is at most `tol` at a point of the trace.
    """

    problem: Problem
    width: int
    steps: int
    learning_rate: float
    scale: float = 1.0
    trace_every: int | None = None
    method: MethodName = "gd"
    collapsed: bool = False
    start: str = "gaussian"
    noise: float = 0.0
    tol: float = 0.0


def job_of(problem: Problem, parameters: Parameters, **more: Any) -> Job:
    """Descent as an experiment's parameters have it, with a trace."""
    return Job(problem, parameters["width"], parameters["steps"], parameters["learning_rate"],
               **{"trace_every": TRACE_EVERY, **more})


def descent(problem: Problem, width: int, times: float, rate: float, scale: float = 1.0,
            tol: float = 0.0) -> Job:
    """Gradient descent for so many times 1 / (rate lam), the time in which decay acts.

    So runs at small and at large weight decays are equally far when they are compared.
    """
    time = 1 / (rate * problem.decays[-1])
    return Job(problem, width, round(times * time), rate, scale, tol=tol,
               trace_every=max(1, round(min(1, times) * time)) if tol else None)


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


class CurvePoint(NamedTuple):
    """The loss of one run at one step, and its parts."""

    classes: int
    seed: int
    step: int
    loss: float
    fit: float
    regularisation: float


class Variability(NamedTuple):
    """DNC1 over training: tr Sigma_W / tr Sigma_B of H_l of one run at one step."""

    seed: int
    step: int
    layer: int
    trace_ratio: float


class SingularValue(NamedTuple):
    """A singular value of M_l at the end of one run, before ("M") or after sigma ("sigma(M)")."""

    seed: int
    matrix: str
    layer: int
    number: int
    value: float


class Entry(NamedTuple):
    """An entry of a matrix that a figure shows."""

    classes: int
    matrix: str
    row: int
    column: int
    value: float


def dnc_loss(problem: Problem) -> float:
    """The least loss of deep neural collapse."""
    return Orthogonal(classes=problem.classes).loss(problem)


def trained(jobs: Sequence[Job], seeds: range,
            progress: Progress | None) -> Iterator[tuple[Job, Result]]:
    """Every job with its result; an interruption goes on to the caller.

    What is done is kept, and taken from there: see `nctheory.reproduce.kept`.
    """
    total = len(jobs) * len(seeds)
    for done, job in enumerate(jobs):
        init: Any = Orthogonal(classes=job.problem.classes).weights(job.problem) \
            if job.start == "dnc" else job.start
        result = solve(job.problem, job.width, seeds, steps=job.steps, scale=job.scale,
                       init=init, noise=job.noise, tol=job.tol or None, collapsed=job.collapsed,
                       learning_rate=job.learning_rate, trace_every=job.trace_every,
                       method=job.method, checkpoint=place(".npz", job, seeds),
                       progress=progress and partial(_counted, progress, done * len(seeds), total))
        if result.interrupted:
            raise KeyboardInterrupt
        if progress is not None:
            progress((done + 1) * len(seeds), total)  # nothing is counted for what was kept
        yield job, result


def _counted(progress: Progress, before: int, total: int, finished: int, _: int) -> None:
    """Runs finished in one job, counted on after the jobs before it."""
    progress(before + finished, total)


def run_rows(job: Job, result: Result) -> list[Run]:
    """A row for each run."""
    problem, rows, dnc = job.problem, [], dnc_loss(job.problem)
    for i in range(len(result)):
        before, after = result.ranks[i].T
        rows.append(Run(
            problem.classes, problem.layers, job.width, problem.decays[-1], job.scale,
            int(result.seeds[i]), float(result.loss[i]), dnc, str(result.label[i]),
            float(before[1:].mean()) if result.sound(i) else math.nan,
            " ".join(map(str, before)), " ".join(map(str, after[1:]))))
    return rows


def curve_rows(job: Job, result: Result) -> list[CurvePoint]:
    """The traces, thinned to steps that are even in the logarithm."""
    last = len(result.trace_steps) - 1
    chosen = np.unique(np.r_[0, np.geomspace(1, last, CURVE_POINTS).round().astype(int)])
    parts = [result.trace[name] for name in ("loss", "fit", "regularisation")]
    return [CurvePoint(job.problem.classes, int(seed), int(result.trace_steps[k]),
                       *(float(part[i, k]) for part in parts))
            for i, seed in enumerate(result.seeds) for k in chosen]


def variability_rows(job: Job, seed: int) -> list[Variability]:
    """DNC1 of each layer over training: the job's descent run again, in pieces."""
    stops = np.unique(np.geomspace(1, job.steps, HISTORY_POINTS).round().astype(int))
    rows: list[Variability] = []
    init: Any = "gaussian"
    for before, after in zip(np.r_[0, stops], stops, strict=False):
        piece = solve(job.problem, job.width, [seed], steps=int(after - before), init=init,
                      learning_rate=job.learning_rate, threads=1,
                      scale=job.scale if before == 0 else 1.0)
        if not piece.sound(0):
            break
        init = piece.parameters(0)
        features, _ = network.forward(init, job.problem)
        classes = network.labels(job.problem)
        rows += [Variability(seed, int(after), l, trace_ratio(Moments.of(H.T, classes)))
                 for l, H in enumerate(features, start=1)]
    return rows


def singular_rows(result: Result) -> list[SingularValue]:
    """The singular values of M_2..M_L, before and after sigma, of every sound run."""
    rows = []
    for i in filter(result.sound, range(len(result))):
        for l, M in enumerate(result.means(i)[1:], start=2):
            for name, matrix in (("M", M), ("sigma(M)", network.activate(M, result.problem))):
                values = np.linalg.svd(matrix, compute_uv=False)[: result.problem.classes]
                rows += [SingularValue(int(result.seeds[i]), name, l, k, float(value))
                         for k, value in enumerate(values, start=1)]
    return rows


def entry_rows(classes: int, name: str, matrix: NDArray[np.float64]) -> list[Entry]:
    """A matrix as rows of a table."""
    return [Entry(classes, name, i, j, float(value)) for (i, j), value in np.ndenumerate(matrix)]


def matrices(entries: Iterable[Entry]) -> dict[str, NDArray[np.float64]]:
    """The matrices that `entry_rows` took apart."""
    found = {}
    for name, part in group(entries, "matrix").items():
        rows, columns, values = zip(*((e.row, e.column, e.value) for e in part), strict=True)
        found[name] = np.zeros((max(rows) + 1, max(columns) + 1))
        found[name][rows, columns] = values
    return found


def paths(points: Iterable[Any], column: str = "seed") -> list[list[tuple[int, float]]]:
    """[(step, loss), ...] of each run."""
    return [[(p.step, p.loss) for p in run] for run in group(points, column).values()]


def draw_ranks(axes: Any, runs: Sequence[Run], after: bool = True) -> None:
    """The grid of ranks of all runs that did not diverge, lowest loss first."""
    runs = sorted((run for run in runs if run.label != "diverged"), key=lambda run: run.loss)
    drawing.rank_grid(axes, [run.before.split() for run in runs],
                      [run.after.split() if after else [] for run in runs],
                      [f"{run.loss:.4f}" for run in runs])


def setting(parameters: Parameters) -> str:
    """What was trained, in words."""
    words = {"classes": "K = {}", "layers": "L = {}", "samples": "{} samples a class",
             "weight_decay": "lam = {:g}", "width": "d = {}", "learning_rate": "rate {:g}",
             "steps": "{} steps", "times": "{}/(rate lam) steps", "tol": "or |gradient| < {:g}"}
    values = {**parameters, "classes": ", ".join(
        map(str, np.atleast_1d(parameters["classes"])))}
    return ", ".join(word.format(values[key]) for key, word in words.items() if values.get(key))


def is_dnc(run: Run) -> bool:
    """Whether a run was called deep neural collapse."""
    return run.label == "dnc"


def is_below(run: Run) -> bool:
    """Whether a run ended below the least loss of deep neural collapse (by more than 1e-6)."""
    return run.loss < run.dnc * (1 - 1e-6)


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


def by_log2_decay(rows: Sequence[Run]) -> dict[float, list[Run]]:
    """Runs by the logarithm of their weight decay to base 2."""
    return {math.log2(decay): part for decay, part in group(rows, "weight_decay").items()}


def draw_share(axes: Any, groups: Mapping[float, Sequence[Run]], holds: Callable[[Run], bool],
               label: str) -> None:
    """The share of runs of which something holds in each group, with its interval."""
    drawing.with_interval(axes, list(groups), [share(rows, holds) for rows in groups.values()],
                          label)
    axes.set(ylim=(-0.03, 1.03))


def draw_mean_rank(axes: Any, groups: Mapping[float, Sequence[Run]], label: str) -> None:
    """The mean rank of each group, with two standard errors to either side."""
    ranks = [mean_rank(rows) for rows in groups.values()]
    drawing.with_interval(axes, list(groups), [(m, m - 2 * e, m + 2 * e) for m, e in ranks],
                          label)
