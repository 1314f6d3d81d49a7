"""Numerical ranks of a matrix, from its singular values."""

from __future__ import annotations

import numpy as np

from nctheory.errors import integer, require
from nctheory.metrics.moments import Array


def numerical_rank(matrix: Array, tolerance: float = 1e-3) -> int:
    """The number of singular values above tolerance * the largest; 0 for the zero matrix.

    The tolerance is a matter of taste at trained networks, never of rounding: state it.

    Examples
    --------
    >>> numerical_rank(np.diag([1.0, 0.5, 1e-4])), numerical_rank(np.diag([1.0, 1e-4]), 1e-5)
    (2, 2)
    """
    require(0 <= tolerance < 1, "tolerance", "be in [0, 1)", tolerance)
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > tolerance * values[0]))


def stable_rank(matrix: Array) -> float:
    """|A|_F^2 / |A|_2^2, between 1 and the rank; 0 for the zero matrix by convention.

    Examples
    --------
    >>> stable_rank(np.eye(3)), stable_rank(np.diag([2.0, 1.0]))
    (3.0, 1.25)
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    return float(np.sum(np.square(values / values[0]))) if values[0] > 0 else 0.0


def distance_to_rank(matrix: Array, rank: int) -> float:
    """dist_F(A, matrices of rank at most `rank`) = sqrt(sum of s_i^2 over i > rank).

    Examples
    --------
    >>> distance_to_rank(np.diag([5.0, 4.0, 3.0]), 1)
    5.0
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    return float(np.linalg.norm(values[integer("rank", rank, 0):]))
