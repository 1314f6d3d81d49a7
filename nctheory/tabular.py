"""What rows of plain data can become: HTML in a notebook, pandas, xarray."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nctheory.errors import InputError

if TYPE_CHECKING:
    import pandas
    import xarray

Record = dict[str, Any]
MOST_ROWS = 200  # shown in a notebook


class Tabular:
    """Something with records: a notebook shows them as a table."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names that say which record it is."""
        return ()

    def records(self) -> list[Record]:
        """Plain data, a dictionary a row."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """The records as a pandas table; dictionaries in them become columns "name.key"."""
        return frame(self.records())

    def to_xarray(self) -> xarray.Dataset:
        """The records over their dimensions; lists are left out."""
        return dataset(self.records(), self.dimensions)

    def _repr_html_(self) -> str:
        return to_html(self.records())


def frame(records: Sequence[Record]) -> pandas.DataFrame:
    """Records as a pandas table."""
    table: pandas.DataFrame = library("pandas", "xarray").DataFrame(list(map(flat, records)))
    return table


def dataset(records: Sequence[Record], axes: Sequence[str]) -> xarray.Dataset:
    """Records as an xarray dataset with these dimensions; what is a list is left out."""
    library("xarray", "xarray")
    made: xarray.Dataset = without_lists(frame(records)).set_index(list(axes)).to_xarray()
    return made


def without_lists(table: pandas.DataFrame) -> pandas.DataFrame:
    """The columns of a table in which no entry is a list."""
    return table[[name for name in table.columns
                  if not table[name].map(lambda value: isinstance(value, list)).any()]]


def library(name: str, extra: str) -> Any:
    """An optional library; an `InputError` that says which extra has it."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"{name} must be installed for this, with the extra '{extra}': "
                         f"pip install nctheory[{extra}], got no such module") from None


def flat(record: Record) -> Record:
    """Dictionaries inside as entries "name.key".

    >>> flat({"K": 3, "ranks": {"before": [3], "after": []}})
    {'K': 3, 'ranks.before': [3], 'ranks.after': []}
    """
    found: Record = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": item for key, item in value.items()}
        else:
            found[name] = value
    return found


def to_html(records: Sequence[Record]) -> str:
    """Records as an HTML table, without the columns that are empty; long ones are cut.

    >>> print(to_html([{"K": 3, "c/K": 1.0, "loss": None}]))
    <table><thead><tr><th>K</th><th>c/K</th></tr></thead><tbody>
    <tr><td>3</td><td>1</td></tr>
    </tbody></table>
    """
    rows = list(map(flat, records))
    names = [name for name in dict.fromkeys(name for row in rows for name in row)
             if any(row.get(name) is not None for row in rows)]
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    lines = ["<tr>" + "".join(f"<td>{html.escape(_words(row.get(name)))}</td>" for name in names)
             + "</tr>" for row in rows[:MOST_ROWS]]
    cut = (f"\n<p>{MOST_ROWS} of {len(rows)} rows</p>" if len(rows) > MOST_ROWS else "")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>\n" + "\n".join(
        [*lines, "</tbody></table>"]) + cut


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
