"""Exact costs of linear networks."""

import math
from fractions import Fraction

import mpmath
import pytest

from nctheory.constructions.schatten import SchattenCost


@pytest.mark.parametrize("degree, spectrum", [
    (3, {Fraction(4): 5}), (4, {Fraction(4): 2, Fraction(1): 1}), (2, {Fraction(9, 4): 3}),
    (5, {Fraction(9, 4): 2, Fraction(16, 9): 3, Fraction(1): 2}), (7, {Fraction(32, 243): 1})])
def test_schatten_cost_is_exact(degree, spectrum):
    cost = SchattenCost(degree, spectrum)
    with mpmath.workdps(60):
        c = mpmath.fsum(m * (mpmath.mpf(t.numerator) / t.denominator) ** (mpmath.mpf(1) / degree)
                        for t, m in spectrum.items())
        low, high = cost.root_bounds(150)
        assert low <= high and abs(mpmath.mpf(low.numerator) / low.denominator - c) < 1e-40
        for offset in (Fraction(-1, 10**30), Fraction(1, 10**30)):
            assert cost.compare_root(Fraction(int(c * 10**40), 10**40) + offset) == (
                -1 if offset > 0 else 1)
        assert cost.log == pytest.approx(float(degree * mpmath.log(c)), rel=1e-14)
        assert float(cost.expression) == pytest.approx(math.exp(cost.log), rel=1e-12)


def test_rational_costs_tie_exactly():
    assert SchattenCost(2, {Fraction(9, 4): 4}).compare_root(6) == 0
    assert SchattenCost(2, {Fraction(9, 4): 4}).decided_by_integers
    assert not SchattenCost(2, {Fraction(2): 1, Fraction(3): 1}).decided_by_integers
