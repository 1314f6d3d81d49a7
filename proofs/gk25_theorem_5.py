"""Cross-entropy, linear: how many dimensions the solutions of one output have."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, limit, symbolic

K = sympy.Symbol("K", positive=True)


def steps() -> Iterator[Step]:
    d, rho, C = sympy.symbols("d rho C", positive=True)
    full, low = (K - 1) * (d - K + 1), rho * d - C
    yield identity("DNC: rho = K-1 and C = rho^2 in `L (rho d - C)` give `L (K-1)(d-K+1)`",
                   (rho * d - rho**2).subs(rho, K - 1), full)
    slope = sympy.diff(full / low, d) * low**2
    yield identity("slope: the ratio of dimensions has a derivative of the sign of "
                   "(K-1)(rho (K-1) - C)", slope, (K - 1) * (rho * (K - 1) - C))
    yield identity("rises: which is positive, C <= rho^2 and `rho < K-1`",
                   rho * (K - 1) - rho**2, rho * (K - 1 - rho))
    yield limit("d to oo: the ratio tends to `(K-1)/rho`", sympy.cancel(full / low), d, sympy.oo,
                (K - 1) / rho)
    yield identity("start: at d = K-1 it is 0: the ratio rises `from 0`", full.subs(d, K - 1), 0)
    # The orbit of W_l -> Q_l+1 W_l Q_l^T, H_1 -> Q_1 H_1: Stiefel manifolds.
    yield symbolic("stabiliser: an antisymmetric A with A diag(S, 0) = 0, S invertible rho x rho, "
                   "has only its last d - rho rows and columns, and so for L layers in turn, "
                   "from the features on", _stabiliser)
    yield identity("orbit: dim O(d) - dim O(d-rho) = rho d - rho(rho+1)/2, a layer: rotating the "
                   "hidden axes keeps Z and all norms: `L (rho d - rho(rho+1)/2) for every Z`",
                   d * (d - 1) / 2 - (d - rho) * (d - rho - 1) / 2,
                   rho * d - rho * (rho + 1) / 2)
    yield identity("too few: `C = rho^2 > rho(rho+1)/2` by rho (rho-1)/2, `for rho >= 2`",
                   rho**2 - rho * (rho + 1) / 2, rho * (rho - 1) / 2)
    yield identity("corrected slope: `C = rho(rho+1)/2` on both sides: the derivative's sign is "
                   "that of (K-1) rho (K - 1 - rho)/2 > 0, the ratio still rises",
                   (K - 1) * K / 2 * rho - (K - 1) * rho * (rho + 1) / 2,
                   (K - 1) * rho * (K - 1 - rho) / 2)
    yield identity("not below 1: the difference of the two, at d = K-1, is (K-1-rho)(K-2-rho)/2 "
                   ">= 0 for integers rho < K-1: `the ratio rises from 1 or more`",
                   ((K - 1) * d - (K - 1) * K / 2 - rho * d + rho * (rho + 1) / 2).subs(d, K - 1),
                   (K - 1 - rho) * (K - 2 - rho) / 2)


def _stabiliser() -> Iterator[bool]:
    """A = [[X, Y], [-Y^T, T]]: A diag(S, 0) has the blocks X S and -Y^T S, zero iff X, Y are."""
    rho, rest = sympy.symbols("rho rest", integer=True, positive=True)
    X, S = (sympy.MatrixSymbol(name, rho, rho) for name in "XS")
    Y, T = sympy.MatrixSymbol("Y", rho, rest), sympy.MatrixSymbol("T", rest, rest)
    A = sympy.BlockMatrix([[X, Y], [-Y.T, T]])
    core = sympy.BlockMatrix([[S, sympy.ZeroMatrix(rho, rest)],
                              [sympy.ZeroMatrix(rest, rho), sympy.ZeroMatrix(rest, rest)]])
    blocks = sympy.block_collapse(A * core).blocks
    yield blocks[0, 0] == X * S and blocks[1, 0] == -Y.T * S
    yield all(row[-1].is_ZeroMatrix is True for row in blocks.tolist())
    # With X = Y = 0 the next layer sees the core unchanged: core A = 0, so again A core = 0.
    last = sympy.BlockMatrix([[sympy.ZeroMatrix(rho, rho), sympy.ZeroMatrix(rho, rest)],
                              [sympy.ZeroMatrix(rest, rho), T]])
    moved = sympy.block_collapse(core * last)
    yield moved.is_ZeroMatrix is True or all(b.is_ZeroMatrix for b in moved.blocks)


THEOREM = Theorem(
    name="gk25-theorem-5",
    statement="With dimensions L (rho d - C) and L (K-1)(d-K+1), as claimed, the ratio "
              "(DNC over rank rho < K-1) rises from 0 to (K-1)/rho.  But rotations of the "
              "hidden axes alone give L (rho d - rho(rho+1)/2) for every Z, equal singular values "
              "or not: C = rho^2 > rho(rho+1)/2 is too few for rho >= 2, and with "
              "C = rho(rho+1)/2 the ratio rises from 1 or more.",
    latex=r"\dim \ge L\bigl(\rho d - \tfrac{\rho(\rho+1)}2\bigr)",
    domain="1 <= rho < K-1 <= d, L >= 1; deep linear model",
    source="[GK25] Theorem 5 (dimensions as claimed there); the orbit bound: ours",
    steps=steps,
    needs=("DNC", "slope", "rises", "d to oo", "start", "stabiliser", "orbit", "too few",
           "corrected slope", "not below 1"),
    cited=("an orbit has the dimension of the group minus that of the stabiliser",
           "[GK25] Theorem 5: rho(rho+1)/2 <= C <= rho^2, and C = rho^2 for DNC"))
