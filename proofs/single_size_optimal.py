"""The triangular family: mixing cuts of several sizes does not help."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from nctheory.constructions.triangular import inverse_trace, mixture_gap
from proofs.theorem import Step, Theorem, decided


def steps() -> Iterator[Step]:
    yield decided("r = 4 has one size, balanced cuts are optimal for r >= 5; once more: the "
                  "duality gap of the best single s is exactly 0, r = 4..60", _gaps)


def _gaps() -> Iterator[bool]:
    for vertices in range(4, 61):
        sizes = range(2, vertices - 1)
        best = min(sizes, key=lambda size, v=vertices: Fraction(*inverse_trace(v, size)))
        yield (best == (vertices + 1) // 2
               and mixture_gap(vertices, {best: Fraction(1)}, sizes) == 0)


THEOREM = Theorem(
    name="single-size-optimal",
    statement="Among mixtures of cuts of all sizes 2..r-2, a single size is optimal, for L >= 3 "
              "and every r >= 4: s = r/2 rounded up.",
    latex=r"\min_{y \in \Delta} \operatorname{tr}\bigl(\textstyle\sum_s y_s G_s/\binom rs"
          r"\bigr)^{-1} = \min_s \binom rs \operatorname{tr} G_s^{-1}",
    domain="integers r >= 4",
    source="ours",
    steps=steps,
    cited=("balanced-cuts-optimal", "a convex function lies above its tangents"))
