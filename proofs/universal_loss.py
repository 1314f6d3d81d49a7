"""Mean squared error: the least loss is one function of cost times decay, and of L."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity

z, lam, kappa, delta = sympy.symbols("z lam kappa delta", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1
q = (L - 1) / N


def steps() -> Iterator[Step]:
    loss = (1 - z)**2 / 2 + N * kappa * z**(2 / N) / 2
    yield identity("slope: the loss is `min over z >= 0 of 1/2 (1-z)^2 + (L+1)/2 kappa "
                   "z^(2/(L+1))`; the derivative is -(1-z) + kappa z^(-q), q = (L-1)/(L+1)",
                   sympy.diff(loss, z), -(1 - z) + kappa * z**(-q))
    h = delta * (1 - delta)**q
    yield identity("roots: so 1-z = delta solves `delta (1-delta)^((L-1)/(L+1)) = kappa`, "
                   "h(delta) = kappa, and h' = z^(q-1) (z - q delta) vanishes at delta = "
                   "(L+1)/(2L) alone: h rises before, falls after, one stationary point on "
                   "each side",
                   sympy.diff(h, delta).subs(delta, 1 - z), z**(q - 1) * (z - q * (1 - z)))
    yield identity("turn: z - q delta = 0 there, z = 1 - delta",
                   (1 - delta - q * delta).subs(delta, N / (2 * L)), 0)
    second = sympy.diff(loss, z).diff(z).subs(kappa, (1 - z) * z**q)
    yield identity("minimum: the second derivative at a stationary point is 1 - q delta/z: "
                   "positive iff delta < (L+1)/(2L), so the larger root z is the minimum",
                   second, 1 - q * (1 - z) / z)
    f = delta * (N - L * delta) / 2
    yield identity("value: the loss at a stationary point is `delta (L+1 - L delta)/2`",
                   loss.subs(kappa, (1 - z) * z**q).subs(z, 1 - delta), f)
    yield identity("zero: 1/2 - f = (1-delta)(1 - L delta)/2: `1/2 (zero output)` is above iff "
                   "delta < 1/L, and equal at delta = 1/L, where z = 1 - delta is "
                   "`z_c = (L-1)/L`", sympy.Rational(1, 2) - f,
                   (1 - delta) * (1 - L * delta) / 2)
    yield identity("z_c: 1 - 1/L", 1 - 1 / L, (L - 1) / L)
    yield identity("increasing: f' = (L+1 - 2 L delta)/2: f rises with delta up to (L+1)/(2L) >= "
                   "1/L, hence with kappa `for kappa < kappa_c`; equal decays and n: with c, so "
                   "that A beats B `iff c_A < c_B`", sympy.diff(f, delta),
                   (N - 2 * L * delta) / 2)
    yield identity("order: (L+1)/(2L) - 1/L >= 0 for L >= 1", N / (2 * L) - 1 / L,
                   (L - 1) / (2 * L))
    m = sympy.Symbol("m", positive=True)  # L - 1
    yield identity("threshold: `kappa >= kappa_c = (1/L) ((L-1)/L)^((L-1)/(L+1))`, h(1/L): "
                   "kappa_c^(L+1) = (L-1)^(L-1) / L^(2L)",
                   ((1 / (m + 1) * (m / (m + 1))**(m / (m + 2)))**(m + 2)),
                   m**m / (m + 1)**(2 * m + 2))
    yield identity("one layer: h = delta for L = 1, soft thresholding z = 1 - kappa, kappa_c = 1",
                   h.subs(L, 1), delta)
    yield identity("small decays: f/h at delta = 0 is (L+1)/2, so f* ~ (L+1)/2 kappa",
                   sympy.cancel(f / delta).subs(delta, 0), N / 2)
    c1, c2, K1, K2 = sympy.symbols("c1 c2 K1 K2", positive=True)
    K = K1 + K2
    yield identity("direct sums: sum_b (K_b/K) kappa_b = lam (c_1 + c_2), so that with a common z "
                   "costs add: c is subadditive",
                   K1 / K * (lam * c1 * K / K1) + K2 / K * (lam * c2 * K / K2), lam * (c1 + c2))


THEOREM = Theorem(
    name="universal-loss",
    statement="The universal loss, min over z >= 0 of 1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1)), is "
              "delta (L+1 - L delta)/2 at the least root of delta (1-delta)^((L-1)/(L+1)) = kappa "
              "for kappa < kappa_c, strictly increasing there, and 1/2 (zero output) exactly for "
              "kappa >= kappa_c = (1/L) ((L-1)/L)^((L-1)/(L+1)), where z_c = (L-1)/L. So A beats "
              "B for every decay at which zero is not optimal iff c_A < c_B.",
    latex=r"\kappa_c(L)^{L+1} = \frac{(L-1)^{L-1}}{L^{2L}}, \qquad "
          r"f^* = \tfrac12\delta(L+1-L\delta), \quad \delta(1-\delta)^{(L-1)/(L+1)} = \kappa",
    domain="L >= 1 an integer, kappa > 0",
    source="ours",
    steps=steps,
    needs=("slope", "roots", "turn", "minimum", "value", "zero", "z_c", "increasing", "order",
           "threshold", "one layer", "small decays", "direct sums"))
