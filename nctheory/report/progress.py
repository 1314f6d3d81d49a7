"""One progress bar on stderr, silent where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

Item = TypeVar("Item")


def track(items: Sequence[Item], what: str) -> Iterable[Item]:
    """`items`, with a bar while they are worked through."""
    return rich_track(items, description=what, console=Console(stderr=True), transient=True,
                      disable=not sys.stderr.isatty())
