"""Cross-entropy: pairs against deep neural collapse, criticality, dimensions, rates [GK25]."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy

from nctheory.certify import UNIFORM
from proofs.theorem import Step, Theorem, certified, decided, identity, limit, positive

K, m, n, lam, alpha, beta = sympy.symbols("K m n lam alpha beta", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1
u, x = sympy.symbols("u x", positive=True)
q = (L - 1) / N


def pairs_steps() -> Iterator[Step]:
    for layers, least in ((3, 2), (2, 3)):
        yield positive(f"4 m^{layers + 1} < (2m-1)^{layers + 1} for m >= {least} (L = {layers})",
                       (2 * m - 1)**(layers + 1) - 4 * m**(layers + 1), {m: least + u})
    yield positive("a layer more multiplies by m <= 2m-1: induction in L", 2 * m - 1 - m,
                   {m: 1 + u}, strict=False)
    yield positive("sharp: at m = 2, L = 2 the opposite, 4 m^3 > (2m-1)^3",
                   (4 * m**3 - (2 * m - 1)**3).subs(m, 2))
    yield positive("L = 1: the opposite for every m >= 1", 4 * m**2 - (2 * m - 1)**2, {m: 1 + u})
    yield positive("m = 1: 4 > 1, the opposite for every L", 4 * m - (2 * m - 1), {m: 1 + u})
    # Fit at equal scale: x = e^-beta in (0, 1).
    pair, dnc = 1 + x**2 + (K - 2) * x, 1 + (K - 1) * x
    yield identity("even K, equal scale, x = e^-beta in (0, 1): the arguments of the logarithms "
                   "differ by x (1-x) > 0", dnc - pair, x * (1 - x))
    yield identity("odd K: the same for K-1 classes in K, and the last class fits equally well",
                   ((K - 1) * (dnc - pair) + (dnc - dnc)) / K, (K - 1) / K * x * (1 - x))
    yield identity("odd K = 2m+1: m 2^(2/N) + 1 < K - 1 is the same condition as for K = 2m",
                   (m * 2**(2 / N) + 1) - (2 * m + 1 - 1), m * 2**(2 / N) - (2 * m - 1))
    yield certified("the same, rebuilt by the checker", UNIFORM["gk25-theorem-1"])


pairs = Theorem(
    name="gk25-theorem-1",
    statement="With m = K//2, pairs cost less than DNC at equal output scale iff "
              "m 2^(2/(L+1)) < 2m-1, that is iff m >= 2 and L >= 3, or m >= 3 and L = 2 (K >= 4, "
              "K >= 6).  They also fit better at every scale > 0; so the least loss of pairs is "
              "below that of DNC for every decay and n at which zero is not the optimum of DNC.",
    latex=r"m\,2^{2/(L+1)} < 2m-1 \iff 4 m^{L+1} < (2m-1)^{L+1}",
    domain="K >= 2, L >= 1, lam > 0, n >= 1; deep linear model, cross-entropy",
    source="[GK25] Theorem 1 (odd K and the form `for every decay`: ours)",
    steps=pairs_steps,
    cited=("[GK25] Lemma 1: loss(Z) = g(Z) + lam/2 (L+1) sum t_i^(2/(L+1))",))


def relu_steps() -> Iterator[Step]:
    # X^2 = 2X, Y^2 = K Y, XY = YX = 0
    phi, psi, last = sympy.symbols("phi psi psi_L", positive=True)
    yield decided("X = blockdiag([[1,-1],[-1,1]]), Y = J: X^2 = 2X, Y^2 = KY, XY = 0, X+Y >= 0 "
                  "(K = 4..12)", _algebra)
    yield identity("(X + 2/K Y)(X + Y) = X^2 + 2/K Y^2 = 2 (X + Y): the coefficient of Y; each "
                   "middle layer doubles phi psi", 2 / K * K, 2)
    yield identity("|X + Y|_* = 2 (K/2) + K", 2 * (K / 2) + K, 2 * K)
    yield identity("|X + (2/K) Y|_F^2 = 4 (K/2) + (2/K)^2 K^2 = 2K + 4",
                   4 * (K / 2) + (2 / K)**2 * K**2, 2 * K + 4)
    yield identity("|X|_F^2 = 4 (K/2) = 2K", 4 * (K / 2), 2 * K)
    scale = phi * (2 * psi)**(L - 2) * 2 * last
    cost = (2 * K * phi)**2 * ((2 * K + 4) * psi**2)**(L - 2) * 2 * K * last**2
    yield identity("P at output scale beta = phi (2 psi)^(L-2) 2 psi_L: "
                   "(2K+4)^(L-2) (2K)^3 beta^2 / 4^(L-1)",
                   cost, (2 * K + 4)**(L - 2) * (2 * K)**3 * scale**2 / 4**(L - 1))
    lhs = {layers: (2 * K + 4)**(layers - 2) * (2 * K)**3 for layers in range(2, 9)}
    for layers, least in ((4, 14), (5, 10), (6, 8), (8, 6)):
        yield positive(f"L = {layers}, K >= {least}: (2K+4)^(L-2) (2K)^3 < 4^(L-1) (K-1)^(L+1)",
                       4**(layers - 1) * (K - 1)**(layers + 1) - lhs[layers], {K: least + u})
    yield positive("a layer more multiplies by 2K+4 <= 4(K-1) for K >= 4: induction in L",
                   4 * (K - 1) - (2 * K + 4), {K: 4 + u}, strict=False)
    for layers in (2, 3):
        yield positive(f"L = {layers}: the opposite for every K >= 4",
                       lhs[layers] - 4**(layers - 1) * (K - 1)**(layers + 1), {K: 4 + u})
    yield positive("K = 4: both sides grow by 12 a layer, the opposite for every L >= 2",
                   (lhs[2] - 4 * (K - 1)**3).subs(K, 4))
    for layers, classes in ((4, 12), (5, 8), (7, 6)):
        yield positive(f"sharp: L = {layers}, K = {classes}, the opposite",
                       (lhs[layers] - 4**(layers - 1) * (K - 1)**(layers + 1)).subs(K, classes))
    yield identity("odd K: a direct sum with one class on an axis of its own adds 1 to both sides "
                   "of c(K-1) < K-2", (K - 2) + 1, K - 1)
    yield certified("the same, rebuilt by the checker", UNIFORM["gk25-theorem-7"])


def _algebra() -> Iterator[bool]:
    for classes in range(4, 13, 2):
        X = np.kron(np.eye(classes // 2, dtype=int), [[1, -1], [-1, 1]])
        Y = np.ones_like(X)
        yield np.array_equal(X @ X, 2 * X) and np.array_equal(Y @ Y, classes * Y)
        yield not (X @ Y).any() and (X + Y).min() >= 0
        yield set(np.linalg.eigvalsh(X + Y).round(9)) == {0.0, 2.0, float(classes)}


relu = Theorem(
    name="gk25-theorem-7",
    statement="(2K+4)^(L-2) (2K)^3 / 4^(L-1) < (K-1)^(L+1) for even K exactly when K >= 14 and "
              "L >= 4, K >= 10 and L >= 5, K >= 8 and L >= 6, or K >= 6 and L >= 8; the direct "
              "sum with a single class gives K+1 from K.  Where it holds DNC is not optimal.",
    latex=r"\frac{(2K+4)^{L-2}(2K)^3}{4^{L-1}} < (K-1)^{L+1}",
    domain="K >= 4 even (and K+1), L >= 2; deep ReLU model, cross-entropy",
    source="[GK25] Theorem 7 (claims K >= 10, L >= 5 and K >= 16, L = 4); the exact range, K >= "
           "14 and odd K from 15 for L = 4: ours",
    steps=relu_steps,
    cited=("[GK25] Assumption 1 and the proof of Theorem 7: DNC has P >= (K-1)^(L+1) n alpha^2",
           "the pointwise fit of gk25-theorem-1"))


def criticality_steps() -> Iterator[Step]:
    F = sympy.log(1 + (K - 1) * sympy.exp(-alpha)) + lam * N / 2 * (K - 1) * (
        n**(1 / N) * alpha**(2 / N))
    R = alpha**q / (sympy.exp(alpha) + K - 1)
    yield identity("the loss at scale alpha has the derivative (K-1)(lam n^(1/N) alpha^-q - "
                   "1/(e^alpha + K-1)): critical iff lam n^(1/N) = R(alpha)",
                   sympy.diff(F, alpha), (K - 1) * (lam * n**(1 / N) * alpha**(-q)
                                                    - 1 / (sympy.exp(alpha) + K - 1)))
    E = sympy.exp(alpha) + K - 1
    for name, own, entry in (("own class", sympy.exp(alpha) / E - 1, -(K / E) * (1 - 1 / K)),
                             ("another class", 1 / E, -(K / E) * (-1 / K))):
        yield identity(f"softmax - label at Z = alpha (I - J/K), {name}: an entry of "
                       "-(K/(e^alpha + K-1)) (I - J/K), so the gradient is parallel to Z and "
                       "criticality of the scale is criticality", own, entry)
    psi = alpha * sympy.exp(alpha) - q * sympy.exp(alpha) - q * (K - 1)
    yield identity("R'/R = -psi / (alpha (e^alpha + K-1)), "
                   "psi = alpha e^alpha - q (e^alpha + K-1)",
                   sympy.diff(sympy.log(R), alpha), -psi / (alpha * E))
    yield identity("psi' = (alpha + 1 - q) e^alpha > 0 since q < 1: psi rises from psi(0) = -q K",
                   sympy.diff(psi, alpha), (alpha + 1 - q) * sympy.exp(alpha))
    yield identity("psi(0) = -q K < 0 for L >= 2: R rises up to one point, then falls",
                   psi.subs(alpha, 0), -q * K)
    W = sympy.Symbol("W", positive=True)
    yield identity("at alpha = q + W: psi = e^q (W e^W) - q (K-1), zero for W e^W = (K-1) q e^-q, "
                   "which is W((K-1) q e^-q), Lambert's function: there is the maximum",
                   psi.subs(alpha, q + W), sympy.exp(q) * W * sympy.exp(W) - q * (K - 1))
    # At the maximum e^alpha + K-1 = alpha e^alpha / q.
    yield identity("where R = q alpha^(q-1) e^-alpha",
                   alpha**q / (alpha * sympy.exp(alpha) / q), q * alpha**(q - 1)
                   * sympy.exp(-alpha))
    at = R.subs({L: 3, K: 10})
    yield limit("R -> 0 for alpha -> 0 (L >= 2; here L = 3): a root tends to 0 with lam", at,
                alpha, 0, 0)
    yield limit("R -> 0 for alpha -> oo: the other root diverges", at, alpha, sympy.oo, 0)
    yield identity("L = 1: R = 1/(e^alpha + K-1) falls from 1/K: one root iff lam sqrt(n) < 1/K",
                   R.subs(L, 1).subs(alpha, 0), 1 / K)


criticality = Theorem(
    name="gk25-theorem-4",
    statement="DNC at scale alpha is critical iff lam n^(1/(L+1)) = R(alpha) = "
              "alpha^((L-1)/(L+1)) / (e^alpha + K - 1).  For L >= 2, R rises from 0 to its "
              "maximum at alpha* = q + W((K-1) q e^-q), q = (L-1)/(L+1), and falls to 0: two "
              "roots below the maximum q alpha*^(q-1) e^-alpha*, one at it, none above.",
    latex=r"\lambda n^{1/(L+1)} = \frac{\alpha^{(L-1)/(L+1)}}{e^\alpha + K - 1},\qquad "
          r"\alpha^* = q + W\bigl((K-1)\,q\,e^{-q}\bigr)",
    domain="K >= 2, L >= 1, n >= 1, lam > 0; deep linear model, cross-entropy",
    source="[GK25] Theorem 4 (criticality, two roots); the maximum in closed form: ours",
    steps=criticality_steps,
    cited=("[GK25] Lemma 1 (aligned factors)",
           "not shown: the diverging root's Hessian is positive semi-definite for small lam"))


def dimension_steps() -> Iterator[Step]:
    d, rho, C = sympy.symbols("d rho C", positive=True)
    full, low = (K - 1) * (d - K + 1), rho * d - C
    yield identity("rho = K-1, C = rho^2: (K-1)(d-K+1)", (rho * d - rho**2).subs(rho, K - 1), full)
    slope = sympy.diff(full / low, d) * low**2
    yield identity("the ratio of dimensions has a derivative of the sign of "
                   "(K-1)(rho (K-1) - C)", slope, (K - 1) * (rho * (K - 1) - C))
    yield positive("which is positive: C <= rho^2 and rho < K-1 (rho = 1+u, K-1 = rho + 1 + t)",
                   rho * (K - 1) - rho**2,
                   {rho: 1 + u, K: 3 + u + sympy.Symbol("t", positive=True)})
    yield limit("d -> oo: the ratio tends to (K-1)/rho (here K = 10, rho = 3, C = 9)",
                (full / low).subs({K: 10, rho: 3, C: 9}), d, sympy.oo, 3)
    yield identity("at d = K-1 it is 0", full.subs(d, K - 1), 0)
    # The orbit of W_l -> Q_l+1 W_l Q_l^T, H_1 -> Q_1 H_1: Stiefel manifolds.
    yield identity("dim O(d) - dim O(d-rho) = rho d - rho(rho+1)/2, a layer: rotating the hidden "
                   "axes keeps Z and all norms, so C <= rho (rho+1)/2 for EVERY Z",
                   d * (d - 1) / 2 - (d - rho) * (d - rho - 1) / 2,
                   rho * d - rho * (rho + 1) / 2)
    yield identity("C = rho (rho+1)/2 on both sides: the derivative's sign is that of "
                   "(K-1) rho (K - 1 - rho)/2 > 0, the ratio still rises",
                   (K - 1) * K / 2 * rho - (K - 1) * rho * (rho + 1) / 2,
                   (K - 1) * rho * (K - 1 - rho) / 2)
    yield identity("but from d = K-1 on the difference of the two is (K-1-rho)(K-2-rho)/2 >= 0 "
                   "there: never below 1",
                   ((K - 1) * d - (K - 1) * K / 2 - rho * d + rho * (rho + 1) / 2).subs(d, K - 1),
                   (K - 1 - rho) * (K - 2 - rho) / 2)
    yield decided("the orbit's tangent space by exact ranks, distinct and equal singular values",
                  _orbits)


def _orbits() -> Iterator[bool]:
    """rank of (A_1, .., A_L) -> (A_1 H, A_2 W_1 - W_1 A_1, .., -W_L A_L), A_l antisymmetric."""
    for d, rho, layers in ((2, 2, 1), (3, 2, 1), (3, 2, 2), (4, 3, 1), (4, 2, 2)):
        for values in (range(1, rho + 1), [1] * rho):
            core = sympy.zeros(d, d)
            for i, value in enumerate(values):
                core[i, i] = value
            columns = []
            for layer in range(layers):
                for i in range(d):
                    for j in range(i):
                        A = sympy.zeros(d, d)
                        A[i, j], A[j, i] = 1, -1
                        parts = [sympy.zeros(d, d)] * (layers + 1)
                        parts[layer], parts[layer + 1] = A * core, -core * A
                        columns.append(sympy.Matrix([entry for part in parts for entry in part]))
            yield sympy.Matrix.hstack(*columns).rank() == layers * (rho * d - rho * (rho + 1) // 2)


dimensions = Theorem(
    name="gk25-theorem-5",
    statement="With dimensions L (rho d - C) and L (K-1)(d-K+1), as claimed, the ratio "
              "(DNC over rank rho < K-1) rises with d from 0 to (K-1)/rho.  But rotations of the "
              "hidden axes alone give L (rho d - rho(rho+1)/2) for every Z, equal singular values "
              "or not: C = rho^2 > rho(rho+1)/2 is too few for rho >= 2, and with "
              "C = rho(rho+1)/2 the ratio rises from 1 or more.",
    latex=r"\dim \ge L\bigl(\rho d - \tfrac{\rho(\rho+1)}2\bigr)",
    domain="1 <= rho < K-1 <= d, L >= 1; deep linear model",
    source="[GK25] Theorem 5 (dimensions as claimed there); the orbit bound: ours",
    steps=dimension_steps,
    cited=("an orbit has the dimension of the group minus that of the stabiliser",))


def rate_steps() -> Iterator[Step]:
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


rates = Theorem(
    name="gk25-theorem-3-ii",
    statement="At a critical point of loss at most log K (that of zero), every singular value t "
              "of Z satisfies t <= (2 log K/(lam (L+1)))^((L+1)/2): for 1/lam = o(L) faster than "
              "exponentially small.  Moreover a non-zero t needs "
              "lam^2 (S/2) (lam (L+1)/(2 log K))^(L-1) <= 1, S = K n: so Z = 0 for large L.",
    latex=r"t_i \le \Bigl(\frac{2\log K}{\lambda(L+1)}\Bigr)^{(L+1)/2}",
    domain="deep linear model, cross-entropy, equal decays lam, S = K n samples",
    source="[GK25] Theorem 3 (ii); the explicit bound and Z = 0: ours",
    steps=rate_steps,
    cited=("[GK25] Lemma 1 (all factors share their singular values)",))

THEOREMS = (pairs, relu, criticality, dimensions, rates)
