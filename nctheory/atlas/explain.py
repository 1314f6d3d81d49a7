"""What a construction is, layer by layer: symmetry, structure, values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nctheory.atlas.algebraic import minimum, polynomial
from nctheory.atlas.search import Factors
from nctheory.atlas.simplify import entry_orbits, simplified
from nctheory.atlas.structure import Layer, layers
from nctheory.atlas.symmetry import Group, class_symmetry, network_symmetry, orbits, scaled
from nctheory.atlas.table import Cell, atlas
from nctheory.constructions import Block, Chain
from nctheory.problem import Problem

if TYPE_CHECKING:
    import sympy

Matrix = NDArray[np.float64]

# Python prints integers of up to so many digits.
PRINTED = 4000
# Up to so many classes the minimum is looked up among algebraic numbers (seconds).
ALGEBRAIC = 4


@dataclass(frozen=True)
class Explanation:
    """The best known construction of a cell of the atlas, and what was recognised in it."""

    cell: Cell

    @cached_property
    def factors(self) -> Factors:
        """H_1, W_1, ..., W_{L-1}, up to scale."""
        # Any weight decay that does not kill the solution: scales say nothing here.
        problem = Problem(classes=self.cell.classes, layers=self.cell.layers, weight_decay=1e-9)
        return [scaled(f) for f in self.cell.construction.scaled(problem)[:-1]]

    @cached_property
    def layers(self) -> list[Layer]:
        """Layers 2..L."""
        return layers(self.factors)

    @cached_property
    def symmetry(self) -> Group:
        """The permutations of the classes that keep what every layer sees."""
        return class_symmetry(self.factors)

    @cached_property
    def network_symmetry(self) -> Group:
        """The permutations of classes and neurons that keep all matrices."""
        return network_symmetry(self.factors)

    @property
    def group_name(self) -> str:
        """What the group of the classes is, which neurons show more often than classes."""
        group = self.network_symmetry
        return group.name if group.order == self.symmetry.order else self.symmetry.name

    @cached_property
    def class_orbits(self) -> tuple[tuple[int, ...], ...]:
        """Classes that are exchanged, the largest orbits first."""
        return tuple(sorted(self.symmetry.orbits(), key=lambda orbit: (-len(orbit), orbit)))

    @cached_property
    def neuron_orbits(self) -> list[tuple[tuple[int, ...], ...]]:
        """For layers 2..L, the neurons that permutations of classes and neurons exchange."""
        group = self.network_symmetry
        ends = np.cumsum([self.cell.classes, *(layer.neurons for layer in self.layers)]).tolist()
        return [tuple(tuple(i - a for i in orbit) for orbit in orbits(
            group.degree, group.generators) if a <= orbit[0] < b) for a, b in pairwise(ends)]

    @cached_property
    def expression(self) -> sympy.Expr | None:
        """P = c^(L+1) exactly, for blocks."""
        construction = self.cell.construction
        return (construction.representation_cost(self.cell.layers).expression
                if isinstance(construction, Block) else None)

    @property
    def exact(self) -> str | None:
        """The same as text, where that is of a length that Python prints."""
        expression = self.expression
        if expression is None or (expression.is_Rational and max(
                digits(expression.p), digits(expression.q)) > PRINTED):
            return None
        return str(expression)

    @cached_property
    def minimum(self) -> tuple[float, tuple[int, ...]] | None:
        """P at the minimum that a chain was rounded from, and its polynomial, if recognised."""
        construction = self.cell.construction
        if not isinstance(construction, Chain) or self.cell.classes > ALGEBRAIC:
            return None
        simple = simplified(self.factors)
        number = minimum(simple.factors, entry_orbits(simple.factors, simple.group))
        if number is None:
            return None
        found = polynomial(number)
        return None if found is None else (float(number), found)

    def table(self, layer: Layer) -> Matrix:
        """sigma(M_l), largest entry 1, classes and neurons orbit by orbit."""
        return ordered(layer.signal / layer.signal.max(),
                       self.neuron_orbits[layer.number - 2], self.class_orbits)


def explain(classes: int, layers: int) -> Explanation:
    """Explain the best known construction for K classes and L >= 2 layers.

    Raises
    ------
    InputError
        Where K or L is outside the atlas.

    Examples
    --------
    >>> explanation = explain(6, 3)
    >>> explanation.symmetry.order, explanation.layers[0].name
    (720, 'frame of 6')
    """
    from nctheory.errors import integer

    K, L = integer("classes", classes, 2), integer("layers", layers, 2)
    return Explanation(atlas([K], [L])[0])


def ordered(matrix: Matrix, rows: Sequence[Sequence[int]],
            columns: Sequence[Sequence[int]]) -> Matrix:
    """Rows and columns in the order of their orbits."""
    return matrix[np.ix_([i for orbit in rows for i in orbit],
                         [k for orbit in columns for k in orbit])]


def digits(number: Any) -> int:
    """Of a positive integer, about."""
    return int(math.log10(int(number))) + 1
