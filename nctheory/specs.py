"""Things named by text, "name:key=value,key=value": parsed here for all kinds of things.

A registry is a table of names.  Where a name is enough to build the thing, its entries are of
`Kind` and `make` builds it; else a name's arguments are a table of `Argument` for `parse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from nctheory.errors import InputError, require, show


@dataclass(frozen=True)
class Argument:
    """One argument of a name.

    Attributes
    ----------
    kind : callable
        Makes the value from its text, or raises ValueError.
    requirement : str
        What errors say that the value must be.
    alias : str
        A second name for the same argument.
    optional : bool
        Whether it may be left out; the result then lacks it.
    """

    kind: Callable[[str], object] = int
    requirement: str = "be an integer"
    alias: str = ""
    optional: bool = False


Arguments = Mapping[str, Argument]
T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """An entry of a registry: what builds it, from which parameters.

    `parameters` maps the letters of the papers to the arguments of `build` and their types;
    `examples` are texts that name some, on which tests and strategies run.
    """

    build: Callable[..., T]
    parameters: Mapping[str, tuple[str, Callable[[str], object]]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def arguments(self) -> Arguments:
        """What `parse` is to read."""
        return {letter: Argument(convert, "be an integer" if convert is int else "be a number",
                                 alias=name if name != letter else "")
                for letter, (name, convert) in self.parameters.items()}


def make(kind: str, text: str, registry: Mapping[str, Kind[T]]) -> T:
    """What `text` names in a registry, built.

    Raises
    ------
    InputError
        As `parse`, and whatever `build` refuses.

    Examples
    --------
    >>> from fractions import Fraction
    >>> make("number", "ratio:p=1/3", {"ratio": Kind(Fraction, {"p": ("numerator", Fraction)})})
    Fraction(1, 3)
    """
    name, values = parse(kind, text, {name: made.arguments for name, made in registry.items()})
    made = registry[name]
    return made.build(**{made.parameters[key][0]: value for key, value in values.items()})


def examples(registry: Mapping[str, Kind[T]]) -> list[str]:
    """The examples of every entry of a registry."""
    return [text for made in registry.values() for text in made.examples]


def parse(kind: str, text: str, registry: Mapping[str, Arguments]) -> tuple[str, dict[str, Any]]:
    """The name and the typed arguments of `text`, in the order of the registry.

    Parameters
    ----------
    kind : str
        What is named, for errors: "graph", "construction", "claim".
    registry : mapping
        name -> its arguments.

    Raises
    ------
    InputError
        For a name or an argument that is unknown (near misses are suggested), missing, given
        twice, or of the wrong type.

    Examples
    --------
    >>> families = {"triangular": {"r": Argument(), "s": Argument()}, "dnc": {"K": Argument()}}
    >>> parse("construction", "triangular:r=5,s=3", families)
    ('triangular', {'r': 5, 's': 3})
    >>> parse("construction", "trianglar:r=5", families)
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: construction must be one of triangular, dnc, got 'trianglar:r=5' (did you mean triangular?)
    """  # noqa: E501  (the error is one line)
    require(isinstance(text, str), kind, f"be a text such as {_example(registry)!r}", text)
    name, _, listed = text.partition(":")
    name = name.strip()
    if name not in registry:
        raise InputError(f"{kind} must be one of {', '.join(registry)}, "
                         f"got {show(text)}{near(name, registry)}")
    arguments = registry[name]
    given = _given(name, listed, arguments)
    values = {}
    for key, argument in arguments.items():
        if key in given:
            values[key] = _value(f"{name}:{key}", given[key], argument)
        elif not argument.optional:
            raise InputError(f"{name}:{key} must be given, as in {usage(name, arguments)}, "
                             f"got {show(text)}")
    return name, values


def _given(name: str, listed: str, arguments: Arguments) -> dict[str, str]:
    """key -> text, with aliases resolved."""
    form = usage(name, arguments)
    names = {argument.alias: key for key, argument in arguments.items() if argument.alias}
    given: dict[str, str] = {}
    if listed and "=" not in listed and [made.kind for made in arguments.values()] == [str]:
        return {next(iter(arguments)): listed}  # a single text needs no key: srg:graph.g6
    for item in listed.split(",") if listed else ():
        written, equals, value = (part.strip() for part in item.partition("="))
        key = names.get(written, written)
        if not equals:
            raise InputError(f"{name} must be written as {form}, got {show(item)}")
        if key not in arguments:
            raise InputError(f"{name} must have the parameters of {form}, got {show(written)}"
                             + near(written, [*arguments, *names]))
        require(key not in given, f"{name}:{key}", "be given once", listed)
        given[key] = value
    return given


def _value(name: str, text: str, argument: Argument) -> object:
    try:
        return argument.kind(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{name} must {argument.requirement}, got {show(text)}") from None


def usage(name: str, arguments: Arguments) -> str:
    """How a name is written: "cell:r=..,s=..[,n=..]"."""
    needed = ",".join(f"{key}=.." for key, made in arguments.items() if not made.optional)
    optional = "".join(f"[,{key}=..]" for key, made in arguments.items() if made.optional)
    return name + (":" if arguments else "") + needed + optional


def near(word: str, known: Iterable[str]) -> str:
    """" (did you mean ...?)" where a known word is close, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _example(registry: Mapping[str, Arguments]) -> str:
    name = next(iter(registry), "name")
    return usage(name, registry.get(name, {}))
