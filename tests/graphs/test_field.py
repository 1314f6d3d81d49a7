"""Finite fields: the axioms that Paley graphs rest on, against integers modulo primes."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError
from nctheory.graphs.field import powers, prime_power, shifts

ORDERS = [4, 5, 8, 9, 13, 16, 25, 27, 49, 81, 121, 125]


@given(st.integers(2, 5000))
def test_prime_powers_are_those_of_sympy(q):
    found = prime_power(q)
    assert (found is not None) == (sympy.isprime(q) or (
        sympy.perfect_power(q) is not False and sympy.isprime(sympy.perfect_power(q)[0])))
    if found is not None:
        assert found[0] ** found[1] == q


@pytest.mark.parametrize("q", ORDERS)
def test_multiplication_by_powers_is_distributive(q):
    """x^i (a - b) = x^i a - x^i b, with the products by the logarithms of the elements: with
    every element but 0 a power of x these are a field's axioms."""
    exponents = powers(q)
    assert sorted(exponents) == list(range(1, q))
    logarithm = {element: i for i, element in enumerate(exponents)}

    def times(i, elements):
        return np.array([exponents[(i + logarithm[a]) % (q - 1)] if a else 0 for a in elements])

    everything = np.arange(q)
    for b in (1, q // 2, q - 1):
        for i in (1, 2, q - 2):
            product = int(times(i, [b])[0])
            assert np.array_equal(times(i, shifts(q, b, everything, -1)),
                                  shifts(q, product, times(i, everything), -1))


@pytest.mark.parametrize("q", [5, 13, 101])
def test_prime_fields_are_the_integers_modulo_q(q):
    x = powers(q)[1]
    assert powers(q) == tuple(pow(x, i, q) for i in range(q - 1))
    assert shifts(q, 3, np.arange(q), -1).tolist() == [(a - 3) % q for a in range(q)]


def test_other_orders_are_refused():
    with pytest.raises(InputError, match="q must be a prime power, got 12"):
        powers(12)
