"""Descent with each of the optimisers, by the kernels: one group of runs at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nctheory.network import Array, pack, unpack
from nctheory.problem import Problem
from nctheory.solver import kernels
from nctheory.solver.outcome import ranks
from nctheory.solver.program import AVERAGES, Program, Slot
from nctheory.solver.starts import shapes
from nctheory.solver.state import State

# Doubles multiplied between two looks at the clock and at Ctrl-C: about half a second.
CHUNK_FLOPS = 2e10

# The table of operations that makes a method's step (`Program`).
TABLES = {"gd": "descent", "momentum": "momentum", "nesterov": "momentum", "adam": "adam",
          "signgd": "sign", "muon": "muon"}
Decay = Literal["coupled", "decoupled"]
Precision = Literal["float64", "float32"]
DECAYS = get_args(Decay)
DTYPES = get_args(Precision)

# Where a factor (or an average of its gradients) lies in the work array, and the rows of the state
# that keep it.
Slots = tuple[tuple[list[Slot], NDArray[np.float64]], ...]


@dataclass(frozen=True)
class Descent:
    """p <- p - rate (g + lam p), or what else `solve` says of the method; all factors at once,
    full batch.  With `decay` decoupled, p <- (1 - rate lam) p - rate (what g alone gives)."""

    problem: Problem
    width: int
    method: str
    rate: float
    inertia: float
    steps: int
    trace_every: int
    tol: float
    ranked: bool
    decay: str = "coupled"
    dtype: str = "float64"

    interleaved = None
    kinked = 0

    @property
    def averages(self) -> int:
        """How many averages of past gradients a run keeps."""
        return AVERAGES.get(TABLES[self.method], 0)

    def dense_memory(self) -> int:
        """None beside the program's."""
        return 0

    @property
    def tables(self) -> tuple[str, ...]:
        """What `Program` must write."""
        return ("gradient", TABLES[self.method])

    @property
    def points(self) -> int:
        """Points of the trace: step 0, every `trace_every`-th, and the last."""
        return math.ceil(self.steps / self.trace_every) + 1

    @property
    def trace_steps(self) -> NDArray[np.int64]:
        """The steps at which the trace has its points."""
        return np.minimum(np.arange(self.points) * self.trace_every, self.steps)

    def flops(self) -> float:
        """Multiplications and additions of one step of one run, counted layer by layer."""
        K, d, L = self.problem.classes, self.width, self.problem.layers
        N = sum(self.problem.class_sizes)
        return 6.0 * ((L - 1) * d * d * N + K * d * N)

    def run(self, state: State, rows: list[int], program: Program) -> None:
        """Bring the runs `rows` (at most one group) to their end, or until cancelled."""
        rows = [row for row in rows if not state.finished[row]]
        if not rows:
            return
        like, work = shapes(self.problem, self.width), program.new_work()
        slots = ((program.parameters, state.parameters),
                 *zip(program.averages, state.averages, strict=True))
        for lane, row in enumerate(rows):
            for where, kept in slots:
                program.write(work, where, lane, unpack(kept[row], like))
        # Of plain descent the two decays are one, and its table is written for the second.
        apart = self.method == "gd" or self.decay == "decoupled"
        numbers = np.array([self.rate, self.inertia, self.method == "nesterov", 0.0,
                            program.leak, apart, *self.problem.decays])
        losses = program.losses
        fit = work[losses.offset:losses.offset + losses.row_stride]
        diverged = np.full(program.lanes, -1, np.int64)
        # Runs of one group start together and are saved together.
        step = int(state.steps[rows[0]])
        chunk = max(1, int(CHUNK_FLOPS / self.flops() / program.runs))
        while not state.cancelled.is_set():
            with state.lock:
                for lane, row in enumerate(rows):
                    blown = diverged if program.interleaved is False else diverged[[lane]]
                    self._keep(state, row, lane, program, work, step, slots, like, blown)
            if step % self.trace_every == 0 or step == self.steps:
                self._look(state, rows, program, work, step, numbers, fit)
            if step == self.steps or state.finished[rows].all():
                state.finished[rows] = True
                return
            target = min(self.steps, step + chunk,
                         (step // self.trace_every + 1) * self.trace_every)
            table = getattr(program, self.tables[1])
            kernels.descend(work, table, numbers, fit, step, target - step, diverged,
                            program.many)
            step = target

    def _keep(self, state: State, row: int, lane: int, program: Program, work: Array, step: int,
              slots: Slots, like: list[tuple[int, int]], diverged: NDArray[np.int64]) -> None:
        """Copy one run out, unless it has stopped before."""
        if state.finished[row]:
            return
        for where, kept in slots:
            kept[row] = pack(program.read(work, where, lane))
        state.steps[row] = step
        if diverged.max() >= 0:
            state.diverged[row] = diverged[diverged >= 0].min()
            state.finished[row] = True

    def _look(self, state: State, rows: list[int], program: Program, work: Array, step: int,
              numbers: Array, fit: Array) -> None:
        """Add a point to the trace, and stop the runs whose gradient is small enough."""
        kernels.descend(work, program.gradient, numbers, fit, step, 1,
                        np.zeros(program.lanes, np.int64), program.many)
        decays = self.problem.decays
        for lane, row in enumerate(rows):
            if state.finished[row]:
                continue
            value = float(program.view(work, program.losses, lane)[0].sum(dtype=np.float64))
            found = program.read(work, program.parameters, lane)
            penalty = sum(decay * float(np.sum(p**2))
                          for decay, p in zip(decays, found, strict=True)) / 2
            norm = math.sqrt(sum(float(np.sum(g**2)) for g
                                 in program.read(work, program.gradients, lane)))
            point = math.ceil(step / self.trace_every)
            state.trace[row, point] = (value + penalty, value, penalty, norm, step)
            if self.ranked and np.isfinite(value + penalty):
                state.ranks[row, point] = ranks(found, self.problem)
            if norm <= self.tol:
                state.finished[row] = True
