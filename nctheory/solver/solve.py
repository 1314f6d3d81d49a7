"""`solve`: train one problem from many starts.

Which method finds low losses (K = 10, L = 4, d = 30, decay 0.004; seeds 1000 to 1063, 20000 steps
of descent; deep neural collapse has 0.0992, the triangular construction 0.0811):

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

Only smoothing 0.1 ended at the triangular structure (3 of 64), at two to three times the cost;
0.3 is the default.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nctheory import limits
from nctheory.errors import InputError, integer, require, show
from nctheory.network import Array, Parameters, collapse, expand, pack, unpack
from nctheory.problem import Problem
from nctheory.solver.batch import Batch, Progress
from nctheory.solver.descent import Decay, Precision
from nctheory.solver.machine import check_memory, check_sizes, processors
from nctheory.solver.methods import MethodName, method_by_name
from nctheory.solver.program import Program
from nctheory.solver.quasi_newton import SMOOTHING
from nctheory.solver.result import Result
from nctheory.solver.starts import Start, shapes, starting_point
from nctheory.solver.state import State


def solve(problem: Problem, width: int | None = None,
          seeds: Iterable[int] = range(64), *,  # noqa: B008
          method: MethodName = "gd", learning_rate: float = 0.5, momentum: float = 0.9,
          decay: Decay = "coupled", dtype: Precision = "float64",
          steps: int | None = None, tol: float | None = None,
          init: Start | Sequence[ArrayLike] = "gaussian", scale: float = 1.0, noise: float = 0.0,
          smoothing: float = SMOOTHING, trace_every: int | None = None,
          collapsed: bool = False, threads: int | None = None,
          checkpoint: str | Path | None = None, progress: Progress | None = None,
          keep_partial: bool = False) -> Result:
    r"""Minimise the loss of `problem` from one random start a seed.

    A run's numbers depend on its seed and the settings only: not on the other runs, nor on the
    number of threads.  A run that fails is a row that says so, and costs no other run.

    Parameters
    ----------
    problem : Problem
    width : int, optional
        d of every layer; by default problem.width, or else 30.  Any width >= 1 runs: below K
        (K - 1 for "ce") deep neural collapse does not fit, and no run can become it.  Given
        init matrices that are wider are refused with the width they need.
    seeds : iterable of int >= 0
        One run each.
    method : {"gd", "momentum", "nesterov", "adam", "signgd", "muon", "quasi-newton"}
        Full-batch descent, g the gradient in one factor p, eta the learning rate, mu the
        momentum:

        * "gd": p <- p - eta g, as in the papers;
        * "momentum": v <- mu v + g, p <- p - eta v; "nesterov": p <- p - eta (g + mu v);
        * "adam": m <- mu m + (1 - mu) g, v <- 0.999 v + 0.001 g^2, both over the sum of their
          weights, p <- p - eta m / (sqrt v + 1e-8) (Kingma and Ba 2015);
        * "signgd": p <- p - eta sign(g), without momentum;
        * "muon": v <- mu v + g, p <- p - eta U V^T with v = U S V^T.  Singular values above
          1e-3 |v|_F become 1 to rounding, smaller ones at most 1: a rank is not made up
          (`nctheory.solver.polar`).  No factor of the shape joins the rate.

        Or L-BFGS with smoothing continuation and an exact finish on the kinks (see
        `nctheory.solver.quasi_newton`).
    decay : {"coupled", "decoupled"}
        How the weight decay lam of a factor acts in descent: g is the gradient of the loss
        with its penalty lam |p|^2 / 2 (coupled), or of the fit alone, and p is multiplied by
        1 - eta lam before the step (decoupled; "adam" is then AdamW).  For "gd" the two are
        one.  With the other methods decoupled runs do not settle where the loss does: a fixed
        point of "signgd" has entries of at most 1/lam, one of "muon" spectral norms of at most
        1/lam.  Loss and stationarity reported are those of `problem` in any case.
    learning_rate, momentum : float
        For the descent methods.
    dtype : {"float64", "float32"}
        The precision in which descent computes; starts and all that is measured of end points
        are in double precision.  Only "float64" for quasi-Newton.
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
        fast, narrow finds low losses more often: see the module.
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
    keep_partial : bool
        On Ctrl-C return what is done, with `interrupted` set, instead of raising.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        For arguments outside their domains, an unreadable or foreign checkpoint, and when the
        memory needed exceeds what is available.
    KeyboardInterrupt
        On Ctrl-C, once the runs have stopped and the checkpoint is written.

    Examples
    --------
    >>> result = solve(Problem(classes=3, layers=2), width=8, seeds=range(4), steps=200)
    >>> result.loss.shape, bool(result.loss.max() < 0.5)
    ((4,), True)
    """
    require(isinstance(problem, Problem), "problem", "be an nctheory.Problem", problem)
    seeds = _seeds(seeds)
    width = integer("width", _width(problem) if width is None else width, 1)
    threads = integer("threads", processors() if threads is None else threads, 1)
    solved = collapse(problem) if collapsed else problem
    solver = method_by_name(method, solved, width, learning_rate=learning_rate,
                            momentum=momentum, decay=decay, dtype=dtype, steps=steps, tol=tol,
                            smoothing=smoothing, trace_every=trace_every)
    check_sizes(solver, len(seeds))
    program = Program(solved, width, solver.tables, solver.interleaved, solver.dtype)
    check_memory(program, solver, len(seeds), threads)
    starts = [starting_point(solved, width, seed, init, scale, noise) for seed in seeds]
    state = State.fresh(starts, solver.points, solver.averages, solver.kinked)
    settings: dict[str, object] = {
        "solver": repr(solver), "seeds": seeds, "scale": scale, "noise": noise,
        "init": init if isinstance(init, str) else _fingerprint(starts), "collapsed": collapsed}
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and path.exists():
        state.load(path, settings)
    started = time.perf_counter()
    interrupted = Batch(solver, program, state, path, settings).run(threads, progress)
    if interrupted and not keep_partial:
        raise KeyboardInterrupt
    solutions, slopes = _matrices(state, solved, width)
    if collapsed:
        solutions, slopes = _expanded(solutions, slopes, problem)
    return Result(
        problem=problem, width=width, method=method, seeds=np.array(seeds), solutions=solutions,
        slopes=slopes, steps=state.steps, finished=state.finished, diverged=state.diverged,
        failed=state.failed, trace_values=state.trace, trace_ranks=state.ranks,
        trace_steps=solver.trace_steps, interrupted=interrupted,
        seconds=time.perf_counter() - started)


def _seeds(seeds: Iterable[int]) -> list[int]:
    if not isinstance(seeds, Iterable):
        raise InputError("seeds must be integers, one a run, such as range(3) or [3], "
                         f"got {show(seeds)}")
    found = [integer("seeds", seed, 0) for seed in limits.few("seeds", seeds)]
    require(len(found) > 0, "seeds", "not be empty", found)
    return found


def _width(problem: Problem) -> int:
    return 30 if problem.width is None else problem.width


def _fingerprint(starts: list[Parameters]) -> str:
    """A digest of starting points: a checkpoint of others is not resumed."""
    return hashlib.sha256(b"".join(pack(start).tobytes() for start in starts)).hexdigest()


def _matrices(state: State, problem: Problem,
              width: int) -> tuple[list[Parameters], list[list[Array] | None]]:
    """The end points, and the slopes at their kinks where the method keeps them."""
    solutions = [unpack(row, shapes(problem, width)) for row in state.parameters]
    if not state.slopes.size:
        return solutions, [None] * len(solutions)
    like = (problem.layers - 1, width, sum(problem.class_sizes))
    return solutions, [list(row.reshape(like)) for row in state.slopes]


def _expanded(solutions: list[Parameters], slopes: list[list[Array] | None],
              problem: Problem) -> tuple[list[Parameters], list[list[Array] | None]]:
    """The same for the problem whose collapse was solved."""
    n = problem.balanced_samples
    return ([expand(parameters, problem) for parameters in solutions],
            [kept and [np.repeat(m, n, axis=1) for m in kept] for kept in slopes])
