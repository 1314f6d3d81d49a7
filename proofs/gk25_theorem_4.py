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
    yield identity("slope: the loss at scale alpha has the derivative (K-1)(lam n^(1/N) alpha^-q "
                   "- 1/(e^alpha + K-1)): critical iff `lam n^(1/(L+1)) = R(alpha) = "
                   "alpha^((L-1)/(L+1)) / (e^alpha + K - 1)`",
                   sympy.diff(F, alpha), (K - 1) * (lam * n**(1 / N) * alpha**(-q)
                                                    - 1 / (sympy.exp(alpha) + K - 1)))
    E = sympy.exp(alpha) + K - 1
    for name, own, entry in (("own class", sympy.exp(alpha) / E - 1, -(K / E) * (1 - 1 / K)),
                             ("other class", 1 / E, -(K / E) * (-1 / K))):
        yield identity(f"{name}: of softmax - label at Z = alpha (I - J/K), an entry of "
                       "-(K/(e^alpha + K-1)) (I - J/K), so the gradient is parallel to Z and "
                       "criticality of the scale is criticality", own, entry)
    psi = alpha * sympy.exp(alpha) - q * sympy.exp(alpha) - q * (K - 1)
    yield identity("log slope: R'/R = -psi / (alpha (e^alpha + K-1)), "
                   "psi = alpha e^alpha - q (e^alpha + K-1)",
                   sympy.diff(sympy.log(R), alpha), -psi / (alpha * E))
    yield identity("psi rises: psi' = (alpha + 1 - q) e^alpha > 0 since q < 1",
                   sympy.diff(psi, alpha), (alpha + 1 - q) * sympy.exp(alpha))
    yield identity("q < 1: q = (L-1)/(L+1) and 1 - q = 2/(L+1)", 1 - q, 2 / N)
    yield identity("psi(0): -q K < 0 `For L >= 2`: R rises up to one point, then falls",
                   psi.subs(alpha, 0), -q * K)
    W = sympy.Symbol("W", positive=True)
    yield identity("Lambert: at alpha = q + W, psi = e^q (W e^W) - q (K-1), zero for W e^W = "
                   "(K-1) q e^-q, which is W((K-1) q e^-q): the maximum is at "
                   "`alpha* = q + W((K-1) q e^-q), q = (L-1)/(L+1)`",
                   psi.subs(alpha, q + W), sympy.exp(q) * W * sympy.exp(W) - q * (K - 1))
    # At the maximum e^alpha + K-1 = alpha e^alpha / q.
    yield identity("maximum: where R is `q alpha*^(q-1) e^-alpha*`",
                   alpha**q / (alpha * sympy.exp(alpha) / q), q * alpha**(q - 1)
                   * sympy.exp(-alpha))
    power = sympy.Symbol("q", positive=True)
    yield limit("at zero: R <= alpha^q / K -> 0 for alpha -> 0 (q > 0): R rises `from 0`, a root "
                "tends to 0 with lam", alpha**power, alpha, 0, 0)
    yield limit("at infinity: R <= alpha e^-alpha -> 0 for alpha -> oo: it falls `to 0`, the "
                "other root diverges", alpha * sympy.exp(-alpha), alpha, sympy.oo, 0)
    yield identity("one layer: R = 1/(e^alpha + K-1) falls from 1/K for L = 1: one root iff "
                   "lam sqrt(n) < 1/K", R.subs(L, 1).subs(alpha, 0), 1 / K)


THEOREM = Theorem(
    name="gk25-theorem-4",
    statement="DNC at scale alpha is critical iff lam n^(1/(L+1)) = R(alpha) = "
              "alpha^((L-1)/(L+1)) / (e^alpha + K - 1).  For L >= 2, R rises from 0 to its "
              "maximum at alpha* = q + W((K-1) q e^-q), q = (L-1)/(L+1), and falls to 0: two "
              "roots below the maximum q alpha*^(q-1) e^-alpha*, one at it, none above.",
    latex=r"\lambda n^{1/(L+1)} = \frac{\alpha^{(L-1)/(L+1)}}{e^\alpha + K - 1},\qquad "
          r"\alpha^* = q + W\bigl((K-1)\,q\,e^{-q}\bigr)",
    domain="K >= 2, L >= 1, n >= 1, lam > 0; deep linear model, cross-entropy",
    source="[GK25] Theorem 4 (i), criticality and two roots; the maximum in closed form: ours",
    steps=steps,
    needs=("slope", "own class", "other class", "log slope", "psi rises", "q < 1", "psi(0)",
           "Lambert", "maximum", "at zero", "at infinity", "one layer"),
    cited=("[GK25] Lemma 1 (aligned factors)",))
