"""The triangular family beats deep neural collapse from three layers on."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from nctheory.constructions.triangular import incidence_spectrum, inverse_trace, threshold_signs
from proofs.theorem import Step, Theorem, certified, decided, positive, uniform

r, s, u, t = sympy.symbols("r s u t", positive=True)
K = r * (r - 1) / 2


def steps() -> Iterator[Step]:
    (first, _), (second, _) = incidence_spectrum(r).items()
    a, d = first + (r - 1)**2 * second, 4 * (r - 1)**2 * first * second
    upper, lower = inverse_trace(r, s)
    for layers, shift, domain in ((3, {s: 3 + u, r: 5 + u + t}, "3 <= s <= r-2"),
                                  (4, {s: 2 + u, r: 4 + u + t}, "2 <= s <= r-2")):
        # P = (a + sqrt d) r^(L-3) (r/4) upper/lower < K^(L+1)  iff  a + sqrt d < n/m
        n, m = sympy.fraction(sympy.cancel(K**(layers + 1) * lower * 4
                                           / (upper * r**(layers - 2))))
        if m.subs({r: 9, s: 4}) < 0:
            n, m = -n, -m
        yield positive(f"L = {layers}, {domain}: P < K^{layers + 1} iff a + sqrt(d) < n/m, m > 0",
                       m, shift)
        gap = n - m * a
        yield positive(f"L = {layers}, {domain}: n - m a > 0, the root isolated", gap, shift)
        yield positive(f"L = {layers}, {domain}: (n - m a)^2 > m^2 d, squared",
                       gap**2 - m**2 * d, shift)
    yield positive("a layer more multiplies P by r and K^(L+1) by K > r (r >= 4): induction",
                   K * 2 - 2 * r, {r: 4 + u})
    n, m = sympy.fraction(sympy.cancel((K**4 * lower * 4 / (upper * r)).subs(s, 2)))
    yield positive("s = 2, L = 3: m > 0", m, {r: 4 + u})
    yield positive("s = 2, L = 3: m^2 d > (n - m a)^2, so P > K^4 for every r >= 4",
                   sympy.cancel(m**2 * d - (n - m * a)**2), {r: 4 + u})
    yield decided("the same cells by integers, r = 4..40, L = 3..8", lambda: (
        sign == (1 if (size, layers) == (2, 3) else -1)
        for vertices in range(4, 41) for size in range(2, vertices - 1)
        for layers, sign in enumerate(threshold_signs(vertices, size, 8), start=3)))
    yield certified("the same theorem rebuilt by the checker from the entries of G_s",
                    lambda: uniform("triangular-thresholds"))


THEOREM = Theorem(
    name="triangular-thresholds",
    statement="P < K^(L+1) for all 3 <= s <= r-2 and L >= 3, and for all 2 <= s <= r-2 and L >= "
              "4; for s = 2 and L = 3, P > K^4 for every r >= 4.",
    latex=r"\|B\|_*^2\, r^{L-3}\, \tfrac r4 \binom rs \operatorname{tr} G_s^{-1} < K^{L+1}",
    domain="integers r, s, L; K = r(r-1)/2 (shown for real r, s, too)",
    source="ours",
    steps=steps,
    cited=("triangular-spectra",))
