"""Deep neural collapse is not optimal from 6, 10, 15 classes on (L >= 4, 3, 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy

from nctheory.certify import Certificate
from proofs import cover
from proofs.theorem import Step, Theorem, certified, identity, uniform

RANGE = "K >= 15 and L = 2, K >= 10 and L >= 3, or K >= 6 and L >= 4"


def steps() -> Iterator[Step]:
    yield certified("blocks: one triangular block of so many classes costs less than DNC when "
                    f"`{RANGE}`; `no triangular block of fewer classes does`",
                    lambda: uniform("slm24-theorem-5"),
                    lambda made: says(made) == RANGE and sharp(made))
    k, K0, c0 = sympy.symbols("k K0 c0", positive=True)
    yield identity("direct sums: a block of K0 classes and cost c0 < K0 beside DNC on the others "
                   "saves K0 - c0 > 0 for every K = K0 + k", (K0 + k) - (c0 + k), K0 - c0)


def blocks(made: Sequence[Certificate]) -> Iterator[tuple[int, cover.Interval]]:
    """(classes, layers) of each block that costs less than DNC."""
    for certificate in made:
        if certificate.claim != "threshold" and certificate.verdict == "below":
            r = int(certificate.parameters["r"])
            yield r * (r - 1) // 2, cover.layers(str(certificate.parameters["L"]))


def says(made: Sequence[Certificate]) -> str:
    ranges = [f"K >= {classes} and L {'=' if last else '>='} {first}"
              for classes, (first, last) in blocks(made)]
    return ", ".join([*ranges[:-1], f"or {ranges[-1]}" if ranges else ""])


def sharp(made: Sequence[Certificate]) -> bool:
    """With one class less no block costs less."""
    unbeaten = {(int(c.parameters["K"]), int(c.parameters["L"])) for c in made
                if c.claim == "threshold" and c.verdict == "not beaten"}
    return unbeaten == {(classes - 1, first) for classes, (first, _) in blocks(made)}


THEOREM = Theorem(
    name="slm24-theorem-5",
    statement=f"DNC is not optimal for MSE and ReLU when {RANGE}: for every decay at which zero "
              "is not optimal.  (In the triangular family this is sharp: no triangular block of "
              "fewer classes does.)",
    latex=r"c^*(K, L) < K \quad (K \ge 6, L \ge 4),\ (K \ge 10, L \ge 3),\ (K \ge 15, L \ge 2)",
    domain="MSE, ReLU, width large enough for the construction, zero not optimal",
    source="[SLM24] Theorem 5 (L >= 3); L = 2 and this proof: ours",
    steps=steps,
    needs=("blocks", "direct sums"),
    rests_on=("representation-cost", "universal-loss", "triangular-spectra"))
