"""What figures are drawn from: the points of a store, the lines of a table, or records."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nctheory.errors import InputError, require, show
from nctheory.files import open_regular
from nctheory.sweep.store import Row, Store
from nctheory.sweep.tasks import TASKS

Record = dict[str, Any]


class Source:
    """Records to draw from: the points of a store, or the lines of a CSV table.

    Parameters
    ----------
    path : path
        A store, or a file that ends in ".csv" (as `nctheory store export` and
        `nctheory thresholds --format csv` write them).
    where : mapping
        Only records with these values.
    task, version : str, optional
        Which points of a store that has several kinds.
    """

    def __init__(self, path: str | Path, where: Mapping[str, Any] | None = None,
                 task: str | None = None, version: str | None = None) -> None:
        self.path = Path(path)
        rows: list[Row] = []
        if self.path.suffix == ".csv":
            records = _read_csv(self.path)
            self.parameters = _parameters(records)
        else:
            with Store(self.path) as store:
                task, version = store.choose(task, version)
                rows = list(store.rows(task, version))
                records = list(store.table(task, version))
            self.parameters = tuple(TASKS[task].parameters) if task in TASKS else ()
        where = dict(where or {})
        for name in where:
            names = sorted({key for record in records for key in record})
            require(name in names, "where", f"name one of {', '.join(names)}", name)
        chosen = [i for i, record in enumerate(records) if _wanted(record, where)]
        self.records = [records[i] for i in chosen]
        self._rows = [rows[i] for i in chosen if rows]
        require(bool(self.records), "where", "leave at least one record", where)

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]]) -> Source:
        """Records at hand, such as `threshold_table(...).records()`."""
        made = cls.__new__(cls)
        made.path, made.records, made._rows = Path("records"), list(map(dict, records)), []
        require(bool(made.records), "source", "have records", made.records)
        made.parameters = _parameters(made.records)
        return made

    def need(self, *names: str) -> list[Record]:
        """The records that have all of these; an `InputError` where none has."""
        found = [r for r in self.records if all(r.get(name) is not None for name in names)]
        require(bool(found), "source", f"have records with {', '.join(names)}", str(self.path))
        return found

    def varying(self, records: Iterable[Record], beside: Collection[str] = ()) -> list[str]:
        """The parameters, other than these, of which the records have several values."""
        records = list(records)
        return [name for name in self.parameters if name not in beside
                and len({str(record.get(name)) for record in records}) > 1]

    def settle(self, records: Iterable[Record], shown: Collection[str]) -> None:
        """Refuse records that differ in a parameter that the figure does not show."""
        records = list(records)
        several = [f"{name} ({', '.join(sorted({str(r.get(name)) for r in records}))})"
                   for name in self.varying(records, shown)]
        if several:
            raise InputError("where must choose a value of each parameter that varies and that "
                             f"the figure does not show, got several of {'; '.join(several)}")

    def arrays(self, name: str) -> list[tuple[Record, dict[str, np.ndarray[Any, Any]]]]:
        """Records with their arrays, those that have the array of this name."""
        with Store(self.path) if self._rows else _no_store(self.path) as store:
            found = [(record, store.arrays(row)) for record, row in
                     zip(self.records, self._rows, strict=True) if row.arrays is not None]
        found = [(record, arrays) for record, arrays in found if name in arrays]
        require(bool(found), "source",
                f"be a store whose plan has the array {name} in keep", str(self.path))
        return found


def _wanted(record: Record, where: Mapping[str, Any]) -> bool:
    return record.get("error") is None and all(
        str(record.get(name)) == str(value) for name, value in where.items())


def _parameters(records: Iterable[Record]) -> tuple[str, ...]:
    """The parameters of the task whose points a table holds; without one, any task's.

    A result may have the name of another task's parameter: the best construction of a cell, the
    number that is its loss.
    """
    records = list(records)
    names = {name for record in records for name in record}
    tasks = [task.parameters for task in TASKS.values() if set(task.parameters) <= names]
    if tasks:
        return max(map(tuple, tasks), key=len)
    # A verdict is of a threshold table: its constructions and widths are results.
    asked = [TASKS["thresholds"]] if "verdict" in names else TASKS.values()
    known = dict.fromkeys(name for task in asked for name in task.parameters)
    return tuple(name for name in known if name in names and name != "construction"
                 and not (name == "loss" and isinstance(records[0]["loss"], float | None)))


def _no_store(path: Path) -> Store:
    raise InputError(f"source must be a store: a table has no arrays, got {show(str(path))}")


def _read_csv(path: Path) -> list[Record]:
    try:
        with io.TextIOWrapper(open_regular(path), newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"source must be a readable table, got {show(str(path))}: {error}") \
            from None
    require(bool(rows), "source", "be a table with a row below its head", str(path))
    uneven = [row for row in rows if None in row]
    require(not uneven, "source", f"have {len(reader.fieldnames or ())} fields in each row",
            list(uneven[0].values()) if uneven else "")
    return [{name: _value(text) for name, text in row.items()} for row in rows]


def _value(text: Any) -> Any:
    if text in ("", None):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            pass
    return {"True": True, "False": False}.get(text, text)
