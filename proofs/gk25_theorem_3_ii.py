"""Cross-entropy, linear: how fast singular values vanish as L grows."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, limit

K, lam = sympy.symbols("K lam", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def steps() -> Iterator[Step]:
    S = sympy.Symbol("S", positive=True)
    # loss <= log K at any better-than-zero point: lam/2 N s^2 <= log K for each s.
    yield identity("each factor has the same singular value s, so lam/2 (L+1) s^2 <= log K, "
                   "t = s^(L+1) <= (2 log K / (lam (L+1)))^((L+1)/2)",
                   lam / 2 * N * (2 * sympy.log(K) / (lam * N)), sympy.log(K))
    g = sympy.Symbol("g", positive=True)
    yield limit("with lam (L+1) -> oo the exponent's rate tends to -oo: faster than any "
                "exponential (log t / (L+1), as lam (L+1) = g -> oo)",
                sympy.log(2 * sympy.log(10) / g) / 2, g, sympy.oo, -sympy.oo)
    # Stationarity: lam s = |u^T G v| s^L and |G|_F <= sqrt(2/S).
    p = sympy.Symbol("p", positive=True)
    yield identity("a column of softmax - label has squared norm sum p_j^2 - 2p + 1 <= 2(1-p)^2 "
                   "(others sum to 1-p), so |G|_F <= sqrt(2 / S) with S = K n samples",
                   (1 - p)**2 + (1 - p)**2, 2 * (1 - p)**2)
    yield identity("stationarity lam s = |u^T G v| s^L: a non-zero s has s^(L-1) >= lam "
                   "sqrt(S/2), against s^2 <= 2 log K/(lam (L+1)); the quotient of "
                   "the bounds, squared, is",
                   (lam * sympy.sqrt(S / 2))**2 / (2 * sympy.log(K) / (lam * N))**(L - 1),
                   lam**2 * S / 2 * (lam * N / (2 * sympy.log(K)))**(L - 1))
    yield limit("lam (L+1) = 2 e log K, e > 1 fixed (here e = 2, K = S = 10): the quotient "
                "tends to infinity, and so for larger lam: no non-zero s is left, Z = 0 exactly",
                (lam**2 * S / 2 * (lam * N / (2 * sympy.log(K)))**(L - 1)).subs(
                    {lam: 4 * sympy.log(10) / N, K: 10, S: 10}).subs(
                        L, sympy.Symbol("k", positive=True)),
                sympy.Symbol("k", positive=True), sympy.oo, sympy.oo)


THEOREM = Theorem(
    name="gk25-theorem-3-ii",
    statement="At a critical point of loss at most log K (that of zero), every singular value t "
              "of Z satisfies t <= (2 log K/(lam (L+1)))^((L+1)/2): for 1/lam = o(L) faster than "
              "exponentially small.  Moreover a non-zero t needs "
              "lam^2 (S/2) (lam (L+1)/(2 log K))^(L-1) <= 1, S = K n: so Z = 0 for large L.",
    latex=r"t_i \le \Bigl(\frac{2\log K}{\lambda(L+1)}\Bigr)^{(L+1)/2}",
    domain="deep linear model, cross-entropy, equal decays lam, S = K n samples",
    source="[GK25] Theorem 3 (ii); the explicit bound and Z = 0: ours",
    steps=steps,
    cited=("[GK25] Lemma 1 (all factors share their singular values)",))
