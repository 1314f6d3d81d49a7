"""The triangular family: spectra, cost, and where it beats deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import sympy

from nctheory import graphs
from nctheory.certify import UNIFORM, Certificate
from nctheory.certify.uniform import two_layer_range
from nctheory.constructions import Orthogonal, Triangular
from nctheory.constructions.triangular import (
    cut_spectrum,
    incidence_spectrum,
    inverse_trace,
    mixture_gap,
    subset_spectrum,
    threshold_signs,
)
from proofs.theorem import Step, Theorem, certified, decided, identity, positive

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


def _explicit(least: int, most: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    for vertices in range(least, most + 1):
        B = graphs.subset_incidence(vertices, 1, 2).astype(np.int64)
        yield vertices, B, B.T @ B - 2 * np.eye(B.shape[1], dtype=np.int64)


def spectra_steps() -> Iterator[Step]:
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


spectra = Theorem(
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
    steps=spectra_steps,
    cited=("B^T B and B B^T have the same non-zero eigenvalues",
           "on the algebra of I, A, J-I-A, three orthogonal eigenspaces carry every spectrum"))


# --- thresholds ---

@cache
def _uniform(name: str) -> tuple[Certificate, ...]:
    return tuple(UNIFORM[name]())


def _by_certificates(text: str, name: str) -> Step:
    return certified(text, lambda: _uniform(name))


def threshold_steps() -> Iterator[Step]:
    (first, _), (second, _) = incidence_spectrum(r).items()
    a, d = first + (r - 1)**2 * second, 4 * (r - 1)**2 * first * second
    upper, lower = inverse_trace(r, s)
    for layers, shift, domain in ((3, {s: 3 + u, r: 5 + u + t}, "3 <= s <= r-2"),
                                  (4, {s: 2 + u, r: 4 + u + t}, "2 <= s <= r-2")):
        # P = (a + sqrt d) r^(L-3) (r/4) upper/lower < K^(L+1)  iff  a + sqrt d < n/m
        n, m = sympy.fraction(sympy.cancel(K**(layers + 1) * lower * 4
                                           / (upper * r**(layers - 2))))
        if m.subs({r: 9, s: 4}) < 0:
            n, m = -n, -m
        yield positive(f"L = {layers}, {domain}: P < K^{layers + 1} iff a + sqrt(d) < n/m, m > 0",
                       m, shift)
        gap = n - m * a
        yield positive(f"L = {layers}, {domain}: n - m a > 0, the root isolated", gap, shift)
        yield positive(f"L = {layers}, {domain}: (n - m a)^2 > m^2 d, squared",
                       gap**2 - m**2 * d, shift)
    yield positive("a layer more multiplies P by r and K^(L+1) by K > r (r >= 4): induction",
                   K * 2 - 2 * r, {r: 4 + u})
    n, m = sympy.fraction(sympy.cancel((K**4 * lower * 4 / (upper * r)).subs(s, 2)))
    yield positive("s = 2, L = 3: m > 0", m, {r: 4 + u})
    yield positive("s = 2, L = 3: m^2 d > (n - m a)^2, so P > K^4 for every r >= 4",
                   sympy.cancel(m**2 * d - (n - m * a)**2), {r: 4 + u})
    yield decided("the same cells by integers, r = 4..40, L = 3..8", lambda: (
        sign == (1 if (size, layers) == (2, 3) else -1)
        for vertices in range(4, 41) for size in range(2, vertices - 1)
        for layers, sign in enumerate(threshold_signs(vertices, size, 8), start=3)))
    yield _by_certificates("the same theorem rebuilt by the checker from the entries of G_s",
                           "triangular-thresholds")


thresholds = Theorem(
    name="triangular-thresholds",
    statement="P < K^(L+1) for all 3 <= s <= r-2 and L >= 3, and for all 2 <= s <= r-2 and L >= "
              "4; for s = 2 and L = 3, P > K^4 for every r >= 4.",
    latex=r"\|B\|_*^2\, r^{L-3}\, \tfrac r4 \binom rs \operatorname{tr} G_s^{-1} < K^{L+1}",
    domain="integers r, s, L; K = r(r-1)/2 (shown for real r, s, too)",
    source="ours",
    steps=threshold_steps,
    cited=("triangular-spectra",))


def two_layer_steps() -> Iterator[Step]:
    yield identity("r = 6, s = 3: V B keeps one singular value, 2 s = r, and "
                   "P = |V B|_*^2 tr(G^-1) = 3250 < 3375 = 15^3",
                   Triangular(vertices=6, subset=3).representation_cost(2).expression, 3250)
    yield identity("r = 4, s = 2: a tie, P = 216 = 6^3",
                   Triangular(vertices=4, subset=2).representation_cost(2).expression,
                   Orthogonal(classes=6).representation_cost(2).expression)
    yield _by_certificates(
        "below for all s >= 8, r-s >= 8; above for s = 2..7 from r = 8, 8, 9, 12, 20, 69 on, and "
        "for r-s = 2..7 from r = 5, 7, 9, 12, 21, 74 on (shifted coefficients); the rest of "
        "r <= 73 cell by cell in integers", "two-layer-thresholds")
    yield decided("the certificates say exactly what `two_layer_range` says, r = 4..73", _range)


def _range() -> Iterator[bool]:
    cells = {(int(c.parameters["r"]), int(c.parameters["s"])): c.verdict
             for c in _uniform("two-layer-thresholds") if c.claim == "cell"}
    for vertices in range(4, 74):
        for size in range(2, vertices - 1):
            verdict = cells.get((vertices, size), "below")
            yield (verdict == "below") == (size in two_layer_range(vertices))
            yield (verdict == "equal") == ((vertices, size) == (4, 2))


two_layers = Theorem(
    name="two-layer-thresholds",
    statement="With L = 2, P < K^3 exactly for: r >= 74, 8 <= s <= r-8; 69 <= r <= 73, "
              "8 <= s <= r-7; 21 <= r <= 68, 7 <= s <= r-7; r = 20, 7 <= s <= 14; 12 <= r <= 19, "
              "6 <= s <= r-6; r = 10, 11, 5 <= s <= r-5; (r, s) = (8, 4), (6, 3).  (4, 2) is a "
              "tie; elsewhere P > K^3.  For balanced s: even r >= 6 and odd r >= 11.",
    latex=r"\|V_s B\|_*^2 \operatorname{tr} G_s^{-1} < K^3",
    domain="integers r >= 4, 2 <= s <= r-2",
    source="ours",
    steps=two_layer_steps,
    cited=("triangular-spectra",))


def every_class_steps() -> Iterator[Step]:
    yield _by_certificates("(r, s) = (4, 2) for L >= 4: 6 classes; (5, 3) for L >= 3: 10; (6, 3) "
                           "for L = 2: 15; and no triangular block of fewer classes",
                           "slm24-theorem-5")
    k, K0, c0 = sympy.symbols("k K0 c0", positive=True)
    yield identity("a block of K0 classes and cost c0 < K0 beside DNC on the others saves "
                   "K0 - c0 > 0 for every K = K0 + k", (K0 + k) - (c0 + k), K0 - c0)


every_class = Theorem(
    name="slm24-theorem-5",
    statement="DNC is not optimal for MSE and ReLU when K >= 6 and L >= 4, or K >= 10 and L = 3 "
              "[SLM24]; nor when K >= 15 and L = 2 (ours): for every decay at which zero is not.",
    latex=r"c^*(K, L) < K \quad (K \ge 6, L \ge 4),\ (K \ge 10, L \ge 3),\ (K \ge 15, L \ge 2)",
    domain="MSE, ReLU, width large enough for the construction, zero not optimal",
    source="[SLM24] Theorem 5; L = 2 and this proof: ours",
    steps=every_class_steps,
    cited=("representation-cost", "universal-loss", "triangular-spectra"))


def single_size_steps() -> Iterator[Step]:
    yield decided("the duality gap of the best single s is exactly 0, r = 4..60", lambda: (
        mixture_gap(vertices, {min(range(2, vertices - 1), key=lambda size, v=vertices: Fraction(
            *inverse_trace(v, size))): Fraction(1)}, range(2, vertices - 1)) == 0
        for vertices in range(4, 61)))


single_size = Theorem(
    name="single-size-optimal",
    statement="Among mixtures of cuts of all sizes 2..r-2, a single size is optimal, for L >= 3 "
              "and every r from 4 to 60.",
    latex=r"\min_{y \in \Delta} \operatorname{tr}\bigl(\textstyle\sum_s y_s G_s/\binom rs"
          r"\bigr)^{-1} = \min_s \binom rs \operatorname{tr} G_s^{-1}",
    domain="integers 4 <= r <= 60",
    source="ours",
    steps=single_size_steps,
    cited=("a convex function lies above its tangents",))

THEOREMS = (spectra, thresholds, two_layers, every_class, single_size)
