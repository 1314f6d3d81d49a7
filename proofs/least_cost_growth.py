"""The least cost c*(K, L) between two bounds that both tend to 2 as L grows, for every K."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import sympy

from nctheory.atlas.table import lower_bound
from nctheory.constructions import Chain
from proofs.theorem import Step, Theorem, decided, identity, limit, positive

K, L, j = sympy.symbols("K L j", integer=True, positive=True)
x = sympy.Symbol("x", nonnegative=True)

# K points (K, j-1) on a line of the plane, and rows v_i = (2-i, K) that count them from the i-th
# on: sigma(v_i^T f_j) = K max(0, j-i+1).
FEATURES = K * K**2 + sympy.summation((j - 1)**2, (j, 1, K))
ROWS = K * K**2 + sympy.summation((2 - j)**2, (j, 1, K))
READ_OUT = (K + 4 * (K - 1) + (K - 2)) / K**2
LINE = 2 * FEATURES * ROWS * READ_OUT
UPPER = sympy.Rational(64, 3) * K**5


def line(classes: int) -> Chain:
    """The construction for L = 3: H_1 = F, W_1 = I_2, W_2 the rows."""
    k = classes
    return Chain(matrices=[[[k] * k, list(range(k))], [[1, 0], [0, 1]],
                           [[2 - i, k] for i in range(1, k + 1)]])


def steps() -> Iterator[Step]:
    a = sympy.symbols("a1:8")
    yield decided("a sum over all pairs of classes counts each K - 1 times: sum of a_i + a_j is "
                  "(K-1) sum a_i",
                  lambda: (sympy.expand(sum(p + q for p, q in combinations(a[:k], 2))
                                        - (k - 1) * sum(a[:k])) == 0 for k in range(2, 8)))
    yield identity("so by Cauchy-Schwarz the mean over K(K-1)/2 pairs of sqrt((a_i + a_j)"
                   "(b_i + b_j)) is at most (2/K) sqrt(sum a sum b), the least pair too",
                   (K - 1) / (K * (K - 1) / 2), 2 / K)
    yield identity("two classes alone cost P >= 2^(L+1), so all cost (K/2)^2 2^(L+1)",
                   (K / 2)**2 * 2**(L + 1), K**2 * 2**(L - 1))
    yield decided("that is what the atlas shows as its lower bound",
                  lambda: (lower_bound(k, l) == Fraction(k * k * 2**(l - 1))
                           for k in range(2, 9) for l in range(1, 9)))
    yield decided("K max(0, j-i+1) = K (I-N)^-2 with the shift N; its inverse has K ones, K-1 "
                  "times -2 and K-2 ones over K; P(L) = 2^(L-3) times 2 |F|^2 |V|^2 |W_L|^2",
                  lambda: (line(k).representation_cost(l).expression
                           == 2**(l - 3) * LINE.subs(K, k)
                           for k in range(2, 12) for l in (3, 4, 7)))
    yield positive("2 |F|^2 |V|^2 |W_L|^2 <= (64/3) K^5", sympy.expand(
        sympy.cancel(3 * (UPPER - LINE))), {K: 2 + x}, strict=False)
    yield identity("so P(L) <= (16/3) K^5 2^(L-1), within (16/3) K^3 of the lower bound",
                   UPPER * 2**(L - 3) / (K**2 * 2**(L - 1)), sympy.Rational(16, 3) * K**3)
    for name, bound in (("lower", K**2 * 2**(L - 1)), ("upper", UPPER * 2**(L - 3))):
        logarithm = sympy.expand_log(sympy.log(bound), force=True) / (L + 1)
        yield limit(f"the {name} bound's (L+1)-th root tends to 2", sympy.simplify(logarithm),
                    L, sympy.oo, sympy.log(2))


THEOREM = Theorem(
    name="least-cost-growth",
    statement="For K >= 2 and L >= 3 the least cost c* of a collapsed exact fit satisfies "
              "K^2 2^(L-1) <= c*^(L+1) <= (16/3) K^5 2^(L-1): it tends to 2 as L grows, for "
              "every K, and is bounded as long as L grows like log K.",
    latex=r"K^2 2^{L-1} \le c^*(K, L)^{L+1} \le \tfrac{16}{3} K^5 2^{L-1}",
    domain="MSE, ReLU, K >= 2, L >= 3 (the lower bound: L >= 1), width at least K",
    source="ours, the lower bound from the theorem of [SML23] for K = 2",
    steps=steps,
    cited=("representation-cost", "[SML23]: DNC is optimal for two classes", "Cauchy-Schwarz"))
