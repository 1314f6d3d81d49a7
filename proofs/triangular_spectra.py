"""The triangular family: its spectra, and the trace that its cost needs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import comb

import numpy as np
import sympy

from nctheory import graphs
from nctheory.constructions.triangular import (
    cut_spectrum,
    incidence_spectrum,
    inverse_trace,
    subset_spectrum,
)
from proofs.theorem import Step, Theorem, decided, identity, positive

r, s, u, t = sympy.symbols("r s u t", positive=True)
K = r * (r - 1) / 2
MULTIPLICITIES = (1, r - 1, K - r)
# Eigenvalues of "meeting" (the triangular graph) and "not meeting" on the three eigenspaces.
MEET = (2 * (r - 2), r - 4, sympy.Integer(-2))
APART = tuple(k - 1 - a for k, a in zip((K, 0, 0), MEET, strict=True))
# C(r-2,s-2), C(r-3,s-3), C(r-4,s-4) over C(r,s): a subset holds 2, 3 or 4 given vertices
SAME = s * (s - 1) / (r * (r - 1))
TOUCH = SAME * (s - 2) / (r - 2)
FAR = TOUCH * (s - 3) / (r - 3)


def steps() -> Iterator[Step]:
    yield decided("B B^T = (r-2) I + J, and A = B^T B - 2 I is the adjacency matrix of T(r): "
                  "0-1, symmetric, zero diagonal, A^2 = k I + (r-2) A + 4 (J-I-A), k = 2(r-2) "
                  "(r = 4..12, integer matrices)", _triangular_graphs)
    (first, _), (second, _) = incidence_spectrum(r).items()
    yield identity("B B^T has r-2+r = 2(r-1) on the constant vector and r-2 beside it",
                   first, r - 2 + r)
    yield identity("|B|_*^2 = (sqrt(2(r-1)) + (r-1) sqrt(r-2))^2: rational part "
                   "(r-1)(r^2-3r+4)", first + (r - 1)**2 * second,
                   (r - 1) * (r**2 - 3 * r + 4))
    yield identity("and root part 2(r-1) sqrt(2(r-1)(r-2)) = (r-1) sqrt(8(r-1)(r-2)), squared",
                   4 * (r - 1)**2 * first * second, (r - 1)**2 * (8 * (r - 1) * (r - 2)))
    for label, a, theta in zip(("constant", "rest of the row space", "complement"), MEET,
                               (first, second, sympy.Integer(0)), strict=True):
        yield identity(f"A = B^T B - 2I on the {label}", theta - 2, a)
    yield identity("multiplicities 1, r-1, K-r add up to K; the trace of A is 0",
                   sum(m * a for m, a in zip(MULTIPLICITIES, MEET, strict=True)), 0)

    values, denominator = subset_spectrum(r, s)
    closed = (s * (s - 1) / 2 * (s * (s - 1)) / (r * (r - 1)),
              (s - 1) * s * (s - 1) * (r - s) / (r * (r - 1) * (r - 2)),
              s * (s - 1) * (r - s) * (r - s - 1) / (r * (r - 1) * (r - 2) * (r - 3)))
    for label, a, apart, value, name in zip(
            ("constant", "rest", "complement"), MEET, APART, values, closed, strict=True):
        yield identity(f"G_s / C(r,s) on the {label}, from its entries: the value used everywhere",
                       SAME + TOUCH * a + FAR * apart, value / denominator)
        yield identity(f"which is its closed form ({label}): C(s,2)C(r-2,s-2), (s-1)C(r-3,s-2), "
                       "C(r-4,s-2) over C(r,s)", value / denominator, name)
    yield positive("they are positive for 2 <= s <= r-2 (product of all numerators)",
                   sympy.prod(values), {s: 2 + u, r: 4 + u + t})
    for outside in (0, 1, r - 1, r):
        yield identity(f"and their product is 0 for s = {outside}: G_s is non-singular iff "
                       "2 <= s <= r-2", sympy.prod(values).subs(s, outside), 0)
    c2 = s * (s - 1) / 2
    upper, lower = inverse_trace(r, s)
    yield identity("C(r,s) tr(G_s^-1) = sum of multiplicity / eigenvalue",
                   sum(m * denominator / value
                       for m, value in zip(MULTIPLICITIES, values, strict=True)), upper / lower)
    yield identity("= K/c2 [1/c2 + (r-1)(r-2)/((s-1)(r-s)) + r(r-2)(r-3)^2/(2(r-s)(r-s-1))]",
                   upper / lower,
                   K / c2 * (1 / c2 + (r - 1) * (r - 2) / ((s - 1) * (r - s))
                             + r * (r - 2) * (r - 3)**2 / (2 * (r - s) * (r - s - 1))))
    # V^T V: w_i w_j = 1/4 if i, j are on one side of the cut, -1/4 otherwise.
    split = 2 * s * (r - s) / (r * (r - 1))
    e = ((2 * s - r)**2 - r) / (r * (r - 1))
    yield identity("V^T V = C(r,s)/4 ((1-e) I + e J): e = 1 - 2 P(a cut separates two vertices)",
                   1 - 2 * split, e)
    (a, b), (c, d) = cut_spectrum(r, s)
    yield identity("(V B)^T (V B) on the constant vector", (1 + (r - 1) * e) * first, a / b)
    yield identity("and beside it", (1 - e) * second, c / d)
    yield identity("the first is 0 iff 2s = r: rank M_L = r otherwise, r-1 for balanced cuts",
                   a, 2 * (2 * s - r)**2 * (r - 1))
    yield positive("the second never is (2 <= s <= r-2)", c, {s: 2 + u, r: 4 + u + t})
    yield decided("all of it against integer matrices G_s and V_s B, r = 4..7", _gram_matrices)


def _explicit(least: int, most: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    for vertices in range(least, most + 1):
        B = graphs.subset_incidence(vertices, 1, 2).astype(np.int64)
        yield vertices, B, B.T @ B - 2 * np.eye(B.shape[1], dtype=np.int64)


def _triangular_graphs() -> Iterator[bool]:
    for vertices, B, A in _explicit(4, 12):
        one = np.eye(len(A), dtype=np.int64)
        yield np.array_equal(B @ B.T, (vertices - 2) * np.eye(vertices, dtype=np.int64) + 1)
        yield np.array_equal(A, A.T) and set(A.flat) == {0, 1} and not A.diagonal().any()
        yield np.array_equal(A @ A, 2 * (vertices - 2) * one + (vertices - 2) * A
                             + 4 * (1 - one - A))


def _gram_matrices() -> Iterator[bool]:
    for vertices, B, A in _explicit(4, 7):
        far = 1 - np.eye(len(A), dtype=np.int64) - A
        for size in range(2, vertices - 1):
            twice = 2 * graphs.subset_incidence(vertices, 1, size).T.astype(np.int64) - 1
            marks = np.maximum(twice @ B // 2, 0)
            gram = marks.T @ marks
            entries = [comb(vertices - i, size - i) if size >= i else 0 for i in (2, 3, 4)]
            yield np.array_equal(gram, entries[0] * np.eye(len(A), dtype=np.int64)
                                 + entries[1] * A + entries[2] * far)
            inverse = sympy.Matrix(gram.tolist()).inv()
            yield (Fraction(*inverse_trace(vertices, size))
                   == comb(vertices, size) * Fraction(str(inverse.trace())))
            rank = sympy.Matrix((twice @ B).tolist()).rank()
            yield rank == vertices - (2 * size == vertices)


THEOREM = Theorem(
    name="triangular-spectra",
    statement="T(r) has the eigenvalues 2(r-2) [1], r-4 [r-1], -2 [K-r]; B B^T = (r-2) I + J; G_s "
              "has C(s,2) C(r-2,s-2), (s-1) C(r-3,s-2), C(r-4,s-2), is non-singular iff "
              "2 <= s <= r-2, and C(r,s) tr(G_s^-1) has the closed form that costs use.  "
              "rank M_L = r, but r-1 for 2s = r.",
    latex=r"\binom rs \operatorname{tr} G_s^{-1} = \frac{K}{c_2}\Bigl[\frac1{c_2} + "
          r"\frac{(r-1)(r-2)}{(s-1)(r-s)} + \frac{r(r-2)(r-3)^2}{2(r-s)(r-s-1)}\Bigr],\quad "
          r"c_2 = \tbinom s2",
    domain="integers r >= 4, 0 <= s <= r; K = r(r-1)/2",
    source="spectrum of T(r): standard; G_s, its trace and the rank of V_s B: ours",
    steps=steps,
    cited=("B^T B and B B^T have the same non-zero eigenvalues",
           "on the algebra of I, A, J-I-A, three orthogonal eigenspaces carry every spectrum"))
