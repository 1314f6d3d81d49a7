"""Exact integer linear algebra, against sympy."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from nctheory import InputError, integers


def random_matrix(shape, digits, seed):
    rng = np.random.default_rng(seed)
    return integers.as_integers(rng.integers(-10**digits, 10**digits, size=shape).tolist())


@pytest.mark.parametrize("n, digits", [(1, 1), (2, 3), (5, 1), (7, 12), (11, 4)])
def test_inverse_sums(n, digits):
    marks = random_matrix((n + 2, n), digits, n)
    gram = marks.T @ marks
    inverse = sympy.Matrix(gram).inv()
    trace, total = integers.inverse_sums(gram)
    assert (trace, total) == (Fraction(int(inverse.trace().p), int(inverse.trace().q)),
                              Fraction(int(sum(inverse).p), int(sum(inverse).q)))


def test_singular_matrices_have_no_inverse():
    marks = random_matrix((3, 5), 2, 0)  # rank 3
    assert integers.inverse_sums(marks.T @ marks) is None
    assert integers.inverse_sums(integers.as_integers([[0]])) is None


def test_a_prime_that_divides_the_determinant_is_skipped():
    p = integers.LARGEST_PRIME
    assert integers.inverse_sums(integers.as_integers([[p, 0], [0, 1]])) == (
        1 + Fraction(1, p), 1 + Fraction(1, p))


@pytest.mark.parametrize("rank", [0, 1, 3, 4])
@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 5)])
def test_rank(shape, rank):
    left, right = random_matrix((shape[0], rank), 5, 1), random_matrix((rank, shape[1]), 5, 2)
    product = left @ right if rank else integers.as_integers(np.zeros(shape, dtype=int))
    assert integers.rank(product) == rank


def test_primes():
    assert all(integers._is_prime(n) == sympy.isprime(n) for n in range(9, 3000, 2))
    largest = [next(integers._primes()), *[n for n, _ in zip(integers._primes(), range(20),
                                                             strict=False)]]
    assert largest[0] == 2**31 - 1 and all(map(sympy.isprime, largest))


@pytest.mark.parametrize("value", [[], [1, 2], [["a"]], [[float("nan")]], [[1], [1, 2]], None])
def test_no_matrix_is_named(value):
    with pytest.raises(InputError, match="mine must be a non-empty matrix of finite numbers"):
        integers.rational_matrix("mine", value)


def test_a_matrix_of_rationals_is_exact():
    found = integers.rational_matrix("mine", [[0.1, Fraction(1, 3)], [2, np.float32(0.5)]])
    assert found.tolist() == [[Fraction(0.1), Fraction(1, 3)], [2, Fraction(1, 2)]]
