"""Three classes without decay: deep neural collapse has the largest margin at every depth."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from proofs.theorem import Step, Theorem, identity, positive, symbolic

a, b, c, d, e, f, x, y = sympy.symbols("a b c d e f x y", nonnegative=True)

# Columns z_1, z_2, z_3 by their differences y = (z_1 - z_3, z_2 - z_3), at margins >= 1.
COLUMNS = (sympy.Matrix([1 + a, a - b]), sympy.Matrix([c - d, 1 + c]),
           sympy.Matrix([-1 - e, -1 - f]))
GRAM = sympy.Matrix([[2, -1], [-1, 2]]) / 3  # |z|^2 of centred z is y^T GRAM y


def minor(i: int, j: int) -> sympy.Expr:
    """The determinant of columns i and j."""
    return sympy.expand(sympy.Matrix.hstack(COLUMNS[i], COLUMNS[j]).det())


def steps() -> Iterator[Step]:
    u, v, w = minor(0, 1), minor(1, 2), minor(2, 0)
    Y = sympy.Matrix.hstack(*COLUMNS)
    yield symbolic("margins: a, ..., f >= 0 are the excesses of the six margins over 1", lambda: (
        COLUMNS[0][0] == 1 + a, sympy.expand(COLUMNS[0][0] - COLUMNS[0][1]) == 1 + b,
        COLUMNS[1][1] == 1 + c, sympy.expand(COLUMNS[1][1] - COLUMNS[1][0]) == 1 + d,
        -COLUMNS[2][0] == 1 + e, -COLUMNS[2][1] == 1 + f))
    yield identity("product: (s_1 s_2)^2 = det(Y Y^T) det(GRAM) = (u^2 + v^2 + w^2)/3, u, v, w "
                   "the minors of Y (Cauchy-Binet)", (Y * Y.T).det() * GRAM.det(),
                   (u**2 + v**2 + w**2) / 3)
    turn = {a: d, d: f, f: a, b: c, c: e, e: b}
    yield symbolic("turn: classes in another order turn u to v, v to w and w to u, and permute "
                   "the excesses: let u be the least minor", lambda: (
                       sympy.expand(one.subs(turn, simultaneous=True) - other) == 0
                       for one, other in ((u, v), (v, w), (w, u))))
    yield identity("d > c: if u < 1, b (d-c) > a + c + a d >= 0", 1 - u,
                   b * (d - c) - a - c - a * d)
    yield identity("b > a: and d (b-a) > a + c + b c >= 0", 1 - u, d * (b - a) - a - c - b * c)
    yield positive("v: then v >= 1 + d, where d = c + x", (v - 1 - d).subs(d, c + x),
                   strict=False)
    yield positive("w: and w >= 1 + b, where b = a + x", (w - 1 - b).subs(b, a + x),
                   strict=False)
    yield positive("u: and u >= 1 - b d", u - (1 - b * d), strict=False)
    yield identity("mean: with x = sqrt(b d), (1+b)^2 + (1+d)^2 >= 2 (1+x)^2: the sides differ by "
                   "2 (sqrt b - sqrt d)^2 + (b - d)^2", (1 + b)**2 + (1 + d)**2,
                   2 * (1 + sympy.sqrt(b * d))**2
                   + 2 * (sympy.sqrt(b) - sympy.sqrt(d))**2 + (b - d)**2)
    yield positive("small: so for x <= 1 u^2 + v^2 + w^2 >= (1-x^2)^2 + 2 (1+x)^2 >= 3",
                   (1 - x**2)**2 + 2 * (1 + x)**2 - 3, strict=False)
    yield positive("large: and for x = 1 + y > 1 it is at least 2 (1+x)^2 > 3",
                   2 * (1 + x)**2 - 3, {x: 1 + y})
    yield identity("together: no minor below 1 gives 3 as well: `s_1 s_2 >= 1`",
                   sympy.Integer(3) / 3, 1)
    yield identity("power: `s_1^p + s_2^p >= 2`, by x^2 + y^2 - 2 x y = (x-y)^2, x = s_1^(p/2), "
                   "y = s_2^(p/2)", x**2 + y**2 - 2 * x * y, (x - y)**2)
    none = dict.fromkeys((a, b, c, d, e, f), 0)
    yield symbolic("DNC: without excess all singular values are 1: equality `for every p > 0`",
                   lambda: ((Y * Y.T * GRAM).subs(none) == sympy.eye(2),))


THEOREM = Theorem(
    name="three-classes-margin",
    statement="Logits of three classes with all margins at least one have, their mean taken off, "
              "singular values with s_1 s_2 >= 1, so s_1^p + s_2^p >= 2 for every p > 0, and DNC "
              "attains it: in the linear model without decay no structure has a larger margin "
              "than DNC, at any depth.",
    latex=r"s_1 s_2 \ge 1, \qquad s_1^{2/(L+1)} + s_2^{2/(L+1)} \ge 2",
    domain="K = 3, L >= 1; cross-entropy, deep linear model, no decay; margin against the "
           "Schatten quasi-norm of exponent p = 2/(L+1) of the logits",
    source="ours",
    steps=steps,
    needs=("margins", "product", "turn", "d > c", "b > a", "v", "w", "u", "mean", "small",
           "large", "together", "power", "DNC"),
    cited=("taking the mean off raises no singular value", "Cauchy-Binet"))
