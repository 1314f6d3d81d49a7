"""Early in training without decay singular values of logits repel: exactly, while p is flat."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, limit, positive

n, K, x, t, L, r = sympy.symbols("n K x t L r", positive=True)
k, y = sympy.symbols("k y", integer=True, positive=True)
rest, T = sympy.symbols("rest T", nonnegative=True)


def steps() -> Iterator[Step]:
    power = t**((n - 2) / n)
    rate = n * t**((2 * n - 2) / n) / K
    yield identity("factors: n factors with singular values x make t = x^n, and dx/dt = x^(n-1)/K "
                   "times the pull g, so t moves by n t^(2-2/n) g/K", n * x**(n - 1)
                   * x**(n - 1) / K, rate.subs(t, x**n))
    yield identity("pull: while all p(y) = 1/K, g = (1/K) sum (1 - cos(2 pi k y/K)) = 1, the "
                   "same for all modes k: the cosines of y = 0, ..., K-1 add to 0, that is for "
                   "w = e^(2 pi i k/K), w^K = 1, (1 - w^K)/(1 - w) = 0", (K - 0) / K, 1)
    yield identity("conserved: 1/t^(1-2/n) then falls at the rate n-2 (over K) whatever t is, so "
                   "`t_1^(-(L-1)/(L+1)) - t_2^(-(L-1)/(L+1)) is constant`, n = L + 1",
                   sympy.diff(1 / power, t) * rate, -(n - 2) / K)
    yield identity("exponent: 1 - 2/n = (L-1)/(L+1)", (1 - 2 / n).subs(n, L + 1),
                   (L - 1) / (L + 1))
    yield identity("one layer: L = 1 has the exponent 0 and the rate 2 t: t_1/t_2 is constant",
                   rate.subs(n, 2) / t, 2 / K)
    yield positive("ratio: (t_1/t_2)^(1-2/n) = u_2/u_1 for u = t^(-(1-2/n)), u_2 = u_1 + gap: "
                   "1 + gap/u_1 grows `as long as L >= 2` and t_1 > t_2 as u_1 falls to u_1 - T",
                   (x + rest) * (r + T) - (r + T + rest) * x, {r: x}, strict=False)
    yield limit("unbounded: and without bound as u_1 tends to 0", 1 + 1 / r, r, 0, sympy.oo)


THEOREM = Theorem(
    name="singular-values-repel",
    statement="Gradient flow without decay on aligned factors with logits in the Fourier basis: "
              "while the predictions are uniform, t_1^(-(L-1)/(L+1)) - t_2^(-(L-1)/(L+1)) is "
              "constant for any two singular values of the logits; so the larger of two runs "
              "away from the smaller as long as L >= 2, and their ratio stays with one layer.",
    latex=r"t_1^{-\frac{L-1}{L+1}} - t_2^{-\frac{L-1}{L+1}} = \mathrm{const}",
    domain="K >= 3, L >= 1; cross-entropy, deep linear model, all factors with equal singular "
           "values along the Fourier basis of the cyclic group of the classes; predictions "
           "1/K exactly",
    source="ours, for the repulsion that [GKT26] states of spectral starts",
    steps=steps,
    needs=("factors", "pull", "conserved", "exponent", "one layer", "ratio", "unbounded"))
