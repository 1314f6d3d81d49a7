"""A graph of a named family: parameters, exact spectrum, feasibility."""

from __future__ import annotations

from nctheory.files import envelope
from nctheory.graphs import NamedGraph, feasibility
from nctheory.terminal.grid import grid, render


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
