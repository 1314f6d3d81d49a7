"""The atlas as text, JSON, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from nctheory import __version__
from nctheory.atlas.partial import Interval, Relaxed
from nctheory.atlas.paths import Comparison
from nctheory.atlas.table import Cell
from nctheory.constructions import Ranks
from nctheory.files import envelope
from nctheory.terminal.grid import grid, render, span

# A path has to be better by this much to count: the factors are floats.
BETTER = 1e-6


def record(cell: Cell) -> dict[str, Any]:
    """One cell as plain data."""
    return {
        "classes": cell.classes,
        "layers": cell.layers,
        "cost": cell.cost,
        "lower": cell.lower,
        "construction": cell.construction.label,
        "certified": cell.certified,
        "ranks": {"before": list(cell.ranks.before), "after": list(cell.ranks.after)},
        "ratio": cell.cost / cell.classes,
        "status": cell.status,
    }


def to_json(cells: Sequence[Cell]) -> str:
    """{"version", "rows"}."""
    return envelope(rows=[record(cell) for cell in cells])


def to_csv(cells: Sequence[Cell]) -> str:
    """One line a cell; ranks as "5 5 5 / 5 10", before and after sigma."""
    return _csv([{**record(cell), "ranks": _ranks(cell.ranks)} for cell in cells])


def _ranks(ranks: Ranks) -> str:
    return " / ".join(" ".join(map(str, side)) for side in ranks)


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_latex(cells: Sequence[Cell]) -> str:
    r"""c/K as a `tabular` (booktabs): a line each K, a column each L; DNC optimal or open: 1."""
    layers = sorted({cell.layers for cell in cells})
    ratios = {(cell.classes, cell.layers): cell.cost / cell.classes for cell in cells}
    lines = [f"% nctheory {__version__}: best known c/K",
             rf"\begin{{tabular}}{{r{'r' * len(layers)}}}", r"\toprule",
             " & ".join(["$K$", *(f"$L={L}$" for L in layers)]) + r" \\", r"\midrule"]
    for K in sorted({cell.classes for cell in cells}):
        lines.append(" & ".join([str(K), *(f"{ratios[K, L]:.4f}" for L in layers)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def to_text(cells: Sequence[Cell]) -> str:
    """Aligned columns, one line a cell, and a legend."""
    lines = grid({"K": "right", "L": "right", "construction": "left", "lower": "right",
                  "c": "right", "c/K": "right", "rank M": "left", "status": "left",
                  "certified": "left"}, least=("certified", "rank M", "lower", "c"))
    for cell in cells:
        lines.add_row(str(cell.classes), str(cell.layers), cell.construction.label,
                      f"{cell.lower:.4f}", f"{cell.cost:.4f}",
                      f"{cell.cost / cell.classes:.4f}", span(cell.ranks.before), cell.status,
                      "yes" if cell.certified else "no")
    beaten = sum(cell.status == "dnc beaten" for cell in cells)
    mean = sum(cell.cost / cell.classes for cell in cells) / len(cells)
    return render(lines) + (
        f"{beaten} of {len(cells)} cells beat deep neural collapse (c < K); mean c/K {mean:.4f}\n"
        "lower <= least cost of any collapsed exact fit <= c; \"open\": DNC is the best known\n")


FORMATS: dict[str, Callable[[Sequence[Cell]], str]] = {
    "text": to_text, "json": to_json, "csv": to_csv, "latex": to_latex}


# --- partial fits ---

def partial_record(found: Interval) -> dict[str, Any]:
    """One interval as plain data; decays as shares of the one at which DNC ceases."""
    return {
        "classes": found.classes,
        "layers": found.layers,
        "from": found.onset,
        "to": found.end,
        "share": found.share,
        "construction": found.late.construction.label,
        "certified": found.certified,
        "ranks": {"before": list(found.ranks.before), "after": list(found.ranks.after)},
    }


def _partial_text(intervals: Sequence[Interval]) -> str:
    lines = grid({"K": "right", "L": "right", "from": "right", "to": "right", "best fit": "left",
                  "fitted": "right", "rank M": "left", "certified": "left"},
                 least=("certified", "rank M", "fitted"))
    for found in intervals:
        lines.add_row(str(found.classes), str(found.layers), f"{found.onset:.4f}",
                      f"{found.end:.4f}", found.late.construction.label, f"{found.share:.4f}",
                      span(found.ranks.before), "yes" if found.certified else "no")
    return render(lines) + (
        "Between these weight decays, as shares of the one at which deep neural collapse ceases,\n"
        "some network has lower loss than DNC and than zero.  0.0000: at every decay, by an\n"
        "exact fit of the atlas.  best fit: what lasts longest, classes beyond its own at zero;\n"
        "fitted: the share of all outputs.  certified: exact arithmetic proves it at share 1;\n"
        "the ends are those of the best fits known, in floats\n")


PARTIAL_FORMATS: dict[str, Callable[[Sequence[Interval]], str]] = {
    "text": _partial_text,
    "json": lambda found: envelope(rows=list(map(partial_record, found))),
    "csv": lambda found: _csv([{**partial_record(one), "ranks": _ranks(one.ranks)}
                               for one in found]),
}


# --- what training makes of the constructions ---

def relaxed_record(found: Relaxed) -> dict[str, Any]:
    """One cell at one weight decay as plain data."""
    return {
        "classes": found.problem.classes,
        "layers": found.problem.layers,
        "construction": found.construction.label,
        "dnc": found.dnc,
        "closed_form": found.closed_form,
        "loss": found.loss,
        "share": found.share,
        "stationarity": found.stationarity,
    }


def _relaxed_text(cells: Sequence[Relaxed]) -> str:
    lines = grid({"K": "right", "L": "right", "construction": "left", "DNC": "right",
                  "exact fit": "right", "trained": "right", "trained/DNC": "right",
                  "fitted": "right", "stationarity": "right"},
                 least=("stationarity", "fitted", "exact fit"))
    for found in cells:
        lines.add_row(str(found.problem.classes), str(found.problem.layers),
                      found.construction.label, f"{found.dnc:.7f}", f"{found.closed_form:.7f}",
                      f"{found.loss:.7f}", f"{found.loss / found.dnc:.4f}", f"{found.share:.4f}",
                      f"{found.stationarity:.0e}")
    return render(lines) + (
        "losses at this weight decay; \"trained\": from the construction and the partial fits of "
        "its cell\n(observed: least of what a solver found, not of all networks)\n")


RELAXED_FORMATS: dict[str, Callable[[Sequence[Relaxed]], str]] = {
    "text": _relaxed_text,
    "json": lambda cells: envelope(rows=list(map(relaxed_record, cells))),
    "csv": lambda cells: _csv(list(map(relaxed_record, cells))),
}


# --- paths of named feature sets ---

def paths_to_json(rows: Sequence[Comparison]) -> str:
    """{"version", "rows"}: the sets of each path in order, its cost, the atlas's."""
    return envelope(rows=[
        {"classes": row.path.classes, "layers": row.path.layers, "path": row.path.names,
         "cost": row.path.cost, "ratio": row.path.cost / row.path.classes,
         "known": row.known, "construction": row.construction, "excess": row.excess}
        for row in rows])


def paths_to_text(rows: Sequence[Comparison]) -> str:
    """Aligned columns, one line a cell, and how many cells the named sets explain."""
    lines = grid({"K": "right", "L": "right", "path": "left", "c/K": "right", "atlas": "right",
                  "excess": "right", "atlas's construction": "left"},
                 least=("atlas's construction",))
    for row in rows:
        K = row.path.classes
        lines.add_row(str(K), str(row.path.layers), row.path.label, f"{row.path.cost / K:.4f}",
                      f"{row.known / K:.4f}", f"{100 * row.excess:+.2f}%", row.construction)
    near = ", ".join(f"{sum(row.excess < bound for row in rows)} within {100 * bound:g} %"
                     for bound in (0.001, 0.01, 0.05))
    better = sum(row.excess < -BETTER for row in rows)
    return render(lines) + (
        f"{len(rows)} cells: {near} of the atlas; {better} better than the atlas\n"
        "path: the sets sigma(M_2) -> ... -> sigma(M_L); x3: in three layers; *: in its best\n"
        "shape; C2: the layer after by the gauge (nctheory atlas gauge).  I(n) a frame, T(n),\n"
        "J(n,k) all 2- and k-subsets of n, G(v,e) a graph of v vertices and e edges, K(v)+m\n"
        "loops also with loops, H(m,q) words, simplex(r,n) points of a lattice, AG, PG planes\n")


PATH_FORMATS: dict[str, Callable[[Sequence[Comparison]], str]] = {
    "text": paths_to_text, "json": paths_to_json}
