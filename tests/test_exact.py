"""Exact signs, roots and enclosures, against mpmath and against squaring by hand."""

import math
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory.exact import (
    RepresentationCost,
    decide,
    integer_root,
    log,
    root_bounds,
    sign,
    sign_with_root,
)

rationals = st.fractions(-10**6, 10**6, max_denominator=10**6)
positive = st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**6)


@given(rationals, rationals, st.integers(0, 10**9))
def test_sign_with_root_agrees_with_high_precision(a, b, d):
    with mpmath.workdps(60):
        value = (mpmath.mpf(a.numerator) / a.denominator
                 + mpmath.mpf(b.numerator) / b.denominator * mpmath.sqrt(d))
        assert sign_with_root(a, b, d) == (0 if abs(value) < 1e-40 else sign(value))


@given(rationals, st.integers(0, 10**4))
def test_sign_with_root_finds_ties(b, root):
    assert sign_with_root(-b * root, b, root * root) == 0


@given(st.integers(0, 10**60), st.integers(1, 40))
def test_integer_root_is_the_floor(number, degree):
    root = integer_root(number, degree)
    assert root**degree <= number < (root + 1) ** degree


@given(positive, st.integers(1, 50), st.integers(1, 200))
def test_root_bounds_enclose_and_are_close(number, degree, bits):
    low, high = root_bounds(number, degree, bits)
    assert low**degree <= number <= high**degree
    assert high - low <= Fraction(1, 2**bits)


def test_root_bounds_of_tiny_numbers_keep_relative_precision():
    low, high = root_bounds(Fraction(1, 10**300), 3, 50)
    assert low <= Fraction(1, 10**100) <= high
    assert (high - low) / high < Fraction(1, 2**40)


@pytest.mark.parametrize("number", [
    Fraction(10**300 + 7, 10**300 - 10**289), Fraction(4**200 - 1, 3 * 4**199 + 1),
    Fraction(2**99 + 1, 2**100), Fraction(2**100, 2**99 + 1), Fraction(3, 2), Fraction(2, 3),
    Fraction(7**3000, 5**3600), Fraction(5**3600, 7**3000), Fraction(1, 10**400), Fraction(1)])
def test_log_to_a_few_ulps(number):
    """Relative to the result, however near to 1 the number is; mpmath with 400 digits."""
    with mpmath.workdps(400):
        exact = mpmath.log(mpmath.mpf(number.numerator) / number.denominator)
        assert abs(log(number) - exact) <= 4e-16 * abs(exact)


def test_log_of_numbers_beyond_floats():
    assert log(Fraction(10**5000, 3**7000)) == pytest.approx(
        5000 * math.log(10) - 7000 * math.log(3), rel=1e-14)


@given(positive, st.dictionaries(positive, st.integers(1, 50), min_size=1, max_size=4), positive)
def test_representation_cost_against_high_precision(scale, spectrum, number):
    cost = RepresentationCost(scale, spectrum)
    with mpmath.workdps(80):
        norm = sum(m * mpmath.sqrt(mpmath.mpf(t.numerator) / t.denominator)
                   for t, m in spectrum.items())
        exact = norm**2 * scale.numerator / scale.denominator
        low, high = cost.bounds(128)
        assert mpmath.mpf(low.numerator) / low.denominator <= exact
        assert mpmath.mpf(high.numerator) / high.denominator >= exact
        assert (high - low) / high < Fraction(1, 2**100)
        difference = exact - mpmath.mpf(number.numerator) / number.denominator
        if abs(difference) > exact * mpmath.mpf(10) ** -60:
            assert cost.compare(number) == sign(difference)
        assert cost.log == pytest.approx(float(mpmath.log(exact)), rel=1e-14, abs=1e-14)


def test_a_tie_of_one_square_root_is_found_and_of_three_is_left_undecided():
    one = RepresentationCost(Fraction(1), {Fraction(4): 1, Fraction(9): 1})
    assert one.compare(25) == 0
    three = RepresentationCost(Fraction(1), {Fraction(1): 1, Fraction(4): 1, Fraction(9): 1})
    assert three.compare(36) is None
    assert three.compare(Fraction(36) + Fraction(1, 10**900)) == -1


def test_expression_is_the_same_number():
    cost = RepresentationCost(Fraction(1375, 18), {Fraction(8): 1, Fraction(3): 4})
    assert float(cost.expression) == pytest.approx(math.exp(cost.log), rel=1e-14)


def test_log_bounds_contain_the_logarithm():
    from fractions import Fraction

    from nctheory.exact import log_bounds

    with mpmath.workdps(80):
        for number in (Fraction(1), Fraction(2), Fraction(1, 3), Fraction(10**50 + 1, 7),
                       Fraction(math.exp(-700)), Fraction(999, 1000), Fraction(3, 2) ** 40):
            for bits in (10, 64, 200):
                low, high = log_bounds(number, bits)
                exact = mpmath.log(mpmath.mpf(number.numerator) / number.denominator)
                low, high = (mpmath.mpf(f.numerator) / f.denominator for f in (low, high))
                assert low <= exact <= high and high - low < mpmath.mpf(2) ** (4 - bits)


def test_decide_stops_at_the_first_precision_that_separates():
    asked = []

    def bounds(bits):
        asked.append(bits)
        return root_bounds(Fraction(2), 2, bits)

    near = Fraction(math.isqrt(2 * 4**100), 2**100)  # below sqrt 2 by less than 2^-100
    assert decide(bounds, near) == 1 and asked == [64, 256]
    assert decide(lambda bits: (Fraction(1), Fraction(2)), Fraction(3, 2)) is None
