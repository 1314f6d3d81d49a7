"""Cross-entropy, ReLU: pairs of classes cost less than deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from nctheory.certify.uniform import growth
from proofs import pairs
from proofs.theorem import Step, Theorem, certified, identity, symbolic, uniform

K = sympy.Symbol("K", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
COST = "(2K+4)^(L-2) (2K)^3 / 4^(L-1) < (K-1)^(L+1)"
RANGE = ("K >= 14 and L >= 4, or K >= 10 and L >= 5, or K >= 8 and L >= 6, "
         "or K >= 6 and L >= 8")


def steps() -> Iterator[Step]:
    yield symbolic("block: X has K/2 blocks E = [[1,-1],[-1,1]] and Y = J: E^2 = 2E and "
                   "E (1,1) = 0, so X^2 = 2X, XY = 0 for every even K; X + Y >= 0", _block)
    ones = sympy.Symbol("i")
    yield identity("Y^2 = K Y: an entry of J^2 is a sum of K ones",
                   sympy.summation(1, (ones, 1, K)), K)
    yield identity("middle layers: (X + 2/K Y)(X + Y) = X^2 + 2/K Y^2 = 2 (X + Y): the "
                   "coefficient of Y; each middle layer doubles phi psi", 2 / K * K, 2)
    yield identity("|X + Y|_*: 2 (K/2) + K, since X has 2 [K/2 times], Y has K [once] on "
                   "orthogonal spaces and all others are 0", 2 * (K / 2) + K, 2 * K)
    yield identity("|X + (2/K) Y|_F^2: 4 (K/2) + (2/K)^2 K^2 = 2K + 4, since tr(XY) = 0",
                   4 * (K / 2) + (2 / K)**2 * K**2, 2 * K + 4)
    yield identity("|X|_F^2: 4 (K/2) = 2K", 4 * (K / 2), 2 * K)
    phi, psi, last = sympy.symbols("phi psi psi_L", positive=True)
    scale = phi * (2 * psi)**(L - 2) * 2 * last
    cost = (2 * K * phi)**2 * ((2 * K + 4) * psi**2)**(L - 2) * 2 * K * last**2
    yield identity("scale: P at output scale beta = phi (2 psi)^(L-2) 2 psi_L over beta^2, "
                   f"against DNC: `{COST}`", cost,
                   pairs.formula(COST.partition(" < ")[0], K=K, L=L) * scale**2)
    for layers in (2, 3, 4, 5, 6, 7, 8):
        yield pairs.threshold("relu pairs", layers)
    yield certified(f"cases: `exactly when {RANGE}`: all even K >= 4 and L >= 2 are covered, none "
                    "twice", lambda: uniform("gk25-theorem-7"),
                    lambda made: pairs.complete(made, 2, RANGE))
    yield identity("induction: a layer more multiplies by 2K+4 <= 4(K-1) for K >= 4; at K = 4 "
                   "both sides grow alike, and the opposite stays", growth("relu pairs", K),
                   2 * (K - 4))
    yield identity("odd K: a direct sum with one class on an axis of its own gives `K+1 from K`: "
                   "it adds 1 to both sides of c(K-1) < K-2", (K - 2) + 1, K - 1)


def _block() -> Iterator[bool]:
    E, one = sympy.Matrix([[1, -1], [-1, 1]]), sympy.ones(2, 2)
    yield E * E == 2 * E
    yield E * one == sympy.zeros(2, 2)
    yield min(E + one) >= 0 and E.eigenvals() == {0: 1, 2: 1}


THEOREM = Theorem(
    name="gk25-theorem-7",
    statement=f"{COST} exactly when {RANGE}; the direct sum with a single class gives K+1 from K. "
              "Where it holds DNC is not optimal.",
    latex=r"\frac{(2K+4)^{L-2}(2K)^3}{4^{L-1}} < (K-1)^{L+1}",
    domain="K >= 4 even (and K+1), L >= 2; deep ReLU model, cross-entropy",
    source="[GK25] Theorem 7 (claims K >= 10, L >= 5 and K >= 16, L = 4); the exact range, K >= "
           "14 and odd K from 15 for L = 4: ours",
    steps=steps,
    needs=("block", "Y^2 = K Y", "middle layers", "|X + Y|_*", "|X + (2/K) Y|_F^2", "|X|_F^2",
           "scale", *(f"L = {layers}" for layers in range(2, 9)), "cases", "induction", "odd K"),
    rests_on=("gk25-theorem-1",),
    cited=("[GK25] Assumption 1 and the proof of Theorem 7: DNC has P >= (K-1)^(L+1) n alpha^2",))
