"""One layer without decay: deep neural collapse has the largest margin, for every K."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity

K, own, total, mu, s = sympy.symbols("K own total mu s", positive=True)


def steps() -> Iterator[Step]:
    yield identity("sum: the margins of all columns add to K tr Z - 1^T Z 1 = K <Z, I - J/K>",
                   K * own - total, K * (own - total / K))
    yield identity("least: K (K-1) of them are at least mu, so <Z, I - J/K> >= (K-1) mu",
                   K * (K - 1) * mu / K, (K - 1) * mu)
    yield identity("norm: I - J/K has the norm 1 (eigenvalues 1 [K-1] and 0: (I - J/K)^2 = "
                   "I - J/K, J^2 = K J), so <Z, I - J/K> <= |Z|_*: `(K-1) mu <= |Z|_*`",
                   1 - 2 / K + K / K**2 - (1 - 1 / K), -1 / K + 1 / K)
    yield identity("DNC: Z = I - J/K has the margins 1 and the nuclear norm K-1: equality",
                   (1 - 1 / K) + 1 / K, 1)


THEOREM = Theorem(
    name="one-layer-margin",
    statement="Logits Z of least margin mu have (K-1) mu <= |Z|_*, with equality for DNC: with "
              "one layer and no decay no structure has a larger margin.",
    latex=r"(K-1)\,\mu \le |Z|_*",
    domain="K >= 2, L = 1; cross-entropy, linear, no decay",
    source="ours",
    steps=steps,
    needs=("sum", "least", "norm", "DNC"),
    cited=("the nuclear norm is the dual of the spectral norm",))
