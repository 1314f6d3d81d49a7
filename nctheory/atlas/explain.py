"""What a construction is, layer by layer: symmetry, structure, values; as text and JSON."""

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
from nctheory.files import envelope
from nctheory.problem import Problem
from nctheory.terminal.grid import span

if TYPE_CHECKING:
    import sympy

Matrix = NDArray[np.float64]

# Matrices are printed up to so many rows, columns and layers, exact numbers up to so many digits
# (in JSON up to what Python prints).
SMALL = 14
DIGITS = 60
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
                _digits(expression.p), _digits(expression.q)) > PRINTED):
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


# --- formats ---

def to_text(explanation: Explanation) -> str:
    """A page: cost, symmetry, and each layer with its matrix where that is small."""
    cell = explanation.cell
    K, L = cell.classes, cell.layers
    lines = [f"K = {K}, L = {L}: {cell.construction.label}",
             f"c = {cell.cost:.12g} = P^(1/{L + 1})" + _exact(explanation),
             f"c/K = {cell.cost / K:.6f}, lower bound {cell.lower:.4f} <= c "
             f"({'certified' if cell.certified else 'not certified'}; {cell.status})",
             f"ranks of M_l: {span(cell.ranks.before)}; of sigma(M_l): {span(cell.ranks.after)}",
             "symmetry: " + _symmetry(explanation)]
    if explanation.minimum is not None:
        value, coefficients = explanation.minimum
        lines.append(f"rounded from P = {value:.15g}, a root of {_polynomial(coefficients)} "
                     "(observed)")
    for layer, neurons in zip(explanation.layers, explanation.neuron_orbits, strict=True):
        lines += ["", f"layer {layer.number}: {layer.sentence}"]
        if not layer.repeats:
            lines.append(f"  neurons {_sets(neurons)}")
            table = explanation.table(layer)
            if max(*table.shape, L) <= SMALL:
                lines += ["  " + " ".join(_entry(v) for v in row) for row in table]
    return "\n".join(lines) + "\n"


def _symmetry(explanation: Explanation) -> str:
    order, name = explanation.symmetry.order, explanation.group_name
    if order == 1:
        return "none"
    return (f"a group of order {order}" + (f" ({name})" if name else "")
            + f" on the classes, orbits {_sets(explanation.class_orbits)}")


def _exact(explanation: Explanation) -> str:
    expression, text = explanation.expression, explanation.exact
    if expression is None:
        return ", a sum over blocks"
    if text is not None and (len(text) <= DIGITS or not expression.is_Rational):
        return f", P = {text}"
    return f", P rational ({_digits(expression.p)} digits over {_digits(expression.q)})"


def _digits(number: Any) -> int:
    """Of a positive integer, about."""
    return int(math.log10(int(number))) + 1


def _polynomial(coefficients: Sequence[int]) -> str:
    """"x^2 - 2 x - 2"."""
    import sympy

    text = str(sympy.Poly(coefficients, sympy.Symbol("x")).as_expr())
    return text.replace("**", "^").replace("*", " ")


def _sets(sets: Sequence[Sequence[int]]) -> str:
    """Orbits, counted from 1."""
    return " ".join("{" + " ".join(str(i + 1) for i in orbit) + "}" for orbit in sets)


def _entry(value: float) -> str:
    return "     ." if value < 5e-5 else f"{value:6.4f}"


def to_json(explanation: Explanation) -> str:
    """{"version", "classes", ..., "layers": [{"number", "name", "matrix", ...}]}."""
    cell, group = explanation.cell, explanation.symmetry
    return envelope(
        classes=cell.classes, layers=cell.layers,
        construction=cell.construction.label, cost=cell.cost, exact=explanation.exact,
        minimum=explanation.minimum and {"P": explanation.minimum[0],
                                         "polynomial": list(explanation.minimum[1])},
        lower=cell.lower, certified=cell.certified, status=cell.status,
        ranks={"before": list(cell.ranks.before), "after": list(cell.ranks.after)},
        symmetry={"order": group.order, "name": explanation.group_name,
                  "generators": [list(g) for g in group.generators],
                  "orbits": [list(o) for o in explanation.class_orbits]},
        hidden=[_record(layer, neurons) for layer, neurons in zip(
            explanation.layers, explanation.neuron_orbits, strict=True)])


def _record(layer: Layer, neurons: Sequence[Sequence[int]]) -> dict[str, Any]:
    return {"layer": layer.number, "name": layer.name, "sentence": layer.sentence,
            "ranks": list(layer.ranks), "supports": {str(k): v for k, v in
                                                     layer.supports.items()},
            "neuron_orbits": [list(orbit) for orbit in neurons],
            "signal": (layer.signal / layer.signal.max()).round(9).tolist()}


FORMATS = {"text": to_text, "json": to_json}
