"""Trained networks: the distance of a weight matrix to low rank [Z24]."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity

delta, z, mean, g, lam = sympy.symbols("delta z zbar g lam")
A, B, c, u, v, G = sympy.symbols("A B c u v G", positive=True)


def steps() -> Iterator[Step]:
    t = c / B
    yield identity("Cauchy-Schwarz: with A = |a|^2, B = |b|^2, c = a.b of vectors of any length, "
                   "|a - (c/B) b|^2 = A - c^2/B >= 0", A - 2 * t * c + t**2 * B, A - c**2 / B)
    yield identity("product: an entry of D E^T is the product of a row of D and one of E, so "
                   "|D E^T|_F^2 <= sum_ij A_i B_j = |D|_F^2 |E|_F^2 (two rows each, and so on)",
                   A * B + A * u + v * B + v * u, (A + v) * (B + u))
    yield identity("stationarity: up to a gradient g, lam W = g - (1/N) sum delta z^T, so with "
                   "z = zbar + (z - zbar): lam W + (1/N) sum delta zbar^T = g - (1/N) sum delta "
                   "(z - zbar)^T, sample by sample", (g - delta * z) + delta * mean,
                   g - delta * (z - mean))
    d1, d2 = sympy.symbols("delta1 delta2")
    yield identity("rank: the samples of a class share zbar, so sum delta zbar^T is a sum of K "
                   "products (sum of the class's delta) zbar^T: `rank <= K`",
                   d1 * mean + d2 * mean, (d1 + d2) * mean)
    yield identity("bound: so `dist_F(W_l, rank <= K) <= (1/lam) sqrt((1/N) sum |delta_i|^2) "
                   "sqrt((1/N) sum |z_i - zbar_c(i)|^2)` where g = 0: (1/N) |D|_F |E|_F over lam, "
                   "squared", (sympy.sqrt(A * u) / G / lam)**2, (A / G) * (u / G) / lam**2)
    x, y = sympy.symbols("x y")
    yield identity("gradient: |X + Y| <= |X| + |Y|, since (x + y)^2 - (x^2 + 2c + y^2) = 2 (x y - "
                   "c) >= 0: elsewhere |gradient|_F / lam is added",
                   (x + y)**2 - (x**2 + 2 * c + y**2), 2 * (x * y - c))


THEOREM = Theorem(
    name="z24-rank-bound",
    statement="dist_F(W_l, rank <= K) <= (1/lam) sqrt((1/N) sum |delta_i|^2) "
              "sqrt((1/N) sum |z_i - zbar_c(i)|^2) at a critical point; elsewhere "
              "|gradient|_F / lam is added on the right.",
    latex=r"\Bigl(\sum_{i>K} s_i(W_l)^2\Bigr)^{1/2} \le \frac1\lambda\Bigl(\frac1N\sum_i"
          r"|\delta_i|^2\Bigr)^{1/2}\Bigl(\frac1N\sum_i|z_i - \bar z_{c(i)}|^2\Bigr)^{1/2}",
    domain="objective (1/N) sum loss_i + lam/2 sum |W|_F^2; z_i the input of layer l, delta_i the "
           "derivative of loss_i by W_l z_i; any network, lam > 0",
    source="ours, a version of [Z24]'s claim",
    steps=steps,
    needs=("Cauchy-Schwarz", "product", "stationarity", "rank", "bound", "gradient"),
    cited=("Eckart-Young: the distance to rank K is the tail of the singular values",))
