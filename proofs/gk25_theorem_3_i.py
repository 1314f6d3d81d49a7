"""Cross-entropy, linear: how fast singular values vanish as L grows."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, limit

K, lam, S = sympy.symbols("K lam S", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def steps() -> Iterator[Step]:
    s, c, g = sympy.symbols("s c g", positive=True)
    yield identity("bound: each factor has the same singular value s, so lam/2 (L+1) s^2 <= "
                   "log K, and t = s^(L+1): `t <= (2 log K/(lam (L+1)))^((L+1)/2)`",
                   sympy.sqrt(2 * sympy.log(K) / (lam * N))**N,
                   (2 * sympy.log(K) / (lam * N))**(N / 2))
    rate = sympy.log(c / g) / 2
    yield identity("exponent: log t / (L+1) <= log(c/g)/2 with c = 2 log K, g = lam (L+1)",
                   sympy.exp(N * rate), (c / g)**(N / 2))
    yield limit("rate: with g -> oo, `1/lam = o(L)`, it tends to -oo: faster than any exponential",
                rate, g, sympy.oo, -sympy.oo)
    Q, x, p = sympy.symbols("Q x p", nonnegative=True)
    yield identity("squares: sum p_j^2 <= (sum p_j)^2 for p_j >= 0, one term more: the gap grows "
                   "by 2 x sum p_j >= 0", (s + x)**2 - (Q + x**2) - (s**2 - Q), 2 * s * x)
    yield identity("columns: so a column of softmax - label, whose other entries sum to 1-p, has "
                   "a squared norm of at most (1-p)^2 + (1-p)^2 = 2 - 2p(2-p) <= 2, and |G|_F^2 "
                   "<= S 2/S^2 = 2/S for `S = K n`", (1 - p)**2 + (1 - p)**2, 2 - 2 * p * (2 - p))
    quotient = lam**2 * S / 2 * (lam * N / (2 * sympy.log(K)))**(L - 1)
    yield identity("stationarity: lam s = |u^T G v| s^L: a non-zero s has s^(L-1) >= lam "
                   "sqrt(S/2), against s^2 <= 2 log K/(lam (L+1)); the quotient of the bounds, "
                   "squared: `lam^2 (S/2) (lam (L+1)/(2 log K))^(L-1) <= 1`",
                   (lam * sympy.sqrt(S / 2))**2 / (2 * sympy.log(K) / (lam * N))**(L - 1),
                   quotient)
    v, k = sympy.symbols("v k", positive=True)
    large = 2 * sympy.log(K)**2 * S * (1 + v)**N / N**2
    yield identity("so large: for lam (L+1) >= 2 (1+v) log K, v > 0 fixed, it is at least "
                   "2 (log K)^2 S (1+v)^(L+1)/(L+1)^2",
                   quotient.subs(lam, 2 * (1 + v) * sympy.log(K) / N), large)
    yield limit("large L: which tends to infinity: `Z = 0` (c = log K)",
                large.subs(N, k).subs(sympy.log(K), c), k, sympy.oo, sympy.oo)


THEOREM = Theorem(
    name="gk25-theorem-3-i",
    statement="At a critical point of loss at most log K (that of zero), every singular value t "
              "of Z has t <= (2 log K/(lam (L+1)))^((L+1)/2): for 1/lam = o(L) faster than "
              "exponentially small.  Moreover a non-zero t needs "
              "lam^2 (S/2) (lam (L+1)/(2 log K))^(L-1) <= 1, S = K n: so Z = 0 for large L.",
    latex=r"t_i \le \Bigl(\frac{2\log K}{\lambda(L+1)}\Bigr)^{(L+1)/2}",
    domain="deep linear model, cross-entropy, equal decays lam, S = K n samples",
    source="[GK25] Theorem 3 (i); the explicit bound and Z = 0: ours",
    steps=steps,
    needs=("bound", "exponent", "rate", "squares", "columns", "stationarity", "large L",
           "so large"),
    cited=("[GK25] Lemma 1 (all factors share their singular values)",))
