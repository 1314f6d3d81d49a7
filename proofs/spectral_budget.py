"""Weights bounded in the spectral norm, as orthogonalised updates bound them: DNC is optimal."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, positive, symbolic

K, n, rho, S, q, x = sympy.symbols("K n rho S q x", positive=True)
a, u = sympy.symbols("a u", nonnegative=True)


def steps() -> Iterator[Step]:
    yield symbolic("shrinking: |sigma(x)| <= |x| and |W h| <= |W| |h|: each output has |z_i| <= "
                   "rho, rho the product of the bounds; the same for the root mean square of all",
                   lambda: (sympy.Max(0, sympy.Symbol("p", positive=True)).is_positive,
                            sympy.Max(0, sympy.Symbol("p", negative=True)) == 0))
    yield positive("squares: |z - y| >= |y| - |z| >= 1 - rho, so with rho = 1 - u the loss is at "
                   "least u^2/2 = `(1-rho)^2/2`", sympy.expand((u + a)**2 - u**2), strict=False)
    yield identity("DNC, squares: H_l = rho I kron 1^T up to scale and W_l = I have Z = rho Y and "
                   "this loss: `for rho < 1`, and for larger ones 0", (rho - 1)**2 / 2,
                   (1 - rho)**2 / 2)
    # A column v of V = (I - J/K) W_L has the sum 0: its positive entries add to S, the others
    # to -S; there is at least one positive, so at most K-1 negative.
    yield identity("signs: |v^-|^2 >= S^2/(K-1) >= |v^+|^2/(K-1) (Cauchy-Schwarz; S >= |v^+|), so "
                   "|v|^2 >= |v^+|^2 K/(K-1)", q + q / (K - 1), q * K / (K - 1))
    yield identity("rank: V has rank at most K-1, so |V|_F^2 <= (K-1) |W_L|^2, and |V^+|_F^2 <= "
                   "(K-1)^2/K |W_L|^2", (K - 1) / K * (K - 1), (K - 1)**2 / K)
    yield identity("products: <Z, (I - J/K) kron 1^T> = sum_i v_c(i) . sigma(h_i) <= sum_i "
                   "|v_c(i)^+| |h_i| <= sqrt(n |V^+|_F^2) sqrt(n K) rho/|W_L| = n (K-1) rho",
                   sympy.sqrt(n * (K - 1)**2 / K) * sympy.sqrt(n * K),
                   n * sympy.sqrt((K - 1)**2))
    yield identity("linear: with n = 1 and H_1 in the spectral norm |Z| <= rho, and <Z, I - J/K> "
                   "<= rho |I - J/K|_* = (K-1) rho, without an activation too", (K - 1) * rho,
                   K * rho * (1 - 1 / K))
    yield identity("mean margin: all n K (K-1) margins add to K <Z, (I - J/K) kron 1^T>, so their "
                   "mean is at most rho", K * n * (K - 1) * rho / (n * K * (K - 1)), rho)
    convex = sympy.log(1 + (K - 1) * sympy.exp(-x))
    yield identity("Jensen: exp and log(1 + (K-1) e^-x) are convex, the second derivative of the "
                   "latter being (K-1) e^x/(e^x + K-1)^2 > 0: the cross-entropy is at least "
                   "`log(1 + (K-1) e^-rho)`",
                   sympy.simplify(sympy.diff(convex, x, 2)
                                  * (sympy.exp(x) + K - 1)**2 / ((K - 1) * sympy.exp(x))), 1)
    yield identity("DNC, cross-entropy: Z = rho Y has all margins rho, and this loss", rho - 0,
                   rho)


THEOREM = Theorem(
    name="spectral-budget",
    statement="Let the weights be bounded in the spectral norm, the first features by the norm "
              "of each column, or its root mean square, and rho be the product of the bounds.  "
              "Then the squared loss is at least (1-rho)^2/2 for rho < 1, the cross-entropy "
              "at least log(1 + (K-1) e^-rho), and DNC attains both: it is optimal for all "
              "numbers of classes, layers and samples and every budget.",
    latex=r"\tfrac{1}{2N}|Z - Y|_F^2 \ge \tfrac12 (1-\rho)_+^2, \qquad "
          r"\mathrm{CE}(Z) \ge \log\left(1 + (K-1) e^{-\rho}\right)",
    domain="K >= 2, n >= 1, any width from K on; squares: L >= 1 and any activation with "
           "|sigma(x)| <= |x|; cross-entropy: ReLU, L >= 2, or linear with n = 1 and the spectral "
           "norm of H_1; for n = 1 H_1 may be bounded in the "
           "spectral norm (rho is then the product of all L+1 spectral norms, since |H_1|_F^2 <= "
           "K |H_1|^2)",
    source="ours",
    steps=steps,
    needs=("shrinking", "squares", "DNC, squares", "signs", "rank", "products", "linear",
           "mean margin", "Jensen", "DNC, cross-entropy"),
    cited=("Cauchy-Schwarz, Jensen",))
