"""The least P over K^2 does not fall with the number of classes: some class can be deleted."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity

K, A, B, a, b, P = sympy.symbols("K A B a b P", positive=True)


def steps() -> Iterator[Step]:
    yield identity("sums: A = |H_1|^2 and B = |W_L|^2 over K+1 classes, a_i and b_i the parts of "
                   "class i, its columns of H_1 and its row of W_L: sum (A - a_i) = (K+1) A - A",
                   (K + 1) * A - A, K * A)
    t = sympy.sqrt(B / A)
    yield identity("Cauchy-Schwarz: sqrt(x y) <= (t x + y/t)/2 for each class, the difference "
                   "being (t x - y)^2 / ... >= 0 under t = sqrt(B/A): the sum of sqrt((A - a_i)"
                   "(B - b_i)) is at most (t K A + K B/t)/2", (t * K * A + K * B / t) / 2,
                   K * sympy.sqrt(A * B))
    x, y = sympy.symbols("x y", positive=True)
    yield identity("mean: t x + y/t - 2 sqrt(x y) is a square, sqrt(t x) - sqrt(y/t)",
                   t * x + y / t - 2 * sympy.sqrt(x * y),
                   (sympy.sqrt(t * x) - sympy.sqrt(y / t))**2)
    yield identity("deletion: so some class has sqrt((A-a)(B-b)) <= K/(K+1) sqrt(A B); without it "
                   "the outputs are the identity of K classes, the other layers as before: "
                   "`P*(K, L) <= (K/(K+1))^2 P*(K+1, L)`",
                   (K / (K + 1) * sympy.sqrt(A * B))**2 * P, (K / (K + 1))**2 * (A * B * P))
    yield identity("ratio: so `P*(K, L)/K^2 is nondecreasing in K`",
                   (K / (K + 1))**2 * P / K**2, P / (K + 1)**2)
    yield identity("lift: from P*(3, 2) = 27, `P*(K, 2) >= 3 K^2 for K >= 3`",
                   sympy.Rational(27, 3**2) * K**2, 3 * K**2)


THEOREM = Theorem(
    name="deletion-lemma",
    statement="For the least product P* of an exact fit, P*(K, L) <= (K/(K+1))^2 P*(K+1, L): "
              "P*(K, L)/K^2 is nondecreasing in K.  Hence P*(K, 2) >= 3 K^2 for K >= 3.",
    latex=r"\frac{P^*(K, L)}{K^2} \le \frac{P^*(K+1, L)}{(K+1)^2}",
    domain="MSE, any activation, K >= 1, L >= 1; P the product of the squared norms of H_1, W_1, "
           "..., W_L with output I_K",
    source="ours",
    steps=steps,
    needs=("sums", "Cauchy-Schwarz", "mean", "deletion", "ratio", "lift"),
    rests_on=("three-classes-two-layers",))
