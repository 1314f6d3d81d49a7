"""What `solve` needs of a method, and the methods by name."""

from __future__ import annotations

from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import choice, integer, nonnegative, positive
from nctheory.problem import Problem
from nctheory.solver.descent import DECAYS, DTYPES, TABLES, Descent
from nctheory.solver.program import AVERAGES, Program
from nctheory.solver.quasi_newton import QuasiNewton
from nctheory.solver.state import State

MethodName = Literal["gd", "momentum", "nesterov", "adam", "signgd", "muon", "quasi-newton"]
METHODS = get_args(MethodName)


class Method(Protocol):
    """How runs are brought to their end."""

    @property
    def problem(self) -> Problem:
        """What is minimised."""

    @property
    def width(self) -> int:
        """d of every layer."""

    @property
    def steps(self) -> int:
        """Most steps or evaluations of a run."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of operations that `Program` must write."""

    @property
    def interleaved(self) -> bool | None:
        """The memory layout it needs; None: either."""

    @property
    def points(self) -> int:
        """Points of the trace."""

    @property
    def trace_steps(self) -> NDArray[np.int64]:
        """The steps of these points, where they are known in advance."""

    @property
    def kinked(self) -> int:
        """Slopes of kinks kept for each run."""

    @property
    def averages(self) -> int:
        """Averages of past gradients kept for each run."""

    @property
    def dtype(self) -> str:
        """The precision of the kernels' arithmetic."""

    def dense_memory(self) -> int:
        """Doubles that one thread holds beside its program's."""

    def run(self, state: State, rows: list[int], program: Program) -> None:
        """Bring the runs `rows` to their end, or until cancelled."""


def method_by_name(name: str, problem: Problem, width: int, *, learning_rate: float,
                   momentum: float, decay: str, dtype: str, steps: int | None, tol: float | None,
                   smoothing: float, trace_every: int | None) -> Method:
    """The method with its defaults filled in.

    Raises
    ------
    InputError
        For an unknown name or a setting outside its domain.
    """
    choice("method", name, METHODS)
    choice("decay", decay, DECAYS)
    choice("dtype", dtype, ("float64",) if name == "quasi-newton" else DTYPES)
    positive("smoothing", smoothing)
    momentum = nonnegative("momentum", momentum, below=1.0)
    if name == "quasi-newton":
        return QuasiNewton(
            problem, width, integer("steps", 20000 if steps is None else steps, 1),
            2e-9 if tol is None else positive("tol", tol), smoothing)
    steps = integer("steps", 1000 if steps is None else steps, 1)
    every = max(1, steps // 10) if trace_every is None else trace_every
    return Descent(problem, width, name, positive("learning_rate", learning_rate),
                   momentum if AVERAGES.get(TABLES[name]) else 0.0, steps,
                   integer("trace_every", every, 1),
                   0.0 if tol is None else nonnegative("tol", tol), trace_every is not None,
                   decay, dtype)
