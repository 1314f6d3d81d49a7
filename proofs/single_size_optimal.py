"""The triangular family: mixing cuts of several sizes does not help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from nctheory.constructions.triangular import subset_spectrum
from proofs.orthant import nonnegative, quotient
from proofs.theorem import Step, Theorem, identity, positive

r, m, x, j, t = sympy.symbols("r m x j t")


def steps() -> Iterator[Step]:
    yield identity("r = 4: one size only, 2 <= s <= r-2, that is `s = r/2 rounded up`",
                   (r - 2).subs(r, 4), (r / 2).subs(r, 4))
    y, v, w = sympy.symbols("y v w", positive=True)
    yield identity("tangent: 1/w >= 1/v - (w - v)/v^2, the difference is (w-v)^2/(w v^2), so a "
                   "mixture's sum of multiplicity/eigenvalue is at least f(m) - (sum_s y_s slope_s "
                   "- f(m)), slope_s = sum of multiplicity value_s / value_m^2: f(m) is least "
                   "once slope_s <= f(m) for all s", 1 / w - 1 / v + (w - v) / v**2,
                   (w - v)**2 / (w * v**2))
    for name, odd in (("even r", 0), ("odd r", 1)):
        size = 2 * m - odd
        over, under = quotient(lambda m, x: gap(2 * m - odd, m, x), m, x)
        yield positive(f"{name}, sign: r >= 5, so m >= 3, the denominator", under, {m: 3 + t})
        for side, sign, least in (("s >= m", 1, size - 2 - m), ("s <= m", -1, m - 2)):
            # m in terms of j = |s - m| and of what is left of the range of s
            at = sympy.solve(least - j - t, m)[0]
            yield nonnegative(f"{name}, {side}: f(m) - slope_s >= 0",
                              over.subs(x, m + sign * j).subs(m, at), (j, t),
                              at - 3)


def gap(size: Any, middle: Any, other: Any) -> Any:
    """f(m) - slope_s, times the denominator of the eigenvalues."""
    values, _ = subset_spectrum(size, middle)
    others, _ = subset_spectrum(size, other)
    return sum(k * (a - b) / a**2 for k, a, b in zip((1, size - 1, size * (size - 3) / 2), values,
                                                     others, strict=True))


THEOREM = Theorem(
    name="single-size-optimal",
    statement="Among mixtures of cuts of all sizes from two on, a single size is optimal, from "
              "three layers and four vertices on: s = r/2 rounded up.",
    latex=r"\min_{y \in \Delta} \operatorname{tr}\bigl(\textstyle\sum_s y_s G_s/\binom rs"
          r"\bigr)^{-1} = \min_s \binom rs \operatorname{tr} G_s^{-1}",
    domain="integers r >= 4, sizes 2..r-2, L >= 3",
    source="ours",
    steps=steps,
    needs=("r = 4", "tangent", *(f"{parity} r, {part}" for parity in ("even", "odd")
                                 for part in ("sign", "s >= m", "s <= m"))),
    rests_on=("triangular-spectra",))
