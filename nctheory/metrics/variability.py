r"""NC1 and its relatives: how small the within-class variability is.

Throughout, with mu_c the class means, n_c the class sizes, N their sum:

    Sigma_W = (1/N) sum_i (x_i - mu_c(i)) (x_i - mu_c(i))^T
    Sigma_B = sum_c w_c (mu_c - g) (mu_c - g)^T

On classes of equal size everyone means the same Sigma_B. On unequal sizes packages differ, so
the weights w_c and the centre g have names:

    "classes"      w_c = 1/K,    g = mean of the class means     ([PHD20], the default here)
    "global-mean"  w_c = 1/K,    g = mean of all samples         (code after Zhu et al. 2021)
    "samples"      w_c = n_c/N,  g = mean of all samples         (Fisher: sums to the total)
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from scipy.spatial.distance import pdist

from nctheory.errors import InputError, choice, require
from nctheory.metrics.moments import Array, Moments
from nctheory.metrics.spectrum import counted

BETWEEN = ("classes", "global-mean", "samples")

# Most metrics of a layer need the decomposition of its Sigma_B: it is taken once.
_decomposed: WeakKeyDictionary[Moments, dict[str, tuple[Array, Array]]] = WeakKeyDictionary()


def between_factor(m: Moments, between: str = "classes") -> Array:
    """A (K x d) with Sigma_B = A^T A: row c is sqrt(w_c) (mu_c - g), see the module's table."""
    choice("between", between, BETWEEN)
    share = m.counts / m.samples
    equal = np.full(m.classes, 1 / m.classes)
    # Two steps: the second removes what rounding left of a mean far from the origin.
    offsets = m.means - m.means.mean(axis=0)
    offsets -= (equal if between == "classes" else share) @ offsets
    weights = share if between == "samples" else equal
    return np.asarray(np.sqrt(weights)[:, None] * offsets)


def rounding(m: Moments) -> float:
    """max(K, d) * 2^-52 * the largest entry of a mean: nearer means count as equal."""
    eps = float(np.finfo(np.float64).eps)
    return max(m.classes, m.width) * eps * float(np.abs(m.means).max())


def within(m: Moments) -> float:
    """tr Sigma_W = (1/N) sum_i |x_i - mu_c(i)|^2.

    Also the total cluster variation of [Z24] for the partition into classes (theirs is the
    least over partitions into K clusters, so at most this).
    """
    return float(m.spreads.sum() / m.samples)


def between(m: Moments, between: str = "classes") -> float:
    """tr Sigma_B, by one of the named conventions."""
    return float(np.square(between_factor(m, between)).sum())


def nc1(m: Moments, between: str = "classes", tolerance: float = 0.0) -> float:
    r"""NC1 = tr(Sigma_W pinv(Sigma_B)) / K  [PHD20].

    pinv by the symmetric eigendecomposition of Sigma_B = A^T A, taken as the singular value
    decomposition of A (the same vectors, without squaring the condition number). Every term
    u_i^T Sigma_W u_i / s_i^2 is a quotient of non-negative numbers, so NC1 >= 0.

    Variation outside the span of the centred class means is not seen by NC1 (the pseudo-inverse
    is 0 there); `trace_ratio` sees it.

    Parameters
    ----------
    m : Moments
    between : {"classes", "global-mean", "samples"}
        The convention for Sigma_B.
    tolerance : float
        Singular values of A count by the rule of `nctheory.metrics.spectrum`, here by default
        all that are not rounding; at most K-1, for the rows of A are linearly dependent.

    Raises
    ------
    InputError
        With one class, or class means that all coincide: Sigma_B = 0.

    Examples
    --------
    >>> round(nc1(Moments.of([[1, 0], [3, 0], [-1, 0], [-3, 0]], [0, 0, 1, 1])), 12)
    0.125
    """
    return nc1_of_scatter(m, m.scatter, between, tolerance)


def nc1_of_scatter(m: Moments, scatter: Array, between: str = "classes",
                   tolerance: float = 0.0) -> float:
    """`nc1` with Sigma_W = scatter / N in the place of that of m."""
    directions, values = between_directions(m, between, tolerance)
    variances = np.einsum("ij,jk,ik->i", directions, scatter, directions, optimize=True)
    # Divided twice: the square of a small value underflows before the quotient does.
    shares = np.maximum(variances, 0) / m.samples / values / values
    return float(np.sum(shares) / m.classes)


def between_directions(m: Moments, between: str = "classes",
                       tolerance: float = 0.0) -> tuple[Array, Array]:
    """Orthonormal rows spanning the range of Sigma_B, and the roots of their eigenvalues.

    Raises
    ------
    InputError
        Where Sigma_B = 0.
    """
    require(m.classes >= 2, "labels", "have at least 2 classes for a between-class scatter",
            m.classes)
    values, directions = _decomposition(m, between)
    rank = counted(values, m.means.shape, tolerance, floor=rounding(m))
    if rank == 0:
        raise InputError("features must have class means that differ (the between-class "
                         "scatter is zero), got equal means")
    rank = min(rank, m.classes - 1)
    return directions[:rank], values[:rank]


def _decomposition(m: Moments, between: str) -> tuple[Array, Array]:
    """Singular values and right singular vectors of `between_factor`."""
    choice("between", between, BETWEEN)
    if m.counts.min() == m.counts.max():
        between = "classes"  # classes of equal size: all conventions are one
    known = _decomposed.setdefault(m, {})
    if between not in known:
        _, values, directions = np.linalg.svd(between_factor(m, between), full_matrices=False)
        known[between] = values, directions
    return known[between]


def trace_ratio(m: Moments, between: str = "classes") -> float:
    """tr Sigma_W / tr Sigma_B: sees variation in every direction, needs no pseudo-inverse.

    Raises `InputError` where Sigma_B = 0.
    """
    _, values = between_directions(m, between)
    top = float(values[0])
    return within(m) / top / top / float(np.sum((values / top) ** 2))


def relative_variation(m: Moments) -> float:
    """tr Sigma_W / tr of the total covariance: in [0, 1], 0 at collapse, 1 at equal means.

    Raises `InputError` where all features are one point.
    """
    total = within(m) + between(m, "samples")
    require(total > 0, "features", "not all be the same point", "total covariance 0")
    return within(m) / total


def cdnv(m: Moments, unbiased: bool = False) -> float:
    r"""Class-distance normalised variance (Galanti, Gyorgy and Hutter 2022), mean over pairs.

        mean over c != c' of (v_c + v_c') / (2 |mu_c - mu_c'|^2),   v_c = spread_c / n_c

    `unbiased` divides the spread by n_c - 1 instead, as some packages do.

    Raises
    ------
    InputError
        With one class, where two class means coincide, or `unbiased` with a class of one
        sample.
    """
    require(m.classes >= 2, "labels", "have at least 2 classes", m.classes)
    require(not unbiased or int(m.counts.min()) >= 2, "labels",
            "have at least 2 samples in every class for an unbiased variance", "a single one")
    variances = m.spreads / (m.counts - int(unbiased))
    one, other = np.triu_indices(m.classes, 1)
    squares = pdist(m.means, "sqeuclidean")  # the same order of pairs
    if squares.min() <= rounding(m) ** 2:
        pair = int(np.argmin(squares))
        raise InputError("features must have distinct class means, got equal means for "
                         f"{m.labels[one[pair]]!s} and {m.labels[other[pair]]!s}")
    return float(np.mean((variances[one] + variances[other]) / (2 * squares)))
