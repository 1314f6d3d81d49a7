"""Features bounded in the spectral norm, too: with two samples a class collapse is not optimal."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, decided, identity

A = sympy.Matrix([[2, 1], [-1, 2]])  # the features of a class's two samples, before the ReLU
READ = sympy.Matrix([[2, 1]])  # what reads the class's output off
n, z = sympy.symbols("n z", positive=True)


def steps() -> Iterator[Step]:
    yield identity("collapsed: H_1 = M kron 1_n^T has sqrt(n) times the spectral norm of M, so "
                   "for n samples by spectral-budget z <= 1/sqrt(n): for two `z^2 <= 1/2`",
                   (1 / sympy.sqrt(n)).subs(n, 2)**2, sympy.Rational(1, 2))
    active = A.applyfunc(lambda entry: max(entry, 0))
    yield decided("example: H_1 with a block A/sqrt 5 a class, A = [[2, 1], [-1, 2]], W_1 = I and "
                  "the row (2, 1)/sqrt 5 for each class: sigma(A) = [[2, 1], [0, 2]] is read as "
                  "(4, 4), so Z = 4/5 Y, `z^2 = 16/25`", lambda: (
                      READ * active == sympy.Matrix([[4, 4]]),
                      sympy.Rational(4, 5)**2 == sympy.Rational(16, 25)))
    yield decided("norms: A^T A = 5 I and (2, 1) has the squared norm 5: all spectral norms are "
                  "1, for any number of classes (blocks on the diagonal)",
                  lambda: (A.T * A == 5 * sympy.eye(2), READ * READ.T == 5 * sympy.eye(1)))
    yield decided("more: further layers are I, and `16/25 > 1/2`",
                  lambda: (sympy.Rational(16, 25) > sympy.Rational(1, 2),))


THEOREM = Theorem(
    name="spectral-features",
    statement="If the first features are bounded in the spectral norm as well, all norms by one, "
              "and every class has two samples, then exact fits z Y with collapsed features have "
              "z^2 <= 1/2; with ReLU there is one whose samples differ within each class with "
              "z^2 = 16/25, and 16/25 > 1/2: from two layers on DNC is not optimal.",
    latex=r"z^2 = \tfrac{16}{25} > \tfrac12",
    domain="K >= 1, L >= 2, n = 2, ReLU, width 2K at least",
    source="ours",
    steps=steps,
    needs=("collapsed", "example", "norms", "more"),
    rests_on=("spectral-budget",))
