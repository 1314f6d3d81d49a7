"""Deep neural collapse is not optimal from 3 classes on (L >= 4), from 7 on (L = 3)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy

from nctheory.certify import chain
from nctheory.constructions import Orthogonal, stored
from proofs.theorem import Step, Theorem, certified, claims, decided, identity

CELLS = ((3, 4), (7, 3))
RANGE = "K >= 3 and L >= 4, or K >= 7 and L >= 3"


def steps() -> Iterator[Step]:
    yield decided("matrices: sigma(M_L) has rank K, so W_L sigma(M_L) = I for W_L = (S^T S)^-1 "
                  "S^T, and P = product of squared norms < K^(L+1), DNC's: forward passes in "
                  "exact fractions", _forward)
    yield decided("projection: on the columns of a sigma(M_l) >= 0 it keeps all signals, and "
                  "multiplies P by their rank, which is below K",
                  lambda: (min(stored.chain(K, L).base_ranks.after) < K for K, L in CELLS))
    K, rank, P = sympy.symbols("K rank P", positive=True)
    N = sympy.Symbol("N", integer=True, positive=True)
    yield identity("induction: so for every L, K^(L+2) - rank P is the sum of "
                   "K (K^(L+1) - P) > 0 and P (K - rank) > 0", K**(N + 1) - rank * P,
                   K * (K**N - P) + P * (K - rank))
    k, K0, c0 = sympy.symbols("k K0 c0", positive=True)
    yield identity("direct sums: K0 + k classes, c0 + k with DNC on k classes saves K0 - c0 > 0",
                   (K0 + k) - (c0 + k), K0 - c0)
    yield certified(f"checker: `{RANGE}`, by forward pass and fraction-free elimination",
                    lambda: [chain(K, L) for K, L in CELLS],
                    lambda made: ", or ".join(
                        f"K >= {given['K']} and L >= {given['L']}"
                        for claim, given, verdict in claims(made)
                        if (claim, verdict) == ("chain", "beaten")) == RANGE)


def _forward() -> Iterator[bool]:
    """P of the matrices alone, with W_L as exact fractions; the output must be the identity."""
    for classes, layers in CELLS:
        first, *rest = stored.chain(classes, layers).matrices
        signal = rest[0] @ first
        for factor in rest[1:]:
            signal = factor @ np.maximum(signal, 0)
        S = sympy.Matrix(np.maximum(signal, 0).tolist())
        last = (S.T * S).inv() * S.T
        yield last * S == sympy.eye(classes) and min(S) == 0
        read_out = (last * last.T).trace()
        yield str(read_out) == str(chain(classes, layers).data["inverse trace"])
        P = sympy.prod([int((factor * factor).sum()) for factor in (first, *rest)]) * read_out
        yield P < Orthogonal(classes=classes).representation_cost(layers).expression


THEOREM = Theorem(
    name="chains-beat-dnc",
    statement=f"DNC is not optimal for MSE and ReLU when {RANGE}: for every decay at which zero "
              "is not.",
    latex=r"c^*(K, L) < K \quad (K \ge 3, L \ge 4),\ (K \ge 7, L \ge 3)",
    domain="MSE, ReLU, width large enough for the construction, zero not optimal",
    source="ours (integer matrices of the atlas)",
    steps=steps,
    needs=("matrices", "projection", "induction", "direct sums", "checker"),
    rests_on=("representation-cost", "universal-loss"))
