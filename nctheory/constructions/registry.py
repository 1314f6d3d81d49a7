"""The one registry of families, by name, and constructions written as text.

    triangular:r=5,s=3           one member of a family
    triangular:r=5,s=3+dnc:K=1   a direct sum
    features:file=mine.npz       one's own, from the arrays `features` and `rows`
    rook:n=4, paley:q=9, petersen, srg:graph.g6   on a strongly regular graph
    chain:K=5,L=4                the chain of the atlas found for 5 classes and 4 layers
    pairs:K=10, groups:sizes=3/3/2   for cross-entropy alone
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nctheory.activations import PiecewiseLinear
from nctheory.constructions import stored
from nctheory.constructions import strongly_regular as srg
from nctheory.constructions.arc import Arc
from nctheory.constructions.base import Construction, DirectSum
from nctheory.constructions.codes import Circle
from nctheory.constructions.edge_code import EdgeCode
from nctheory.constructions.features import Features
from nctheory.constructions.orthogonal import Orthogonal
from nctheory.constructions.pairs import Groups, Pairs
from nctheory.constructions.triangular import Triangular
from nctheory.errors import require
from nctheory.losses import Loss
from nctheory.metrics import Recognition, structures
from nctheory.specs import Kind, make

Made = TypeVar("Made", bound=Construction, covariant=True)


class Best(Protocol[Made]):
    """The cheapest member of a family for so many classes and layers, or None."""

    def __call__(self, classes: int, layers: int, loss: Loss,
                 activation: PiecewiseLinear) -> Made | None: ...


@dataclass(frozen=True)
class Family(Kind[Made]):
    """How text names a family's members (`build`, `parameters`) and tables find them (`best`).

    Attributes
    ----------
    build, parameters, examples
        See `nctheory.specs.Kind`.
    recognise : callable, optional
        How far a trained run is from the family's geometry: see `nctheory.metrics.Recognition`.
        The solver labels runs by the family that they are near.
    alone : bool
        Whether members are whole constructions, never blocks of a direct sum.
    best : callable, optional
        best(classes, layers, loss, activation) is the cheapest member, or None; without it the
        family is in no table.
    members : callable, optional
        members(classes) are all members with so many classes, for checks that want them all.
    """

    recognise: Recognition | None = None
    alone: bool = False
    best: Best[Made] | None = None
    members: Callable[[int], Iterable[Made]] | None = None


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("/")))


FAMILIES: dict[str, Family[Construction]] = {
    "dnc": Family(Orthogonal, {"K": ("classes", int)}, ("dnc:K=5",), best=Orthogonal.best,
                  recognise=structures.dnc, members=lambda classes: [Orthogonal(classes=classes)]),
    "orthogonal": Family(Orthogonal, {"K": ("classes", int)}),
    "triangular": Family(Triangular, {"r": ("vertices", int), "s": ("subset", int)},
                         ("triangular:r=4,s=2", "triangular:r=5,s=3"),
                         best=Triangular.best, recognise=structures.triangular,
                         members=Triangular.members),
    "rook": Family(srg.Rook, {"n": ("side", int)}, ("rook:n=3", "rook:n=4"), best=srg.Rook.best),
    "paley": Family(srg.paley, {"q": ("order", int)}, ("paley:q=5", "paley:q=9"),
                    best=srg.best_paley),
    "kneser": Family(srg.kneser, {"n": ("points", int)}, ("kneser:n=6",)),
    "petersen": Family(srg.PETERSEN.build, {}, ("petersen",)),
    **{one.spec: Family(one.build, {}, (one.spec,), best=one.best) for one in srg.SPORADIC},
    "srg": Family(srg.from_file, {"file": ("path", str)}),
    "pairs": Family(Pairs, {"K": ("classes", int)}, ("pairs:K=7",), alone=True, best=Pairs.best,
                    recognise=structures.pairs),
    "groups": Family(Groups, {"sizes": ("sizes", _sizes)}, ("groups:sizes=3/3/2",),
                     alone=True, best=Groups.best),
    "circle": Family(Circle, {"K": ("classes", int)}, ("circle:K=10",), alone=True,
                     best=Circle.best),
    "edgecode": Family(EdgeCode, {"r": ("vertices", int)}, ("edgecode:r=5",), alone=True,
                       best=EdgeCode.best),
    "arc": Family(Arc, {"K": ("classes", int)}, ("arc:K=4", "arc:K=9"), alone=True,
                  best=Arc.best),
    "features": Family(Features.from_file, {"file": ("path", str)}),
    "chain": Family(stored.chain, {"K": ("classes", int), "L": ("layers", int)},
                    ("chain:K=3,L=4", "chain:K=5,L=4"), best=stored.best_chain),
    "partial-fit": Family(stored.partial_fit, {"K": ("classes", int), "L": ("layers", int)},
                          ("partial-fit:K=6,L=2",), alone=True, best=stored.best_partial_fit),
}


def register(name: str, family: Family[Construction]) -> None:
    """Add a family of one's own: tables use its `best`, the command line its `build`.

    Raises
    ------
    InputError
        Where the name is taken or is not a plain word.

    Examples
    --------
    >>> from nctheory.constructions import FAMILIES, Family, Orthogonal, construct, register
    >>> register("frame", Family(Orthogonal, {"K": ("classes", int)}))
    >>> construct("frame:K=3").label
    'DNC 3'
    >>> del FAMILIES["frame"]
    """
    require(name.isidentifier(), "name", "be a plain word", name)
    require(name not in FAMILIES, "name", "not be taken", name)
    FAMILIES[name] = family


def construct(text: str) -> Construction:
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
    require(isinstance(text, str), "construction", "be a text", text)
    blocks = [make("construction", part.strip(), FAMILIES) for part in text.split("+")]
    if len(blocks) == 1:
        return blocks[0]
    return DirectSum(tuple(blocks))  # type: ignore[arg-type]  # it refuses what is no Block
