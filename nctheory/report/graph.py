"""A graph of a named family: parameters, exact spectrum, feasibility; and which strongly regular
graphs beat deep neural collapse from which L on."""

from __future__ import annotations

from nctheory.constructions.strongly_regular import Spectral, least_layers, members
from nctheory.files import envelope
from nctheory.graphs import NamedGraph, feasibility
from nctheory.terminal.grid import grid, render

# L of the columns c/K.
LAYERS = (2, 3, 4, 6, 8)


def to_json(graph: NamedGraph) -> str:
    """{"version", "graph", "vertices", "edges", "parameters", "spectrum", "feasibility"}."""
    known = graph.parameters()
    return envelope(
        graph=graph.name,
        vertices=graph.order,
        edges=graph.size,
        parameters=None if known is None else known._asdict(),
        spectrum=[[str(value), m] for value, m in graph.spectrum().items()],
        feasibility=None if known is None else feasibility(*known)._asdict())


def to_text(graph: NamedGraph) -> str:
    """A few lines and the spectrum as a table."""
    known = graph.parameters()
    if known is None:
        srg = "not strongly regular"
    else:
        verdict, reason = feasibility(*known)
        parameters = ", ".join("-" if value is None else str(value) for value in known)
        srg = f"srg(v, k, lambda, mu) = ({parameters}): {verdict} ({reason})"
    table = grid({"eigenvalue": "right", "multiplicity": "right"})
    for value, multiplicity in graph.spectrum().items():
        table.add_row(str(value), str(multiplicity))
    return f"{graph.name}: {graph.order} vertices, {graph.size} edges\n{srg}\n\n" + render(table)


def table_to_json(most: int) -> str:
    """{"version", "graphs": [{"construction", "classes", "rank", "least_layers", "ratios"}]}."""
    return envelope(graphs=[
        {"construction": one.label, "classes": one.classes, "rank": one.rank,
         "least_layers": least_layers(one), "ratios": dict(zip(LAYERS, _ratios(one), strict=True))}
        for one in members(most)])


def table_to_text(most: int) -> str:
    """One line a graph of at most so many vertices."""
    table = grid({"graph": "left", "K": "right", "rank": "right", "beats DNC from": "right",
                  **{f"c/K, L={L}": "right" for L in LAYERS}})
    for one in members(most):
        table.add_row(one.label, str(one.classes), str(one.rank), f"L={least_layers(one)}",
                      *(f"{ratio:.4f}" for ratio in _ratios(one)))
    return render(table) + """
One construction a graph, the triangular graphs apart (see nctheory cost triangular:r=5,s=3).
The least L is decided by exact arithmetic; every larger L beats DNC, too.
"""


def _ratios(construction: Spectral) -> list[float]:
    return [construction.cost(L) / construction.classes for L in LAYERS]
