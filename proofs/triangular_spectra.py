"""The triangular family: its spectra, and the trace that its cost needs."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from nctheory.constructions.triangular import (
    cut_spectrum,
    incidence_spectrum,
    inverse_trace,
    subset_spectrum,
)
from proofs.theorem import Step, Theorem, identity, positive

r, s, u, t = sympy.symbols("r s u t", positive=True)
A, J = sympy.symbols("A J")  # they commute
K = r * (r - 1) / 2
MULTIPLICITIES = (1, r - 1, K - r)
# Eigenvalues of "meeting" (the triangular graph) and "not meeting" on the three eigenspaces.
MEET = (2 * (r - 2), r - 4, sympy.Integer(-2))
APART = tuple(k - 1 - a for k, a in zip((K, 0, 0), MEET, strict=True))
SMALLEST = 2  # size of a cut, and of the rest
SPACES = ("constant", "rest", "complement")


def share(held: int) -> sympy.Expr:
    """The share of the s-subsets of r vertices that hold `held` given ones."""
    return sympy.combsimp(sympy.binomial(r - held, s - held) / sympy.binomial(r, s))


# An edge has two vertices, two edges that meet have three, two that do not have four.
SAME, TOUCH, FAR = share(2), share(3), share(4)


def steps() -> Iterator[Step]:
    (first, _), (second, _) = incidence_spectrum(r).items()
    yield from _graph(first, second)
    yield from _subsets()
    yield from _trace()
    yield from _cuts(first, second)


def _graph(first: sympy.Expr, second: sympy.Expr) -> Iterator[Step]:
    edges = sympy.Lambda(t, t * (t - 1) / 2)
    yield identity("degree: K - (r-1)(r-2)/2 = r-1 edges hold a vertex",
                   edges(r) - edges(r - 1), r - 1)
    yield identity("B B^T: and one edge holds two: `B B^T = (r-2) I + J` on the diagonal",
                   (r - 2) + 1, r - 1)
    yield identity("T(r): A = B^T B - 2 I; from (B^T B)^2 = (r-2) B^T B + 4 J, since each edge "
                   "has two vertices: A^2 = k I + (r-2) A + 4 (J-I-A), k = 2(r-2)",
                   (r - 2) * (A + 2) + 4 * J - 4 * (A + 2) + 4,
                   2 * (r - 2) + (r - 2) * A + 4 * (J - 1 - A))
    yield identity("first: B B^T has r-2+r = 2(r-1) on the constant vector and r-2 beside it",
                   first, r - 2 + r)
    yield identity("second: r-2, on r-1 dimensions", second, r - 2)
    yield identity("norm: |B|_*^2 = (sqrt(2(r-1)) + (r-1) sqrt(r-2))^2, its rational part "
                   "(r-1)(r^2-3r+4)", first + (r - 1)**2 * second, (r - 1) * (r**2 - 3 * r + 4))
    yield identity("root: its root part 2(r-1) sqrt(2(r-1)(r-2)) = (r-1) sqrt(8(r-1)(r-2)), "
                   "squared", 4 * (r - 1)**2 * first * second,
                   (r - 1)**2 * (8 * (r - 1) * (r - 2)))
    for label, a, theta, shown in zip(SPACES, MEET, (first, second, sympy.Integer(0)),
                                      ("2(r-2) [1]", "r-4 [r-1]", "-2 [K-r]"), strict=True):
        yield identity(f"A, {label}: B^T B - 2I has `{shown}`", theta - 2, a)
    yield identity("multiplicities: 1, r-1, K-r; the trace of A is 0",
                   sum(m * a for m, a in zip(MULTIPLICITIES, MEET, strict=True)), 0)


def _subsets() -> Iterator[Step]:
    values, denominator = subset_spectrum(r, s)
    closed = (s * (s - 1) / 2 * share(2), (s - 1) * sympy.combsimp(
        sympy.binomial(r - 3, s - 2) / sympy.binomial(r, s)),
        sympy.combsimp(sympy.binomial(r - 4, s - 2) / sympy.binomial(r, s)))
    names = ("C(s,2) C(r-2,s-2)", "(s-1) C(r-3,s-2)", "C(r-4,s-2)")
    for label, a, apart, value, form, name in zip(SPACES, MEET, APART, values, closed, names,
                                                  strict=True):
        yield identity(f"G_s, {label}: over C(r,s), from the shares of the subsets that hold both "
                       "edges: the value used everywhere",
                       SAME + TOUCH * a + FAR * apart, value / denominator)
        yield identity(f"closed, {label}: which is `{name}` over C(r,s)",
                       value / denominator, form)
    yield positive(f"non-singular: they are positive `iff {SMALLEST} <= s <= r-{SMALLEST}` "
                   "(product of numerators)", sympy.prod(values),
                   {s: SMALLEST + u, r: SMALLEST + SMALLEST + u + t})
    for outside in (0, 1, r - 1, r):
        yield identity(f"singular, s = {outside}: their product is 0",
                       sympy.prod(values).subs(s, outside), 0)


def _trace() -> Iterator[Step]:
    values, denominator = subset_spectrum(r, s)
    c2 = s * (s - 1) / 2
    upper, lower = inverse_trace(r, s)
    yield identity("trace: `C(r,s) tr(G_s^-1)` = sum of multiplicity / eigenvalue",
                   sum(m * denominator / value
                       for m, value in zip(MULTIPLICITIES, values, strict=True)), upper / lower)
    yield identity("closed trace: `K/c2 [1/c2 + (r-1)(r-2)/((s-1)(r-s)) + "
                   "r(r-2)(r-3)^2/(2(r-s)(r-s-1))], c2 = C(s,2)`", upper / lower,
                   K / c2 * (1 / c2 + (r - 1) * (r - 2) / ((s - 1) * (r - s))
                             + r * (r - 2) * (r - 3)**2 / (2 * (r - s) * (r - s - 1))))


def _cuts(first: sympy.Expr, second: sympy.Expr) -> Iterator[Step]:
    # V^T V: w_i w_j = 1/4 if i, j are on one side of the cut, -1/4 otherwise.
    split = 2 * sympy.combsimp(sympy.binomial(r - 2, s - 1) / sympy.binomial(r, s))
    e = ((2 * s - r)**2 - r) / (r * (r - 1))
    yield identity("V^T V: C(r,s)/4 ((1-e) I + e J), e = 1 - 2 share of the cuts that separate "
                   "two vertices, 2 C(r-2,s-1)/C(r,s)", 1 - 2 * split, e)
    (a, b), (c, d) = cut_spectrum(r, s)
    yield identity("V B, constant: (V B)^T (V B) over C(r,s)/4", (1 + (r - 1) * e) * first, a / b)
    yield identity("V B, beside: the same beside it", (1 - e) * second, c / d)
    yield identity("balanced: the first is 0 iff 2s = r: `rank M_L = r, but r-1 for 2s = r`",
                   a, 2 * (2 * s - r)**2 * (r - 1))
    yield identity("full: the second never is (2 <= s <= r-2)", c, 4 * s * (r - s) * (r - 2))


THEOREM = Theorem(
    name="triangular-spectra",
    statement="T(r) has the eigenvalues 2(r-2) [1], r-4 [r-1], -2 [K-r]; B B^T = (r-2) I + J; G_s "
              "has C(s,2) C(r-2,s-2), (s-1) C(r-3,s-2), C(r-4,s-2), is non-singular iff "
              "2 <= s <= r-2, and C(r,s) tr(G_s^-1) is K/c2 [1/c2 + (r-1)(r-2)/((s-1)(r-s)) + "
              "r(r-2)(r-3)^2/(2(r-s)(r-s-1))], c2 = C(s,2).  rank M_L = r, but r-1 for 2s = r.",
    latex=r"\binom rs \operatorname{tr} G_s^{-1} = \frac{K}{c_2}\Bigl[\frac1{c_2} + "
          r"\frac{(r-1)(r-2)}{(s-1)(r-s)} + \frac{r(r-2)(r-3)^2}{2(r-s)(r-s-1)}\Bigr],\quad "
          r"c_2 = \tbinom s2",
    domain="integers r >= 4, 0 <= s <= r; K = r(r-1)/2",
    source="spectrum of T(r): standard; G_s, its trace and the rank of V_s B: ours",
    steps=steps,
    needs=("degree", "B B^T", "T(r)", "first", "second", "norm", "root", "multiplicities",
           *(f"{kind}, {space}" for kind in ("A", "G_s", "closed") for space in SPACES),
           "non-singular", *(f"singular, s = {s}" for s in ("0", "1", "r - 1", "r")), "trace",
           "closed trace", "V^T V", "V B, constant", "V B, beside", "balanced", "full"),
    cited=("B^T B and B B^T have the same non-zero eigenvalues",
           "on the algebra of I, A, J-I-A, three orthogonal eigenspaces carry every spectrum"))
