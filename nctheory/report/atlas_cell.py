"""One cell of the atlas explained, as a page of text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nctheory.atlas.explain import Explanation, digits
from nctheory.atlas.structure import TOLERANCE, Layer
from nctheory.constructions import Ranks
from nctheory.files import envelope
from nctheory.terminal.grid import span

# Matrices are printed up to so many rows, columns and layers, exact numbers up to so many digits.
SMALL = 14
DIGITS = 60


def to_text(explanation: Explanation) -> str:
    """A page: cost, symmetry, and each layer with its matrix where that is small."""
    cell = explanation.cell
    K, L = cell.classes, cell.layers
    lines = [f"K = {K}, L = {L}: {cell.construction.label}",
             f"c = {cell.cost:.12g} = P^(1/{L + 1})" + _exact(explanation),
             f"c/K = {cell.cost / K:.6f}, lower bound {cell.lower:.4f} <= c "
             f"({'certified' if cell.certified else 'not certified'}; {cell.status})",
             "exact ranks of " + _ranks(cell.ranks), *_numerical(explanation),
             recognised(explanation)]
    return "\n".join(lines) + "\n"


def recognised(explanation: Explanation) -> str:
    """Symmetry, the algebraic number behind a chain, and each layer."""
    lines = ["symmetry: " + _symmetry(explanation)]
    if explanation.minimum is not None:
        value, coefficients = explanation.minimum
        lines.append(f"rounded from P = {value:.15g}, a root of {_polynomial(coefficients)} "
                     "(observed)")
    for layer, neurons in zip(explanation.layers, explanation.neuron_orbits, strict=True):
        lines += ["", f"layer {layer.number}: {layer.sentence}"]
        if not layer.repeats:
            lit = [orbit for orbit in neurons if orbit[0] in layer.lit]
            if any(len(orbit) > 1 for orbit in lit):
                lines.append(f"  neurons {_sets(lit)}")
            table = explanation.table(layer)
            if max(*table.shape, explanation.cell.layers) <= SMALL:
                lines += ["  " + " ".join(_entry(v) for v in row) for row in table]
    return "\n".join(lines)


def _ranks(ranks: Ranks) -> str:
    return f"M_l: {span(ranks.before)}; of sigma(M_l): {span(ranks.after)}"


def _numerical(explanation: Explanation) -> list[str]:
    """Where integers in place of floats have raised ranks, those that the layers' names mean."""
    found = explanation.numerical_ranks
    if found == explanation.cell.ranks:
        return []
    return [f"with singular values below {TOLERANCE:g} of the largest as 0, as below, of "
            + _ranks(found)]


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
    return f", P rational ({digits(expression.p)} digits over {digits(expression.q)})"


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


FORMATS: dict[str, Callable[[Explanation], str]] = {"text": to_text, "json": to_json}
