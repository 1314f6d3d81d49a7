"""What is kept of an experiment at work, so that it can be resumed; tables as JSON."""

from __future__ import annotations

import hashlib
import json
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nctheory import __version__, files

Progress = Callable[[int, int], object]  # (runs done, runs in all), called in the parent process
Parameters = Mapping[str, Any]
Tables = Mapping[str, Sequence[Any]]  # rows are named tuples: their fields are the columns
Cell = TypeVar("Cell")

_FOLDER: ContextVar[Path | None] = ContextVar("_FOLDER", default=None)


@contextmanager
def keeping_in(folder: str | Path | None) -> Iterator[None]:
    """Within, what is done is kept in this folder; nowhere where it is None."""
    before = _FOLDER.set(None if folder is None else Path(folder))
    try:
        yield
    finally:
        _FOLDER.reset(before)


def place(suffix: str, *key: object) -> Path | None:
    """The file that keeps what has this key; None where nothing is kept."""
    folder = _FOLDER.get()
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(repr((__version__, *key)).encode()).hexdigest()[:16]
    return folder / (digest + suffix)


def packed(tables: Tables, digits: int = 17) -> dict[str, Any]:
    """Tables as JSON has them, {name: [columns, row, row, ...]}, floats to so many digits.

    >>> from nctheory.reproduce.tables import Interval
    >>> packed({"a": [Interval(1.0, 0.5, 2.0)]})
    {'a': [('mean', 'low', 'high'), (1.0, 0.5, 2.0)]}
    """
    def plain(value: Any) -> Any:
        value = value.item() if isinstance(value, np.generic) else value
        return float(f"{value:.{digits}g}") if isinstance(value, float) else value

    return {name: [rows[0]._fields, *(tuple(map(plain, row)) for row in rows)]
            for name, rows in tables.items() if rows}


def unpacked(found: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The tables that `packed` made."""
    tables = {}
    for name, (columns, *rows) in found.items():
        row_type: Any = namedtuple("Row", columns)  # type: ignore[misc]
        tables[name] = [row_type._make(row) for row in rows]
    return tables


def over(cells: Sequence[Cell], measure: Callable[[Cell], Tables], settings: object,
         progress: Progress | None) -> dict[str, list[Any]]:
    """The tables of all cells, one below the other; each cell's are kept as it is done.

    `settings` are the parameters that the measurement of a cell depends on.
    """
    tables: dict[str, list[Any]] = {}
    for done, cell in enumerate(cells, start=1):
        path = place(".json", settings, cell)
        if path is None or not path.exists():
            found = measure(cell)
            if path is not None:
                files.write(path, json.dumps(packed(found)))
        else:
            found = unpacked(json.loads(path.read_text()))
        for name, rows in found.items():
            tables.setdefault(name, []).extend(rows)
        if progress is not None:
            progress(done, len(cells))
    return tables
