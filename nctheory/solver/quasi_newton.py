"""L-BFGS on a smoothed (leaky) ReLU, then exactly onto the kinks.

1. Continuation: minimise with sigma smoothed over a width e (slope (1 + a)/2 + h/e, clipped to
   [a, 1], a the slope below 0: 0 for ReLU), each to a moderate gradient: e = 0.3 (or what
   `smoothing` says), 0.1, 0.03, 0.01.
2. The method of multipliers.  Every pre-activation h has a shift t in [a, 1], its smoothed
   slope is clip(t + h/e, a, 1), and after each minimisation t becomes that slope.  A fixed
   point has t = 1 where h > 0, t = a where h < 0, and a < t < 1 only where h = 0: it is a
   stationary point of the loss itself, with t the slopes at its kinks, for whatever width e it
   was reached with.  So e need not go to 0, and the problem stays well conditioned; it is
   narrowed only while the largest |h| at a kink shrinks too slowly.
3. Closer to it Newton's method takes the place of L-BFGS (`finish.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nctheory.network import (
    Parameters,
    fit,
    forward,
    gradient,
    pack,
    regularisation,
    unpack,
)
from nctheory.problem import Problem
from nctheory.solver import kernels
from nctheory.solver.finish import LARGEST, newton_finish
from nctheory.solver.outcome import ranks
from nctheory.solver.program import Program
from nctheory.solver.sigma import leak
from nctheory.solver.starts import shapes
from nctheory.solver.state import State

SMOOTHING = 0.3
WIDTHS = (0.1, 0.03, 0.01)  # of smoothing, after the first
NARROWEST = 3e-3
ROUGH = 1e-5  # gradient norm at which the continuation moves on
KINK_ERROR = 1e-8  # largest |h| left at a kink
MEMORY = 10
NEWTON_ERROR = 1e-4  # largest |h| at a kink for a first try with Newton's method
NEWTON_WIDTH = 3.0  # it slides along wide kinks more freely, and narrows them later


@dataclass(frozen=True)
class QuasiNewton:
    """`steps` bounds the evaluations by L-BFGS in a run, `tol` the gradient norm it ends with,
    `smoothing` is the first width."""

    problem: Problem
    width: int
    steps: int
    tol: float
    smoothing: float = SMOOTHING

    tables = ("smooth",)
    interleaved = False
    averages = 0
    dtype = "float64"

    @property
    def trace_steps(self) -> NDArray[np.int64]:
        """None are known in advance: the trace's points are where the phases end."""
        return np.zeros(0, np.int64)

    def dense_memory(self) -> int:
        """Doubles of the dense Hessian and of the kinks' derivatives."""
        if not self.kinked:
            return 0
        unknowns = min(sum(a * b for a, b in shapes(self.problem, self.width)), LARGEST)
        return unknowns * (3 * unknowns + 4 * self.kinked)

    @property
    def widths(self) -> tuple[float, ...]:
        """Widths of the continuation."""
        return (self.smoothing, *(width for width in WIDTHS if width < self.smoothing))

    @property
    def points(self) -> int:
        """Points of the trace: the start, the end of each width, the end."""
        return 2 + (len(self.widths) if self.kinked else 0)

    @property
    def kinked(self) -> int:
        """Pre-activations that may sit on a kink."""
        if leak(self.problem) == 1:
            return 0
        return (self.problem.layers - 1) * self.width * sum(self.problem.class_sizes)

    def run(self, state: State, rows: list[int], program: Program) -> None:
        """Bring one run to its end; a run that is cancelled starts again next time."""
        row, = rows
        if state.finished[row]:
            return
        run = _Run(self, state, row, program)
        norm = run.to_the_end()
        if norm is None:
            return
        with state.lock:
            run.look(self.points - 1, norm)
            state.parameters[row] = pack(run.parameters())
            if run.shifts:
                state.slopes[row] = pack(run.shifts)
            state.steps[row], state.finished[row] = run.used, True


class _Run:
    """One run on its way: its work array, the shifts of its kinks, the evaluations used."""

    def __init__(self, method: QuasiNewton, state: State, row: int, program: Program) -> None:
        self.method, self.problem, self.state, self.row = method, method.problem, state, row
        self.program, self.work, self.used = program, program.new_work(), 0
        program.write(self.work, program.parameters, 0,
                      unpack(state.parameters[row], shapes(method.problem, method.width)))
        self.shifts = [program.view(self.work, slot) for slot in program.shifts]
        for shift in self.shifts:
            shift[:] = 0.5 * (1.0 + program.leak)
        self.ends = np.array([slot.offset for slot in program.parameters[1:]]
                             + [program.parameter_size])
        self.memory = np.empty((MEMORY + 1, 2, program.parameter_size))

    def parameters(self) -> Parameters:
        """[H_1, W_1, ..., W_L] as they stand, as copies."""
        return self.program.read(self.work, self.program.parameters, 0)

    def gradient_norm(self) -> float:
        """|g|_F of the loss itself, with the shifts as slopes."""
        return float(np.linalg.norm(pack(gradient(self.parameters(), self.problem,
                                                  self.shifts or None))))

    def look(self, point: int, norm: float) -> None:
        """Set a point of the trace."""
        found = self.parameters()
        penalty = float(regularisation(found, self.problem))
        value = float(fit(forward(found, self.problem)[1], self.problem))
        self.state.trace[self.row, point] = (value + penalty, value, penalty, norm, self.used)
        if np.isfinite(value + penalty):
            self.state.ranks[self.row, point] = ranks(found, self.problem)

    def minimise(self, width: float, tolerance: float) -> float:
        """L-BFGS on the loss smoothed over `width`; the gradient norm it ended with."""
        numbers = np.array([0.0, 0.0, 0.0, width, self.program.leak, 1.0,
                            *self.problem.decays])
        losses = self.program.losses
        _, norm, count = kernels.minimise(
            self.work, self.program.smooth, numbers,
            self.work[losses.offset:losses.offset + losses.row_stride], self.ends,
            self.program.gradients[0].offset, self.memory, tolerance,
            max(1, self.method.steps - self.used))
        self.used += count
        return float(norm)

    def to_the_end(self) -> float | None:
        """All phases; the last gradient norm, or None where cancelled."""
        self.look(0, float(np.linalg.norm(pack(gradient(self.parameters(), self.problem)))))
        if not self.shifts:
            return self.minimise(1.0, self.method.tol)
        norm, tol = np.inf, self.method.tol
        for point, width in enumerate(self.method.widths, start=1):
            norm = self.minimise(width, max(ROUGH, tol))
            self.look(point, norm)
            if self.state.cancelled.is_set():
                return None
        return self.onto_the_kinks(self.method.widths[-1], norm)

    def onto_the_kinks(self, width: float, norm: float) -> float | None:
        """The method of multipliers, with Newton's method as soon as it is near enough."""
        tol, error, goal, newton_at = self.method.tol, np.inf, ROUGH, NEWTON_ERROR
        first = width
        while True:
            before, error = error, self.multipliers(width)
            if error <= KINK_ERROR and goal <= tol:
                return norm
            if error <= newton_at:
                newton_at = 0.1 * error
                end = self.newton(width)
                if end == "stationary":
                    return self.gradient_norm()
                if end == "far":  # from a saddle: as after the continuation
                    width, error, before, newton_at = first, np.inf, np.inf, NEWTON_ERROR
            if self.used >= self.method.steps:
                return norm
            if error > 0.5 * before:
                width = max(NARROWEST, 0.3 * width)
            goal = max(tol, min(ROUGH, 0.01 * error))
            norm = self.minimise(width, goal)
            if self.state.cancelled.is_set():
                return None

    def newton(self, width: float) -> str:
        """Go on by Newton's method; how that ended (`newton_finish`)."""
        found = newton_finish(self.parameters(), [shift.copy() for shift in self.shifts],
                              self.problem, NEWTON_WIDTH * width, self.method.tol)
        if found is None:
            return "stuck"
        self.program.write(self.work, self.program.parameters, 0, found[0])
        for shift, slope in zip(self.shifts, found[1], strict=True):
            shift[:] = slope
        return found[2]

    def multipliers(self, width: float) -> float:
        """Make every shift the slope reached; the largest |h| where it was not a or 1 yet."""
        features, _ = forward(self.parameters(), self.problem)
        error = 0.0
        for shift, h in zip(self.shifts, features[1:], strict=True):
            slope = np.clip(shift + h / width, self.program.leak, 1.0)
            error = max(error, width * float(np.abs(slope - shift).max()))
            shift[:] = slope
        return error
