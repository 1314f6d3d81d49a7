"""Orthogonal factors by polynomials: U V^T of a matrix U S V^T from products alone."""

from __future__ import annotations

from functools import cache

import numpy as np

LEAST = 1e-3  # share of |A|_F from which on a singular value becomes 1


@cache
def polynomials() -> tuple[tuple[float, float, float], ...]:
    """(a, b, c) of odd quintics a s + b s^3 + c s^5, which one after the other take all of
    [LEAST, 1] to 1, to rounding; below LEAST they grow by 2000 all together, so that what is
    rounding in a singular value 0 stays small.

    Each is the best approximation of 1 on the interval that the last has left (Zolotarev's
    problem; greedy choices are the best composition: Amsel, Persson, Musco and Gower 2025), by
    Remez's exchange: 1 - p takes its largest modulus, with changing signs, at both ends and at
    the two critical points between them.

    Examples
    --------
    >>> s = np.array([1e-3, 0.03, 1.0])
    >>> for a, b, c in polynomials():
    ...     s = a * s + b * s**3 + c * s**5
    >>> len(polynomials()), bool(np.abs(s - 1).max() < 1e-15)
    (8, True)
    """
    found, low, high = [], LEAST, 1.0
    while high - low > 1e-8:
        inner = np.array([3 * low + high, low + 3 * high]) / 4
        for _ in range(50):
            s = np.array([low, *inner, high])
            a, b, c, error = np.linalg.solve(
                np.column_stack([s, s**3, s**5, [1, -1, 1, -1]]), np.ones(4))
            root = np.sqrt(9 * b * b - 20 * a * c)
            inner = np.sqrt(np.array([-3 * b - root, -3 * b + root]) / (10 * c))
        found.append((float(a), float(b), float(c)))
        low, high = 1 - abs(error), 1 + abs(error)
    return *found, (15 / 8, -10 / 8, 3 / 8)
