"""Cross-entropy, linear: pairs of classes cost less than deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from nctheory.certify.uniform import growth
from proofs import pairs
from proofs.theorem import Step, Theorem, certified, identity, uniform

K, m, x = sympy.symbols("K m x", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1
COST = "m 2^(2/(L+1)) < 2m-1"
RANGE = "m >= 3 and L >= 2, or m >= 2 and L >= 3"


def steps() -> Iterator[Step]:
    yield identity(f"power: raised to L+1 and with 2^(L+1) on both sides, `{COST}` is 4 "
                   "(2m)^(L+1) < (4m-2)^(L+1)",
                   (2 * pairs.formula(COST.partition(" < ")[0], m=m, L=L))**N,
                   4 * (2 * m)**N)
    for layers in (1, 2, 3):
        yield pairs.threshold("pairs", layers)
    yield certified(f"cases: so it holds for `{RANGE}`, for no other m >= 2: all m and L are "
                    "covered, none twice", lambda: uniform("gk25-theorem-1"),
                    lambda made: pairs.complete(made, 1, RANGE))
    yield identity("induction: a layer more multiplies by m <= 2m-1, with 2 on both sides",
                   growth("pairs", 2 * m), 2 * (m - 1))
    yield identity("m = 1: `for no other m and L`, the right side is 1/4 of the left, for every L",
                   ((4 * m - 2)**N / (4 * (2 * m)**N)).subs(m, 1), sympy.Rational(1, 4))
    # Fit at equal scale: x = e^-beta in (0, 1).
    pair, dnc = 1 + x**2 + (K - 2) * x, 1 + (K - 1) * x
    yield identity("even K: `they also fit better at every scale`, x = e^-beta in (0, 1): the "
                   "arguments of the logarithms differ by x (1-x) > 0", dnc - pair, x * (1 - x))
    yield identity("odd K: the same for K-1 classes in K, and the last class fits equally well",
                   ((K - 1) * (dnc - pair) + (dnc - dnc)) / K, (K - 1) / K * x * (1 - x))
    yield identity("odd cost: for K = 2m+1, m 2^(2/N) + 1 < K - 1 is the same condition as for "
                   "K = 2m", (m * 2**(2 / N) + 1) - (2 * m + 1 - 1), m * 2**(2 / N) - (2 * m - 1))


THEOREM = Theorem(
    name="gk25-theorem-1",
    statement=f"Pairs cost less than DNC at equal output scale iff {COST}, that is for {RANGE}, "
              "and for no other m and L.  And they also fit better at every scale; so the least "
              "loss of pairs is below that of DNC for every decay and n at which zero is not the "
              "optimum of DNC.",
    latex=r"m\,2^{2/(L+1)} < 2m-1 \iff 4 m^{L+1} < (2m-1)^{L+1}",
    domain="K >= 2 classes, m = K//2 pairs, L >= 1, lam > 0, n >= 1; deep linear model, "
           "cross-entropy",
    source="[GK25] Theorem 1 (odd K and the form `for every decay`: ours)",
    steps=steps,
    needs=("power", "L = 1", "L = 2", "L = 3", "cases", "induction", "m = 1", "even K", "odd K",
           "odd cost"),
    cited=("[GK25] Lemma 1: loss(Z) = g(Z) + lam/2 (L+1) sum t_i^(2/(L+1))",))
