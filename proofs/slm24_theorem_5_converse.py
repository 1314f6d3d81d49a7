"""[SLM24] Theorem 5, the other half: whatever collapses as DNC1 and DNC2 say costs at least K."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, positive, symbolic

K, a, b, m, z, lam = sympy.symbols("K a b m z lam", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def steps() -> Iterator[Step]:
    x = sympy.Symbol("x", nonnegative=True)
    yield symbolic("ReLU: y^2 - max(y, 0)^2 is 0 for y = x, and x^2 for y = -x, x >= 0: "
                   "|sigma(M)|_F <= |M|_F",
                   lambda: (y**2 - sympy.Max(y, 0)**2 == gap for y, gap in ((x, 0), (-x, x**2))))
    yield identity("frame: K columns of length a at right angles have |sigma(M_l)|_F^2 = K a^2, "
                   "and the nuclear norm K a = sqrt(K) |.|_F",
                   sympy.sqrt(K) * sympy.sqrt(K * a**2),
                   K * a)
    w, p = sympy.symbols("w p", positive=True)
    yield identity("middle layers: U = sigma(M_l)/a has orthonormal columns, so each row w of W_l "
                   "has |w - w U U^T|^2 = |w|^2 - 2 |w U|^2 + |w U|^2 >= 0, p = |w U|^2: "
                   "|W_l|_F^2 >= |W_l U|_F^2 = |M_(l+1)|_F^2/a^2 >= K b^2/a^2, b the next layer's "
                   "length",
                   w**2 - 2 * p + p, w**2 - p)
    yield identity("first layer, M_2: |M_2|_*^2 = K |M_2|_F^2 >= K |sigma(M_2)|_F^2 = K^2 a^2",
                   K * (K * a**2), (K * a)**2)
    yield identity("first layer, M_1: |W_1|_F^2 |H_1|_F^2 >= (K a^2/m^2) (K m^2), the same",
                   (K * a**2 / m**2) * (K * m**2), (K * a)**2)
    yield identity("product: the lengths cancel, K^2 a_2^2 (K a_3^2/a_2^2) ... |Z|_F^2/a_L^2, "
                   "with L-2 middle layers and |Z|_F^2 = K z^2: `P >= K^(L+1) z^2`",
                   (K * a)**2 * K**(L - 2) * (b / a)**2 * (K * z**2) / b**2, K**N * z**2)
    c = sympy.Symbol("c", real=True)
    yield positive("fit: |Z - I|_F^2 >= K (1-z)^2: the difference is 2 (|Z|_F |I|_F - tr Z) >= 0, "
                   "|Z|_F |I|_F = K z = tr Z + c", sympy.expand(
                       (K * z**2 - 2 * (K * z - c) + K) - K * (1 - z)**2), strict=False)
    yield identity("loss: so the loss is at least that of DNC at scale z, `1/2 (1-z)^2 + (L+1)/2 "
                   "kappa z^(2/(L+1))`, kappa = lam K", lam * (K**N * z**2)**(1 / N),
                   lam * K * z**(2 / N))


THEOREM = Theorem(
    name="slm24-theorem-5-converse",
    statement="If the class means sigma(M_l) form an orthogonal frame from the second layer to "
              "the last, and so do the means of the features or those of the first layer before "
              "the ReLU, then P >= K^(L+1) z^2 with z the length of the output over that of the "
              "identity, and the loss is at least 1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1)), that "
              "of DNC at scale z.  So no solution with DNC is better than DNC's own cost K.",
    latex=r"\sigma(M_l)^\top\sigma(M_l) = a_l^2 I\ (2 \le l \le L),\ M_2^\top M_2 \propto I "
          r"\ \Rightarrow\ P \ge K^{L+1} z^2",
    domain="MSE, ReLU, L >= 2; collapsed features (DNC1); DNC2 as above: the Gram matrix of "
           "sigma(M_l), and that of M_2 or M_1, a multiple of I; DNC3 is not needed",
    source="the other half of [SLM24] Theorem 5; this proof: ours",
    steps=steps,
    needs=("ReLU", "frame", "middle layers", "first layer, M_2", "first layer, M_1", "product",
           "fit", "loss"),
    rests_on=("representation-cost", "universal-loss"),
    cited=("Cauchy-Schwarz",))
