"""Deep neural collapse is not optimal from 3 classes on (L >= 4), from 7 on (L = 3)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy

from nctheory.certify import chain
from nctheory.constructions import stored
from proofs.theorem import Step, Theorem, certified, decided, identity

CELLS = ((3, 4), (7, 3))


def steps() -> Iterator[Step]:
    yield decided("sigma(M_L) has rank K, so W_L sigma(M_L) = I for W_L = (S^T S)^-1 S^T, and "
                  "P = product of squared norms < K^(L+1): forward passes in exact fractions",
                  lambda: (_forward(K, L) < K**(L + 1) for K, L in CELLS))
    yield decided("a projection on the columns of a sigma(M_l) >= 0 keeps all signals, and "
                  "multiplies P by their rank: 2 < 3 for K = 3, 4 < 7 for K = 7",
                  lambda: (min(stored.chain(K, L).base_ranks.after) == rank < K
                           for (K, L), rank in zip(CELLS, (2, 4), strict=True)))
    K, rank, P = sympy.symbols("K rank P", positive=True)
    N = sympy.Symbol("N", integer=True, positive=True)
    yield identity("so for every L by induction: K^(L+2) - rank P is the sum of "
                   "K (K^(L+1) - P) > 0 and P (K - rank) > 0", K**(N + 1) - rank * P,
                   K * (K**N - P) + P * (K - rank))
    k, K0, c0 = sympy.symbols("k K0 c0", positive=True)
    yield identity("K0 + k classes: c0 + k for the direct sum with DNC on k classes saves "
                   "K0 - c0 > 0", (K0 + k) - (c0 + k), K0 - c0)
    yield certified("the same by the checker: forward pass, fraction-free elimination",
                    lambda: [chain(K, L) for K, L in CELLS])


def _forward(classes: int, layers: int) -> Fraction:
    """P of the matrices alone, with W_L as exact fractions; the output must be the identity."""
    first, *rest = stored.chain(classes, layers).matrices
    signal = rest[0] @ first
    for factor in rest[1:]:
        signal = factor @ np.maximum(signal, 0)
    S = sympy.Matrix(np.maximum(signal, 0).tolist())
    last = (S.T * S).inv() * S.T
    assert last * S == sympy.eye(classes)
    norms = [sum(int(x)**2 for x in factor.flat) for factor in (first, *rest)]
    P = sympy.prod(norms) * sum(x**2 for x in last)
    return Fraction(int(P.p), int(P.q))


THEOREM = Theorem(
    name="chains-beat-dnc",
    statement="DNC is not optimal for MSE and ReLU when K >= 3 and L >= 4, or K >= 7 and L = 3: "
              "for every decay at which zero is not.",
    latex=r"c^*(K, L) < K \quad (K \ge 3, L \ge 4),\ (K \ge 7, L \ge 3)",
    domain="MSE, ReLU, width large enough for the construction, zero not optimal",
    source="ours (integer matrices of the atlas)",
    steps=steps,
    cited=("representation-cost", "universal-loss"))
