"""Cross-entropy, ReLU: pairs of classes cost less than deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy

from proofs.theorem import Step, Theorem, certified, decided, identity, positive, uniform

K, u = sympy.symbols("K u", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)


def steps() -> Iterator[Step]:
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
    yield certified("the same, rebuilt by the checker", lambda: uniform("gk25-theorem-7"))


def _algebra() -> Iterator[bool]:
    for classes in range(4, 13, 2):
        X = np.kron(np.eye(classes // 2, dtype=int), [[1, -1], [-1, 1]])
        Y = np.ones_like(X)
        yield np.array_equal(X @ X, 2 * X) and np.array_equal(Y @ Y, classes * Y)
        yield not (X @ Y).any() and (X + Y).min() >= 0
        yield set(np.linalg.eigvalsh(X + Y).round(9)) == {0.0, 2.0, float(classes)}


THEOREM = Theorem(
    name="gk25-theorem-7",
    statement="(2K+4)^(L-2) (2K)^3 / 4^(L-1) < (K-1)^(L+1) for even K exactly when K >= 14 and "
              "L >= 4, K >= 10 and L >= 5, K >= 8 and L >= 6, or K >= 6 and L >= 8; the direct "
              "sum with a single class gives K+1 from K.  Where it holds DNC is not optimal.",
    latex=r"\frac{(2K+4)^{L-2}(2K)^3}{4^{L-1}} < (K-1)^{L+1}",
    domain="K >= 4 even (and K+1), L >= 2; deep ReLU model, cross-entropy",
    source="[GK25] Theorem 7 (claims K >= 10, L >= 5 and K >= 16, L = 4); the exact range, K >= "
           "14 and odd K from 15 for L = 4: ours",
    steps=steps,
    cited=("[GK25] Assumption 1 and the proof of Theorem 7: DNC has P >= (K-1)^(L+1) n alpha^2",
           "the pointwise fit of gk25-theorem-1"))
