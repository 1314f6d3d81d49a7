"""The one error class of the library, and the checks that raise it.

Every message has the same three parts: the argument's name, what is required, what came.
"""

from __future__ import annotations

import math
import operator
from typing import Any


class InputError(ValueError):
    """An argument is outside its domain: the message names it, the requirement, the value."""


def show(value: object) -> str:
    """`value` as error messages quote it: one short line, whatever it is."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python refuses to print integers of more than 4300 digits
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else "?"
    return text if len(text) <= 80 else text[:77] + "..."


def printable(text: str) -> str:
    r"""`text` with what would control a terminal written out: "\x1b" for an escape.

    >>> print(printable("a\x1b[31m"))
    a\x1b[31m
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """`text` for a terminal: one line of bounded length, without control characters."""
    words = printable(" ".join(text.split()))
    return words if len(words) <= 2000 else words[:1000] + " ... " + words[-900:]


def require(condition: bool, name: str, requirement: str, value: object) -> None:
    """Raise `InputError` "`name` must `requirement`, got `value`" unless `condition` holds."""
    if not condition:
        raise InputError(f"{name} must {requirement}, got {show(value)}")


def integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    """`value` as a Python int in least..most; floats and booleans are refused."""
    bound = f"at least {least}" if most is None else f"between {least} and {most}"
    requirement = f"be an integer {bound}"
    require(not isinstance(value, bool), name, requirement, value)
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} must {requirement}, got {show(value)}") from None
    require(least <= number and (most is None or number <= most), name, requirement, value)
    return number


def positive(name: str, value: Any) -> float:
    """`value` as a finite float greater than zero."""
    requirement = "be a finite number greater than 0"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must {requirement}, got {show(value)}") from None
    require(math.isfinite(number) and number > 0, name, requirement, value)
    return number


def nonnegative(name: str, value: Any, below: float = math.inf) -> float:
    """`value` as a float that is at least 0 and less than `below`."""
    bound = "finite and at least 0" if below == math.inf else f"at least 0 and less than {below:g}"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    require(0 <= number < below, name, f"be {bound}", value)
    return number


def choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """`value`, one of the words in `allowed`."""
    require(isinstance(value, str) and value in allowed, name,
            "be one of " + ", ".join(map(repr, allowed)), value)
    return str(value)
