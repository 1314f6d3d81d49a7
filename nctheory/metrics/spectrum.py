r"""Ranks and what else the singular values s_1 >= s_2 >= ... of a matrix say.

**The one tolerance rule.** s_i counts where

    s_i > max(tolerance, max(rows, columns) 2^-52) s_1    and    s_1 > floor.

* `tolerance` says from which share of the largest a direction means something. At trained
  networks and at the solver's end points this is a matter of taste and never of rounding:
  `STRUCTURE` = 10^-3, the default of every rank reported. Inside a pseudo-inverse, which is an
  exact operation, it is 0, and what counts is only that s_i is not rounding.
* `floor` says which matrices are zero as a whole. A relative rule cannot know: pass a number in
  the units of the matrix (the solver has one for each layer), or leave 0.

No relative threshold suits every spectrum, so `gap_rank` gives beside the rank how clear-cut it
is, and a second rank that knows no threshold: all before the largest gap.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import integer, require

Array = NDArray[np.floating[Any]]

STRUCTURE = 1e-3
LEAST_GAP = 10.0  # a smaller ratio of neighbours is no gap
FAINTEST = 1e-12  # of the largest: below, singular values count as equal when gaps are sought


class Rank(NamedTuple):
    """Two numerical ranks of one matrix; `gap` says how clear-cut the first is.

    Attributes
    ----------
    rank : int
        By the module's rule.
    gap : float
        The last singular value counted over the first that is not; inf if there is none.
    by_gap : int
        Singular values before the largest ratio of neighbours, if it is at least 10, with
        everything below 10^-12 of the largest raised to that; without such a ratio all above it.
    """

    rank: int
    gap: float
    by_gap: int


def counted(values: Array, shape: tuple[int, ...], tolerance: float = STRUCTURE,
            floor: float = 0.0) -> int:
    """How many of the falling singular values of a matrix of this shape count: the rule.

    Raises
    ------
    InputError
        For a tolerance outside [0, 1).
    """
    require(0 <= tolerance < 1, "tolerance", "be in [0, 1)", tolerance)
    if values.size == 0 or not values[0] > floor:
        return 0
    rounding = max(shape) * float(np.finfo(np.float64).eps)
    return int(np.sum(values > max(tolerance, rounding) * values[0]))


def numerical_rank(matrix: Array, tolerance: float = STRUCTURE, floor: float = 0.0) -> int:
    """The number of singular values that count by the module's rule; 0 for the zero matrix.

    Examples
    --------
    >>> numerical_rank(np.diag([1.0, 0.5, 1e-4])), numerical_rank(np.diag([1.0, 1e-4]), 1e-5)
    (2, 2)
    """
    return counted(np.linalg.svd(matrix, compute_uv=False), matrix.shape, tolerance, floor)


def gap_rank(matrix: Array, tolerance: float = STRUCTURE, floor: float = 0.0) -> Rank:
    """The rank by the rule and by the largest gap in the spectrum.

    Where the two differ the matrix has not made up its mind, or small directions carry meaning.

    Examples
    --------
    >>> gap_rank(np.diag([4.0, 1.0, 2.0**-30]))
    Rank(rank=2, gap=1073741824.0, by_gap=2)
    >>> gap_rank(np.diag([4.0, 1.0, 2.0**-7]))
    Rank(rank=3, gap=inf, by_gap=2)
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    rank = counted(values, matrix.shape, tolerance, floor)
    if rank == 0:
        return Rank(0, math.inf, 0)
    raised = np.maximum(values, FAINTEST * values[0])
    ratios = raised[:-1] / raised[1:]
    clear = ratios.size > 0 and ratios.max() >= LEAST_GAP
    by_gap = int(ratios.argmax()) + 1 if clear else int(np.sum(values > raised[0] * FAINTEST))
    whole = rank == values.size or values[rank] == 0
    return Rank(rank, math.inf if whole else float(values[rank - 1] / values[rank]), by_gap)


def row_space(matrix: Array, tolerance: float = STRUCTURE, floor: float = 0.0) -> Array:
    """Orthonormal rows (rank x d) spanning the directions of the rows that count."""
    _, values, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(right[:counted(values, matrix.shape, tolerance, floor)])


def stable_rank(matrix: Array) -> float:
    """|A|_F^2 / |A|_2^2, between 1 and the rank; 0 for the zero matrix by convention.

    Examples
    --------
    >>> stable_rank(np.eye(3)), stable_rank(np.diag([2.0, 1.0]))
    (3.0, 1.25)
    """
    return spread(np.linalg.svd(matrix, compute_uv=False))


def spread(values: Array) -> float:
    """`stable_rank` of a matrix with these singular values."""
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


def effective_rank(matrix: Array) -> float:
    """exp of the entropy of the singular values as shares of their sum [RV07]; 0 for zero.

    Between 1 and the rank, with no threshold; r equal singular values give r.

    Examples
    --------
    >>> round(effective_rank(np.eye(3)), 12), effective_rank(np.diag([2.0, 0.0]))
    (3.0, 1.0)
    """
    return perplexity(np.linalg.svd(matrix, compute_uv=False))


def perplexity(values: Array) -> float:
    """`effective_rank` of a matrix with these singular values."""
    shares = values[values > 0] / values.sum() if values[0] > 0 else values[:0]
    return math.exp(-float(shares @ np.log(shares))) if shares.size else 0.0
