"""Where text goes: to a terminal of some width, or to whatever takes any width."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Screen:
    """Where text goes: its width in characters (None: as wide as it needs), and colour."""

    width: int | None = None
    colour: bool = False


# A file or a pipe unless the command line found a terminal: the library's texts never depend on
# where they are made.
SCREEN: ContextVar[Screen] = ContextVar("SCREEN", default=Screen())  # noqa: B039  (frozen)
