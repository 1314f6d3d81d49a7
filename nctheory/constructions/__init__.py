"""Constructions: explicit collapsed solutions with exact costs, a family a file.

A new family is one file with a `Block` subclass and one line in `FAMILIES` (or a call of
`register`); tables, command line and tests pick it up from there.
"""

from __future__ import annotations

from nctheory.constructions.arc import Arc
from nctheory.constructions.base import Block, Construction, DirectSum
from nctheory.constructions.chain import Chain
from nctheory.constructions.codes import Circle, Code
from nctheory.constructions.factors import Ranks
from nctheory.constructions.features import Features
from nctheory.constructions.logits import Logits
from nctheory.constructions.orthogonal import Orthogonal
from nctheory.constructions.pairs import Groups, Pairs
from nctheory.constructions.registry import FAMILIES, Family, construct, register
from nctheory.constructions.strongly_regular import Rook, StronglyRegular
from nctheory.constructions.triangular import (
    OptimalMixture,
    Triangular,
    TriangularMixture,
    optimal_mixture,
)

__all__ = [
    "FAMILIES",
    "Arc",
    "Block",
    "Circle",
    "Code",
    "Chain",
    "Construction",
    "DirectSum",
    "Family",
    "Features",
    "Groups",
    "Logits",
    "OptimalMixture",
    "Orthogonal",
    "Pairs",
    "Ranks",
    "Rook",
    "StronglyRegular",
    "Triangular",
    "TriangularMixture",
    "construct",
    "optimal_mixture",
    "register",
]
