"""The triangular family with two layers: exactly where it beats deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator

from nctheory.certify.uniform import two_layer_range
from nctheory.constructions import Orthogonal, Triangular
from proofs.theorem import Step, Theorem, certified, decided, identity, uniform


def steps() -> Iterator[Step]:
    yield identity("r = 6, s = 3: V B keeps one singular value, 2 s = r, and "
                   "P = |V B|_*^2 tr(G^-1) = 3250 < 3375 = 15^3",
                   Triangular(vertices=6, subset=3).representation_cost(2).expression, 3250)
    yield identity("r = 4, s = 2: a tie, P = 216 = 6^3",
                   Triangular(vertices=4, subset=2).representation_cost(2).expression,
                   Orthogonal(classes=6).representation_cost(2).expression)
    yield certified(
        "below for all s >= 8, r-s >= 8; above for s = 2..7 from r = 8, 8, 9, 12, 20, 69 on, and "
        "for r-s = 2..7 from r = 5, 7, 9, 12, 21, 74 on (shifted coefficients); the rest of "
        "r <= 73 cell by cell in integers", lambda: uniform("two-layer-thresholds"))
    yield decided("the certificates say exactly what `two_layer_range` says, r = 4..73", _range)


def _range() -> Iterator[bool]:
    cells = {(int(c.parameters["r"]), int(c.parameters["s"])): c.verdict
             for c in uniform("two-layer-thresholds") if c.claim == "cell"}
    for vertices in range(4, 74):
        for size in range(2, vertices - 1):
            verdict = cells.get((vertices, size), "below")
            yield (verdict == "below") == (size in two_layer_range(vertices))
            yield (verdict == "equal") == ((vertices, size) == (4, 2))


THEOREM = Theorem(
    name="two-layer-thresholds",
    statement="With L = 2, P < K^3 exactly for: r >= 74, 8 <= s <= r-8; 69 <= r <= 73, "
              "8 <= s <= r-7; 21 <= r <= 68, 7 <= s <= r-7; r = 20, 7 <= s <= 14; 12 <= r <= 19, "
              "6 <= s <= r-6; r = 10, 11, 5 <= s <= r-5; (r, s) = (8, 4), (6, 3).  (4, 2) is a "
              "tie; elsewhere P > K^3.  For balanced s: even r >= 6 and odd r >= 11.",
    latex=r"\|V_s B\|_*^2 \operatorname{tr} G_s^{-1} < K^3",
    domain="integers r >= 4, 2 <= s <= r-2",
    source="ours",
    steps=steps,
    cited=("triangular-spectra",))
