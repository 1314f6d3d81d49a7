"""Costs that are algebraic numbers."""

import mpmath
import pytest

from nctheory.atlas.algebraic import minimum, polynomial
from nctheory.atlas.simplify import entry_orbits, simplified
from nctheory.constructions import stored


def floats(chain):
    return [m.astype(float) for m in chain.matrices]


def test_three_points_of_the_plane_cost_an_algebraic_number():
    """K = 3, L = 4 by hand.  M_2 = M_3 = [[1, t, 0], [0, t, 1]]; W_3 has the rows +-(1, -1) and
    (b, c), (c, b), s = b + c, x = (b - c)^2:  M_2 has the singular values 1, sqrt(1 + 2 t^2), and
    the Gram matrix of sigma(M_4) splits into its symmetric and antisymmetric parts (ours)."""
    def cost(t, s, x):
        trace = 1 / (1 + x) + (1 + s**2 + 2 * s**2 * t**2) / (2 * s**2 * t**2)
        return (1 + mpmath.sqrt(1 + 2 * t**2)) ** 2 * 2 * (4 + s**2 + x) * trace

    with mpmath.workdps(60):
        slopes = [lambda *at, n=n: mpmath.diff(cost, at, n)
                  for n in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
        at = mpmath.findroot(slopes, (0.93, 1.02, 0.38), tol=1e-60)
        expected = cost(*at)
        simple = simplified(floats(stored.chain(3, 4)))
        found = minimum(simple.factors, entry_orbits(simple.factors, simple.group))
        assert abs(found - expected) < mpmath.mpf(10) ** -25
        assert simple.value == pytest.approx(float(mpmath.log(expected)), abs=1e-13)
        coefficients = polynomial(found)
        assert coefficients == (1, -328, 26936, -646816, 714256, -2135552, 8423936, -278528, 4096)
