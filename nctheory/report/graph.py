"""A graph of a named family: parameters, exact spectrum, feasibility; and which strongly regular
graphs beat deep neural collapse from which L on."""

from __future__ import annotations

from nctheory import limits
from nctheory.constructions.strongly_regular import Spectral, least_layers, members
from nctheory.graphs import NamedGraph, feasibility
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid

# L of the columns c/K.
LAYERS = (2, 3, 4, 6, 8)


def rows(graph: NamedGraph) -> Rows:
    """The spectrum as rows, what else is known of the graph above them."""
    known = graph.parameters()
    if known is None:
        srg = "not strongly regular"
    else:
        verdict, reason = feasibility(*known)
        parameters = ", ".join("-" if value is None else str(value) for value in known)
        srg = f"srg(v, k, lambda, mu) = ({parameters}): {verdict} ({reason})"
    spectrum = [(str(value), m) for value, m in graph.spectrum().items()]
    table = grid({"eigenvalue": "right", "multiplicity": "right"})
    for value, multiplicity in spectrum:
        table.add_row(value, str(multiplicity))
    return Rows(
        [{"eigenvalue": value, "multiplicity": m} for value, m in spectrum], table,
        before={"graph": graph.name, "vertices": graph.order, "edges": graph.size,
                "parameters": None if known is None else known._asdict(),
                "feasibility": None if known is None else feasibility(*known)._asdict()},
        name="spectrum",
        title=f"{graph.name}: {graph.order} vertices, {graph.size} edges\n{srg}\n\n")


def table(most: int) -> Rows:
    """A row for each strongly regular graph of at most so many vertices."""
    limits.affordable("table", most, work=10**7 * most)
    lines = grid({"graph": "left", "K": "right", "rank": "right", "beats DNC from": "right",
                  **{f"c/K, L={L}": "right" for L in LAYERS}},
                 ("rank", *(f"c/K, L={L}" for L in reversed(LAYERS))))
    records = []
    for one in members(most):
        ratios, least = _ratios(one), least_layers(one)
        lines.add_row(one.label, str(one.classes), str(one.rank), f"L={least}",
                      *(f"{ratio:.4f}" for ratio in ratios))
        records.append({"construction": one.label, "classes": one.classes, "rank": one.rank,
                        "least_layers": least,
                        "ratios": dict(zip(LAYERS, ratios, strict=True))})
    return Rows(records, lines, name="graphs", notes="""
One construction a graph, the triangular graphs apart (see nctheory cost triangular:r=5,s=3).
The least L is decided by exact arithmetic; every larger L beats DNC, too.
""")


def _ratios(construction: Spectral) -> list[float]:
    return [construction.cost(L) / construction.classes for L in LAYERS]
