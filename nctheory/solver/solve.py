"""`solve`: train one problem from many starts."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nctheory.errors import InputError, choice, integer, positive, require
from nctheory.network import Parameters, collapse, expand, pack, unpack
from nctheory.problem import Problem
from nctheory.solver.descent import Descent
from nctheory.solver.finish import LARGEST
from nctheory.solver.program import Program
from nctheory.solver.quasi_newton import SMOOTHING, QuasiNewton
from nctheory.solver.result import Result
from nctheory.solver.starts import shapes, starting_point
from nctheory.solver.state import TRACED, State

METHODS = ("gd", "momentum", "nesterov", "quasi-newton")
SAVE_SECONDS = 10.0


def solve(problem: Problem, width: int | None = None,
          seeds: Iterable[int] = range(64), *,  # noqa: B008
          method: str = "gd", learning_rate: float = 0.5, momentum: float = 0.9,
          steps: int | None = None, tol: float | None = None,
          init: str | Sequence[ArrayLike] = "gaussian", scale: float = 1.0, noise: float = 0.0,
          smoothing: float = SMOOTHING, trace_every: int | None = None,
          collapsed: bool = False, threads: int | None = None,
          checkpoint: str | Path | None = None,
          progress: Callable[[int, int], object] | None = None) -> Result:
    r"""Minimise the loss of `problem` from one random start a seed.

    A run's numbers depend on its seed and the settings only: not on the other runs, nor on the
    number of threads.

    Parameters
    ----------
    problem : Problem
    width : int, optional
        d of every layer; by default problem.width, or else 30.  Any width >= 1 runs: below K
        (K - 1 for "ce") deep neural collapse does not fit, and no run can become it.  Given
        init matrices that are wider are refused with the width they need.
    seeds : iterable of int >= 0
        One run each.
    method : {"gd", "momentum", "nesterov", "quasi-newton"}
        Full-batch gradient descent as in the papers; with momentum (v <- momentum v + g,
        p <- p - rate v) or Nesterov's variant; or L-BFGS with smoothing continuation and an
        exact finish on the kinks (see `nctheory.solver.quasi_newton`).
    learning_rate, momentum : float
        For the descent methods.
    steps : int, optional
        Steps of descent (default 1000), or most evaluations of a quasi-Newton run (20000).
    tol : float, optional
        Gradient norm |g|_F at which a run stops.  Descent looks at every point of the trace
        (default 0: never); quasi-Newton ends there (default 2e-9).
    init : {"gaussian", "orthogonal", "small"} or [H_1, W_1, ..., W_L]
        See `nctheory.solver.starts.starting_point`; matrices are padded to the width.
    scale, noise : float
        Of the random start; of the noise added to given matrices.
    smoothing : float
        Width over which quasi-Newton first smooths the kinks (then 0.1, 0.03, 0.01).  Wide is
        fast, narrow finds low losses more often: see Notes.
    trace_every : int, optional
        Steps of descent between points of the trace (default a tenth of all, without ranks).
    collapsed : bool
        Solve the equivalent problem with one sample a class (`nctheory.network.collapse`) and
        expand its solution.
    threads : int, optional
        Default: the processors available.
    checkpoint : path, optional
        Kept up to date while running; if it exists, the batch goes on from it, to the same
        numbers.
    progress : callable, optional
        Called in this thread with (runs finished, runs).

    Returns
    -------
    Result
        Ctrl-C returns what is done, with `interrupted` set (and leaves the checkpoint).

    Raises
    ------
    InputError
        For arguments outside their domains, an unreadable or foreign checkpoint, and when the
        memory needed exceeds what is available.

    Notes
    -----
    Which method finds low losses (K = 10, L = 4, d = 30, decay 0.004; seeds 1000 to 1063, 20000
    steps of descent; deep neural collapse has 0.0992, the triangular construction 0.0811):

    ==================================  ======  ======  ======
    method                              least   median  below 0.086
    ==================================  ======  ======  ======
    gd, rate 0.5                        0.0883  0.0954       0
    momentum 0.9, rate 0.2              0.0841  0.0885       5
    nesterov 0.9, rate 0.1              0.0863  0.0919       0
    quasi-newton, smoothing 1           0.0822  0.0856      36
    quasi-newton, smoothing 0.3         0.0834  0.0854      35
    quasi-newton, smoothing 0.1         0.0809  0.0856      32
    ==================================  ======  ======  ======

    Only smoothing 0.1 ended at the triangular structure (3 of 64), at two to three times the
    cost; 0.3 is the default.

    Examples
    --------
    >>> result = solve(Problem(classes=3, layers=2), width=8, seeds=range(4), steps=200)
    >>> result.loss.shape, bool(result.loss.max() < 0.5)
    ((4,), True)
    """
    seeds = [integer("seeds", seed, 0) for seed in seeds]
    require(len(seeds) > 0, "seeds", "not be empty", seeds)
    choice("method", method, METHODS)
    if width is None:
        width = problem.width if problem.width is not None else 30
    width = integer("width", width, 1)
    positive("scale", scale)
    positive("smoothing", smoothing)
    require(0 <= momentum < 1, "momentum", "be at least 0 and less than 1", momentum)
    require(noise >= 0 and np.isfinite(noise), "noise", "be finite and at least 0", noise)
    require(tol is None or tol >= 0, "tol", "be at least 0", tol)
    threads = integer("threads", _processors() if threads is None else threads, 1)
    solved = collapse(problem) if collapsed else problem
    if method == "quasi-newton":
        steps = integer("steps", 20000 if steps is None else steps, 1)
        solver: Descent | QuasiNewton = QuasiNewton(
            solved, width, steps, 2e-9 if tol is None else positive("tol", tol),
            smoothing)
    else:
        steps = integer("steps", 1000 if steps is None else steps, 1)
        every = integer("trace_every", max(1, steps // 10) if trace_every is None
                        else trace_every, 1)
        solver = Descent(solved, width, method, positive("learning_rate", learning_rate),
                         0.0 if method == "gd" else momentum, steps, every,
                         0.0 if tol is None else tol, trace_every is not None)
    program = Program(solved, width, solver.tables,
                      False if method == "quasi-newton" else None)
    _check_memory(program, solver, len(seeds), threads)
    starts = [starting_point(solved, width, seed, init, scale, noise) for seed in seeds]
    state = State.fresh(starts, solver.points, method in ("momentum", "nesterov"),
                        getattr(solver, "kinked", 0))
    settings = {"solver": repr(solver), "seeds": seeds, "scale": scale, "noise": noise,
                "init": init if isinstance(init, str) else _fingerprint(starts),
                "collapsed": collapsed}
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and path.exists():
        state.load(path, settings)
    started = time.perf_counter()
    interrupted = _run(solver, state, program, threads, path, settings, progress)
    found = [unpack(row, shapes(solved, width)) for row in state.parameters]
    slopes: list[Any] = [None] * len(seeds)
    if state.slopes.size:
        columns = sum(solved.class_sizes)
        slopes = [list(row.reshape(solved.layers - 1, width, columns)) for row in state.slopes]
    if collapsed:
        n = problem.balanced_samples
        found = [expand(parameters, problem) for parameters in found]
        slopes = [s and [np.repeat(m, n, axis=1) for m in s] for s in slopes]
    return Result(
        problem=problem, width=width, method=method, seeds=np.array(seeds), solutions=found,
        slopes=slopes, steps=state.steps, finished=state.finished, diverged=state.diverged,
        trace_values=state.trace, trace_ranks=state.ranks,
        trace_steps=np.array([] if isinstance(solver, QuasiNewton) else [
            min(i * solver.trace_every, steps) for i in range(solver.points)], dtype=int),
        interrupted=interrupted, seconds=time.perf_counter() - started)


def _fingerprint(starts: list[Parameters]) -> str:
    """A digest of starting points: a checkpoint of others is not resumed."""
    return hashlib.sha256(b"".join(pack(start).tobytes() for start in starts)).hexdigest()


def _processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_memory(program: Program, solver: Descent | QuasiNewton, runs: int,
                  threads: int) -> None:
    """Refuse a batch that would not fit, with the figure."""
    entries = sum(a * b for a, b in shapes(solver.problem, solver.width))
    # A run's entries stand in its start, its state (twice with velocities), and its result.
    needed = 8 * (4 * runs * entries + threads * (program.size + 25 * program.parameter_size)
                  + runs * solver.points * (len(TRACED) + 2 * solver.problem.layers))
    if isinstance(solver, QuasiNewton) and solver.kinked:
        unknowns = min(entries, LARGEST)
        needed += 8 * threads * unknowns * (3 * unknowns + 4 * solver.kinked)
    available = _available_memory()
    if needed > available:
        raise InputError(
            f"seeds x width must fit into memory: {runs} runs of {entries} numbers need "
            f"{needed / 1e9:.1f} GB, and {available / 1e9:.1f} GB are available")


def _available_memory() -> float:
    """Bytes free for use; infinite where the system does not say."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        return float("inf")


def _run(solver: Descent | QuasiNewton, state: State, program: Program, threads: int,
         path: Path | None, settings: dict[str, Any],
         progress: Callable[[int, int], object] | None) -> bool:
    """Work through the groups; True if interrupted."""
    runs = len(state.steps)
    groups = [list(range(i, min(i + program.runs, runs)))
              for i in range(0, runs, program.runs)]
    interrupted, saved = False, time.monotonic()
    # One BLAS thread each: runs are the parallel part, and numbers must not depend on BLAS's.
    with threadpool_limits(1, user_api="blas"), \
            ThreadPoolExecutor(min(threads, len(groups))) as pool:
        pending = {pool.submit(solver.run, state, rows, program) for rows in groups}
        while pending:
            try:
                done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                if progress is not None and done:
                    progress(int(state.finished.sum()), runs)
                if path is not None and time.monotonic() - saved > SAVE_SECONDS:
                    state.save(path, settings)
                    saved = time.monotonic()
            except KeyboardInterrupt:
                interrupted = True
                state.cancelled.set()
            except BaseException:
                state.cancelled.set()
                raise
    if path is not None:
        state.save(path, settings)
    return interrupted
