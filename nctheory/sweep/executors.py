"""Who works through batches: this process, processes of this machine, or a Dask cluster.

An executor is called with a function, an iterable of batches and the number of workers (None:
all there are), and yields (batch, result) as batches finish, in any order.  Batches are drawn
only as workers come free, so that a million of them need no memory.  A batch whose worker died
`ATTEMPTS` times yields `Lost` instead of a result.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

from nctheory.errors import InputError, integer

T = TypeVar("T")
R = TypeVar("R")

ATTEMPTS = 3  # of a batch
STARTS = 10  # of a worker
PATIENCE = 60.0  # seconds to wait for a cluster's first worker, or its next
SINGLE_THREADED = {name: "1" for name in (
    "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Lost(NamedTuple):
    """No result: the worker died each time."""

    reason: str


def inline(work: Callable[[T], R], batches: Iterable[T],
           workers: int | None = None) -> Generator[tuple[T, R | Lost], None, None]:
    """One batch after the other, in this process."""
    for batch in batches:
        yield batch, work(batch)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
        os.cpu_count() or 1)


# --- processes of this machine ---

# The worker: pickles come on standard input and leave on standard output, which nothing else
# may touch.  It ends when its parent closes the pipe, or dies.
_SERVE = "from nctheory.sweep.executors import serve; serve()"


def serve() -> None:
    """Be a worker process: read a function, then batches; write (result, error)."""
    import signal
    import warnings

    from nctheory.compiled import UncachedWarning

    warnings.simplefilter("ignore", UncachedWarning)  # the parent has said it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.close(0)
    inbox = _Inbox(incoming)
    work = inbox.get()
    pickle.dump("ready", outgoing)
    outgoing.flush()
    while True:
        batch = inbox.get()
        reply: tuple[Any, BaseException | None]
        try:
            reply = work(batch), None
        except Exception as error:  # the parent raises it again
            reply = None, error
        pickle.dump(reply, outgoing, pickle.HIGHEST_PROTOCOL)
        outgoing.flush()


class _Inbox:
    """Reads ahead in a thread, so that a worker notices at once when its parent is gone."""

    def __init__(self, stream: Any) -> None:
        import queue

        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.get = self._items.get
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Any) -> None:
        try:
            while True:
                self._items.put(pickle.load(stream))
        finally:  # the pipe is closed
            os._exit(0)


class _Workers:
    """Worker processes, one for each thread that asks for one."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work
        self._own = threading.local()
        self._all: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def __call__(self, batch: Any) -> Any:
        """What the function makes of the batch, in this thread's process."""
        reason = "stopped"
        for _ in range(ATTEMPTS):
            if self._closed:
                break
            process = getattr(self._own, "process", None) or self._ready()
            try:
                result, error = _ask(process, batch)
            except (EOFError, OSError, pickle.UnpicklingError):
                self._own.process = None
                process.kill()
                reason = f"its worker process ended with status {_bury(process)}"
                continue
            if error is not None:
                raise error
            return result
        return Lost(f"{reason} ({ATTEMPTS} times)")

    def _ready(self) -> subprocess.Popen[bytes]:
        """A worker that has come up: one that dies before that is no batch's fault."""
        status = 0
        for _ in range(STARTS):
            process = self._start()
            try:
                _ask(process, self._work)
            except (EOFError, OSError, pickle.UnpicklingError):
                process.kill()
                status = _bury(process)
                if self._closed:
                    break
                continue
            self._own.process = process
            return process
        raise InputError(f"worker processes must start, and {STARTS} in a row ended with status "
                         f"{status}")

    def _start(self) -> subprocess.Popen[bytes]:
        # Not multiprocessing: a worker has no use for the parent's main module, and threads
        # must be pinned before numerical libraries are loaded.
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **SINGLE_THREADED, "PYTHONPATH": path})
        self._all.add(process)
        if self._closed:
            process.kill()
        return process

    def close(self) -> None:
        """End all processes at once."""
        self._closed = True
        for process in list(self._all):
            process.kill()

    def bury(self) -> None:
        """Wait for the processes that were ended."""
        for process in self._all:
            _bury(process)


def _ask(process: subprocess.Popen[bytes], item: Any) -> Any:
    assert process.stdin is not None and process.stdout is not None
    pickle.dump(item, process.stdin, pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()
    return pickle.load(process.stdout)


def _bury(process: subprocess.Popen[bytes]) -> int:
    status = process.wait()
    for stream in (process.stdin, process.stdout):
        try:
            if stream is not None:
                stream.close()
        except OSError:  # what could not be sent is of no use now
            pass
    return status


def processes(work: Callable[[T], R], batches: Iterable[T],
              workers: int | None = None) -> Generator[tuple[T, R | Lost], None, None]:
    """A process for each worker, of one thread; one that dies is replaced."""
    count = processors() if workers is None else integer("workers", workers, 1)
    crew = _Workers(work)
    pool = ThreadPoolExecutor(count)
    try:
        yield from _stream(pool, crew, batches, lambda: count)
    finally:
        crew.close()
        pool.shutdown(cancel_futures=True)
        crew.bury()


def _stream(pool: Executor, work: Callable[[T], R | Lost], batches: Iterable[T],
            limit: Callable[[], int], losses: tuple[type[Exception], ...] = (),
            stalled: Callable[[], None] = lambda: None) -> Iterator[tuple[T, R | Lost]]:
    """Keep `limit()` batches under way; `losses` say that a batch killed its workers.

    `stalled` is called whenever nothing finished for `PATIENCE` seconds.
    """
    running: dict[Future[R | Lost], T] = {}
    source = iter(batches)
    drained = False
    while running or not drained:
        while not drained and len(running) < limit():
            try:
                batch = next(source)
            except StopIteration:
                drained = True
            else:
                running[pool.submit(work, batch)] = batch
        finished, _ = wait(running, PATIENCE, return_when=FIRST_COMPLETED)
        if running and not finished:
            stalled()
        for future in finished:
            batch = running.pop(future)
            try:
                result = future.result()
            except losses as error:
                result = Lost(" ".join(str(error).split()))
            yield batch, result


# --- Dask ---

@dataclass(frozen=True)
class Dask:
    """A scheduler's workers, or a cluster of this machine's processes where none is named.

    Dask itself moves the batches of a lost worker to another one.
    """

    scheduler: str | None = None

    def __call__(self, work: Callable[[T], R], batches: Iterable[T],
                 workers: int | None = None) -> Generator[tuple[T, R | Lost], None, None]:
        source = iter(batches)
        first = list(islice(source, 1))
        if not first:
            return  # nothing to start a cluster for
        try:
            import distributed
        except ImportError:
            raise InputError("executor must be 'processes' or 'inline' where the extra 'dask' "
                             "is not installed, got 'dask'") from None
        for handler in logging.getLogger("distributed").handlers:
            handler.setLevel(logging.CRITICAL)  # what it loses comes back as one line of ours
        with (_one_line(), _client(distributed, self.scheduler, workers) as client,
              client.get_executor(pure=False) as pool):
            def known() -> list[Any]:
                return list(client.scheduler_info(n_workers=-1)["workers"].values())

            def limit() -> int:
                # Twice the threads: no worker waits for us, and the scheduler never fills.
                return 2 * max(1, sum(int(worker["nthreads"]) for worker in known()))

            def stalled() -> None:
                if not known():
                    raise InputError(f"scheduler must have a worker within {PATIENCE:.0f} s, got "
                                     "none; what was finished before is kept")

            try:
                yield from _stream(pool, work, chain(first, source), limit,
                                   (distributed.scheduler.KilledWorker,), stalled)
            finally:
                pool.shutdown(wait=False)


@contextmanager
def _one_line() -> Iterator[None]:
    """A lost scheduler as one error, wherever Dask notices first: it cancels what runs, fails to
    ask, to submit or to say good-bye.  What a batch itself does wrong comes back as its result.
    """
    try:
        yield
    except (CancelledError, OSError, RuntimeError) as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError("scheduler must stay reachable, and its connection was lost; what was "
                         f"finished before is kept, got {words}") from None


@contextmanager
def _client(distributed: Any, scheduler: str | None, workers: int | None) -> Iterator[Any]:
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"scheduler must be the address of a Dask scheduler, got "
                             f"{scheduler!r}: {error}") from None
        with client:
            yield client
        return
    import dask

    count = processors() if workers is None else integer("workers", workers, 1)
    pinned = {"distributed.nanny.pre-spawn-environ": SINGLE_THREADED}
    with (dask.config.set(pinned), distributed.LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
            distributed.Client(cluster, set_as_default=False) as client):
        yield client
