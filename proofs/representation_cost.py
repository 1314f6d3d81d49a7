"""Mean squared error: for a collapsed solution one number matters, its representation cost."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.pairs import formula
from proofs.theorem import Step, Theorem, identity

x, y, z, A, G = sympy.symbols("x y z A G", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def steps() -> Iterator[Step]:
    phi = y - 1 - sympy.log(y)
    yield identity("slope: phi(y) = y - 1 - log y has the derivative (y-1)/y, of the sign of "
                   "y - 1", sympy.diff(phi, y), (y - 1) / y)
    yield identity("least: so its least value is phi(1) = 0: y - 1 >= log y, alone at 1 equal",
                   phi.subs(y, 1), 0)
    X = sympy.Symbol("X", positive=True)
    yield identity("mean: N numbers x_i > 0 of product X = G^N, G = X^(1/N): summed, "
                   "sum x_i/G - N >= log (X/G^N) = 0, so sum x_i >= N G, equal iff all are G",
                   sympy.log(X / (X**(1 / N))**N), 0)
    yield identity("scales: t_i with prod t_i = z turn prod (lam_i t_i^2 |F_i|^2) into z^2 A, "
                   "A = prod (lam_i |F_i|^2): the least 1/2 sum is N/2 A^(1/N) z^(2/N), so the "
                   "least loss is `1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1))`",
                   (z**2 * A)**(1 / N), A**(1 / N) * z**(2 / N))
    yield identity("attained: t_i^2 = G/(lam_i |F_i|^2) has the product G^N / A = z^2",
                   ((z**2 * A)**(1 / N))**N / A, z**2)
    w, h = sympy.symbols("w h", positive=True)
    yield identity("pair: with decays w, h: w p^2 + h g^2 = sqrt(w h) ((s p)^2 + (g/s)^2) with "
                   "s = (w/h)^(1/4), so it costs sqrt(w h) |M|_*: decays enter by their product, "
                   "`P = |M_2|_*^2 prod_{l>=2} |W_l|_F^2`",
                   sympy.sqrt(w * h) * (sympy.sqrt(w / h) * x**2 + y**2 / sympy.sqrt(w / h)),
                   w * x**2 + h * y**2)
    n, P, lam, i = sympy.symbols("n P lam i", positive=True)
    yield identity("samples: (M kron 1^T)(M kron 1^T)^T = M M^T kron 1^T 1, and 1^T 1 = n: "
                   "|M kron 1^T|_* = sqrt(n) |M|_*, P becomes n P",
                   sympy.summation(1, (i, 1, n)), n)
    text = "lam_eff (n P)^(1/(L+1))"
    yield identity("kappa: with lam_eff the geometric mean of the N decays, A^(1/N) is "
                   f"`kappa = {text}`", (lam**N * n * P)**(1 / N),
                   formula(text, lam_eff=lam, n=n, P=P, L=L))


THEOREM = Theorem(
    name="representation-cost",
    statement="Collapsed solutions of given shapes with output z I_K and free scales have the "
              "least loss 1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1)), "
              "kappa = lam_eff (n P)^(1/(L+1)), lam_eff the geometric mean of the decays, "
              "P = |M_2|_*^2 prod_{l>=2} |W_l|_F^2.",
    latex=r"\min_{\prod t_i = z} \tfrac12\sum_{i=0}^{L} \lambda_i t_i^2 \|F_i\|_F^2 = "
          r"\tfrac{L+1}{2} \bigl(z^2 \textstyle\prod_i \lambda_i \|F_i\|_F^2\bigr)^{1/(L+1)}",
    domain="L >= 1, K >= 1, n >= 1, decays lam_H, lam_1..lam_L > 0, equal or not; z > 0",
    source="ours; ingredients standard",
    steps=steps,
    needs=("slope", "least", "mean", "scales", "attained", "pair", "samples", "kappa"),
    cited=("min over W H = M of 1/2 (|W|_F^2 + |H|_F^2) is the nuclear norm |M|_* (Srebro, "
           "Rennie, Jaakkola 2004)",))
