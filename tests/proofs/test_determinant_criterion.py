"""The matrices C of `three-classes-two-layers`, tested for feasibility at rational points by
another route than the proof's: copositivity, orthant by orthant, in exact fractions."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest
import sympy

from proofs.three_classes_two_layers import C, a, b, beta, c, kappa

POINTS = 12  # a case


def copositive(M):
    """Cottle, Habetler, Lemke: not copositive iff some principal submatrix has a negative
    determinant and a nonnegative adjugate."""
    for size in (1, 2, 3):
        for rows in combinations(range(3), size):
            B = M.extract(list(rows), list(rows))
            if B.det() < 0 and all(x >= 0 for x in B.adjugate()):
                return False
    return True


def feasible(R, matrix):
    """f_+.C f_+ <= f.R^-1 f for all f: on each orthant a copositive difference."""
    inverse = R.inv()
    for signs in product((1, -1), repeat=3):
        D, plus = sympy.diag(*signs), sympy.diag(*(max(s, 0) for s in signs))
        if not copositive(D * inverse * D - plus * matrix * plus):
            return False
    return True


def correlations(x, y, z):
    return sympy.Matrix([[1, x, y], [x, 1, z], [y, z, 1]])


def rational(value):
    return sympy.Rational(value.numerator, value.denominator)


def unit(random):
    """A rational point of the circle: sine and cosine."""
    t = Fraction(random.randint(1, 59), 60)
    return 2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)


def mixed(x, y, z, rho, last):
    D = 1 - x * x - y * y - z * z - 2 * x * y * z
    return C.subs({beta: rational((y + x * z) * (1 - rho) / D), kappa: rational(last),
                   a: rational(x), b: rational(y), c: rational(z)})


def case_4(random):
    """0 <= b <= a, r_23 = -c; rho = m / sqrt((1-a^2)(1-b^2)) rational."""
    (y, cosine), (x, other) = sorted((unit(random), unit(random)))
    z = Fraction(random.randint(1, 99), 100)
    return (x, y, z), (z + x * y) / (cosine * other), 1 / (1 - y * y)


def case_5b(random):
    """-ac < b < 0; e^2 + c^2 (1-a^2) a square."""
    x, cosine = unit(random)
    z, t = (Fraction(random.randint(1, 99), 100) for _ in range(2))
    y = z * cosine * (1 - t * t) / (2 * t) - x * z
    return (x, y, z), z * (1 + t * t) / (2 * t), Fraction(1)


@pytest.mark.parametrize("draw", [case_4, case_5b])
def test_mixed_signs(draw):
    random, found = Random(1), 0
    while found < POINTS:
        (x, y, z), rho, last = draw(random)
        R = correlations(*map(rational, (x, y, -z)))
        if R.det() <= 0 or (draw is case_5b and not -x * z < y < 0):
            continue
        found += 1
        matrix = mixed(x, y, z, rho, last)
        assert matrix.det() >= 1 and feasible(R, matrix)
        # A beta 5 % too small is not feasible: the test can fail.
        assert not feasible(R, mixed(x, y, z, rho + (1 - rho) / 20, last))


def test_equal_signs():
    random, found = Random(2), [0, 0, 0]
    while min(found) < POINTS:
        x, y, z = (sympy.Rational(random.randint(-99, 99), 100) for _ in range(3))
        R = correlations(x, y, z)
        if R.det() <= 0:
            continue
        inverse = R.inv()
        if max(x, y, z) <= 0:
            found[0] += 1
            assert feasible(R, sympy.eye(3))
        elif max(inverse[0, 1], inverse[0, 2], inverse[1, 2]) <= 0:
            found[1] += 1
            assert inverse.det() >= 1 and feasible(R, inverse)
        elif min(x, y, z) >= 0 and x > 0 and y > 0 and z < x * y:
            found[2] += 1
            raised = R + (x * y - z) * sympy.Matrix([[0, 0, 0], [0, x / y, 1], [0, 1, y / x]])
            assert raised.inv().det() >= 1 and feasible(R, raised.inv())
