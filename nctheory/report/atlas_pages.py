"""The pages of the atlas's site: the map of all cells, and a cell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from nctheory import __version__
from nctheory.atlas.partial import Interval
from nctheory.atlas.table import OPEN, Cell, lower_bound
from nctheory.citations import cell_entry, cited_by
from nctheory.constructions import Block, Chain, Construction, DirectSum, Orthogonal
from nctheory.report.atlas_cell import recognised
from nctheory.thresholds import BEATEN, OPTIMAL

if TYPE_CHECKING:
    from nctheory.report.atlas_site import Drawn, Evidence

HERE = Path(__file__).parent
DIGITS = 60  # of an exact number on a page
LETTERS = {"chain": "c", "sum": "+", "DNC": "", "named": "n"}
# cividis, from the least ratio to 1: as light in grey as it is large
COLOURS = ((0, 34, 78), (33, 60, 110), (77, 86, 109), (112, 113, 115), (147, 141, 120),
           (186, 172, 106), (227, 205, 80), (254, 232, 56))


@dataclass(frozen=True)
class Page:
    """What a cell's page tells: the cell, its certificate, and what others have in common."""

    cell: Cell
    evidence: Evidence
    drawn: Drawn | None
    partial: Interval | None
    known: Collection[tuple[int, int]]


def kind(construction: Construction) -> str:
    """What sort of construction wins: "DNC", "chain", "sum" or "named"."""
    if isinstance(construction, Orthogonal):
        return "DNC"
    if isinstance(construction, DirectSum):
        return "sum"
    return "chain" if isinstance(construction, Chain) else "named"


# --- the map ---

def map_page(pages: Sequence[Page]) -> str:
    """All cells: colour c/K, a letter for what wins, the rest on hovering and for readers."""
    layers = sorted({page.cell.layers for page in pages})
    table = {(page.cell.classes, page.cell.layers): page.cell for page in pages}
    head = "<tr><th>K \\ L</th>" + "".join(f"<th scope='col'>{L}</th>" for L in layers) + "</tr>"
    lines = [f"<tr><th scope='row'>{K}</th>" + "".join(_square(table[K, L]) for L in layers)
             + "</tr>" for K in sorted({page.cell.classes for page in pages})]
    return _filled("atlas_map.html", "", summary=_summary(pages),
                   rows="\n".join([f"<thead>{head}</thead><tbody>", *lines, "</tbody>"]))


def _square(cell: Cell) -> str:
    ratio = cell.cost / cell.classes
    red, green, blue = colour(ratio)
    ink = "#000" if red + green + blue > 380 else "#fff"
    title = (f"K={cell.classes} L={cell.layers}: {cell.lower:.4f} ≤ c ≤ {cell.cost:.4f}, "
             f"c/K {ratio:.4f}, {cell.construction.label}, {cell.status}")
    name = f"{cell.classes}-{cell.layers}"
    return (f'<td><a id="at-{name}" href="cells/{name}.html" title="{escape(title)}" '
            f'style="background:rgb({red},{green},{blue});color:{ink}">'
            f'{LETTERS[kind(cell.construction)]}</a></td>')


def colour(ratio: float) -> tuple[int, int, int]:
    """Of c/K in [0, 1]."""
    place = max(0.0, min(1.0, ratio)) * (len(COLOURS) - 1)
    index = min(int(place), len(COLOURS) - 2)
    part = place - index
    red, green, blue = (round(a + part * (b - a))
                        for a, b in zip(COLOURS[index], COLOURS[index + 1], strict=True))
    return red, green, blue


def _summary(pages: Sequence[Page]) -> str:
    """What is known of all cells, counted from the certificates and what the checker says."""
    proved = [page for page in pages if page.evidence.below(page.cell.classes)]
    optimal = sum(page.cell.status == OPTIMAL for page in pages)
    left = sum(page.cell.status == OPEN for page in pages)
    verified = sum(page.evidence.verified for page in pages)
    kept = sum(page.evidence.kept for page in pages)
    beaten = {L: spans(page.cell.classes for page in proved if page.cell.layers == L)
              for L in sorted({page.cell.layers for page in pages})}
    lines = [f"<li>L = {spans(group)}: {'K = ' + text if text else 'in no cell'}</li>"
             for text, group in groupby(beaten, key=beaten.__getitem__)]
    return (f"<p>{len(pages)} cells; the independent checker accepts the certificates of "
            f"{verified}, of which {kept} are part of this site. They prove that DNC is beaten in "
            f"{len(proved)} cells; it is optimal by a theorem in {optimal}, and {left} are open."
            f"</p>\n<details><summary>Where DNC is beaten</summary><ul>{''.join(lines)}</ul>"
            "</details>")


def spans(numbers: Iterable[int]) -> str:
    """Numbers as ranges.

    >>> spans([3, 4, 5, 9])
    '3–5, 9'
    """
    ordered = sorted(numbers)
    runs = [[number for _, number in run] for _, run in groupby(
        enumerate(ordered), key=lambda item: item[1] - item[0])]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


# --- a cell ---

def cell_page(page: Page) -> str:
    """Bounds with their evidence, construction, neighbours, how to check, cite and beat it."""
    K, L = page.cell.classes, page.cell.layers
    return _filled(
        "atlas_cell.html", "../", K=str(K), L=str(L), facts=_list(_facts(page)),
        construction=_list(_construction(page)), pieces=_pieces(page),
        explanation=_explanation(page), certificate=_certificate(page),
        neighbours=_neighbours(page), beat=_beat(page.cell), s="s" * (L > 1),
        papers=escape(" ".join(["nctheory cite", *_papers(page.cell)])),
        entry=escape(cell_entry(K, L, page.evidence.digest)))


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    cell, found = page.cell, page.evidence
    K, L = cell.classes, cell.layers
    checked = "accepted by the checker" if found.verified else "NOT accepted by the checker"
    yield "Status", f"{cell.status}, for mean squared error and ReLU"
    yield "Decided by", cell.row.evidence
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


def _construction(page: Page) -> Iterator[tuple[str, str]]:
    cell, partial = page.cell, page.partial
    yield "In words", cell.construction.label
    yield "Found", {
        "chain": "by minimising over all factors, rounded to integer matrices, verified exactly",
        "sum": "direct sum of pieces, each the best known of its size: their costs add",
        "DNC": "orthogonal frames in every layer", "named": "a family with exact costs",
    }[kind(cell.construction)] + _when(cell.construction)
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


def _when(construction: Construction) -> str:
    """When it entered the atlas, of chains: other families are closed forms."""
    if not isinstance(construction, Chain):
        return ""
    return (f"; stored on {construction.found}" if construction.found else
            "; when it was stored was not recorded (version 0.2.0 or before)")


def _pieces(page: Page) -> str:
    """The blocks: their cost, the page of their own cell, their matrices."""
    if page.drawn is None:
        return ""
    L = page.cell.layers
    items = []
    for block in dict.fromkeys(page.drawn.blocks):
        count = page.drawn.blocks.count(block)
        key = (block.classes, L)
        own = (f' (<a href="{key[0]}-{L}.html">K={key[0]}</a>)'
               if key in page.known and block.classes != page.cell.classes else "")
        file = f"../{page.drawn.file(block)}"
        items.append(f"<li>{f'{count} × ' if count > 1 else ''}{escape(block.label)}, "
                     f"c = {block.cost(L):.6g}{own}: "
                     f'<a href="{file}.npz" download>matrices (.npz)</a>, '
                     f'<a href="{file}.json" download>.json</a></li>')
    first = page.drawn.cell.layers
    longer = (f"<p>The files hold its factors for L = {first}; "
              f"for L = {L} a layer is repeated by a projection, or take <code>nctheory.construct"
              "(...).weights(problem)</code>.</p>" if first != L else "")
    return f"<ul>{''.join(items)}</ul>{longer}"


def _explanation(page: Page) -> str:
    """Picture, symmetry and layers, as they are for the least L with this construction."""
    if page.drawn is None:
        return "<p>One layer: nothing is hidden.</p>"
    first = page.drawn.cell.layers
    note = (f"<p>For L = {first}; with more layers one of these is repeated.</p>"
            if first != page.cell.layers else "")
    return (f'{note}<div class="picture"><img src="../{page.drawn.picture}" loading="lazy" '
            f'alt="the hidden layers of {escape(page.cell.construction.label)}"></div>'
            f"<pre>{escape(recognised(page.drawn.explanation))}</pre>")


def _certificate(page: Page) -> str:
    K, L = page.cell.classes, page.cell.layers
    lines = [f"nctheory certify cost:K={K},L={L} --output {K}-{L}.json",
             f"nctheory check {K}-{L}.json"]
    link = (f'<p><a href="{K}-{L}.json.gz" download>{K}-{L}.json.gz</a>: the certificate with the '
            "matrices as integers; the checkers read it as it is.</p>"
            if page.evidence.kept else
            "<p>The certificate is too large for this site; the first command makes it.</p>")
    return (f"{link}<pre>{escape(chr(10).join(lines))}</pre>"
            f"<p>SHA-256 of the text: <code>{page.evidence.digest}</code></p>")


def _beat(cell: Cell) -> str:
    K, L = cell.classes, cell.layers
    if cell.status == OPTIMAL:
        return "<p>No collapsed exact fit can: see the theorem above.</p>"
    return (f"<p>Any network that fits all classes exactly with c below {cell.cost:.6g}: put H_1, "
            "W_1, ... into an .npz file. It is verified exactly; this page would change.</p>"
            f"<pre>nctheory atlas submit FILE.npz --layers {L}\n"
            f"nctheory atlas search --classes {K} --layers {L} --seconds 60    # or look for one"
            "</pre>")


def _neighbours(page: Page) -> str:
    K, L = page.cell.classes, page.cell.layers
    near = [(K - 1, L), (K + 1, L), (K, L - 1), (K, L + 1)]
    return " · ".join(f'<a href="{k}-{l}.html">K={k}, L={l}</a>' for k, l in near
                      if (k, l) in page.known)


def _papers(cell: Cell) -> list[str]:
    return list(dict.fromkeys(["SML23", *cited_by(cell.construction)]))


# --- filling in ---

def _list(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>"
                            for term, text in pairs) + "</dl>"


def _filled(template: str, root: str, **values: str) -> str:
    page = (HERE / template).read_text(encoding="utf-8")
    for name, value in {**values, "version": __version__, "root": root}.items():
        page = page.replace(f"[[{name}]]", value)
    return page
