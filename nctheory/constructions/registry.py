"""The one registry of families, by name, and constructions written as text.

    triangular:r=5,s=3           one member of a family
    triangular:r=5,s=3+dnc:K=1   a direct sum
    features:file=mine.npz       one's own, from the arrays `features` and `rows`
    atlas:K=5,L=4                the chain of the atlas found for 5 classes and 4 layers
    pairs:K=10, groups:sizes=3/3/2   for cross-entropy alone
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nctheory.constructions import stored
from nctheory.constructions.base import Block, Construction, DirectSum
from nctheory.constructions.codes import Circle
from nctheory.constructions.features import Features
from nctheory.constructions.logits import Logits
from nctheory.constructions.orthogonal import Orthogonal
from nctheory.constructions.pairs import Groups, Pairs
from nctheory.constructions.triangular import Triangular
from nctheory.errors import InputError, require, show


class Best(Protocol):
    """The cheapest member of a family for so many classes and layers, or None."""

    def __call__(self, classes: int, layers: int) -> Block | None: ...


class BestLogits(Protocol):
    """The same for cross-entropy with an activation."""

    def __call__(self, classes: int, layers: int, activation: str) -> Logits | None: ...


@dataclass(frozen=True)
class Family:
    """How tables find a family's members (`best`, `best_logits`) and how text names one (`build`).

    `parameters` maps the letters of the papers to the arguments of `build` and their types.
    """

    build: Callable[..., Block | Logits]
    parameters: Mapping[str, tuple[str, Callable[[str], Any]]]
    best: Best | None = None
    best_logits: BestLogits | None = None


def _from_file(file: str) -> Block:
    return Features.from_file(file)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("/")))


FAMILIES: dict[str, Family] = {
    "dnc": Family(Orthogonal, {"K": ("classes", int)}, Orthogonal.best),
    "orthogonal": Family(Orthogonal, {"K": ("classes", int)}),
    "triangular": Family(Triangular, {"r": ("vertices", int), "s": ("subset", int)},
                         Triangular.best),
    "pairs": Family(Pairs, {"K": ("classes", int)}, best_logits=Pairs.best),
    "groups": Family(Groups, {"sizes": ("sizes", _sizes)}, best_logits=Groups.best),
    "circle": Family(Circle, {"K": ("classes", int)}, best_logits=Circle.best),
    "features": Family(_from_file, {"file": ("file", str)}),
    "atlas": Family(stored.chain, {"K": ("classes", int), "L": ("layers", int)},
                    stored.best_chain),
}


def register(name: str, family: Family) -> None:
    """Add a family of one's own: tables use its `best`, the command line its `build`.

    Raises
    ------
    InputError
        Where the name is taken or is not a plain word.

    Examples
    --------
    >>> from nctheory.constructions import FAMILIES, Orthogonal, construct, register
    >>> from nctheory.constructions.registry import Family
    >>> register("frame", Family(Orthogonal, {"K": ("classes", int)}))
    >>> construct("frame:K=3").label
    'DNC 3'
    >>> del FAMILIES["frame"]
    """
    require(name.isidentifier(), "name", "be a plain word", name)
    require(name not in FAMILIES, "name", "not be taken", name)
    FAMILIES[name] = family


def construct(text: str) -> Construction | Logits:
    """The construction that `text` names; several joined by "+" are a direct sum.

    Raises
    ------
    InputError
        Where a family or a parameter is unknown, missing or of the wrong type.

    Examples
    --------
    >>> construct("triangular:r=5,s=3 + dnc:K=1").classes
    11
    """
    blocks = [_block(part.strip()) for part in text.split("+")]
    if len(blocks) == 1:
        return blocks[0]
    return DirectSum(tuple(blocks))  # type: ignore[arg-type]  # it refuses what is no Block


def _block(text: str) -> Block | Logits:
    name, _, listed = text.partition(":")
    if name not in FAMILIES:
        raise InputError(f"construction must be one of {', '.join(FAMILIES)}, got {show(text)}")
    family = FAMILIES[name]
    given = dict(_assignment(name, item) for item in listed.split(",")) if listed else {}
    arguments = {}
    for letter, (argument, kind) in family.parameters.items():
        value = given.pop(letter, given.pop(argument, ""))
        require(value != "", f"{name}:{letter}", f"be given, as in {_usage(name)}", text)
        try:
            arguments[argument] = kind(value)
        except ValueError:
            raise InputError(f"{name}:{letter} must be an integer, got {show(value)}") from None
    if given:
        raise InputError(f"{name} must have the parameters of {_usage(name)}, "
                         f"got {show(next(iter(given)))}")
    return family.build(**arguments)


def _assignment(name: str, item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals:
        raise InputError(f"{name} must be written as {_usage(name)}, got {show(item)}")
    return key.strip(), value.strip()


def _usage(name: str) -> str:
    return f"{name}:" + ",".join(f"{letter}=.." for letter in FAMILIES[name].parameters)
