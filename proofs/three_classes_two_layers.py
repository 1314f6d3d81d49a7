"""Three classes, two layers: no exact fit costs less than deep neural collapse, P* = 27.

R has the correlations a, b, r_23 of the features.  Where R' >= R (Loewner), what is feasible for
R' is feasible for R; f_+ = max(f, 0) and f = p - n with p = f_+ and p.n = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import sympy

from proofs.theorem import Step, Theorem, decided, identity, symbolic

a, b, c, g, q, x, y, p = sympy.symbols("a b c g q x y p")
rho, beta, kappa = sympy.symbols("rho beta kappa")

R = sympy.Matrix([[1, a, b], [a, 1, -c], [b, -c, 1]])
D = 1 - a**2 - b**2 - c**2 - 2 * a * b * c
E, M, X = b + a * c, c + a * b, (1 - a**2) * (1 - b**2)
R12 = sympy.Matrix([[1, -a], [-a, 1]]) / (1 - a**2)  # the inverse of its first block
# The matrix of the mixed cases; beta = E (1 - rho)/D, kappa = 1/(1-b^2) or 1.
C = sympy.Matrix([[1 / (1 - a**2), -a / (1 - a**2), -beta],
                  [-a / (1 - a**2), 1 / (1 - a**2), a * beta], [-beta, a * beta, kappa]])


def steps() -> Iterator[Step]:
    yield from _tools()
    yield from _same_signs()
    yield from _mixed()
    yield from _determinants()
    yield from _feasible()
    yield identity("P*: with det C >= 1 in all cases the determinant criterion gives `P >= 27 "
                   "|det Z|^(2/3)`, and `P* = 27`", sympy.Integer(3)**3, 27)


def _tools() -> Iterator[Step]:
    f, h = sympy.symbols("f h")  # f.R^-1 f and x.R x beside f.x
    dot = sympy.Symbol("dot")
    yield identity("tangent: (f - R x).R^-1 (f - R x) >= 0, so f.R^-1 f >= 2 f.x - x.R x for all "
                   "x, with equality at x = R^-1 f; R' >= R lowers the right side, so what is "
                   "feasible for R' is so for R", f - 2 * dot + h, f - (2 * dot - h))
    P, N, mixed = sympy.symbols("pCp nCn pCn")
    yield identity("M-matrix: if C = R^-1 has off-diagonals <= 0 it is feasible: f.C f - p.C p = "
                   "n.C n - 2 n.C p >= 0 with n.C p <= 0 as p.n = 0",
                   (P - 2 * mixed + N) - P, N - 2 * mixed)
    yield decided("signs: up to a permutation of the classes every pattern of signs of (r_12, "
                  "r_13, r_23) is that of just one case: 1 (all <= 0), 2 and 3 (+, >= 0, >= 0), 4 "
                  "(+, >= 0, -) or 5 (+, -, -)", _patterns)


def _patterns() -> Iterator[bool]:
    cases = (({-1, 0}, {-1, 0}, {-1, 0}), ({1}, {0, 1}, {0, 1}), ({1}, {0, 1}, {-1}),
             ({1}, {-1}, {-1}))
    for signs in product((-1, 0, 1), repeat=3):
        # Permuting three classes permutes their three pairs in all ways.
        orders = list(permutations(signs))
        found = [case for case in cases if any(
            all(s in allowed for s, allowed in zip(order, case, strict=True)) for order in orders)]
        yield len(found) == 1


def _same_signs() -> Iterator[Step]:
    f, r = sympy.symbols("f r")
    yield identity("case 1: C = I: x = f_+ in (tangent), 2 |f_+|^2 - f_+.R f_+ >= |f_+|^2 for "
                   "correlations -r <= 0 (f = |f_+|^2, r the sum of the others)",
                   2 * f - (f - 2 * r) - f, 2 * r)
    yield identity("case 2: off-diagonals of R^-1 <= 0: C = R^-1, and det R = (1-a^2)(1-b^2) - "
                   "(c+ab)^2 <= 1", R.det(), X - M**2)
    S = sympy.Matrix([[1, a, b], [a, 1, g], [b, g, 1]])
    yield identity("case 3: else an entry of R^-1, say a b - g over det R, is positive: a b > "
                   "g >= 0", S.adjugate()[1, 2], a * b - g)
    rank = sympy.Matrix([[0, 0, 0], [0, a / b, 1], [0, 1, b / a]])
    raised = S + (a * b - g) * rank
    adjugate = raised.adjugate()
    yield symbolic("case 3, R': R' = R + (ab-g) h h^T, h = (0, sqrt(a/b), sqrt(b/a)), has R'_23 = "
                   "ab and adjugate entries -a (1 - gb/a), -b (1 - ga/b), 0 off the diagonal",
                   lambda: (sympy.cancel(entry) == 0 for entry in (
                       rank[1, 1] * rank[2, 2] - rank[1, 2]**2, raised[1, 2] - a * b,
                       adjugate[0, 1] + a * (1 - g * b / a), adjugate[0, 2] + b * (1 - g * a / b),
                       adjugate[1, 2])))
    yield identity("case 3, det: R' = (1 - ga/b)(1 - gb/a), so C = R'^-1 is feasible and det C "
                   ">= 1", raised.det(), (1 - g * a / b) * (1 - g * b / a))
    yield identity("case 3, range: both factors are in (0, 1]: 1 - ga/b exceeds 1 - a^2 > 0 by "
                   "(ab - g) a/b", (1 - g * a / b) - (1 - a**2), (a * b - g) * a / b)


def _mixed() -> Iterator[Step]:
    minus = R12.T * sympy.Matrix([b, c])
    yield identity("case 5a: r_13 = -b, r_23 = -c, c >= b >= ac: C = R_12^-1 (+) 1, and (b, c) "
                   "R_12^-1 = (b - ac, c - ab)/(1-a^2), its first entry",
                   minus[0], (b - a * c) / (1 - a**2))
    yield identity("case 5a, second: its second entry; both are >= 0",
                   minus[1], (c - a * b) / (1 - a**2))
    p1, p2 = sympy.symbols("p1 p2")
    z = R12 * sympy.Matrix([p1, p2])
    f3, n1, n2 = sympy.symbols("f3 n1 n2")
    S = sympy.Matrix([[1, a, -b], [a, 1, -c], [-b, -c, 1]])
    point = sympy.Matrix([z[0], z[1], f3])
    f = sympy.Matrix([p1 - n1, p2 - n2, f3])
    bound = (2 * f.T * point - point.T * S * point)[0]
    yield identity("case 5a, feasible: x = (R_12^-1 p, f_3) in (tangent) gives p.R_12^-1 p + "
                   "f_3^2 + 2 f_3 (b, c).R_12^-1 p - 2 n.R_12^-1 p, the last >= 0 by (M-matrix); "
                   "for f_3 <= 0 take (R_12^-1 p, 0)", bound,
                   (sympy.Matrix([[p1, p2]]) * z)[0] + f3**2
                   + 2 * f3 * (sympy.Matrix([[b, c]]) * z)[0]
                   - 2 * (sympy.Matrix([[n1, n2]]) * z)[0])
    yield identity("case 5a, det: C = 1/(1-a^2) >= 1", R12.det(), 1 / (1 - a**2))
    yield identity("det R: cases 4 (0 <= b <= a) and 5b (-ac < b < 0), r_23 = -c < 0",
                   R.det(), D)
    yield identity("D: X - m^2, e = b + ac, m = c + ab, X = (1-a^2)(1-b^2)", D, X - M**2)
    yield identity("m - ae: c (1-a^2) >= 0", M - a * E, c * (1 - a**2))
    for name, expression, terms in (("m > 0", M, c * (1 - a**2) + a * E),
                                    ("a + bc > 0", a + b * c, a * (1 - c**2) + c * E),
                                    ("a > |b|", a + b, a * (1 - c) + E)):
        yield identity(f"{name}: a sum of positive terms in case 5b, e = b + ac > 0 and a, c < 1; "
                       "in case 4 it is clear, 0 <= b <= a", expression, terms)


def _determinants() -> Iterator[Step]:
    yield identity("det C: kappa/(1-a^2) - beta^2; C > 0 follows, its first block is",
                   C.det(), kappa / (1 - a**2) - beta**2)
    # rho^2 = 1 - kappa D/(1-a^2)
    yield identity("rho, case 4: kappa = 1/(1-b^2): 1 - D/X = m^2/X, rho = m/sqrt(X)",
                   1 - D / X, M**2 / X)
    yield identity("rho, case 5b: kappa = 1: (1-a^2) - D = e^2 + c^2 (1-a^2)",
                   1 - a**2 - D, E**2 + c**2 * (1 - a**2))
    yield identity("e: b (1-a^2) + a m", E, b * (1 - a**2) + a * M)
    yield identity("b <= a: then b^2 (1-a^2) <= a^2 (1-b^2), so e <= a sqrt(X) + a m",
                   a**2 * (1 - b**2) - b**2 * (1 - a**2), a**2 - b**2)
    s, m = sympy.symbols("s m", positive=True)  # sqrt(X), m
    yield identity("det C, case 4: beta = e/(X (1+rho)) <= a (s + m)/(s^2 (1 + m/s)) = a/s, s = "
                   "sqrt(X)", a * (s + m) / (s**2 * (1 + m / s)), a / s)
    yield identity("det C >= 1, case 4: 1/X - a^2/X = 1/(1-b^2) >= 1", 1 / X - a**2 / X,
                   1 / (1 - b**2))
    yield identity("Cauchy: (e^2 + c^2 (1-a^2)) - (ae + c (1-a^2))^2 = (1-a^2)(e - ac)^2: rho "
                   "sqrt(1-a^2) >= ae + c (1-a^2) in case 5b",
                   E**2 + c**2 * (1 - a**2) - (a * E + c * (1 - a**2))**2,
                   (1 - a**2) * (E - a * c)**2)
    yield identity("e <= ac: so a (ae + c (1-a^2)) - e = (1-a^2)(ac - e) = -b (1-a^2) > 0",
                   a * (a * E + c * (1 - a**2)) - E, -b * (1 - a**2))
    k = sympy.Symbol("k", positive=True)  # sqrt(1-a^2)
    yield identity("det C >= 1, case 5b: beta = e/(k^2 (1+rho)) <= a k (1+rho)/(k^2 (1+rho)) = "
                   "a/k, k = sqrt(1-a^2): 1/k^2 - a^2/k^2 = 1", ((1 - a**2) / k**2).subs(
                       a, sympy.sqrt(1 - k**2)), 1)


def _feasible() -> Iterator[Step]:
    """Phi = f.R^-1 f - f_+.C f_+ >= 0 in the mixed cases; k = (1-a^2)/D."""
    k, inverse = (1 - a**2) / D, R.adjugate() / D
    f1, f2, f3 = sympy.symbols("f1 f2 f3")
    f = sympy.Matrix([f1, f2, f3])
    h = (E * f1 - M * f2) / (1 - a**2)
    yield identity("(A): f.R^-1 f = f_12.R_12^-1 f_12 + k (f_3 - h)^2, h = (e f_1 - m f_2)/"
                   "(1-a^2): for f_3 <= 0, where C is R_12^-1, (M-matrix) is enough; else f_3 = 1",
                   (f.T * inverse * f)[0], (f[:2, :].T * R12 * f[:2, :])[0] + k * (f3 - h)**2)

    def phi(*values: sympy.Expr) -> sympy.Expr:
        at = sympy.Matrix(values)
        plus = sympy.Matrix([value if value in (p, q, 1) else 0 for value in values])
        return (at.T * inverse * at)[0] - (plus.T * C * plus)[0]

    yield identity("(B1): f = (p, q, 1): Phi = k (1-h)^2 + 2 beta (p - aq) - kappa; on a line of "
                   "constant h, p - aq has the slope (m - ae)/e >= 0 in q: least at q = 0 (B2) or "
                   "p = 0 (B3)", phi(p, q, sympy.Integer(1)),
                   k * (1 - h.subs({f1: p, f2: q}))**2 + 2 * beta * (p - a * q) - kappa)
    at = {beta: E * (1 - rho) / D, kappa: (1 - a**2) * (1 - rho**2) / D}
    start = (E * p - rho * (1 - a**2))**2 / (1 - a**2)
    yield identity("(B2): f = (p, -y, 1): D Phi = (ep - rho (1-a^2))^2/(1-a^2) + 2 (a+bc) p y + "
                   "(1-b^2) y^2 - 2 m y, clear where (a+bc) p >= m",
                   D * phi(p, -y, sympy.Integer(1)).subs(at),
                   start + 2 * (a + b * c) * p * y + (1 - b**2) * y**2 - 2 * M * y)
    least = sympy.expand(start - (M - (a + b * c) * p)**2 / (1 - b**2))
    yield identity("(B2) concave: the least over y has the p^2 coefficient -(a^2-b^2) D/X <= 0, "
                   "and at p = m/(a+bc) it is a square: its least is at p = 0 or >= 0",
                   least.coeff(p, 2), -(a**2 - b**2) * D / X)
    yield identity("(B2) case 4: at p = 0 it is rho^2 (1-a^2) - m^2/(1-b^2) = 0",
                   least.coeff(p, 0).subs(rho**2, M**2 / X), 0)
    yield identity("(B2) case 5b: at p = 0 it is b^2 D/(1-b^2) >= 0",
                   least.coeff(p, 0).subs(rho**2, 1 - D / (1 - a**2)), b**2 * D / (1 - b**2))
    yield identity("(B3): f = (-x, q, 1): Phi = (x^2 + 2axq)/(1-a^2) + k (1 + (ex+mq)/(1-a^2))^2 "
                   "- 2 a beta q - kappa, which rises with x", phi(-x, q, sympy.Integer(1)),
                   (x**2 + 2 * a * x * q) / (1 - a**2)
                   + k * (1 + (E * x + M * q) / (1 - a**2))**2 - 2 * a * beta * q - kappa)
    yield identity("(B3) at 0: there Phi >= (k - kappa) + 2q (m/D - a beta) >= 0: kappa D <= "
                   "1-a^2 and a beta <= ae/D <= m/D; the rest is k (mq/(1-a^2))^2",
                   phi(-x, q, sympy.Integer(1)).subs(x, 0)
                   - (k - kappa) - 2 * q * (M / D - a * beta), k * (M * q / (1 - a**2))**2)
    R13 = sympy.Matrix([[1, b], [b, 1]])
    outer = sympy.Matrix([-x, 1])
    yield identity("(B4): f = (-x, -y, 1), (tangent) on {1, 3}: case 4, f.R^-1 f >= (x^2 + 2bx + "
                   "1)/(1-b^2) >= 1/(1-b^2) = kappa; on {3}, case 5b, f.R^-1 f >= 1 = kappa",
                   (outer.T * R13.inv() * outer)[0], (x**2 + 2 * b * x + 1) / (1 - b**2))


THEOREM = Theorem(
    name="three-classes-two-layers",
    statement="With three classes and two layers P >= 27 |det Z|^(2/3) for all weights: no exact "
              "fit costs less than DNC, P* = 27.",
    latex=r"|H_1|^2 |W_1|^2 |W_2|^2 \ge 27\, |\det Z|^{2/3}",
    domain="MSE, ReLU, K = 3, L = 2, any width; one feature a class",
    source="ours",
    steps=steps,
    needs=("tangent", "M-matrix", "signs", "case 1", "case 2", "case 3", "case 3, R'",
           "case 3, det", "case 3, range", "case 5a", "case 5a, second", "case 5a, feasible",
           "case 5a, det", "det R", "D", "m - ae", "m > 0", "a + bc > 0", "a > |b|",
           "det C", "rho, case 4", "rho, case 5b", "e", "b <= a", "det C, case 4",
           "det C >= 1, case 4", "Cauchy", "e <= ac", "det C >= 1, case 5b", "(A)", "(B1)", "(B2)",
           "(B2) concave", "(B2) case 4", "(B2) case 5b", "(B3)", "(B3) at 0", "(B4)", "P*"),
    rests_on=("determinant-criterion",))
