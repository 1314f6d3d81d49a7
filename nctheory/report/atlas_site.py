"""The atlas as a site: a map of all cells, and a page with a permanent address for each.

Static files, no network, no script needed: the map's keys (arrows) are the only one.  Every number
comes from the cells, from a certificate, or from the checker's verdict on it; no statement about
completeness is typed.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nctheory import __version__
from nctheory.atlas.explain import explain
from nctheory.atlas.partial import Interval, intervals
from nctheory.atlas.table import OPEN, Cell, atlas, lower_bound
from nctheory.certify import check_file, cost
from nctheory.certify import to_json as certificate_json
from nctheory.citations import cited_by
from nctheory.constructions import Block, Chain, Construction, DirectSum, Orthogonal
from nctheory.errors import require
from nctheory.report.atlas import rows
from nctheory.report.atlas_cell import to_text
from nctheory.thresholds import BEATEN, OPTIMAL

HERE = Path(__file__).parent
MARK = "atlas.json"  # what a folder of ours holds
LARGEST = 20_000  # bytes of a compressed certificate that is part of the site
EXPLAINED = 16  # up to so many classes a page has symmetry and layers: more is a wall of numbers
DIGITS = 60  # of an exact number on a page
LETTERS = {"chain": "c", "sum": "+", "DNC": "", "named": "n"}
# cividis, from the least ratio to 1: as light in grey as it is large
COLOURS = ((0, 34, 78), (33, 60, 110), (77, 86, 109), (112, 113, 115), (147, 141, 120),
           (186, 172, 106), (227, 205, 80), (254, 232, 56))


@dataclass(frozen=True)
class Evidence:
    """A cell's certificate, packed, and what the checker says of it."""

    packed: bytes
    bound: str
    verified: bool
    digest: str


def write_site(directory: str | Path, classes: Iterable[int] = range(2, 65),
               layers: Iterable[int] = range(1, 31)) -> Path:
    """Write the site of a part of the atlas into a folder, and return its first page.

    Raises
    ------
    InputError
        Where a range is empty or outside the atlas, or the folder holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = write_site(folder, [3, 4], [4])
    ...     sorted(path.name for path in (first.parent / "cells").iterdir())
    ['3-4.html', '3-4.json.gz', '4-4.html', '4-4.json.gz']
    """
    directory = Path(directory)
    require(not directory.exists() or (directory / MARK).exists()
            or (directory.is_dir() and not any(directory.iterdir())),
            "directory", "be new, empty, or a site of the atlas", str(directory))
    cells = {(cell.classes, cell.layers): cell for cell in atlas(classes, layers)}
    partial = {(found.classes, found.layers): found for found in intervals(
        sorted({K for K, _ in cells}), sorted({L for _, L in cells}))}
    (directory / "cells").mkdir(parents=True, exist_ok=True)
    (directory / MARK).write_text(rows(list(cells.values())).to("json"), encoding="utf-8")
    verified = kept = 0
    for key, cell in cells.items():
        found = evidence(cell)
        verified += found.verified
        if len(found.packed) <= LARGEST:
            (directory / "cells" / f"{_name(key)}.json.gz").write_bytes(found.packed)
            kept += 1
        (directory / "cells" / f"{_name(key)}.html").write_text(
            cell_page(cell, found, partial.get(key), cells.keys()), encoding="utf-8")
    first = directory / "index.html"
    first.write_text(map_page(list(cells.values()), verified, kept), encoding="utf-8")
    return first


def evidence(cell: Cell) -> Evidence:
    """The certificate of what a cell costs, checked."""
    certificate = cost(cell.classes, cell.layers)
    text = certificate_json([certificate]).encode()
    return Evidence(gzip.compress(text, 9, mtime=0), str(certificate.parameters["bound"]),
                    all(result.verified for result in check_file(text)),
                    hashlib.sha256(text).hexdigest())


def _name(key: tuple[int, int]) -> str:
    return "{}-{}".format(*key)


# --- the map ---

def kind(construction: Construction) -> str:
    """What sort of construction wins: "DNC", "chain", "sum" or "named"."""
    if isinstance(construction, Orthogonal):
        return "DNC"
    if isinstance(construction, DirectSum):
        return "sum"
    return "chain" if isinstance(construction, Chain) else "named"


def map_page(cells: Sequence[Cell], verified: int, kept: int) -> str:
    """All cells: colour c/K, a letter for what wins, the rest on hovering and for readers."""
    layers = sorted({cell.layers for cell in cells})
    table = {(cell.classes, cell.layers): cell for cell in cells}
    head = "<tr><th>K \\ L</th>" + "".join(f"<th scope='col'>{L}</th>" for L in layers) + "</tr>"
    rows = [f"<tr><th scope='row'>{K}</th>" + "".join(_square(table[K, L]) for L in layers)
            + "</tr>" for K in sorted({cell.classes for cell in cells})]
    beaten = sum(cell.status == BEATEN for cell in cells)
    optimal = sum(cell.status == OPTIMAL for cell in cells)
    return _filled("atlas_map.html", count=str(len(cells)), beaten=str(beaten),
                   verified=str(verified), kept=str(kept), optimal=str(optimal),
                   rows="\n".join([f"<thead>{head}</thead><tbody>", *rows, "</tbody>"]))


def _square(cell: Cell) -> str:
    ratio = cell.cost / cell.classes
    red, green, blue = colour(ratio)
    ink = "#000" if red + green + blue > 380 else "#fff"
    title = (f"K={cell.classes} L={cell.layers}: {cell.lower:.4f} ≤ c ≤ {cell.cost:.4f}, "
             f"c/K {ratio:.4f}, {cell.construction.label}, {cell.status}")
    return (f'<td><a href="cells/{cell.classes}-{cell.layers}.html" title="{escape(title)}" '
            f'aria-label="{escape(title)}" style="background:rgb({red},{green},{blue});'
            f'color:{ink}">{LETTERS[kind(cell.construction)]}</a></td>')


def colour(ratio: float) -> tuple[int, int, int]:
    """Of c/K in [0, 1]."""
    place = max(0.0, min(1.0, ratio)) * (len(COLOURS) - 1)
    index = min(int(place), len(COLOURS) - 2)
    part = place - index
    red, green, blue = (round(a + part * (b - a))
                        for a, b in zip(COLOURS[index], COLOURS[index + 1], strict=True))
    return red, green, blue


# --- a cell ---

def cell_page(cell: Cell, found: Evidence, partial: Interval | None,
              known: Iterable[tuple[int, int]]) -> str:
    """Bounds with their evidence, construction, neighbours, how to check, cite and beat it."""
    K, L = cell.classes, cell.layers
    return _filled(
        "atlas_cell.html", K=str(K), L=str(L), facts=_list(_facts(cell, found)),
        construction=_list(_construction(cell, partial)), explanation=_explanation(cell),
        certificate=_certificate(cell, found), neighbours=_neighbours(K, L, set(known)),
        cite=escape(" ".join(["nctheory cite", *_papers(cell)])))


def _facts(cell: Cell, found: Evidence) -> Iterator[tuple[str, str]]:
    K, L = cell.classes, cell.layers
    checked = "accepted by the checker" if found.verified else "NOT accepted by the checker"
    yield "Status", f"{cell.status}, for mean squared error and ReLU"
    yield "Compared with DNC", cell.row.evidence
    yield "Upper bound", (f"c ≤ {cell.cost:.10g}, c/K = {cell.cost / K:.6f}; certified: "
                          f"c ≤ {_short(found.bound)}, {checked}")
    exact = _exact(cell)
    if exact:
        yield "Exactly", f"P = c^{L + 1} = {exact}"
    if cell.status == OPTIMAL:
        yield "Lower bound", f"c ≥ {K}, by the theorem above"
    else:
        yield "Lower bound", (f"c ≥ {cell.lower:.10g}: c^{L + 1} ≥ "
                              f"{_short(str(lower_bound(K, L)))}, of every collapsed exact fit; "
                              "derived (python -m proofs least-cost-growth)")
    yield "Scope", {BEATEN: "DNC is not optimal at any weight decay at which zero is not",
                    OPTIMAL: "no collapsed exact fit costs less; partial fits are another matter",
                    OPEN: "no construction known costs less than DNC; that is no proof that DNC "
                          "is optimal"}[cell.status]


def _short(number: str) -> str:
    """A long exact number: its length in place of its middle."""
    if len(number) <= DIGITS:
        return number
    return f"{number[:20]}…{number[-10:]} ({len(number)} digits, in the certificate)"


def _exact(cell: Cell) -> str | None:
    construction = cell.construction
    if not isinstance(construction, Block):
        return None
    expression = construction.representation_cost(cell.layers).expression
    if expression.is_Rational and max(abs(expression.p), expression.q) > 10**DIGITS:
        return None
    text = str(expression)
    return text if len(text) <= 3 * DIGITS else None


def _construction(cell: Cell, partial: Interval | None) -> Iterator[tuple[str, str]]:
    yield "In words", cell.construction.label
    yield "Found", {
        "chain": "by minimising over all factors, rounded to integer matrices, verified exactly",
        "sum": "direct sum of pieces, each the best known of its size: their costs add",
        "DNC": "orthogonal frames in every layer", "named": "a family with exact costs",
    }[kind(cell.construction)]
    ranks = cell.ranks
    yield "Ranks", (f"of M_1, ..., M_L: {' '.join(map(str, ranks.before))}; after the ReLU: "
                    f"{' '.join(map(str, ranks.after)) or '-'}")
    yield "Width", f"at least {cell.construction.required_width(cell.layers)}"
    if partial is not None:
        yield "Partial fits", (f"beat DNC from {partial.onset:.4f} to {partial.end:.4f} "
                               "times the weight decay at which DNC ceases (ends: floats of the "
                               "best known"
                               + ("; that there are such decays is certified)"
                                  if partial.certified else ")"))


def _explanation(cell: Cell) -> str:
    if kind(cell.construction) == "DNC" or cell.classes > EXPLAINED or cell.layers < 2:
        return f"<p><code>nctheory atlas show {cell.classes} {cell.layers}</code></p>"
    return f"<pre>{escape(to_text(explain(cell.classes, cell.layers)))}</pre>"


def _certificate(cell: Cell, found: Evidence) -> str:
    K, L = cell.classes, cell.layers
    lines = [f"nctheory certify cost:K={K},L={L} --output {K}-{L}.json",
             f"nctheory check {K}-{L}.json"]
    link = (f'<p><a href="{K}-{L}.json.gz" download>{K}-{L}.json.gz</a>: the certificate with the '
            "matrices as integers; the checkers read it as it is.</p>"
            if len(found.packed) <= LARGEST else
            "<p>The certificate is too large for this site; the first command makes it.</p>")
    return (f"{link}<pre>{escape(chr(10).join(lines))}</pre>"
            f"<p>SHA-256 of the text: <code>{found.digest}</code></p>")


def _neighbours(K: int, L: int, known: set[tuple[int, int]]) -> str:
    near = [(K - 1, L), (K + 1, L), (K, L - 1), (K, L + 1)]
    return " · ".join(f'<a href="{k}-{l}.html">K={k}, L={l}</a>' for k, l in near
                      if (k, l) in known)


def _papers(cell: Cell) -> list[str]:
    return list(dict.fromkeys(["SML23", *cited_by(cell.construction)]))


# --- filling in ---

def _list(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>"
                            for term, text in pairs) + "</dl>"


def _filled(template: str, **values: str) -> str:
    page = (HERE / template).read_text(encoding="utf-8")
    style = (HERE / "atlas.css").read_text(encoding="utf-8")
    for name, value in {**values, "version": __version__, "style": style}.items():
        page = page.replace(f"[[{name}]]", value)
    return page
