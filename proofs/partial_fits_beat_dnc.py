"""Two layers are not safe either: for some decays DNC is not optimal from 4 classes on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy

from nctheory.certify import partial_fit
from nctheory.constructions import stored
from proofs.theorem import Step, Theorem, certified, claims, decided, identity

CELLS = ((4, 2), (4, 3))
RANGE = "K >= 4 at L = 2, and for K >= 4 at L = 3"


def steps() -> Iterator[Step]:
    K, tau, a, P, q, t, N = sympy.symbols("K tau a P q t N", positive=True)
    yield identity("fit: where tr Z = |Z|^2 = tau K, (a^2 |Z|^2 - 2a tr Z + K) / (2K) is "
                   "(1-tau)/2 + tau/2 (1-a)^2",
                   (a**2 * tau * K - 2 * a * tau * K + K) / (2 * K),
                   (1 - tau) / 2 + tau * (1 - a)**2 / 2)
    yield identity("scale: Z times t/q, t = tr Z and q = |Z|^2, makes both t^2/q = tau K and "
                   "scales P by (t/q)^2, so (c/(tau K))^(L+1) = P q^(L-1) / t^(2L), N = L-1",
                   P * (t / q)**2 / (t**2 / q)**(N + 2), P * q**N / t**(2 * N + 2))
    yield decided("ratio: that number is rational, computed from integer matrices; below 1",
                  _ratios)
    yield decided("hexagon: by hand for K = 6, L = 2: points and neurons on a hexagon, each "
                  "neuron on for two neighbours; |M_2|_*^2 = 48, |W_2|^2 = 17/3, |Z|^2 = 14, tr Z "
                  "= 8 and 48 * 17/3 * 14 = 3808 < 4096", _hexagon)
    yield certified(f"checker: the integer matrices, `for {RANGE}`",
                    lambda: [partial_fit(k, l) for k, l in CELLS],
                    lambda made: ", and for ".join(
                        f"K >= {given['K']} at L = {given['L']}"
                        for claim, given, verdict in claims(made)
                        if (claim, verdict) == ("partial fit", "beaten")) == RANGE)


def _ratios() -> Iterator[bool]:
    """P |Z|^(2(L-1)) / (tr Z)^(2L) of the stored matrices, by a forward pass of its own."""
    for classes, layers in CELLS:
        fit = min((fit for fit in stored.partial_fits(classes) if fit.layers == layers),
                  key=lambda fit: fit.ratio_power)
        first, second, *rest = fit.matrices
        signal = second @ first
        for factor in rest:
            signal = factor @ np.maximum(signal, 0)
        P = sympy.prod([int((m * m).sum()) for m in fit.matrices])
        ratio = Fraction(int(P) * int((signal * signal).sum())**(layers - 1),
                         int(np.trace(signal))**(2 * layers))
        yield ratio == fit.ratio_power and ratio.numerator < ratio.denominator


def _hexagon() -> Iterator[bool]:
    """M_2 circulant with first row (1, 1, 0, -1, -1, 0); Z has the same eigenvectors."""
    def circulant(*row: int) -> sympy.Matrix:
        return sympy.Matrix(6, 6, lambda i, j: row[(j - i) % 6])

    M, S = circulant(1, 1, 0, -1, -1, 0), circulant(1, 1, 0, 0, 0, 0)
    yield S == M.applyfunc(lambda x: max(x, 0))
    yield (M.T * M).eigenvals() == {12: 2, 0: 4}  # |M|_*^2 = (2 sqrt(12))^2 = 48
    # S^T S has the eigenvalues 4, 3, 3, 1, 1, 0; Z is to have 2, 2, 2, 1, 1, 0: the polynomial
    # through these, without constant term, of S^T S, and W_2 = (that over S^T S) S^T.
    x = sympy.Symbol("x")
    values = sympy.interpolate([(4, 2), (3, 2), (1, 1), (0, 0)], x)
    G = S.T * S
    quotient = sympy.Poly(sympy.cancel(values / x), x).all_coeffs()
    W = sum((c * G**i for i, c in enumerate(reversed(quotient))), sympy.zeros(6)) * S.T
    Z = W * S
    norms = sum(v**2 for v in W), sum(v**2 for v in Z), Z.trace()
    yield norms == (sympy.Rational(17, 3), 14, 8)
    yield (48 * norms[0] * norms[1], norms[2]**4) == (3808, 4096)


THEOREM = Theorem(
    name="partial-fits-beat-dnc",
    statement=f"There is an interval of weight decays where neither DNC nor zero is optimal, for "
              f"{RANGE}: it holds the decay at which zero becomes as good as DNC.",
    latex=r"\lambda_{\mathrm{eff}} n^{1/(L+1)} K = \kappa_c(L) \;\Rightarrow\; \min \mathcal{L} "
          r"< \tfrac12 = \mathcal{L}_{\mathrm{DNC}} = \mathcal{L}_0 "
          r"\quad (K \ge 4, L = 2, 3)",
    domain="MSE, ReLU, width large enough for the matrices; classes added have zero outputs",
    source="ours (integer matrices of the atlas; the hexagon by hand)",
    steps=steps,
    needs=("fit", "scale", "ratio", "hexagon", "checker"),
    rests_on=("representation-cost", "universal-loss"))
