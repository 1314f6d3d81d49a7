"""The triangular family with two layers: exactly where it beats deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nctheory.certify import Certificate
from nctheory.certify.uniform import TWO_LAYER_RULE, two_layer_range
from nctheory.constructions import Orthogonal, Triangular
from proofs import cover
from proofs.theorem import Step, Theorem, certified, identity, symbolic, uniform

CELLS: cover.Box = ((2, None), (2, None), (2, 2))  # s, r-s, L
*_, (LAST, NEVER, LEAST, GAP) = TWO_LAYER_RULE


def _words(first: int, last: int | None, least: int, gap: int) -> str:
    r = (f"r >= {first}" if last is None else f"r = {first}" if first == last
         else f"{first} <= r <= {last}")
    return f"{r} and {least} <= s <= r-{gap}"


RULE = "; ".join(_words(*row) for row in TWO_LAYER_RULE)


def steps() -> Iterator[Step]:
    yield identity("r = 6, s = 3: V B keeps one singular value, 2 s = r, and "
                   "P = |V B|_*^2 tr(G^-1) = 3250 < 3375 = 15^3",
                   Triangular(vertices=6, subset=3).representation_cost(2).expression, 3250)
    yield identity("tie: `r = 4 and s = 2 is a tie`, P = 216 = 6^3",
                   Triangular(vertices=4, subset=2).representation_cost(2).expression,
                   Orthogonal(classes=6).representation_cost(2).expression)
    yield certified("cases: " + "; ".join(derived()) + "; what is left cell by cell in integers: "
                    "all r and s are covered, none twice",
                    lambda: uniform("two-layer-thresholds"),
                    lambda made: cover.needed(CELLS, [cover.triangular(c) for c in made]))
    yield symbolic(f"rule: the certificates say `P < K^3 exactly for {RULE}`, "
                   "`P > K^3` elsewhere", lambda: agrees(uniform("two-layer-thresholds")))
    yield symbolic("balanced: in this rule s = r/2 or (r+1)/2 is in for "
                   "`even r >= 6 and odd r >= 11`", _balanced)


def derived() -> list[str]:
    """The infinite families, with the thresholds that isolated roots gave."""
    found = []
    for made in uniform("two-layer-thresholds"):
        if made.claim == "triangular family":
            (s, most), (gap, largest), _ = cover.triangular(made)
            found.append(f"{made.verdict} for s {'=' if most else '>='} {s}, "
                         f"r-s {'=' if largest else '>='} {gap}")
    return found


def agrees(made: Sequence[Certificate]) -> Iterator[bool]:
    """Each cell of r < LAST by itself; from there on each family lies on one side of the rule."""
    boxes = [(cover.triangular(c), c.verdict) for c in made]
    yield from _cells_agree(boxes)
    for ((s, most), (gap, largest), _), verdict in boxes:
        if verdict == "below" and most is None:
            yield (s, gap, largest) == (LEAST, GAP, None)
        elif most is None or largest is None:
            yield verdict == "above" and (most is not None and most < LEAST
                                          or largest is not None and largest < GAP)


def _cells_agree(boxes: Sequence[tuple[cover.Box, str]]) -> Iterator[bool]:
    cells = [(s, r - s, 2) for r in range(4, LAST) for s in range(2, r - 1)]
    yield NEVER is None and len(cells) == 2485  # 1 + 2 + ... + 70
    alone = {(s, gap): word for ((s, most), (gap, largest), _), word in boxes
             if (s, gap) == (most, largest)}
    rows = [(box, word) for box, word in boxes if None in (box[0][-1], box[1][-1])]
    for s, gap, layers in cells:
        verdict = alone.get((s, gap)) or next(
            word for box, word in rows if cover.inside((s, gap, layers), box))
        yield (verdict == "below") == (s in two_layer_range(s + gap))
        yield (verdict == "equal") == ((s, gap) == (2, 2))


def middle(r: int) -> int:
    return (r + 1) // 2


def _balanced() -> Iterator[bool]:
    yield [r for r in range(4, LAST) if middle(r) not in two_layer_range(r)] == [4, 5, 7, 9]
    yield middle(LAST) in two_layer_range(LAST)  # s and r-s only grow from there on


THEOREM = Theorem(
    name="two-layer-thresholds",
    statement=f"With two layers P < K^3 exactly for {RULE}.  r = 4 and s = 2 is a tie; "
              "elsewhere P > K^3.  For balanced s: even r >= 6 and odd r >= 11.",
    latex=r"\|V_s B\|_*^2 \operatorname{tr} G_s^{-1} < K^3",
    domain="integers r >= 4, 2 <= s <= r-2",
    source="ours",
    steps=steps,
    needs=("r = 6, s = 3", "tie", "cases", "rule", "balanced"),
    rests_on=("triangular-spectra",))
