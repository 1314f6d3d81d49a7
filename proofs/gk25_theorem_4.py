"""Cross-entropy, linear: at which scales deep neural collapse is critical."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, limit

K, n, lam, alpha = sympy.symbols("K n lam alpha", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1
q = (L - 1) / N


def steps() -> Iterator[Step]:
    F = sympy.log(1 + (K - 1) * sympy.exp(-alpha)) + lam * N / 2 * (K - 1) * (
        n**(1 / N) * alpha**(2 / N))
    R = alpha**q / (sympy.exp(alpha) + K - 1)
    yield identity("the loss at scale alpha has the derivative (K-1)(lam n^(1/N) alpha^-q - "
                   "1/(e^alpha + K-1)): critical iff lam n^(1/N) = R(alpha)",
                   sympy.diff(F, alpha), (K - 1) * (lam * n**(1 / N) * alpha**(-q)
                                                    - 1 / (sympy.exp(alpha) + K - 1)))
    E = sympy.exp(alpha) + K - 1
    for name, own, entry in (("own class", sympy.exp(alpha) / E - 1, -(K / E) * (1 - 1 / K)),
                             ("another class", 1 / E, -(K / E) * (-1 / K))):
        yield identity(f"softmax - label at Z = alpha (I - J/K), {name}: an entry of "
                       "-(K/(e^alpha + K-1)) (I - J/K), so the gradient is parallel to Z and "
                       "criticality of the scale is criticality", own, entry)
    psi = alpha * sympy.exp(alpha) - q * sympy.exp(alpha) - q * (K - 1)
    yield identity("R'/R = -psi / (alpha (e^alpha + K-1)), "
                   "psi = alpha e^alpha - q (e^alpha + K-1)",
                   sympy.diff(sympy.log(R), alpha), -psi / (alpha * E))
    yield identity("psi' = (alpha + 1 - q) e^alpha > 0 since q < 1: psi rises from psi(0) = -q K",
                   sympy.diff(psi, alpha), (alpha + 1 - q) * sympy.exp(alpha))
    yield identity("psi(0) = -q K < 0 for L >= 2: R rises up to one point, then falls",
                   psi.subs(alpha, 0), -q * K)
    W = sympy.Symbol("W", positive=True)
    yield identity("at alpha = q + W: psi = e^q (W e^W) - q (K-1), zero for W e^W = (K-1) q e^-q, "
                   "which is W((K-1) q e^-q), Lambert's function: there is the maximum",
                   psi.subs(alpha, q + W), sympy.exp(q) * W * sympy.exp(W) - q * (K - 1))
    # At the maximum e^alpha + K-1 = alpha e^alpha / q.
    yield identity("where R = q alpha^(q-1) e^-alpha",
                   alpha**q / (alpha * sympy.exp(alpha) / q), q * alpha**(q - 1)
                   * sympy.exp(-alpha))
    at = R.subs({L: 3, K: 10})
    yield limit("R -> 0 for alpha -> 0 (L >= 2; here L = 3): a root tends to 0 with lam", at,
                alpha, 0, 0)
    yield limit("R -> 0 for alpha -> oo: the other root diverges", at, alpha, sympy.oo, 0)
    yield identity("L = 1: R = 1/(e^alpha + K-1) falls from 1/K: one root iff lam sqrt(n) < 1/K",
                   R.subs(L, 1).subs(alpha, 0), 1 / K)


THEOREM = Theorem(
    name="gk25-theorem-4",
    statement="DNC at scale alpha is critical iff lam n^(1/(L+1)) = R(alpha) = "
              "alpha^((L-1)/(L+1)) / (e^alpha + K - 1).  For L >= 2, R rises from 0 to its "
              "maximum at alpha* = q + W((K-1) q e^-q), q = (L-1)/(L+1), and falls to 0: two "
              "roots below the maximum q alpha*^(q-1) e^-alpha*, one at it, none above.",
    latex=r"\lambda n^{1/(L+1)} = \frac{\alpha^{(L-1)/(L+1)}}{e^\alpha + K - 1},\qquad "
          r"\alpha^* = q + W\bigl((K-1)\,q\,e^{-q}\bigr)",
    domain="K >= 2, L >= 1, n >= 1, lam > 0; deep linear model, cross-entropy",
    source="[GK25] Theorem 4 (criticality, two roots); the maximum in closed form: ours",
    steps=steps,
    cited=("[GK25] Lemma 1 (aligned factors)",
           "not shown: the diverging root's Hessian is positive semi-definite for small lam"))
