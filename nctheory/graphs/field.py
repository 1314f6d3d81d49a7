"""Finite fields, as far as Paley graphs need them: the powers of a primitive element."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError


def prime_power(q: int) -> tuple[int, int] | None:
    """(p, e) with q = p^e for a prime p, or None.

    >>> prime_power(9), prime_power(13), prime_power(21)
    ((3, 2), (13, 1), None)
    """
    import sympy

    factors = sympy.factorint(q)
    return next(iter(factors.items())) if len(factors) == 1 else None


@lru_cache(maxsize=8)
def powers(q: int) -> tuple[int, ...]:
    """1, x, x^2, ..., x^(q-2) for a primitive element x of GF(q).

    An element is the integer whose digits in base p are its coefficients.  x^e is set to one
    combination of 1, ..., x^(e-1) after the other until the powers of x are all q - 1 elements
    but 0: then, and only then, the polynomial is primitive.

    >>> powers(9)
    (1, 3, 4, 7, 2, 6, 8, 5)
    """
    p, e = _order(q)
    one = (1,) + (0,) * (e - 1)
    for rule in product(range(p), repeat=e):
        if rule[0] == 0:  # x would not be invertible
            continue
        element, found = one, [1]
        while True:
            carried = (0, *element[:-1])
            element = tuple((a + element[-1] * c) % p for a, c in zip(carried, rule, strict=True))
            if element == one:
                break
            found.append(sum(digit * p**i for i, digit in enumerate(element)))
        if len(found) == q - 1:
            return tuple(found)
    raise AssertionError("every finite field has a primitive element")


def shifts(q: int, element: int, others: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
    """other + sign * element in GF(q), for each of the others.

    >>> shifts(9, 5, np.arange(3, 6), -1)    # 3 = x, 4 = x + 1, 5 = x + 2
    array([1, 2, 0])
    """
    p, e = _order(q)
    total = np.zeros_like(others)
    for i in range(e):
        digit = others // p**i + sign * (element // p**i)
        total += digit % p * p**i
    return total


def _order(q: int) -> tuple[int, int]:
    found = prime_power(q)
    if found is None:
        raise InputError(f"q must be a prime power, got {q}")
    return found
