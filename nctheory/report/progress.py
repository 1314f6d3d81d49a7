"""One progress bar on stderr, silent where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.progress import track as rich_track

Item = TypeVar("Item")


def track(items: Sequence[Item], what: str) -> Iterable[Item]:
    """`items`, with a bar while they are worked through."""
    return rich_track(items, description=what, console=Console(stderr=True), transient=True,
                      disable=not sys.stderr.isatty())


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that counts for itself: call what this gives with (done, all)."""
    with Progress(console=Console(stderr=True), transient=True,
                  disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)

        def count(done: int, everything: int) -> None:
            bar.update(task, completed=done, total=everything)

        yield count
