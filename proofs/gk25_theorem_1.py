"""Cross-entropy, linear: pairs of classes cost less than deep neural collapse."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, certified, identity, positive, uniform

K, m, u, x = sympy.symbols("K m u x", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def steps() -> Iterator[Step]:
    for layers, least in ((3, 2), (2, 3)):
        yield positive(f"4 m^{layers + 1} < (2m-1)^{layers + 1} for m >= {least} (L = {layers})",
                       (2 * m - 1)**(layers + 1) - 4 * m**(layers + 1), {m: least + u})
    yield positive("a layer more multiplies by m <= 2m-1: induction in L", 2 * m - 1 - m,
                   {m: 1 + u}, strict=False)
    yield positive("sharp: at m = 2, L = 2 the opposite, 4 m^3 > (2m-1)^3",
                   (4 * m**3 - (2 * m - 1)**3).subs(m, 2))
    yield positive("L = 1: the opposite for every m >= 1", 4 * m**2 - (2 * m - 1)**2, {m: 1 + u})
    yield positive("m = 1: 4 > 1, the opposite for every L", 4 * m - (2 * m - 1), {m: 1 + u})
    # Fit at equal scale: x = e^-beta in (0, 1).
    pair, dnc = 1 + x**2 + (K - 2) * x, 1 + (K - 1) * x
    yield identity("even K, equal scale, x = e^-beta in (0, 1): the arguments of the logarithms "
                   "differ by x (1-x) > 0", dnc - pair, x * (1 - x))
    yield identity("odd K: the same for K-1 classes in K, and the last class fits equally well",
                   ((K - 1) * (dnc - pair) + (dnc - dnc)) / K, (K - 1) / K * x * (1 - x))
    yield identity("odd K = 2m+1: m 2^(2/N) + 1 < K - 1 is the same condition as for K = 2m",
                   (m * 2**(2 / N) + 1) - (2 * m + 1 - 1), m * 2**(2 / N) - (2 * m - 1))
    yield certified("the same, rebuilt by the checker", lambda: uniform("gk25-theorem-1"))


THEOREM = Theorem(
    name="gk25-theorem-1",
    statement="With m = K//2, pairs cost less than DNC at equal output scale iff "
              "m 2^(2/(L+1)) < 2m-1, that is iff m >= 2 and L >= 3, or m >= 3 and L = 2 (K >= 4, "
              "K >= 6).  They also fit better at every scale > 0; so the least loss of pairs is "
              "below that of DNC for every decay and n at which zero is not the optimum of DNC.",
    latex=r"m\,2^{2/(L+1)} < 2m-1 \iff 4 m^{L+1} < (2m-1)^{L+1}",
    domain="K >= 2, L >= 1, lam > 0, n >= 1; deep linear model, cross-entropy",
    source="[GK25] Theorem 1 (odd K and the form `for every decay`: ours)",
    steps=steps,
    cited=("[GK25] Lemma 1: loss(Z) = g(Z) + lam/2 (L+1) sum t_i^(2/(L+1))",))
