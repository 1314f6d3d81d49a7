"""More classes cost more: P*(K, L) / K^2 never falls as K grows, by deleting a class."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy

from nctheory.atlas.table import lower_bound
from nctheory.constructions import stored
from nctheory.integers import fractions
from proofs.theorem import Step, Theorem, decided, identity

CELL = (3, 4)
K, L = sympy.symbols("K L", positive=True)
A, B, P, rest = sympy.symbols("A B P rest", positive=True)


def steps() -> Iterator[Step]:
    yield decided("without column i of H_1 and row i of W_L the outputs are the identity of the "
                  "other classes, the other factors are what they were, and the two squared norms "
                  "fall from A and B by a_i = |column i|^2 and b_i = |row i|^2: any exact fit, by "
                  "matrix multiplication; here all classes of a chain in exact fractions",
                  lambda: (_deleted(label) for label in range(CELL[0])))
    yield identity("over K+1 classes the A - a_i have the sum (K+1) A - A = K A; the B - b_i too",
                   (K + 1) * A - A, K * A)
    x, y, u, v = sympy.symbols("x y u v", positive=True)
    yield identity("Cauchy-Schwarz, two terms at a time: the square of sqrt(x y) + sqrt(u v) is "
                   "(x + u)(y + v) less (sqrt(x v) - sqrt(u y))^2",
                   (x**2 + u**2) * (y**2 + v**2) - (x * y + u * v)**2, (x * v - u * y)**2)
    yield identity("so the sum over i of sqrt((A - a_i)(B - b_i)) is at most "
                   "sqrt(K A K B) = K sqrt(A B), and the least term at most K/(K+1) sqrt(A B)",
                   sympy.sqrt(K * A * K * B) / (K + 1), K / (K + 1) * sympy.sqrt(A * B))
    yield identity("P = A B rest: some class leaves P' <= (K/(K+1))^2 P",
                   (K / (K + 1) * sympy.sqrt(A * B))**2 * rest, (K / (K + 1))**2 * (A * B * rest))
    yield identity("which is P'/K^2 <= P/(K+1)^2", (K / (K + 1))**2 * P / K**2, P / (K + 1)**2)
    yield identity("from K = 2, where DNC's 2^(L+1) is least, up to K: K^2 2^(L-1)",
                   K**2 * 2**(L + 1) / 4, K**2 * 2**(L - 1))
    yield decided("the lower bound of the atlas, once more",
                  lambda: (lower_bound(k, l) == Fraction(k * k * 2**(l + 1), 4)
                           for k in range(2, 9) for l in range(1, 9)))


def _deleted(label: int) -> bool:
    """For the exact fit of a chain: outputs and squared norms without one class."""
    first, *middle = map(fractions, stored.chain(*CELL).matrices)
    signal = middle[0] @ first
    for factor in middle[1:]:
        signal = factor @ np.maximum(signal, 0)
    marks = sympy.Matrix(np.maximum(signal, 0))
    last = fractions(np.array(((marks.T * marks).inv() * marks.T).applyfunc(
        lambda value: Fraction(int(value.p), int(value.q))).tolist(), dtype=object))
    fewer, shorter = np.delete(first, label, axis=1), np.delete(last, label, axis=0)
    signal = middle[0] @ fewer
    for factor in middle[1:]:
        signal = factor @ np.maximum(signal, 0)
    exact = (shorter @ np.maximum(signal, 0) == np.eye(CELL[0] - 1, dtype=int)).all()
    return bool(exact) and all(
        _norm(less) == _norm(whole) - _norm(part) for less, whole, part in (
            (fewer, first, first[:, [label]]), (shorter, last, last[[label]])))


def _norm(matrix: np.ndarray) -> Fraction:
    return sum((value**2 for value in matrix.flat), Fraction(0))


THEOREM = Theorem(
    name="deletion-lemma",
    statement="The least cost P*(K, L) of a collapsed exact fit satisfies P*(K, L) / K^2 <= "
              "P*(K+1, L) / (K+1)^2: a table of best known costs that does not can be improved "
              "by deleting a class.",
    latex=r"P^*(K, L) / K^2 \le P^*(K+1, L) / (K+1)^2",
    domain="MSE, ReLU, K >= 1, L >= 1, any widths",
    source="ours",
    steps=steps,
    cited=("representation-cost", "Cauchy-Schwarz for any number of terms",
           "[SML23]: DNC is optimal for two classes (for the last two steps)"))
