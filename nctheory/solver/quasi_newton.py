"""L-BFGS on a smoothed ReLU, then exactly onto the kinks.

1. Continuation: minimise with sigma smoothed over a width e (slope 1/2 + h/e, clipped to
   [0, 1]), each to a moderate gradient: e = 0.3 (or what `smoothing` says), 0.1, 0.03, 0.01.
2. The method of multipliers.  Every pre-activation h has a shift t in [0, 1], its smoothed
   slope is clip(t + h/e, 0, 1), and after each minimisation t becomes that slope.  A fixed
   point has t = 1 where h > 0, t = 0 where h < 0, and 0 < t < 1 only where h = 0: it is a
   stationary point of the loss itself, with t the slopes at its kinks, for whatever width e it
   was reached with.  So e need not go to 0, and the problem stays well conditioned; it is
   narrowed only while the largest |h| at a kink shrinks too slowly.
3. Closer to it Newton's method takes the place of L-BFGS (`finish.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nctheory.network import (
    Array,
    fit,
    forward,
    gradient,
    pack,
    regularisation,
    unpack,
)
from nctheory.problem import Problem
from nctheory.solver import kernels
from nctheory.solver.finish import newton_finish
from nctheory.solver.outcome import ranks
from nctheory.solver.program import Program
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
        if self.problem.activation == "linear":
            return 0
        return (self.problem.layers - 1) * self.width * sum(self.problem.class_sizes)

    def run(self, state: State, rows: list[int], program: Program) -> None:
        """Bring one run to its end; a run that is cancelled starts again next time."""
        row, = rows
        if state.finished[row]:
            return
        like, work = shapes(self.problem, self.width), program.new_work()
        program.write(work, program.parameters, 0, unpack(state.parameters[row], like))
        shifts = [program.view(work, slot) for slot in program.shifts]
        for shift in shifts:
            shift[:] = 0.5
        ends = np.array([slot.offset for slot in program.parameters[1:]]
                        + [program.parameter_size])
        memory = np.empty((MEMORY + 1, 2, program.parameter_size))
        losses = program.losses
        column_fit = work[losses.offset:losses.offset + losses.row_stride]
        used = 0

        def look(point: int, norm: float) -> None:
            found = program.read(work, program.parameters, 0)
            penalty = float(regularisation(found, self.problem))
            value = float(fit(forward(found, self.problem)[1], self.problem))
            state.trace[row, point] = (value + penalty, value, penalty, norm, used)
            state.ranks[row, point] = ranks(found, self.problem)

        def minimise(width: float, tolerance: float) -> float:
            nonlocal used
            numbers = np.array([0.0, 0.0, 0.0, width, *self.problem.decays])
            _, norm, count = kernels.minimise(
                work, program.smooth, numbers, column_fit, ends,
                program.gradients[0].offset, memory, tolerance, max(1, self.steps - used))
            used += count
            return float(norm)

        look(0, float(np.linalg.norm(pack(gradient(
            program.read(work, program.parameters, 0), self.problem)))))
        if not shifts:
            norm = minimise(1.0, self.tol)
        else:
            for point, width in enumerate(self.widths, start=1):
                norm = minimise(width, max(ROUGH, self.tol))
                look(point, norm)
                if state.cancelled.is_set():
                    return
            error, goal, newton_at = np.inf, ROUGH, NEWTON_ERROR
            while True:
                before, error = error, self._multipliers(program, work, shifts, width)
                if error <= KINK_ERROR and goal <= self.tol:
                    break
                if error <= newton_at:
                    newton_at = 0.1 * error
                    if self._newton(program, work, shifts, width):
                        norm = float(np.linalg.norm(pack(gradient(program.read(
                            work, program.parameters, 0), self.problem, shifts))))
                        break
                if used >= self.steps:
                    break
                if error > 0.5 * before:
                    width = max(NARROWEST, 0.3 * width)
                goal = max(self.tol, min(ROUGH, 0.01 * error))
                norm = minimise(width, goal)
                if state.cancelled.is_set():
                    return
        with state.lock:
            look(self.points - 1, norm)
            state.parameters[row] = pack(program.read(work, program.parameters, 0))
            if shifts:
                state.slopes[row] = pack(shifts)
            state.steps[row], state.finished[row] = used, True

    def _newton(self, program: Program, work: Array, shifts: list[Array],
                width: float) -> bool:
        """Go on by Newton's method; whether that ended at a stationary point."""
        found = newton_finish(program.read(work, program.parameters, 0),
                              [shift.copy() for shift in shifts], self.problem,
                              NEWTON_WIDTH * width, self.tol)
        if found is None:
            return False
        program.write(work, program.parameters, 0, found[0])
        for shift, slope in zip(shifts, found[1], strict=True):
            shift[:] = slope
        return found[2]

    def _multipliers(self, program: Program, work: Array, shifts: list[Array],
                     width: float) -> float:
        """Make every shift the slope reached; the largest |h| where it was not 0 or 1 yet."""
        features, _ = forward(program.read(work, program.parameters, 0), self.problem)
        error = 0.0
        for shift, h in zip(shifts, features[1:], strict=True):
            slope = np.clip(shift + h / width, 0.0, 1.0)
            error = max(error, width * float(np.abs(slope - shift).max()))
            shift[:] = slope
        return error
