"""Neither deep neural collapse nor zero: partial fits near the decay where both tie."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.dnc_optimal_interval import direction
from proofs.theorem import Step, Theorem, decided, identity

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
    yield identity("tr Z <= 0: the fit alone is at least K/(2K), that of zero: |Z|^2 - 2 tr Z "
                   ">= 0",
                   (Q - 2 * S).subs(S, -t), Q + 2 * t)
    zc = (L - 1) / L
    m = sympy.Symbol("m", positive=True)  # L - 1
    kappa_c = 1 / (m + 1) * (m / (m + 1))**(m / (m + 2))
    yield identity("only if: where b < 1, at kappa_c and u = z_c the bracket is below "
                   "(1-z_c)^2 + (L+1) kappa_c z_c^(2/(L+1)) = 1: the loss is below 1/2",
                   (1 - zc.subs(L, m + 1))**2
                   + (m + 2) * kappa_c * (m / (m + 1))**(2 / (m + 2)), 1)
    ratios = " and ".join(f"{ratio(K):.7f} at K = {K}" for K in EXAMPLES)
    yield decided(f"integers: it fails `for every K >= {min(EXAMPLES)} at L = 2`: the two sides "
                  f"are integers, of ratio `{ratios}`; classes with zero output change neither "
                  "side", lambda: (lower < upper for lower, upper in map(sides, EXAMPLES)))


def sides(classes: int) -> tuple[int, int]:
    """P |Z|^2 and (tr Z)^4, the trace positive."""
    H, first, second = EXAMPLES[classes]
    Z = _product(second, [[max(x, 0) for x in row] for row in _product(first, H)])
    trace = sum(row[i] for i, row in enumerate(Z))
    assert trace == abs(trace) and {len(Z), *map(len, Z)} == {classes}
    return _squared(H) * _squared(first) * _squared(second) * _squared(Z), trace**4


def ratio(classes: int) -> float:
    lower, upper = sides(classes)
    return lower / upper


def _product(left: Matrix, right: Matrix) -> Matrix:
    return [[sum(x * y for x, y in zip(row, column, strict=True))
             for column in zip(*right, strict=True)] for row in left]


def _squared(matrix: Matrix) -> int:
    return sum(x * x for row in matrix for x in row)


THEOREM = Theorem(
    name="partial-fit-criterion",
    statement="DNC or zero is a global minimiser at every decay iff P |Z|^(2(L-1)) >= (tr Z)^(2L) "
              "for all weights of positive tr Z.  It fails for every K >= 4 at L = 2, where the "
              "ratio of the sides is 0.9982514 at K = 4 and 0.9699300 at K = 5: there is an "
              "interval of decays at which neither is.",
    latex=r"P\,\|Z\|_F^{2(L-1)} \ge (\operatorname{tr} Z)^{2L}",
    domain="MSE, ReLU, L >= 2, K >= 2, any n, features not assumed collapsed; P the product of "
           "the squared norms of H_1, W_1, ..., W_L",
    source="ours",
    steps=steps,
    needs=("samples", "fit", "A <= K", "decay", "criterion", "if", "tr Z <= 0", "only if",
           "integers"),
    rests_on=("representation-cost", "universal-loss"))
