"""The least cost c*(K, L) between two bounds that both tend to 2 as L grows, for every K."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.pairs import formula
from proofs.theorem import Step, Theorem, identity, limit, positive, symbolic

K, L, i, j = sympy.symbols("K L i j", integer=True, positive=True)
k = sympy.Symbol("k", integer=True, positive=True)
x = sympy.Symbol("x", nonnegative=True)

# For L = 3, K points f_j = (K, j-1) on a line of the plane, W_1 = I_2, and rows v_i = (2-i, K)
# that count the points from the i-th on.
FEATURES = K * K**2 + sympy.summation((K - j)**2, (j, 1, K))  # j backwards
ROWS = K * K**2 + sympy.summation((2 - j)**2, (j, 1, K))
READ_OUT = (K + 4 * (K - 1) + (K - 2)) / K**2
LINE = 2 * FEATURES * ROWS * READ_OUT
UPPER = sympy.Rational(64, 3) * K**5
LEAST = 2  # classes
BOUNDS = "K^2 2^(L-1)", "(16/3) K^5 2^(L-1)"
N = L + 1
LOWER, HIGHER = K**2 * 2**(N - 2), UPPER * 2**(N - 4)


def steps() -> Iterator[Step]:
    binomial = sympy.Lambda(K, K * (K - 1) / 2)
    yield identity("pairs: a class lies in K(K-1)/2 - (K-1)(K-2)/2 = K-1 of the pairs, so the sum "
                   "of a_i + a_j over all pairs is (K-1) sum a_i", binomial(K) - binomial(K - 1),
                   K - 1)
    yield identity("mean: so by Cauchy-Schwarz the mean over K(K-1)/2 pairs of sqrt((a_i + a_j)"
                   "(b_i + b_j)) is at most (2/K) sqrt(sum a sum b), the least pair too",
                   (K - 1) / binomial(K), 2 / K)
    yield identity("lower: two classes alone cost P >= 2^(L+1), so all cost (K/2)^2 2^(L+1): "
                   f"`{BOUNDS[0]} <= c*^(L+1)`", formula(BOUNDS[0], K=K, L=L), LOWER)
    yield identity("halves: (K/2)^2 2^(L+1) is that", (K / 2)**2 * 2**N, LOWER)
    yield identity("signals: v_i.f_j = K (j-i+1), so sigma gives K max(0, j-i+1)",
                   (2 - i) * K + K * (j - 1), K * (j - i + 1))
    yield symbolic("inverse: K max(0, j-i+1) times the upper triangular matrix of 1, -2, 1 is K "
                   "I: the second differences of max(0, j-i+1) are 1 for j = i, else 0",
                   _differences)
    yield identity("read-out: the inverse has K ones, K-1 times -2 and K-2 ones over K, so its "
                   "squared norm is (6K-6)/K^2", READ_OUT, (6 * K - 6) / K**2)
    yield identity("line: P(3) = 2 |F|^2 |V|^2 |W_L|^2, |I_2|^2 = 2", LINE,
                   (K - 1) * (8 * K**2 - 9 * K + 13) * (8 * K**2 - 3 * K + 1) / 3)
    yield positive(f"upper: which is at most (64/3) K^5 for `every K >= {LEAST}`", sympy.expand(
        sympy.cancel(3 * (UPPER - LINE))), {K: LEAST + x}, strict=False)
    yield identity(f"together: and P(L) = 2^(L-3) P(3), each I_2 put in costs 2: `c*^(L+1) <= "
                   f"{BOUNDS[1]}`", formula(BOUNDS[1], K=K, L=L), HIGHER)
    for name, bound in (("lower limit", LOWER), ("upper limit", HIGHER)):
        logarithm = sympy.expand_log(sympy.log(bound), force=True) / N
        yield limit(f"{name}: the bound's (L+1)-th root `tends to 2 as L grows`",
                    sympy.simplify(logarithm), L, sympy.oo, sympy.log(2))


def _differences() -> Iterator[bool]:
    def second(m: sympy.Expr) -> sympy.Expr:  # m = j-i+1
        return sympy.Max(0, m) - 2 * sympy.Max(0, m - 1) + sympy.Max(0, m - 2)

    diagonal = sympy.Integer(1)
    yield second(diagonal) == 1
    yield sympy.expand(second(diagonal + k)) == 0
    yield second(diagonal - k) == 0


THEOREM = Theorem(
    name="least-cost-growth",
    statement=f"The least cost c* of a collapsed exact fit has {BOUNDS[0]} <= c*^(L+1), and "
              f"c*^(L+1) <= {BOUNDS[1]} from three layers on: it tends to 2 as L grows, for "
              "every K >= 2, and is bounded as long as L grows like log K.",
    latex=r"K^2 2^{L-1} \le c^*(K, L)^{L+1} \le \tfrac{16}{3} K^5 2^{L-1}",
    domain="MSE, ReLU, K >= 2, L >= 3 (the lower bound: L >= 1), width at least K",
    source="ours, the lower bound from the theorem of [SML23] for K = 2",
    steps=steps,
    needs=("pairs", "mean", "lower", "halves", "signals", "inverse", "read-out",
           "line", "upper", "together", "lower limit", "upper limit"),
    rests_on=("representation-cost",),
    cited=("[SML23]: DNC is optimal for two classes", "Cauchy-Schwarz"))
