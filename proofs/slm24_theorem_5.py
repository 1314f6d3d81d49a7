"""Deep neural collapse is not optimal from 6, 10, 15 classes on (L >= 4, 3, 2)."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, certified, identity, uniform


def steps() -> Iterator[Step]:
    yield certified("(r, s) = (4, 2) for L >= 4: 6 classes; (5, 3) for L >= 3: 10; (6, 3) "
                    "for L = 2: 15; and no triangular block of fewer classes",
                    lambda: uniform("slm24-theorem-5"))
    k, K0, c0 = sympy.symbols("k K0 c0", positive=True)
    yield identity("a block of K0 classes and cost c0 < K0 beside DNC on the others saves "
                   "K0 - c0 > 0 for every K = K0 + k", (K0 + k) - (c0 + k), K0 - c0)


THEOREM = Theorem(
    name="slm24-theorem-5",
    statement="DNC is not optimal for MSE and ReLU when K >= 6 and L >= 4, or K >= 10 and L = 3 "
              "[SLM24]; nor when K >= 15 and L = 2 (ours): for every decay at which zero is not.",
    latex=r"c^*(K, L) < K \quad (K \ge 6, L \ge 4),\ (K \ge 10, L \ge 3),\ (K \ge 15, L \ge 2)",
    domain="MSE, ReLU, width large enough for the construction, zero not optimal",
    source="[SLM24] Theorem 5; L = 2 and this proof: ours",
    steps=steps,
    cited=("representation-cost", "universal-loss", "triangular-spectra"))
