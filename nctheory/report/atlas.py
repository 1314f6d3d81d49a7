"""The atlas's tables as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nctheory.atlas.partial import Interval, Relaxed
from nctheory.atlas.paths import Comparison
from nctheory.atlas.table import Cell
from nctheory.report.rows import Rows
from nctheory.report.table import COLOURS
from nctheory.terminal.grid import grid, span

# A path has to be better by this much to count: the factors are floats.
BETTER = 1e-6


def rows(cells: Sequence[Cell]) -> Rows:
    """A row a cell, and a legend; what beats DNC in green."""
    lines = grid({"K": "right", "L": "right", "construction": "left", "lower": "right",
                  "c": "right", "c/K": "right", "rank M": "left", "status": "left",
                  "certified": "left"}, least=("certified", "rank M", "lower", "c"))
    for cell in cells:
        lines.add_row(str(cell.classes), str(cell.layers), cell.construction.label,
                      f"{cell.lower:.4f}", f"{cell.cost:.4f}",
                      f"{cell.cost / cell.classes:.4f}", span(cell.ranks.before), cell.status,
                      "yes" if cell.certified else "no",
                      colour=COLOURS.get(cell.status, "default"))
    beaten = sum(cell.status == "dnc beaten" for cell in cells)
    mean = sum(cell.cost / cell.classes for cell in cells) / len(cells)
    return Rows(
        [record for cell in cells for record in cell.records()], lines,
        f"{beaten} of {len(cells)} cells beat deep neural collapse (c < K); mean c/K {mean:.4f}\n"
        "lower <= least cost of any collapsed exact fit <= c; \"open\": DNC is the best known\n")


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


def partial_rows(intervals: Sequence[Interval]) -> Rows:
    """A row a cell, and a legend."""
    lines = grid({"K": "right", "L": "right", "from": "right", "to": "right", "best fit": "left",
                  "fitted": "right", "rank M": "left", "certified": "left"},
                 least=("certified", "rank M", "fitted"))
    for found in intervals:
        lines.add_row(str(found.classes), str(found.layers), f"{found.onset:.4f}",
                      f"{found.end:.4f}", found.late.construction.label, f"{found.share:.4f}",
                      span(found.ranks.before), "yes" if found.certified else "no")
    return Rows(list(map(partial_record, intervals)), lines, (
        "Between these weight decays, as shares of the one at which deep neural collapse ceases,\n"
        "some network has lower loss than DNC and than zero.  0.0000: at every decay, by an\n"
        "exact fit of the atlas.  best fit: what lasts longest, classes beyond its own at zero;\n"
        "fitted: the share of all outputs.  certified: exact arithmetic proves it at share 1;\n"
        "the ends are those of the best fits known, in floats\n"))


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


def relaxed_rows(cells: Sequence[Relaxed]) -> Rows:
    """A row a cell, and a legend."""
    lines = grid({"K": "right", "L": "right", "construction": "left", "DNC": "right",
                  "exact fit": "right", "trained": "right", "trained/DNC": "right",
                  "fitted": "right", "stationarity": "right"},
                 least=("stationarity", "fitted", "exact fit"))
    for found in cells:
        lines.add_row(str(found.problem.classes), str(found.problem.layers),
                      found.construction.label, f"{found.dnc:.7f}", f"{found.closed_form:.7f}",
                      f"{found.loss:.7f}", f"{found.loss / found.dnc:.4f}", f"{found.share:.4f}",
                      f"{found.stationarity:.0e}")
    return Rows(list(map(relaxed_record, cells)), lines, (
        "losses at this weight decay; \"trained\": from the construction and the partial fits of "
        "its cell\n(observed: least of what a solver found, not of all networks)\n"))


# --- paths of named feature sets ---

def path_rows(found: Sequence[Comparison]) -> Rows:
    """A row a cell, the sets of its path in order, and how many cells the named sets explain."""
    lines = grid({"K": "right", "L": "right", "path": "left", "c/K": "right", "atlas": "right",
                  "excess": "right", "atlas's construction": "left"},
                 least=("atlas's construction",))
    for one in found:
        K = one.path.classes
        lines.add_row(str(K), str(one.path.layers), one.path.label, f"{one.path.cost / K:.4f}",
                      f"{one.known / K:.4f}", f"{100 * one.excess:+.2f}%", one.construction,
                      colour="green" if one.excess < -BETTER else "default")
    near = ", ".join(f"{sum(one.excess < bound for one in found)} within {100 * bound:g} %"
                     for bound in (0.001, 0.01, 0.05))
    better = sum(one.excess < -BETTER for one in found)
    records = [{"classes": one.path.classes, "layers": one.path.layers, "path": one.path.names,
                "cost": one.path.cost, "ratio": one.path.cost / one.path.classes,
                "known": one.known, "construction": one.construction, "excess": one.excess}
               for one in found]
    return Rows(records, lines,
                f"{len(found)} cells: {near} of the atlas; {better} better than the atlas\n"
                "path: the sets sigma(M_2) -> ... -> sigma(M_L); x3: in three layers; *: in its "
                "best\nshape; C2: the layer after by the gauge (nctheory atlas gauge).  I(n) a "
                "frame, T(n) and\nJ(n,k) all 2- and k-subsets of n, G(v,e) a graph of v vertices "
                "and e edges, K(v)+m loops\nalso with loops, H(m,q) words, simplex(r,n) points of "
                "a lattice, AG and PG planes\n")
