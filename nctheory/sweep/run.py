"""Run a plan into a store: what is missing is computed, committed as it comes, resumable."""

from __future__ import annotations

import logging
import platform
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from nctheory import __version__
from nctheory.errors import choice, require
from nctheory.sweep.executors import Dask, Lost, inline, processes, processors
from nctheory.sweep.plan import Plan, Point
from nctheory.sweep.store import Store
from nctheory.sweep.tasks import TASKS, Batch, Outcome, Task, run_batch

EXECUTORS = ("processes", "inline", "dask")
BATCH_SECONDS = 0.5  # long against the cost of sending a batch, short to lose in a crash
LARGEST_BATCH = 10_000
CALIBRATION_SECONDS = 2.0
ROW_BYTES = 200  # of a row beside its parameters and result

Results = Generator[tuple["_Work", list[Outcome] | Lost], None, None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What a run did: points of the plan, of these found finished, computed, failed.

    A point that raised is computed, and failed.  A point whose worker died each time is lost:
    nothing is known of it, and the next run tries it again.
    """

    points: int
    found: int
    computed: int
    failed: int
    lost: int
    interrupted: bool
    seconds: float


class Progress(NamedTuple):
    """Where a run stands: points of the plan, found or computed so far, failed now."""

    points: int
    finished: int
    failed: int


def run_plan(plan: Plan, path: str | Path, *, executor: str = "processes",
             workers: int | None = None, scheduler: str | None = None,
             retry_failed: bool = False,
             progress: Callable[[Progress], object] | None = None) -> Summary:
    """Compute the points of `plan` that the store at `path` does not hold, and keep them.

    The numbers do not depend on the executor.  Whatever ends a run, finished points are kept,
    and the same call goes on from there.

    Parameters
    ----------
    executor : {"processes", "inline", "dask"}
        Processes of this machine (one thread each), this process, or Dask.
    workers : int, optional
        How many processes; by default one a processor.
    scheduler : str, optional
        Address of a Dask scheduler; by default a cluster of this machine's processes.
    retry_failed : bool
        Compute points that raised before once more.
    progress : callable, optional
        Called now and then.

    Returns
    -------
    Summary
        `interrupted` after Ctrl-C or a termination signal.

    Raises
    ------
    InputError
        Where the store has a writer, is damaged, or cannot be written (a full disk).
    """
    choice("executor", executor, EXECUTORS)
    require(scheduler is None or executor == "dask", "scheduler",
            "be given with executor 'dask' alone", scheduler)
    executors: dict[str, Callable[..., Results]] = {
        "processes": processes, "inline": inline, "dask": Dask(scheduler)}
    started = time.perf_counter()
    with Store(path, writable=True) as store:
        store.record_sweep(plan.describe(), environment())
        log.info("%d points of %s into %s (%s)", len(plan), plan.task, path, executor)
        counter = _Counter(len(plan))
        interrupted = False
        missing = store.missing(counter.seen(plan), plan.task, plan.keep, retry_failed)
        batches = _Batches(plan, counter.met(missing))
        try:
            with _signals() as interruptible:
                while batches:
                    with closing(executors[executor](_work, batches, workers)) as results:
                        for batch, outcomes in results:
                            with interruptible.held():
                                done = batches.settle(batch, outcomes)
                                store.add(plan.task, plan.keep, done)
                                counter.add(done)
                            if progress is not None:
                                progress(counter.progress)
        except KeyboardInterrupt:
            interrupted = True
        summary = Summary(len(plan), counter.found, counter.computed, counter.failed,
                          batches.lost, interrupted, time.perf_counter() - started)
        if progress is not None:
            progress(counter.progress)
        log.info("%s", summary)
    return summary


def environment() -> dict[str, str]:
    """Versions of what computed."""
    found = {"nctheory": __version__, "python": platform.python_version(),
             "platform": platform.platform(), "processors": str(processors())}
    for name in ("numpy", "scipy", "numba", "sympy", "networkx"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class _Counter:
    """Counts points on their way: those found in the store, those computed.

    The store looks at a chunk of points ahead of the missing ones that it gives; a point that was
    seen counts as found once a later one is met as missing, or none is.
    """

    def __init__(self, points: int) -> None:
        self.points = points
        self.found = self.computed = self.failed = 0
        self._ahead: deque[Point] = deque()

    def seen(self, points: Iterable[Point]) -> Iterator[Point]:
        for point in points:
            self._ahead.append(point)
            yield point

    def met(self, points: Iterable[Point]) -> Iterator[Point]:
        for point in points:
            while self._ahead.popleft() is not point:
                self.found += 1
            yield point
        self.found += len(self._ahead)
        self._ahead.clear()

    def add(self, done: list[tuple[Point, Outcome]]) -> None:
        self.computed += len(done)
        for point, outcome in done:
            if outcome.error is not None:
                self.failed += 1
                log.warning("point %s seed %s failed: %s", point.parameters, point.seed,
                            outcome.error.splitlines()[-1])

    @property
    def progress(self) -> Progress:
        return Progress(self.points, self.found + self.computed, self.failed)


class _Work(NamedTuple):
    """A batch on its way: its number tells which points it holds."""

    number: int
    batch: Batch


def _pieces(points: Iterable[Point], task: Task) -> Iterator[list[Point]]:
    for _, group in groupby(points, key=lambda point: task.common(point.values)):
        while piece := list(islice(group, LARGEST_BATCH)):
            yield piece


def _work(work: _Work) -> list[Outcome]:
    return run_batch(work.batch)


class _Batches:
    """Points as batches whose size follows their duration; remembers what is under way."""

    def __init__(self, plan: Plan, points: Iterator[Point]) -> None:
        self._plan = plan
        task = TASKS[plan.task]
        # Pieces that batches are made of: points, or groups where these had better stay whole.
        self._pieces = (_pieces(points, task) if task.whole else ([point] for point in points))
        self._size = 1
        self._under_way: dict[int, list[Point]] = {}
        self._again: deque[list[Point]] = deque()
        self._drained = False
        self._number = 0
        self.lost = 0

    def __bool__(self) -> bool:
        return not self._drained or bool(self._again)

    def __iter__(self) -> Iterator[_Work]:
        return self

    def __next__(self) -> _Work:
        points = self._again.popleft() if self._again else self._next_points()
        if not points:
            self._drained = True
            raise StopIteration
        self._number += 1
        self._under_way[self._number] = points
        return _Work(self._number, Batch(self._plan.task, __version__, self._plan.keep,
                                         [point.values for point in points]))

    def _next_points(self) -> list[Point]:
        points: list[Point] = []
        for piece in self._pieces:
            points += piece
            if len(points) >= self._size:
                break
        return points

    def settle(self, work: _Work, outcomes: list[Outcome] | Lost) -> list[tuple[Point, Outcome]]:
        """The finished points of a batch; a lost one goes out again, a point at a time."""
        points = self._under_way.pop(work.number)
        if isinstance(outcomes, Lost):
            if len(points) > 1:
                self._again.extend([point] for point in points)
                return []
            self.lost += 1
            log.error("point %s seed %s lost: %s", points[0].parameters, points[0].seed,
                      outcomes.reason)
            return []
        seconds = sum(outcome.seconds for outcome in outcomes)
        if seconds < BATCH_SECONDS / 2 and len(points) >= self._size // 2:
            self._size = min(2 * self._size, LARGEST_BATCH)
        elif seconds > 2 * BATCH_SECONDS:
            self._size = max(1, self._size // 2)
        return list(zip(points, outcomes, strict=True))


class _Signals:
    """Ctrl-C and a termination signal raise KeyboardInterrupt, but not while held."""

    def __init__(self) -> None:
        self._holding = self._pending = False

    def __call__(self, *_: object) -> None:
        self._pending = True
        if not self._holding:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending:
            raise KeyboardInterrupt


@contextmanager
def _signals() -> Iterator[_Signals]:
    handler = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield handler  # only the main thread is told of signals
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield handler
    finally:
        for number, former in zip(numbers, before, strict=True):
            signal.signal(number, former)


class Estimate(NamedTuple):
    """What a run would take: points, those missing, seconds and bytes for these."""

    points: int
    missing: int
    seconds: float
    size: int


def estimate(plan: Plan, path: str | Path, workers: int | None = None) -> Estimate:
    """Measure some points of the plan for a moment, in this process; nothing is stored."""
    missing: Sequence[Point] = plan
    if Path(path).exists():
        with Store(path) as store:
            missing = list(store.missing(plan, plan.task, plan.keep))
    if not missing:
        return Estimate(len(plan), 0, 0.0, 0)

    def measure(first: int, count: int) -> list[Outcome]:
        batch = [point.values for point in missing[first:first + count]]
        return run_batch(Batch(plan.task, __version__, plan.keep, batch))

    measure(0, 1)  # loads and compiles
    began, count = time.perf_counter(), 1
    while True:
        # Ever larger batches, the last of which counts: together is faster than one by one.
        outcomes = measure((len(missing) - count) * 5 // 8, count)
        if time.perf_counter() - began > CALIBRATION_SECONDS or count == len(missing):
            break
        count = min(2 * count, len(missing), LARGEST_BATCH)
    seconds = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
    size = sum(ROW_BYTES + len(outcome.result or outcome.error or "") + len(outcome.arrays or b"")
               for outcome in outcomes) // len(outcomes) + len(missing[0].parameters)
    return Estimate(len(plan), len(missing),
                    len(missing) * seconds / (workers or processors()), len(missing) * size)
