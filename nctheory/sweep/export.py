"""A store as files and objects of other libraries: CSV, Parquet, NetCDF; pandas, xarray.

The order is that of the parameters, and times are left out unless asked for: the same points
give the same file, however often the sweep was stopped and resumed.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from nctheory import __version__
from nctheory.errors import require
from nctheory.files import check_target, replacing
from nctheory.sweep.store import Store
from nctheory.tabular import Record, library, without_lists

if TYPE_CHECKING:
    import pandas
    import xarray

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # text that spreadsheets would compute


def columns(records: Iterable[Record]) -> list[str]:
    """All names, in the order in which they first appear."""
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return list(names)


def varying(store: Store, task: str, version: str) -> dict[str, list[Any]]:
    """The parameters of which a task's points have several values, and these."""
    from nctheory.sweep.tasks import TASKS

    names = TASKS[task].parameters if task in TASKS else ()
    values: dict[str, dict[Any, None]] = {name: {} for name in names}
    for record in store.table(task, version):
        for name in names:
            values[name][str(record[name]) if isinstance(record[name], list)
                         else record[name]] = None
    return {name: list(found) for name, found in values.items() if len(found) > 1}


def write_csv(records: Callable[[], Iterable[Record]], path: Path, *,
              force: bool = False) -> None:
    """One line a record; lists are written with spaces, what is missing as nothing.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    names = columns(records())
    heads = io.StringIO()
    csv.writer(heads, lineterminator="\n").writerow(names)
    check_target(path, force=force, begins=heads.getvalue().encode())
    with replacing(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        write_lines(records, file)


def write_lines(records: Callable[[], Iterable[Record]], file: TextIO) -> None:
    """The lines of `write_csv` into an open file."""
    names = columns(records())
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(record.get(name)) for name in names] for record in records())


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(str(_cell(item)) for item in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return repr(value) if isinstance(value, float) else value


def frame(records: Iterable[Record]) -> pandas.DataFrame:
    """The records as a pandas table."""
    table: pandas.DataFrame = library("pandas", "xarray").DataFrame(list(records))
    return table


def dataset(records: Iterable[Record], parameters: Iterable[str]) -> xarray.Dataset:
    """The records as an xarray dataset: a dimension for each parameter that varies.

    Results that are lists are left out.
    """
    made = library("xarray", "xarray")
    table = without_lists(frame(records))
    axes = [name for name in parameters if name in table and table[name].nunique() > 1]
    constant = {name: table[name].iloc[0] for name in parameters
                if name in table and name not in axes}
    table = table.drop(columns=list(constant))
    indexed = table.set_index(axes) if axes else table
    found = made.Dataset.from_dataframe(indexed)
    # NetCDF has no None, no booleans and no mixtures: words and numbers alone.
    for name, column in found.items():
        if column.dtype == bool:
            found[name] = column.astype("int8")
        elif column.dtype.kind not in "iuf":
            found[name] = column.astype(str)
    found.attrs.update({name: _attribute(value) for name, value in constant.items()})
    result: xarray.Dataset = found
    return result


def _attribute(value: Any) -> Any:
    """A constant as NetCDF has it: no None, no booleans."""
    if value is None:
        return "none"
    return int(value) if isinstance(value, bool | np.bool_) else value


def _write_parquet(records: Callable[[], Iterable[Record]], path: Path) -> None:
    arrow = library("pyarrow", "parquet")
    parquet = library("pyarrow.parquet", "parquet")
    names = columns(records())
    table = arrow.Table.from_pylist(
        [{name: record.get(name) for name in names} for record in records()])
    with replacing(path) as part:
        parquet.write_table(table.replace_schema_metadata({"nctheory": __version__}), part)


def export(store: Store, path: Path | None, format_: str, task: str | None = None,
           version: str | None = None, *, times: bool = False,
           force: bool = False) -> dict[bytes, str]:
    """Write the points of one task and version to a file: "csv", "parquet" or "netcdf".

    Without a path the lines of "csv" go to standard output.

    Returns
    -------
    dict
        What is damaged in the store, as `Store.check` says it; these points are not written.

    Raises
    ------
    InputError
        Where the file must not be written over (see `nctheory.files.check_target`).
    """
    from nctheory.sweep.tasks import TASKS

    task, version = store.choose(task, version)
    damage = store.check(arrays=False)

    def records() -> Iterator[Record]:
        return store.table(task, version, times=times, skip=damage)

    if path is None:
        require(format_ == "csv", "output", f"name a file for {format_}", path)
        write_lines(records, sys.stdout)
        return damage
    check_target(path, force=force or format_ == "csv", sources=[store.path])
    if format_ == "csv":
        write_csv(records, path, force=force)
    elif format_ == "parquet":
        _write_parquet(records, path)
    else:
        made = dataset(records(), TASKS[task].parameters)
        with replacing(path) as part:
            made.assign_attrs(source=f"nctheory {__version__}").to_netcdf(part)
    return damage
