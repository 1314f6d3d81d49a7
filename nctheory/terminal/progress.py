"""Progress on standard error: a bar on a terminal, a line a minute where there is none.

Library functions take a callback (done, everything) and call it in the parent process; the
commands hand them one from here.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")

INTERVAL = 60.0  # seconds between lines


class Count(Protocol):
    """Says how much of everything is done, with a few words on the rest."""

    def __call__(self, done: int, everything: int, note: str = "") -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Count]:
    """What counts work: a bar with the share and the time left, or a line a minute."""
    if not sys.stderr.isatty():
        yield _Lines(what, time.monotonic)
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                  MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
                  console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, note="")

        def count(done: int, everything: int, note: str = "") -> None:
            bar.update(task, completed=done, total=everything, note=note)

        yield count


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """For work whose share is not known: a bar that moves, or a line a minute."""
    if sys.stderr.isatty():
        with progress(what):
            yield
        return
    over, start = threading.Event(), time.monotonic()

    def say() -> None:
        while not over.wait(INTERVAL):
            print(f"{what}: {duration(time.monotonic() - start)} so far", file=sys.stderr,
                  flush=True)

    threading.Thread(target=say, daemon=True).start()
    try:
        yield
    finally:
        over.set()


class _Lines:
    """For logs: nothing in the first minute, then a line a minute."""

    def __init__(self, what: str, clock: Callable[[], float]) -> None:
        self._what, self._clock = what, clock
        self._start = self._last = clock()
        self._found: int | None = None  # done before this run began, as a resumed sweep has

    def __call__(self, done: int, everything: int, note: str = "") -> None:
        now = self._clock()
        if self._found is None:
            self._found = done
        if now - self._last < INTERVAL or not everything:
            return
        self._last = now
        words = [f"{self._what}: {done} of {everything} ({done / everything:.0%})"]
        if done > self._found:
            left = (everything - done) * (now - self._start) / (done - self._found)
            words.append(f"{duration(left)} left")
        print(", ".join(words + [note] * bool(note)), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """"90.0 s", "12 min", "3.4 h".

    >>> duration(90), duration(720), duration(3 * 3600)
    ('90.0 s', '12 min', '3.0 h')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def track(items: Sequence[Item], what: str) -> Iterator[Item]:
    """`items`, counted while they are worked through."""
    with progress(what) as count:
        for done, item in enumerate(items):
            count(done, len(items))
            yield item
        count(len(items), len(items))
