"""The triangular family: mixing cuts of several sizes does not help."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from nctheory.constructions.triangular import inverse_trace, mixture_gap
from proofs.theorem import Step, Theorem, decided


def steps() -> Iterator[Step]:
    yield decided("the duality gap of the best single s is exactly 0, r = 4..60", lambda: (
        mixture_gap(vertices, {min(range(2, vertices - 1), key=lambda size, v=vertices: Fraction(
            *inverse_trace(v, size))): Fraction(1)}, range(2, vertices - 1)) == 0
        for vertices in range(4, 61)))


THEOREM = Theorem(
    name="single-size-optimal",
    statement="Among mixtures of cuts of all sizes 2..r-2, a single size is optimal, for L >= 3 "
              "and every r from 4 to 60.",
    latex=r"\min_{y \in \Delta} \operatorname{tr}\bigl(\textstyle\sum_s y_s G_s/\binom rs"
          r"\bigr)^{-1} = \min_s \binom rs \operatorname{tr} G_s^{-1}",
    domain="integers 4 <= r <= 60",
    source="ours",
    steps=steps,
    cited=("a convex function lies above its tangents",))
