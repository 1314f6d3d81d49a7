"""A plan: which points to compute.  Read from TOML or made in Python, checked before any work.

    task = "solve"
    keep = ["trace"]                              # arrays to keep beside the results
    [fixed]                                       # the same for every point
    width = 30
    [grid]                                        # every combination of these
    classes = [6, 10]
    layers = { range = [3, 4] }                   # inclusive; a third number is the step
    weight_decay = { log = [1e-3, 1e-2, 4] }      # first, last, how many
    seed = { range = [0, 4] }
    [[zip]]                                       # lists that go in step: one axis of the grid
    learning_rate = [0.5, 0.1]
    steps = [2000, 10000]
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from nctheory import __version__
from nctheory.errors import InputError, require, show
from nctheory.files import open_regular
from nctheory.sweep.tasks import TASKS, Task, offered

LARGEST_PLAN = 10**8  # points
LARGEST_AXIS = 10**6  # values of one axis
LARGEST_LOG = 10**5  # values of a log range
LARGEST_FILE = 10**6  # bytes


class Point(NamedTuple):
    """One computation: its key, its canonical JSON, and the parameters by name.

    The key is a digest of the canonical JSON of task, version, seed and all other parameters,
    defaults included: whatever changes makes another point.
    """

    key: bytes
    parameters: str
    seed: int | None
    values: dict[str, Any]


class _Axis(NamedTuple):
    table: str
    names: tuple[str, ...]
    values: list[tuple[Any, ...]]


class PlanError(InputError):
    """A refusal that knows the entry of the plan it is about."""

    def __init__(self, message: str, table: str = "", key: str = "") -> None:
        super().__init__(message, table, key)
        self.table, self.key = table, key

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Plan(Sequence[Point]):
    """The points of a sweep, in order; any of them at once by its index.

    Parameters
    ----------
    task : str
        A name of `nctheory.sweep.tasks.TASKS`.
    fixed : mapping of parameter to value
    grid : mapping of parameter to values
        Lists, Python ranges, or {"range": [first, last]} (inclusive, with an optional step),
        {"log": [first, last, count]}.  Points are all combinations.
    zips : sequence of mappings
        Each maps parameters to equally long lists that advance together.
    keep : sequence of str
        Arrays to keep; what there is depends on the task.

    Raises
    ------
    InputError
        Where an entry is unknown, of the wrong type, outside its domain, given twice, or the
        plan has more than 10^8 points.

    Examples
    --------
    >>> plan = Plan("loss", fixed={"construction": "dnc:K=6"}, grid={"layers": range(2, 5)})
    >>> len(plan), plan[2].values["layers"], plan[2].values["weight_decay"]
    (3, 4, 0.004)
    """

    task: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, Any] = field(default_factory=dict)
    zips: Sequence[Mapping[str, Any]] = ()
    keep: tuple[str, ...] = ()
    _axes: tuple[_Axis, ...] = field(init=False, repr=False, compare=False)
    _base: dict[str, Any] = field(init=False, repr=False, compare=False)
    _length: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = offered()
        if not isinstance(self.task, str) or self.task not in names:
            raise PlanError(f"task must be one of {', '.join(names)}, got {show(self.task)}",
                            key="task")
        task = TASKS[self.task]
        object.__setattr__(self, "keep", _keep(task, self.keep))
        columns = [("grid", {name: _values("grid", name, given)})
                   for name, given in _table("grid", self.grid).items()]
        columns += [_zip(f"zip[{i}]", table) for i, table in enumerate(_list("zip", self.zips))]
        count = math.prod(len(next(iter(lists.values()))) for _, lists in columns)
        if count > LARGEST_PLAN:
            raise PlanError(f"grid must have at most {LARGEST_PLAN} points, got {count}", "grid")
        axes = [_axis(task, table, lists) for table, lists in columns]
        # What a task computes together varies fastest, so that it arrives together.
        axes.sort(key=lambda axis: task.together in axis.names)
        fixed = {name: _fit(task, "fixed", name, value)
                 for name, value in _table("fixed", self.fixed).items()}
        given = [*((name, "fixed") for name in fixed),
                 *((name, axis.table) for axis in axes for name in axis.names)]
        for i, (name, table) in enumerate(given):
            if name in (other for other, _ in given[:i]):
                raise PlanError(f"{name} must be given once, got it in {table} again", table,
                                name)
        known = [name for name, _ in given]
        for parameter in task.parameters.values():
            if parameter.required and parameter.name not in known:
                raise PlanError(f"{parameter.name} must be given (task {self.task})",
                                key=parameter.name)
        object.__setattr__(self, "_axes", tuple(axes))
        object.__setattr__(self, "_length", count)
        object.__setattr__(self, "_base", {
            name: fixed.get(name, parameter.default)
            for name, parameter in task.parameters.items()})
        self._check_values(task)

    def _check_values(self, task: Task) -> None:
        """Each value once, beside the first of every other axis: enough to find a bad one."""
        first = self._base | {name: value for axis in self._axes
                              for name, value in zip(axis.names, axis.values[0], strict=True)}
        try:
            task.check(first)
        except InputError as error:
            raise _located(error, first) from None
        for axis in self._axes:
            # Seeds differ in their size alone.
            ends = [min(axis.values), max(axis.values)]
            for values in ends if axis.names == ("seed",) else axis.values:
                changed = dict(zip(axis.names, values, strict=True))
                try:
                    task.check(first | changed)
                except InputError as error:
                    raise _located(error, changed) from None

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """The plan of a TOML file; errors name file, line and key."""
        path = Path(path)
        try:
            with open_regular(path) as file:
                raw = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise InputError(f"plan must be a readable file, got {show(str(path))}: "
                             f"{error.strerror}") from None
        require(len(raw) <= LARGEST_FILE, "plan", f"be a file of at most {LARGEST_FILE} bytes",
                str(path))
        try:
            source = raw.decode()
            return cls.parse(tomllib.loads(source))
        except PlanError as error:
            line = _line(source, error.table, error.key)
            place = f"{path}, line {line}" if line else str(path)
            raise InputError(f"{place}: {error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{path}: not a TOML file: {error}") from None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Plan:
        """The plan that a mapping shaped like the TOML file describes."""
        known = ("task", "keep", "fixed", "grid", "zip")
        for key in document:
            if key not in known:
                raise PlanError(f"{key} must be one of the plan's entries {', '.join(known)}",
                                key=key)
        if "task" not in document:
            raise PlanError(f"task must be given, one of {', '.join(offered())}")
        zips = document.get("zip", ())
        return cls(document["task"], document.get("fixed", {}), document.get("grid", {}),
                   [zips] if isinstance(zips, Mapping) else zips, document.get("keep", ()))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        rest, values = index % len(self), dict(self._base)
        for axis in reversed(self._axes):
            rest, place = divmod(rest, len(axis.values))
            values.update(zip(axis.names, axis.values[place], strict=True))
        return point(self.task, values)

    def __iter__(self) -> Iterator[Point]:
        return (self[i] for i in range(len(self)))

    def describe(self) -> dict[str, Any]:
        """The plan as plain data, for records."""
        return {"task": self.task, "keep": list(self.keep),
                "fixed": self._base,
                "axes": [{name: [values[i] for values in axis.values][:1000]
                          for i, name in enumerate(axis.names)} for axis in self._axes]}


def point(task: str, values: Mapping[str, Any]) -> Point:
    """The point of `task` at these parameters."""
    seed = values.get("seed")
    text = _canonical({name: value for name, value in values.items() if name != "seed"})
    return Point(key_of(task, __version__, seed, text), text, seed, dict(values))


def key_of(task: str, version: str, seed: int | None, parameters: str) -> bytes:
    """16 bytes that stand for the canonical JSON of a point."""
    text = _canonical([task, version, seed]) + parameters
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


# --- reading entries ---

def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PlanError(f"{name} must be a table of parameters, got {show(value)}", key=name)
    return value


def _list(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise PlanError(f"{name} must be a list of tables, got {show(value)}", key=name)
    return value


def _keep(task: Task, keep: Any) -> tuple[str, ...]:
    for item in _list("keep", keep):
        if item not in task.keep:
            some = ", ".join(task.keep) or "nothing for this task"
            raise PlanError(f"keep must be a list out of: {some}; got {show(item)}", key="keep")
    return tuple(sorted(set(keep)))


def _fit(task: Task, table: str, name: str, value: Any) -> Any:
    if name not in task.parameters:
        raise PlanError(f"{table}.{name} must be one of the parameters "
                        f"{', '.join(task.parameters)}", table, name)
    try:
        return task.parameters[name].fit(value)
    except InputError as error:
        raise PlanError(f"{table}.{error}", table, name) from None


def _zip(table: str, lists: Any) -> tuple[str, dict[str, Sequence[Any]]]:
    columns = {name: _values(table, name, given) for name, given in _table(table, lists).items()}
    if len({len(column) for column in columns.values()}) != 1:
        lengths = {name: len(column) for name, column in columns.items()}
        raise PlanError(f"{table} must hold lists of one length, got {show(lengths)}", table)
    return table, columns


def _axis(task: Task, table: str, lists: Mapping[str, Sequence[Any]]) -> _Axis:
    columns = [[_fit(task, table, name, item) for item in items]
               for name, items in lists.items()]
    values = list(zip(*columns, strict=True))
    if len({_canonical(value) for value in values}) < len(values):
        name = next(iter(lists))
        raise PlanError(f"{table}.{name} must not repeat a value", table, name)
    return _Axis(table, tuple(lists), values)


def _values(table: str, name: str, given: Any) -> Sequence[Any]:
    """The values of one list, range or log range; sizes are checked before they are made."""
    def refuse(requirement: str) -> PlanError:
        return PlanError(f"{table}.{name} must be {requirement}, got {show(given)}", table, name)

    if isinstance(given, Mapping):
        if list(given) == ["range"]:
            values: Sequence[Any] = _range(given["range"], refuse)
        elif list(given) == ["log"]:
            values = _log_range(given["log"], refuse)
        else:
            raise refuse("a list, { range = [first, last] } or { log = [first, last, count] }")
    elif isinstance(given, str) or not hasattr(given, "__len__"):
        raise refuse("a list of values (one value goes to fixed)")
    else:
        values = given
    if not 0 < len(values) <= LARGEST_AXIS:
        raise refuse(f"1 to {LARGEST_AXIS} values")
    return values


def _range(bounds: Any, refuse: Any) -> range:
    if not (isinstance(bounds, list | tuple) and len(bounds) in (2, 3)
            and all(type(bound) is int and abs(bound) < 2**63 for bound in bounds)
            and bounds[0] <= bounds[1] and bounds[2:] != [0] and min(bounds[2:], default=1) > 0):
        raise refuse("a range of integers [first, last] or [first, last, step], first <= last")
    first, last, *step = bounds
    if (last - first) // (step or [1])[0] >= LARGEST_AXIS:
        raise refuse(f"1 to {LARGEST_AXIS} values")
    return range(first, last + 1, *step)


def _log_range(bounds: Any, refuse: Any) -> list[float]:
    if not (isinstance(bounds, list | tuple) and len(bounds) == 3 and type(bounds[2]) is int
            and all(type(bound) in (int, float) and 0 < bound < math.inf
                    for bound in bounds[:2]) and 2 <= bounds[2] <= LARGEST_LOG):
        raise refuse(f"a log range [first > 0, last > 0, count from 2 to {LARGEST_LOG}]")
    first, last, count = bounds
    low, high = math.log(first), math.log(last)
    inner = (math.exp(low + (high - low) * i / (count - 1)) for i in range(1, count - 1))
    # 12 digits: another machine's exp must not make another point.
    return [float(first), *(float(f"{value:.12g}") for value in inner), float(last)]


def _located(error: InputError, values: Mapping[str, Any]) -> PlanError:
    """The entry that a domain error is about: errors begin with the argument's name."""
    name = re.split(r"\W", str(error), maxsplit=1)[0]
    if name not in values:
        name = next(iter(values)) if len(values) == 1 else ""
    return PlanError(str(error), "", name)


def _line(source: str, table: str, key: str) -> int | None:
    """The line of `key` in `table` (any table, where that is ""), of the table otherwise."""
    wanted, _, index = table.partition("[")
    current, seen, fallback = "", -1, None
    for number, line in enumerate(source.splitlines(), start=1):
        header = re.match(r"\s*\[\[?\s*(\w+)\s*\]", line)
        if header:
            current = header[1]
            seen += current == wanted
            if key == current and not wanted:
                return number
        here = wanted in ("", current) and (not index or seen == int(index.rstrip("]")))
        if here and header and wanted:
            fallback = fallback or number
        name = re.match(r"\s*(?:(\w+)\s*\.\s*)?[\"']?(\w+)[\"']?\s*=", line)
        if key and name and name[2] == key and (here or name[1] == wanted):
            return number
    return fallback
