"""Exact linear algebra of integer matrices: ranks, and sums over an inverse Gram matrix."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError, require, show

# A matrix of Python integers of any size (dtype object), which NumPy multiplies exactly.
Integers = NDArray[Any]

LARGEST_PRIME = 2**31 - 1  # the product of two residues fits into 64 bits


def integral(rows: Iterable[Iterable[Fraction | int]]) -> Integers:
    """A rational matrix times its least common denominator."""
    matrix = [list(row) for row in rows]
    denominator = math.lcm(*(value.denominator for row in matrix for value in row))
    return as_integers([[int(value * denominator) for value in row] for row in matrix])


def fractions(matrix: Any) -> Integers:
    """A matrix of numbers (floats are the rationals that they are) as exact fractions."""
    out = np.empty(np.shape(matrix), dtype=object)
    for index, value in np.ndenumerate(np.asarray(matrix, dtype=object)):
        out[index] = Fraction(value.item() if hasattr(value, "item") else value)
    return out


def rational_matrix(name: str, value: Any) -> Integers:
    """`value` as a non-empty matrix of exact fractions; an `InputError` where it is none."""
    requirement = "be a non-empty matrix of finite numbers"
    try:
        exact = fractions(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must {requirement}, got {show(value)}") from None
    require(exact.ndim == 2 and exact.size > 0, name, requirement, value)
    return exact


def as_integers(rows: Any) -> Integers:
    """`rows` as a matrix of Python integers."""
    shape = np.shape(rows)
    out = np.empty(shape, dtype=object)
    for i, row in enumerate(rows):
        out[i] = [int(value) for value in row]
    return out


def triangular_root(classes: int) -> int:
    """The most vertices r of a complete graph with at most so many edges: r(r-1)/2 <= K.

    >>> [(K, triangular_root(K)) for K in (0, 1, 2, 3, 10, 14, 15)]
    [(0, 1), (1, 2), (2, 2), (3, 3), (10, 5), (14, 5), (15, 6)]
    """
    return (1 + math.isqrt(1 + 8 * classes)) // 2


def edge_vertices(classes: int, least: int) -> int | None:
    """r with K = r(r-1)/2 edges of the complete graph, where there is one and it is >= `least`.

    >>> [edge_vertices(K, 4) for K in (3, 6, 7, 10)]
    [None, 4, None, 5]
    """
    r = triangular_root(classes)
    return r if r >= least and r * (r - 1) // 2 == classes else None


def forward(matrices: Sequence[Integers]) -> list[Integers]:
    """[M_1, ..., M_l] of a chain H_1, W_1, ...: M_2 = W_1 H_1, then M_{l+1} = W_l max(M_l, 0).

    Exact for matrices of Python integers or fractions (dtype object); floats go as well.

    >>> [mean.tolist() for mean in forward([np.array([[2, -1]]), np.array([[1]]), np.eye(1)])]
    [[[2, -1]], [[2, -1]], [[2.0, 0.0]]]
    """
    means = list(matrices[:1])
    for index, factor in enumerate(matrices[1:]):
        means.append(factor @ (np.maximum(means[-1], 0) if index else means[-1]))
    return means


def squared_norm(matrix: Integers) -> int:
    """|matrix|_F^2."""
    return sum(int(value) ** 2 for value in matrix.flat)


def rank(matrix: Integers) -> int:
    """The rank, by fraction-free elimination (Bareiss): every division is exact.

    >>> rank(as_integers([[1, 2, 3], [2, 4, 6], [1, 0, 1]]))
    2
    """
    rows = [list(row) for row in (matrix if len(matrix) <= matrix.shape[1] else matrix.T)]
    done, previous = 0, 1
    for column in range(len(rows[0])):
        pivot = next((i for i in range(done, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        head = rows[done]
        lead = head[column]
        for i in range(done + 1, len(rows)):
            factor = rows[i][column]
            rows[i] = [(lead * x - factor * y) // previous
                       for x, y in zip(rows[i], head, strict=True)]
        previous = lead
        done += 1
        if done == len(rows):
            break
    return done


def inverse_sums(gram: Integers) -> tuple[Fraction, Fraction] | None:
    """tr(gram^-1) and 1^T gram^-1 1 of a positive semi-definite integer matrix; None: singular.

    The determinant and the adjugate's sums modulo enough primes: Hadamard's inequality bounds
    them by products of diagonal entries, the Chinese remainder theorem gives them back.

    >>> inverse_sums(as_integers([[2, 1], [1, 2]]))
    (Fraction(4, 3), Fraction(2, 3))
    >>> inverse_sums(as_integers([[1, 1], [1, 1]])) is None
    True
    """
    n = len(gram)
    diagonal = [int(value) for value in np.diagonal(gram)]
    if min(diagonal) == 0:
        return None
    product = math.prod(diagonal)
    # |1^T adj 1| <= n tr(adj): the adjugate is positive semi-definite.
    bound = n * sum(product // d + 1 for d in diagonal) + product
    modulus, numbers = 1, [0, 0, 0]
    primes = _primes()
    while modulus <= bound:
        batch = list(itertools.islice(primes, min(64, 2 + bound.bit_length() // 31)))
        for p, residues in zip(batch, _inverses(gram, batch), strict=True):
            if residues[0] == 0:
                # A determinant other than 0 has few prime factors of 31 bits.
                if rank(gram) < n:
                    return None
                continue
            step = pow(modulus, -1, p)
            numbers = [number + modulus * ((residue - number) * step % p)
                       for number, residue in zip(numbers, residues, strict=True)]
            modulus *= p
    determinant, trace, total = numbers
    return Fraction(trace, determinant), Fraction(total, determinant)


def _inverses(gram: Integers, primes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """det, tr(adj) and 1^T adj 1 modulo each prime (zeros where it divides det), all at once."""
    n = len(gram)
    p = np.array(primes, dtype=np.int64)[:, None, None]
    work = np.zeros((len(primes), n, 2 * n), dtype=np.int64)
    for i, prime in enumerate(primes):
        work[i, :, :n] = (gram % prime).astype(np.int64)
    work[:, range(n), range(n, 2 * n)] = 1
    determinants = [1] * len(primes)
    for j in range(n):
        for i, prime in enumerate(primes):
            row = j + int(np.argmax(work[i, j:, j] != 0))
            pivot = int(work[i, row, j])
            if row != j:
                work[i, [j, row]] = work[i, [row, j]]
                determinants[i] = -determinants[i]
            determinants[i] = determinants[i] * pivot % prime
            if pivot:
                work[i, j] = work[i, j] * pow(pivot, -1, prime) % prime
        factors = work[:, :, j].copy()
        factors[:, j] = 0
        work = (work - factors[:, :, None] * work[:, j, None, :] % p) % p
    for determinant, prime, whole in zip(determinants, primes, work, strict=True):
        inverse = whole[:, n:]
        yield (determinant, determinant * int(np.trace(inverse)) % prime,
               determinant * int(inverse.sum()) % prime)


def _primes() -> Iterator[int]:
    """Primes from 2^31 - 1 downwards."""
    return (n for n in range(LARGEST_PRIME, 3, -2) if _is_prime(n))


def _is_prime(n: int) -> bool:
    """Miller's test with bases 2, 3, 5, 7: exact for odd 7 < n < 3 215 031 751."""
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    odd = (n - 1) >> twos
    for base in (2, 3, 5, 7):
        power = pow(base, odd, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % n
            if power == n - 1:
                break
        else:
            return False
    return True
