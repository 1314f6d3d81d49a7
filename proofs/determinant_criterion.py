"""Two layers: a lower bound on the cost from one matrix for each Gram matrix of the features."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, symbolic

w, p = sympy.symbols("w p", positive=True)
K, G, W, C, Z = sympy.symbols("K G W C Z", positive=True)


def steps() -> Iterator[Step]:
    y, d = sympy.symbols("y d", positive=True)
    yield identity("least norm: a row w of W_1 with f = w H_1, y = W^-1 f and W = H_1^T H_1 has "
                   "|w - H_1 y|^2 = |w|^2 - 2 f.y + y.W y >= 0, and f.y = y.W y = f.W^-1 f =: p: "
                   "|W_1|^2 >= A := sum f.W^-1 f; so |W_2|^2 >= tr(Z G^-1 Z^T), G = sum f_+ f_+^T",
                   w**2 - 2 * p + p, w**2 - p)
    yield symbolic("scaling: (f/d)_+ = f_+/d for d > 0: with W = D R D, unit diagonal R, and C "
                   "feasible for R, M = D^-1 C D^-1 has f_+.M f_+ <= f.W^-1 f; summed, "
                   "tr(M G) <= A", lambda: (sympy.Max(g, 0) / d == sympy.Max(g / d, 0)
                                            for g in (w, -w)))
    phi = y - 1 - sympy.log(y)
    yield symbolic("mean: tr X >= K (det X)^(1/K) for positive definite X: y - 1 >= log y at the "
                   "eigenvalues over (det X)^(1/K), since phi' = (y-1)/y and phi(1) = 0",
                   lambda: (sympy.cancel(phi.diff(y) - (y - 1) / y) == 0, phi.subs(y, 1) == 0))
    yield identity("determinants: A >= K (det M det G)^(1/K), tr(Z G^-1 Z^T) >= K (det Z^2/"
                   "det G)^(1/K), tr W >= K (prod W_ii)^(1/K), det M = det C/prod W_ii: their "
                   "product is K^3 (det C)^(1/K) |det Z|^(2/K), so `P >= K^3 |det Z|^(2/K)` where "
                   "`det C >= 1`",
                   K * (C / W * G)**(1 / K) * K * (Z**2 / G)**(1 / K) * K * W**(1 / K),
                   K**3 * C**(1 / K) * Z**(2 / K))
    yield identity("DNC: Z = I with H_1 = W_1 = W_2 = I attains it, three squared norms K: "
                   "`P* = K^3`", K * K * K, K**3)
    t, eps = sympy.symbols("t eps", positive=True)
    yield identity("singular W: W + eps I in its place does not raise A and adds K eps to tr W; "
                   "eps -> 0", (t + K * eps).subs(eps, 0), t)


THEOREM = Theorem(
    name="determinant-criterion",
    statement="If for every positive definite R of unit diagonal some positive definite C with "
              "det C >= 1 is R-feasible, then P >= K^3 |det Z|^(2/K) for all weights, "
              "and P* = K^3.",
    latex=r"f_+^\top C f_+ \le f^\top R^{-1} f\ \forall f,\ \det C \ge 1 \ \Rightarrow\ "
          r"|H_1|^2 |W_1|^2 |W_2|^2 \ge K^3 |\det Z|^{2/K}",
    domain="MSE, ReLU, L = 2, Z = W_2 sigma(W_1 H_1) one feature a class; C is R-feasible where "
           "f_+.C f_+ <= f.R^-1 f for all f in R^K",
    source="ours",
    steps=steps,
    needs=("least norm", "scaling", "mean", "determinants", "DNC", "singular W"))
