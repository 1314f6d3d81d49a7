"""Trained networks: the distance of a weight matrix to low rank [Z24]."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy

from proofs.theorem import Step, Theorem, decided, identity


def steps() -> Iterator[Step]:
    a, b = sympy.symbols("a1:5"), sympy.symbols("b1:5")
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    squares = sum((a[i] * b[j] - a[j] * b[i])**2 for i in range(4) for j in range(i))
    yield identity("Cauchy-Schwarz by Lagrange's identity (length 4): |a|^2 |b|^2 - (a.b)^2 is a "
                   "sum of squares", sum(x**2 for x in a) * sum(y**2 for y in b) - dot**2, squares)
    D = sympy.Matrix(2, 3, sympy.symbols("d1:7"))
    E = sympy.Matrix(2, 3, sympy.symbols("e1:7"))
    entries = sum((D.row(i).dot(E.row(j)))**2 for i in range(2) for j in range(2))
    yield identity("|D E^T|_F^2 = sum of (row.row)^2 <= |D|_F^2 |E|_F^2, row by row",
                   sum(entry**2 for entry in D * E.T), entries)
    z, mean = sympy.symbols("z zbar")
    delta, lam, W, g = sympy.symbols("delta lam W g")
    yield identity("stationarity up to a gradient g: lam W = g - (1/N) sum delta z^T, and "
                   "z = zbar + (z - zbar): lam W + (1/N) sum delta zbar^T = "
                   "g - (1/N) sum delta (z - zbar)^T (one sample)",
                   (g - delta * z) + delta * mean, g - delta * (z - mean))
    yield decided("sum_i delta_i zbar_c(i)^T = sum_c (sum_{i in c} delta_i) zbar_c^T, of rank "
                  "at most K", _rank)
    yield decided("the bound at random integer points, with and without criticality", _bound)


def _rank() -> Iterator[bool]:
    rng = np.random.default_rng(0)
    for classes, samples, size in ((2, 5, 6), (3, 4, 7), (1, 6, 5)):
        labels = np.repeat(np.arange(classes), samples)
        deltas = rng.integers(-9, 10, (size, len(labels)))
        means = rng.integers(-9, 10, (size, classes))
        yield sympy.Matrix((deltas @ means[:, labels].T).tolist()).rank() <= classes


def _bound() -> Iterator[bool]:
    rng = np.random.default_rng(1)
    for classes, samples, size, decay in ((2, 5, 6, 0.5), (3, 4, 7, 2.0), (2, 3, 9, 0.1)):
        labels = np.repeat(np.arange(classes), samples)
        count = len(labels)
        deltas = rng.normal(size=(size, count))
        z = rng.normal(size=(size, count))
        means = np.stack([z[:, labels == c].mean(axis=1) for c in range(classes)], axis=1)
        for scale in (0.0, 1.0):
            gradient = scale * rng.normal(size=(size, size))
            W = (gradient - deltas @ z.T / count) / decay
            tail = np.linalg.norm(np.linalg.svd(W, compute_uv=False)[classes:])
            variation = np.linalg.norm(z - means[:, labels]) / np.sqrt(count)
            right = (np.linalg.norm(deltas) / np.sqrt(count) * variation
                     + np.linalg.norm(gradient)) / decay
            yield bool(tail <= right * (1 + 1e-12))


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
    cited=("Eckart-Young: the distance to rank K is the tail of the singular values",))
