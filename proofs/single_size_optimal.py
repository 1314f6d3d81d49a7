"""The triangular family: mixing cuts of several sizes does not help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from nctheory.constructions.triangular import subset_spectrum
from proofs.cuts import multiplicities
from proofs.orthant import nonnegative, quotient
from proofs.theorem import Step, Theorem, identity, positive

r, m, x, j, t = sympy.symbols("r m x j t")
SMALLEST = 2  # size of a cut, and of the rest
LEAST = 3  # m, where r = 2m or 2m - 1


def slope(v: Any, w: Any) -> Any:
    """Of 1/v, times w - v."""
    return (v - w) / v**2


def steps() -> Iterator[Step]:
    yield identity("r = 4: one size only, 2 <= s <= r-2, that is `s = r/2 rounded up`",
                   (r - SMALLEST).subs(r, 4), (r / 2).subs(r, 4))
    yield identity("r >= 5: that is m >= 3, r = 2m or 2m - 1, s = m", 2 * LEAST - 1, 5)
    v, w = sympy.symbols("v w", positive=True)
    yield identity("tangent: 1/w >= 1/v + slope(v, w), the difference is (w-v)^2/(w v^2): summed "
                   "over the spaces, a mixture costs at least f(m) + sum_s y_s slope_s, and f(m) "
                   "is least once slope_s >= 0 for all sizes", 1 / w - 1 / v - slope(v, w),
                   (w - v)**2 / (w * v**2))
    for odd in (0, 1):
        name = "odd r" if odd else "even r"
        size = 2 * m - odd
        over, under = quotient(lambda m, x, odd=odd: change(2 * m - odd, m, x), m, x)
        yield positive(f"{name}, sign: r >= 5, so m >= 3, the denominator", under,
                       {m: LEAST + t})
        for side, sign, room in (("s >= m", 1, size - SMALLEST - m), ("s <= m", -1, m - SMALLEST)):
            # m in terms of j = |s - m| and of what is left of the range of s
            at = sympy.solve(room - j - t, m)[0]
            yield nonnegative(f"{name}, {side}: slope_s >= 0 for `{SMALLEST} <= s <= "
                              f"r-{SMALLEST}`", over.subs(x, m + sign * j).subs(m, at), (j, t),
                              at - LEAST)


def change(r: Any, middle: Any, other: Any) -> Any:
    """The derivative of f at `middle` towards `other`, times the denominator of eigenvalues."""
    values, _ = subset_spectrum(r, middle)
    others, _ = subset_spectrum(r, other)
    return sum(k * slope(a, b) for k, a, b in zip(multiplicities(r), values, others, strict=True))


THEOREM = Theorem(
    name="single-size-optimal",
    statement="Among mixtures of cuts of all sizes 2 <= s <= r-2 a single size is optimal, from "
              "three layers and four vertices on: s = r/2 rounded up.",
    latex=r"\min_{y \in \Delta} \operatorname{tr}\bigl(\textstyle\sum_s y_s G_s/\binom rs"
          r"\bigr)^{-1} = \min_s \binom rs \operatorname{tr} G_s^{-1}",
    domain="integers r >= 4, L >= 3",
    source="ours",
    steps=steps,
    needs=("r = 4", "r >= 5", "tangent", *(f"{parity} r, {part}" for parity in ("even", "odd")
                                           for part in ("sign", "s >= m", "s <= m"))),
    rests_on=("triangular-spectra",))
