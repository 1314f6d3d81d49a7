"""A batch of runs in threads: progress, checkpoints, Ctrl-C, and runs that fail alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nctheory.network import loss, unpack
from nctheory.solver.methods import Method
from nctheory.solver.program import Program
from nctheory.solver.starts import shapes
from nctheory.solver.state import State

SAVE_SECONDS = 10.0

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Batch:
    """Runs that share a method and a program; `path` is the checkpoint, if there is one."""

    method: Method
    program: Program
    state: State
    path: Path | None
    settings: dict[str, object]

    def run(self, threads: int, progress: Progress | None) -> bool:
        """Work through the groups of runs and save them; True if interrupted."""
        runs, size = len(self.state.steps), self.program.runs
        groups = [list(range(i, min(i + size, runs))) for i in range(0, runs, size)]
        # One BLAS thread each: runs are the parallel part, and numbers must not depend on
        # BLAS's.
        with threadpool_limits(1, user_api="blas"), \
                ThreadPoolExecutor(min(threads, len(groups))) as pool:
            interrupted = self._watch({pool.submit(self.attempt, rows) for rows in groups},
                                      progress)
        self._save()
        return interrupted

    def _watch(self, pending: set[Future[None]], progress: Progress | None) -> bool:
        interrupted, saved = False, time.monotonic()
        while pending:
            try:
                done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                if progress is not None and done:
                    progress(int(self.state.finished.sum()), len(self.state.finished))
                if time.monotonic() - saved > SAVE_SECONDS:
                    self._save()
                    saved = time.monotonic()
            except KeyboardInterrupt:
                interrupted = True
                self.state.cancelled.set()
            except BaseException:
                self.state.cancelled.set()
                raise
        return interrupted

    def _save(self) -> None:
        if self.path is not None:
            self.state.save(self.path, self.settings)

    def attempt(self, rows: list[int]) -> None:
        """A group of runs; where one fails, each of them alone, and its row keeps the reason.

        A run goes on from where its group was last whole, to the same numbers.
        """
        try:
            with np.errstate(all="ignore"):  # what overflows is reported as diverged
                self.method.run(self.state, rows, self.program)
                for row in rows:
                    self._settle(row)
        except Exception as error:  # whatever it is, it must not cost the other runs
            if len(rows) > 1:
                for row in rows:
                    self.attempt([row])
            else:
                self.state.fail(rows[0], error)

    def _settle(self, row: int) -> None:
        """A run that ended on an infinite loss has diverged, though its outputs may be 0."""
        vector, problem = self.state.parameters[row], self.method.problem
        if self.state.finished[row] and self.state.diverged[row] < 0 and not (
                np.isfinite(vector @ vector) and np.isfinite(loss(
                    unpack(vector, shapes(problem, self.method.width)), problem))):
            self.state.diverged[row] = self.state.steps[row]
