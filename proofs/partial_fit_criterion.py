"""Neither deep neural collapse nor zero: partial fits near the decay where both tie."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.dnc_optimal_interval import direction
from proofs.theorem import Step, Theorem, decided, identity, positive

S, Q, P, t = sympy.symbols("S Q P t", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1

Matrix = list[list[int]]

# H_1, W_1, W_2 of K classes: integers found by search, checked below.
EXAMPLES: dict[int, tuple[Matrix, Matrix, Matrix]] = {
    4: ([[12, -30, -2, 28], [13, 2, 28, -2]],
        [[-27, -2], [30, 2], [2, 29], [-14, 12]],
        [[1, 13, 14, -4], [29, 0, -3, 14], [-3, -2, 27, 13], [0, 30, -3, 1]]),
    5: ([[8, -5, 5, 0, -8], [-3, 6, 6, -8, -3], [4, 5, 4, 4, 4]],
        [[0, 8, 5], [5, -7, 4], [-8, 2, 5], [-5, -7, 4], [8, 2, 4]],
        [[-2, 8, 1, -2, 8], [8, 1, 8, -2, -2], [8, -2, -2, 1, 8], [1, 8, -2, 8, -2],
         [-2, -2, 8, 8, 1]])}


def steps() -> Iterator[Step]:
    yield from direction()
    A = S**2 / Q
    yield identity("criterion: b >= 1 in 2K loss = K - A + A ((1-u)^2 + (L+1) kappa b "
                   "u^(2/(L+1))) is `P |Z|^(2(L-1)) >= (tr Z)^(2L)`: b^(L+1) is the quotient",
                   P * (S / Q)**2 / A**N, P * Q**(L - 1) / S**(2 * L))
    a, phi = sympy.symbols("a phi", positive=True)
    yield identity("if: then 2K loss >= K - A + A 2f* >= K 2f*, DNC's, since 2f* <= 1: the "
                   "difference is (K - A)(1 - 2f*)", (a + t) - a + a * phi - (a + t) * phi,
                   t * (1 - phi))
    yield positive("tr Z <= 0: the fit alone is at least K/(2K), that of zero: |Z|^2 - 2 tr Z >= 0",
                   Q + 2 * t, strict=False)
    zc = (L - 1) / L
    m = sympy.Symbol("m", positive=True)  # L - 1
    kappa_c = 1 / (m + 1) * (m / (m + 1))**(m / (m + 2))
    yield identity("only if: where b < 1, at kappa_c and u = z_c the bracket is below "
                   "(1-z_c)^2 + (L+1) kappa_c z_c^(2/(L+1)) = 1: the loss is below 1/2",
                   (1 - zc.subs(L, m + 1))**2
                   + (m + 2) * kappa_c * (m / (m + 1))**(2 / (m + 2)), 1)
    yield decided("integers: it fails `for every K >= 4 at L = 2`: the two sides are integers, of "
                  "ratio " + ", ".join(f"{ratio(k):.5f} at K = {k}" for k in EXAMPLES)
                  + "; classes with zero output change neither side",
                  lambda: (0 < lower < upper for lower, upper in map(_sides, EXAMPLES)))
    yield decided("classes: the least of these K is 4", lambda: [min(EXAMPLES) == 4])


def _sides(classes: int) -> tuple[int, int]:
    """P |Z|^2 and (tr Z)^4, or a zero where the matrices do not fit or tr Z <= 0."""
    H, first, second = EXAMPLES[classes]
    Z = _product(second, [[max(x, 0) for x in row] for row in _product(first, H)])
    trace = sum(Z[i][i] for i in range(classes))
    lower = _squared(H) * _squared(first) * _squared(second) * _squared(Z)
    return (lower, trace**4) if trace > 0 and len(Z) == len(Z[0]) == classes else (0, 0)


def ratio(classes: int) -> float:
    lower, upper = _sides(classes)
    return lower / upper


def _product(left: Matrix, right: Matrix) -> Matrix:
    return [[sum(x * y for x, y in zip(row, column, strict=True))
             for column in zip(*right, strict=True)] for row in left]


def _squared(matrix: Matrix) -> int:
    return sum(x * x for row in matrix for x in row)


THEOREM = Theorem(
    name="partial-fit-criterion",
    statement="DNC or zero is a global minimiser at every decay iff P |Z|^(2(L-1)) >= (tr Z)^(2L) "
              "for all weights of positive tr Z.  It fails for every K >= 4 at L = 2: there is an "
              "interval of decays at which neither is.",
    latex=r"P\,\|Z\|_F^{2(L-1)} \ge (\operatorname{tr} Z)^{2L}",
    domain="MSE, ReLU, L >= 2, K >= 2, any n, features not assumed collapsed; P the product of "
           "the squared norms of H_1, W_1, ..., W_L",
    source="ours",
    steps=steps,
    needs=("samples", "fit", "A <= K", "decay", "criterion", "if", "tr Z <= 0", "only if",
           "integers", "classes"),
    rests_on=("representation-cost", "universal-loss"))
