"""The decays at which deep neural collapse is optimal form an interval from 0."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, positive, symbolic

K, S, Q, P, u, rho, kappa, delta = sympy.symbols("K S Q P u rho kappa delta", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1


def direction() -> Iterator[Step]:
    """The loss along Z = rho Y, S = tr Y > 0, Q = |Y|^2, P the product of norms for Y."""
    A = S**2 / Q
    n = sympy.Symbol("n", positive=True)
    yield identity("samples: each sample is in n^(K-1) of the n^K choices of one sample a class, "
                   "so the loss is the mean over choices of |Z_s - I|^2/(2K) + (n lam_H |H_s|^2 + "
                   "...)/2: some choice has no more, collapsed features are enough",
                   n**(K - 1) / n**K, 1 / n)
    yield identity("fit: with A = S^2/Q and u = rho Q/S, |rho Y - I|^2 = K - A + A (1-u)^2",
                   (rho**2 * Q - 2 * rho * S + K).subs(rho, u * S / Q), K - A + A * (1 - u)**2)
    c = sympy.Symbol("c", nonnegative=True)
    yield positive("A <= K: by Cauchy-Schwarz S^2 <= |I|^2 Q = K Q, K Q = S^2 + c",
                   (K * Q - S**2).subs(Q, (S**2 + c) / K), strict=False)
    b = (P * (S / Q)**2)**(1 / N) / A
    yield identity("decay: the regulariser, (L+1) lam (P rho^2)^(1/(L+1)) a class, is "
                   "(L+1) kappa b A u^(2/(L+1)) with b = (P S^2/Q^2)^(1/(L+1))/A, kappa = lam K",
                   (P * (u * S / Q)**2)**(1 / N), b * A * u**(2 / N))


def steps() -> Iterator[Step]:
    yield from direction()
    # phi(tau) = min (1-u)^2 + tau u^(2/N) = 2 f*(tau/N); u = 1 - delta at its minimum.
    phi = delta * (N - L * delta)
    tau = N * delta * (1 - delta)**((L - 1) / N)
    yield identity("phi: so 2K loss is at least K - A + A phi((L+1) kappa b), against K "
                   "phi((L+1) kappa) for DNC; 1 - phi = (1-delta)(1 - L delta)",
                   1 - phi, (1 - delta) * (1 - L * delta))
    yield identity("envelope: phi' = u^(2/(L+1)), so tau phi'/(1 - phi) = (L+1) delta/"
                   "(1 - L delta)",
                   tau * (1 - delta)**(2 / N) / (1 - phi),
                   N * delta / (1 - L * delta))
    yield identity("increasing: which rises with delta < 1/L, and so with tau: its derivative is "
                   "(L+1)/(1 - L delta)^2", sympy.diff(N * delta / (1 - L * delta), delta),
                   N / (1 - L * delta)**2)
    yield symbolic("ratio: for b < 1, (1 - phi(b tau))/(1 - phi(tau)) has the logarithmic "
                   "derivative (g(tau) - g(b tau))/tau >= 0, g = tau phi'/(1 - phi), so that "
                   "A (1 - phi(b tau)) <= K (1 - phi(tau)) stays true `at every smaller "
                   "kappa`", _ratio)
    A, g, h, t = sympy.symbols("A g h t", positive=True)
    yield identity("b >= 1: phi increases and A <= K: K - A + A phi(b tau) >= K phi(tau), K = "
                   "A + t, phi(b tau) = phi(tau) + h, phi(tau) = 1 - g",
                   t + A * (1 - g + h) - (A + t) * (1 - g), t * g + A * h)


def _ratio() -> Iterator[bool]:
    phi = sympy.Function("phi")
    tau, b = sympy.symbols("tau b", positive=True)
    g = tau * phi(tau).diff(tau) / (1 - phi(tau))
    logarithm = sympy.log(1 - phi(b * tau)) - sympy.log(1 - phi(tau))
    at_b = g.subs(tau, b * tau).subs(tau, tau)
    yield sympy.simplify((tau * logarithm.diff(tau) - (g - at_b)).doit()) == 0


THEOREM = Theorem(
    name="dnc-optimal-interval",
    statement="If DNC is a global minimiser at some kappa, not above kappa_c, it is one at every "
              "smaller kappa.",
    latex=r"\{\kappa \le \kappa_c : \mathrm{DNC\ is\ globally\ optimal}\} = [0, \kappa^*(K, L)]",
    domain="MSE, ReLU or identity, K >= 2, L >= 1, any n, any width, features not assumed "
           "collapsed; kappa = K (n lam_H lam_1 ... lam_L)^(1/(L+1))",
    source="ours",
    steps=steps,
    needs=("samples", "fit", "A <= K", "decay", "phi", "envelope", "increasing", "ratio",
           "b >= 1"),
    rests_on=("representation-cost", "universal-loss"))
