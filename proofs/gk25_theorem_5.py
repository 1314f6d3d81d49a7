"""Cross-entropy, linear: how many dimensions the solutions of one output have."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, decided, identity, limit, positive

K, u = sympy.symbols("K u", positive=True)


def steps() -> Iterator[Step]:
    d, rho, C = sympy.symbols("d rho C", positive=True)
    full, low = (K - 1) * (d - K + 1), rho * d - C
    yield identity("rho = K-1, C = rho^2: (K-1)(d-K+1)", (rho * d - rho**2).subs(rho, K - 1), full)
    slope = sympy.diff(full / low, d) * low**2
    yield identity("the ratio of dimensions has a derivative of the sign of "
                   "(K-1)(rho (K-1) - C)", slope, (K - 1) * (rho * (K - 1) - C))
    yield positive("which is positive: C <= rho^2 and rho < K-1 (rho = 1+u, K-1 = rho + 1 + t)",
                   rho * (K - 1) - rho**2,
                   {rho: 1 + u, K: 3 + u + sympy.Symbol("t", positive=True)})
    yield limit("d -> oo: the ratio tends to (K-1)/rho (here K = 10, rho = 3, C = 9)",
                (full / low).subs({K: 10, rho: 3, C: 9}), d, sympy.oo, 3)
    yield identity("at d = K-1 it is 0", full.subs(d, K - 1), 0)
    # The orbit of W_l -> Q_l+1 W_l Q_l^T, H_1 -> Q_1 H_1: Stiefel manifolds.
    yield identity("dim O(d) - dim O(d-rho) = rho d - rho(rho+1)/2, a layer: rotating the hidden "
                   "axes keeps Z and all norms, so C <= rho (rho+1)/2 for EVERY Z",
                   d * (d - 1) / 2 - (d - rho) * (d - rho - 1) / 2,
                   rho * d - rho * (rho + 1) / 2)
    yield identity("C = rho (rho+1)/2 on both sides: the derivative's sign is that of "
                   "(K-1) rho (K - 1 - rho)/2 > 0, the ratio still rises",
                   (K - 1) * K / 2 * rho - (K - 1) * rho * (rho + 1) / 2,
                   (K - 1) * rho * (K - 1 - rho) / 2)
    yield identity("but from d = K-1 on the difference of the two is (K-1-rho)(K-2-rho)/2 >= 0 "
                   "there: never below 1",
                   ((K - 1) * d - (K - 1) * K / 2 - rho * d + rho * (rho + 1) / 2).subs(d, K - 1),
                   (K - 1 - rho) * (K - 2 - rho) / 2)
    yield decided("the orbit's tangent space by exact ranks, distinct and equal singular values",
                  _orbits)


def _orbits() -> Iterator[bool]:
    """rank of (A_1, .., A_L) -> (A_1 H, A_2 W_1 - W_1 A_1, .., -W_L A_L), A_l antisymmetric."""
    for d, rho, layers in ((2, 2, 1), (3, 2, 1), (3, 2, 2), (4, 3, 1), (4, 2, 2)):
        for values in (range(1, rho + 1), [1] * rho):
            core = sympy.zeros(d, d)
            for i, value in enumerate(values):
                core[i, i] = value
            columns = []
            for layer in range(layers):
                for i in range(d):
                    for j in range(i):
                        A = sympy.zeros(d, d)
                        A[i, j], A[j, i] = 1, -1
                        parts = [sympy.zeros(d, d)] * (layers + 1)
                        parts[layer], parts[layer + 1] = A * core, -core * A
                        columns.append(sympy.Matrix([entry for part in parts for entry in part]))
            yield sympy.Matrix.hstack(*columns).rank() == layers * (rho * d - rho * (rho + 1) // 2)


THEOREM = Theorem(
    name="gk25-theorem-5",
    statement="With dimensions L (rho d - C) and L (K-1)(d-K+1), as claimed, the ratio "
              "(DNC over rank rho < K-1) rises with d from 0 to (K-1)/rho.  But rotations of the "
              "hidden axes alone give L (rho d - rho(rho+1)/2) for every Z, equal singular values "
              "or not: C = rho^2 > rho(rho+1)/2 is too few for rho >= 2, and with "
              "C = rho(rho+1)/2 the ratio rises from 1 or more.",
    latex=r"\dim \ge L\bigl(\rho d - \tfrac{\rho(\rho+1)}2\bigr)",
    domain="1 <= rho < K-1 <= d, L >= 1; deep linear model",
    source="[GK25] Theorem 5 (dimensions as claimed there); the orbit bound: ours",
    steps=steps,
    cited=("an orbit has the dimension of the group minus that of the stabiliser",))
