"""The triangular family beats deep neural collapse from three layers on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy

from nctheory.certify import Certificate
from proofs import cover
from proofs.theorem import Step, Theorem, certified, identity, uniform

r, a, d, n, m = sympy.symbols("r a d n m", positive=True)
CELLS: cover.Box = ((2, None), (2, None), (3, None))  # s, r-s, L
BELOW = ("3 <= s <= r-2 and L = 3", "2 <= s <= r-2 and L >= 4")
ABOVE = ("2 = s <= r-2 and L = 3",)


def steps() -> Iterator[Step]:
    yield identity("root: with P = f (a + b sqrt(d)), P < K^(L+1) = f n/m iff b sqrt(d) < n/m - a "
                   "iff n - m a > 0 and (n - m a)^2 > m^2 b^2 d, m > 0: the shifted polynomials",
                   (n / m - a)**2 - d, ((n - m * a)**2 - m**2 * d) / m**2)
    yield certified(f"cases: `P < K^(L+1)` for `{BELOW[0]}` and for `{BELOW[1]}`; "
                    f"`P > K^(L+1)` for `{ABOVE[0]}`: the least sizes for which each holds, L = "
                    "3, 4, ...; all r, s, L are covered, none twice",
                    lambda: uniform("triangular-thresholds"), _complete)
    yield identity("induction: a layer more multiplies P by r and K^(L+1) by K > r (r >= 4)",
                   r * (r - 1) / 2 - r, r * (r - 3) / 2)


def _complete(made: Sequence[Certificate]) -> bool:
    boxes = {verdict: tuple(_words(cover.triangular(c)) for c in made if c.verdict == verdict)
             for verdict in ("below", "above")}
    return (cover.needed(CELLS, [cover.triangular(c) for c in made])
            and boxes == {"below": BELOW, "above": ABOVE})


def _words(box: cover.Box) -> str:
    (least, most), (gap, _), (first, last) = box
    return (f"{least} {'<=' if most is None else '='} s <= r-{gap} and "
            f"L {'>=' if last is None else '='} {first}")


THEOREM = Theorem(
    name="triangular-thresholds",
    statement=f"P < K^(L+1) for {BELOW[0]}, and for {BELOW[1]}; P > K^(L+1) for {ABOVE[0]}.",
    latex=r"\|B\|_*^2\, r^{L-3}\, \tfrac r4 \binom rs \operatorname{tr} G_s^{-1} < K^{L+1}",
    domain="integers r, s, L; K = r(r-1)/2 (shown for real r, s, too)",
    source="ours",
    steps=steps,
    needs=("root", "cases", "induction"),
    rests_on=("triangular-spectra",))
