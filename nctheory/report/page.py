"""A store as one self-contained HTML page: tables to sort and filter, heat maps, versions.

The page needs no network and asks for none: data, style and script are inside.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from nctheory import __version__
from nctheory.files import check_target, write
from nctheory.sweep.export import columns
from nctheory.sweep.store import Store
from nctheory.sweep.tasks import TASKS

TEMPLATE = Path(__file__).with_name("page.html")
LARGEST_TABLE = 50_000  # rows of one table; a browser holds no more with comfort


def write_page(store: str | Path, output: str | Path, *, force: bool = False) -> dict[bytes, str]:
    """Write the page of a store to `output`.

    Tables of more than 50 000 points are cut, and say so.

    Returns
    -------
    dict
        What is damaged in the store, as `Store.check` says it; these points are left out.

    Raises
    ------
    InputError
        Where the store cannot be read or the file cannot be written (see
        `nctheory.files.check_target`).
    """
    output = Path(output)
    check_target(output, force=force, sources=[store])
    with Store(store) as opened:
        damage = opened.check(arrays=False)
        data = {
            "name": opened.path.name,
            "nctheory": __version__,
            "sweeps": opened.sweeps(),
            "tables": [_table(opened, entry, damage) for entry in opened.counts()],
        }
    page = TEMPLATE.read_text(encoding="utf-8").replace("/*DATA*/", _in_script(data), 1)
    write(output, page, force=force)
    return damage


def _in_script(data: Any) -> str:
    """JSON that no text inside can end early: results and errors may hold anything."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _table(store: Store, entry: dict[str, Any], damage: Collection[bytes]) -> dict[str, Any]:
    """Columns and rows of one task and version; what never varies is named once."""
    task, version = entry["task"], entry["version"]
    records = list(islice(store.table(task, version, skip=damage), LARGEST_TABLE))
    names = [name for name in columns(records) if name != "version"]
    constant = [name for name in names if len(records) > 1
                and len({_plain(record.get(name)) for record in records}) == 1]
    shown = [name for name in names if name not in constant]
    parameters = TASKS[task].parameters if task in TASKS else {}
    return entry | {
        "total": entry["finished"] + entry["failed"],
        "constant": {name: _plain(records[0].get(name)) for name in constant},
        "columns": shown,
        "parameters": [name for name in shown if name in parameters],
        "rows": [_cells(record.get(name) for name in shown) for record in records],
    }


def _cells(values: Iterable[Any]) -> list[Any]:
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
