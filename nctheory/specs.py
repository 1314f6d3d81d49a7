"""Things named by text: "family:key=value,key=value", parsed once for every registry."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from nctheory.errors import InputError, require, show

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """An entry of a registry: what builds it, from which parameters.

    `parameters` maps the letters of the papers to the arguments of `build` and their types;
    `examples` are texts that name some, on which tests and strategies run.
    """

    build: Callable[..., T]
    parameters: Mapping[str, tuple[str, Callable[[str], Any]]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    def usage(self, name: str) -> str:
        """How text names one: "triangular:r=..,s=.."."""
        listed = ",".join(f"{letter}=.." for letter in self.parameters)
        return f"{name}:{listed}" if listed else name


def parse(noun: str, text: str, registry: Mapping[str, Kind[T]]) -> T:
    """What `text` names in a registry; `noun` is what error messages call it.

    Raises
    ------
    InputError
        Where the name or a parameter is unknown, missing or of the wrong type.

    Examples
    --------
    >>> from fractions import Fraction
    >>> parse("number", "ratio:p=1/3", {"ratio": Kind(Fraction, {"p": ("numerator", Fraction)})})
    Fraction(1, 3)
    >>> parse("number", "ration", {"ratio": Kind(Fraction)})
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: number must be one of 'ratio', got 'ration'; do you mean 'ratio'?
    """
    require(isinstance(text, str), noun, "be a text", text)
    name, _, listed = text.strip().partition(":")
    if name not in registry:
        raise unknown(noun, text, registry)
    kind = registry[name]
    usage = kind.usage(name)
    given = dict(_assignment(name, item, usage) for item in listed.split(",")) if listed else {}
    arguments = {}
    for letter, (argument, convert) in kind.parameters.items():
        value = given.pop(letter, given.pop(argument, ""))
        require(value != "", f"{name}:{letter}", f"be given, as in {usage}", text)
        arguments[argument] = _converted(f"{name}:{letter}", value, convert)
    if given:
        raise InputError(f"{name} must have the parameters of {usage}, "
                         f"got {show(next(iter(given)))}")
    return kind.build(**arguments)


def examples(registry: Mapping[str, Kind[T]]) -> list[str]:
    """The examples of every entry of a registry."""
    return [text for kind in registry.values() for text in kind.examples]


def unknown(noun: str, word: str, known: Iterable[str]) -> InputError:
    """The error for a word that is not one of the `known`, with the nearest of them."""
    known = list(known)
    near = difflib.get_close_matches(str(word).partition(":")[0], known, n=1)
    hint = f"; do you mean {near[0]!r}?" if near else ""
    return InputError(f"{noun} must be one of {', '.join(map(repr, known))}, got {show(word)}"
                      + hint)


def _converted(name: str, value: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(value)
    except InputError:
        raise
    except (ValueError, ZeroDivisionError):
        wanted = "an integer" if convert is int else "a number"
        raise InputError(f"{name} must be {wanted}, got {show(value)}") from None


def _assignment(name: str, item: str, usage: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals:
        raise InputError(f"{name} must be written as {usage}, got {show(item)}")
    return key.strip(), value.strip()
