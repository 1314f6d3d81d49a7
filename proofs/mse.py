"""Mean squared error: one number, the representation cost, and the universal loss."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, decided, identity, limit, positive

y, z, a, A, G, n, lam, x = sympy.symbols("y z a A G n lam x", positive=True)
kappa, delta = sympy.symbols("kappa delta", positive=True)
L = sympy.Symbol("L", integer=True, positive=True)
N = L + 1
q = (L - 1) / N


def reduction_steps() -> Iterator[Step]:
    phi = y - 1 - sympy.log(y)
    yield identity("phi(y) = y - 1 - log y has the derivative (y-1)/y, of the sign of y - 1",
                   sympy.diff(phi, y), (y - 1) / y)
    yield identity("so its least value is phi(1) = 0: y - 1 >= log y", phi.subs(y, 1), 0)
    # Summed over y_i = x_i / G with prod x_i = G^N: sum x_i / G - N >= log 1 = 0.
    yield identity("N numbers x_i > 0 with prod x_i = X, G = X^(1/N): log prod (x_i/G) = 0, "
                   "hence sum x_i >= N G, with equality iff all x_i = G",
                   sympy.log((G**N) / G**N), 0)
    yield identity("scales t_i with prod t_i = z turn prod (lam_i t_i^2 |F_i|^2) into z^2 A, "
                   "A = prod (lam_i |F_i|^2): the least 1/2 sum is N/2 A^(1/N) z^(2/N)",
                   (z**2 * A)**(1 / N), A**(1 / N) * z**(2 / N))
    yield identity("and is attained: t_i^2 = G/(lam_i |F_i|^2) has the product G^N / A = z^2",
                   ((z**2 * A)**(1 / N))**N / A, z**2)
    w, h = sympy.symbols("w h", positive=True)
    yield identity("a pair with decays w, h: w p^2 + h g^2 = sqrt(w h) ((s p)^2 + (g/s)^2) with "
                   "s = (w/h)^(1/4), so it costs sqrt(w h) |M|_*: decays enter by their product",
                   sympy.sqrt(w * h) * (sympy.sqrt(w / h) * x**2 + y**2 / sympy.sqrt(w / h)),
                   w * x**2 + h * y**2)
    yield decided("n samples: (M kron 1^T)(M kron 1^T)^T = n M M^T, so |M kron 1^T|_* = "
                  "sqrt(n) |M|_*, and P becomes n P", _samples)


def _samples() -> Iterator[bool]:
    for rows in range(1, 4):
        for samples in range(1, 5):
            M = sympy.Matrix(rows, 3, lambda i, j: sympy.Symbol(f"m{i}{j}"))
            wide = sympy.Matrix(rows, 3 * samples, lambda i, j, k=samples, M=M: M[i, j // k])
            yield sympy.expand(wide * wide.T - samples * M * M.T).is_zero_matrix


reduction = Theorem(
    name="representation-cost",
    statement="Collapsed solutions of given shapes with output z I_K and free scales have the "
              "least loss 1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1)), "
              "kappa = lam_eff (n P)^(1/(L+1)), lam_eff the geometric mean of the decays, "
              "P = |M_2|_*^2 prod_{l>=2} |W_l|_F^2.",
    latex=r"\min_{\prod t_i = z} \tfrac12\sum_{i=0}^{L} \lambda_i t_i^2 \|F_i\|_F^2 = "
          r"\tfrac{L+1}{2} \bigl(z^2 \textstyle\prod_i \lambda_i \|F_i\|_F^2\bigr)^{1/(L+1)}",
    domain="L >= 1, K >= 1, n >= 1, decays lam_H, lam_1..lam_L > 0, equal or not; z > 0",
    source="ours; ingredients standard",
    steps=reduction_steps,
    cited=("min over W H = M of 1/2 (|W|_F^2 + |H|_F^2) is the nuclear norm |M|_* (Srebro, "
           "Rennie, Jaakkola 2004)",))


def universal_steps() -> Iterator[Step]:
    loss = (1 - z)**2 / 2 + N * kappa * z**(2 / N) / 2
    yield identity("the derivative of the loss is -(1-z) + kappa z^(-q), q = (L-1)/(L+1)",
                   sympy.diff(loss, z), -(1 - z) + kappa * z**(-q))
    h = delta * (1 - delta)**q
    yield identity("so 1-z = delta solves kappa = h(delta) = delta (1-delta)^q, and "
                   "h' = z^(q-1) (z - q delta) vanishes at delta = (L+1)/(2L) alone: h rises "
                   "before, falls after, one stationary point on each side",
                   sympy.diff(h, delta).subs(delta, 1 - z), z**(q - 1) * (z - q * (1 - z)))
    yield identity("z - q delta = 0 there, z = 1 - delta",
                   (1 - delta - q * delta).subs(delta, N / (2 * L)), 0)
    second = sympy.diff(loss, z).diff(z).subs(kappa, (1 - z) * z**q)
    yield identity("the second derivative at a stationary point is 1 - q delta/z: positive "
                   "iff delta < (L+1)/(2L), so the larger root z is the minimum",
                   second, 1 - q * (1 - z) / z)
    f = delta * (N - L * delta) / 2
    yield identity("the loss at a stationary point is f = delta (L+1 - L delta)/2",
                   loss.subs(kappa, (1 - z) * z**q).subs(z, 1 - delta), f)
    yield identity("1/2 - f = (1-delta)(1 - L delta)/2: below 1/2, the loss of z = 0, iff "
                   "delta < 1/L; at delta = 1/L it is 1/2, with z = (L-1)/L",
                   sympy.Rational(1, 2) - f, (1 - delta) * (1 - L * delta) / 2)
    yield identity("f' = (L+1 - 2 L delta)/2: f rises with delta up to (L+1)/(2L) >= 1/L, hence "
                   "with kappa below kappa_c", sympy.diff(f, delta), (N - 2 * L * delta) / 2)
    yield positive("(L+1)/(2L) - 1/L >= 0 for L >= 1", L - 1,
                   {L: 1 + sympy.Symbol("t")}, strict=False)
    m = sympy.Symbol("m", positive=True)  # L - 1
    yield identity("kappa_c = h(1/L): kappa_c^(L+1) = (L-1)^(L-1) / L^(2L)",
                   ((1 / (m + 1) * (m / (m + 1))**(m / (m + 2)))**(m + 2)),
                   m**m / (m + 1)**(2 * m + 2))
    yield identity("L = 1: h = delta, soft thresholding z = 1 - kappa, kappa_c = 1",
                   h.subs(L, 1), delta)
    yield limit("kappa -> 0: f/kappa -> (L+1)/2 (here L = 4)",
                (f / h).subs(L, 4), delta, 0, sympy.Rational(5, 2))
    c1, c2, K1, K2 = sympy.symbols("c1 c2 K1 K2", positive=True)
    K = K1 + K2
    yield identity("direct sums: sum_b (K_b/K) kappa_b = lam (c_1 + c_2), so that with a common z "
                   "costs add: c is subadditive",
                   K1 / K * (lam * c1 * K / K1) + K2 / K * (lam * c2 * K / K2), lam * (c1 + c2))


universal = Theorem(
    name="universal-loss",
    statement="f*(kappa, L) = min over z >= 0 of 1/2 (1-z)^2 + (L+1)/2 kappa z^(2/(L+1)) is "
              "delta (L+1 - L delta)/2 at the least root of delta (1-delta)^((L-1)/(L+1)) = kappa "
              "for kappa < kappa_c, strictly increasing there, and 1/2 (zero output) exactly for "
              "kappa >= kappa_c = (1/L) ((L-1)/L)^((L-1)/(L+1)), where z_c = (L-1)/L. So A beats "
              "B for every decay at which zero is not optimal iff c_A < c_B.",
    latex=r"\kappa_c(L)^{L+1} = \frac{(L-1)^{L-1}}{L^{2L}}, \qquad "
          r"f^* = \tfrac12\delta(L+1-L\delta), \quad \delta(1-\delta)^{(L-1)/(L+1)} = \kappa",
    domain="L >= 1 an integer, kappa > 0",
    source="ours",
    steps=universal_steps)

THEOREMS = (reduction, universal)
