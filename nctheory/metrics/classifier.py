"""Features against a linear classifier: NC3, NC4, DNC3.

A classifier is a weight matrix (rows x d) that acts on the features, x -> W x + b. Where its
rows are classes (NC3, NC4), row k belongs to the k-th label in sorted order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory.errors import require
from nctheory.metrics.arrays import CHUNK, blocks, check_finite, check_matrix, plain, whole
from nctheory.metrics.geometry import centred_means
from nctheory.metrics.moments import LEAST, MOST, Array, Moments
from nctheory.metrics.spectrum import STRUCTURE, row_space


def check_weight(weight: ArrayLike, width: int, rows: int | None = None) -> Array:
    """`weight` as a finite, non-zero float64 matrix with `width` columns (and `rows` rows)."""
    w = whole(check_matrix("weight", weight))
    check_finite("weight", w)
    require(w.shape[1] == width, "weight", f"have {width} columns, one a feature", w.shape)
    require(rows is None or len(w) == rows, "weight", f"have {rows} rows, one a class", w.shape)
    require(bool(w.any()), "weight", "not be zero", w.shape)
    largest = float(np.abs(w).max())
    require(LEAST < largest < MOST, "weight",
            f"have its largest entry between {LEAST:g} and {MOST:g}", largest)
    return w


def _self_dual(m: Moments, weight: ArrayLike) -> tuple[Array, Array]:
    return check_weight(weight, m.width, m.classes), centred_means(m)


def nc3(m: Moments, weight: ArrayLike) -> float:
    """NC3 = | W/|W|_F - M/|M|_F |_F^2, M the centred class means as rows [PHD20]; in [0, 4].

    `nc3_frobenius` is its root, which some packages report.
    """
    w, means = _self_dual(m, weight)
    return float(np.sum((w / np.linalg.norm(w) - means / np.linalg.norm(means)) ** 2))


def nc3_sample_mean(m: Moments, weight: ArrayLike) -> float:
    """`nc3` with M centred at the mean of all samples, as some packages have it.

    The same for classes of one size.
    """
    w, _ = _self_dual(m, weight)
    means = m.means - m.counts @ m.means / m.samples
    return float(np.sum((w / np.linalg.norm(w) - means / np.linalg.norm(means)) ** 2))


def nc3_frobenius(m: Moments, weight: ArrayLike) -> float:
    """| W/|W|_F - M/|M|_F |_F, the root of `nc3`."""
    return math.sqrt(nc3(m, weight))


def nc3_product(m: Moments, weight: ArrayLike) -> float:
    """| W M^T/|W M^T|_F - (I - J/K)/sqrt(K-1) |_F, the form of Zhu et al. 2021; in [0, 2].

    0 also where W and M are dual without being parallel.
    """
    w, means = _self_dual(m, weight)
    product = w @ means.T
    size = float(np.linalg.norm(product))
    require(size > 0, "weight", "not be orthogonal to every centred class mean", "W M^T = 0")
    k = m.classes
    return float(np.linalg.norm(product / size - (np.eye(k) - 1 / k) / math.sqrt(k - 1)))


def nc4(features: Any, means: Array, weight: ArrayLike, bias: ArrayLike | None = None,
        chunk: int = CHUNK) -> float:
    """NC4: share of samples where argmax(W x + b) is not the nearest class mean [PHD20].

    0 is collapse. Some packages give the agreement 1 - NC4: `nc4_agreement` in the report.
    """
    x = check_matrix("features", features)
    w = check_weight(weight, means.shape[1], len(means))
    b = np.zeros(len(w)) if bias is None else np.asarray(plain(bias), np.float64)
    require(b.shape == (len(w),) and bool(np.isfinite(b).all()), "bias",
            f"be {len(w)} finite numbers, one a class", b)
    misses = 0
    for _, part in blocks(x, chunk):
        block = np.asarray(part, np.float64)
        misses += int(np.sum(np.argmax(block @ w.T + b, axis=1) != nearest(block, means)))
    return misses / len(x)


def nearest(block: NDArray[Any], means: Array) -> NDArray[np.int64]:
    """For each row the index of the nearest class mean."""
    check_finite("features", block)
    require(block.shape[1] == means.shape[1], "features", f"have {means.shape[1]} columns",
            block.shape)
    centre = means.mean(axis=0)
    offsets = means - centre
    scores = (block - centre) @ offsets.T  # from the centre: less to cancel
    return np.asarray(np.argmax(scores - np.square(offsets).sum(axis=1) / 2, axis=1))


def dnc3(means: Array, weight: ArrayLike, tolerance: float = STRUCTURE,
         floor: float = 0.0) -> float:
    """DNC3: | W (I - P) |_F / |W|_F in [0, 1], P the projection on the span of the means.

    0 where every row of W lies in the span [SLM24]. Pass sigma(M_l) for features given before
    the activation. The span has the dimension that `numerical_rank` reports, by the same rule.

    Raises
    ------
    InputError
        For zero means or a zero weight.
    """
    w = check_weight(weight, means.shape[1])
    basis = row_space(means, tolerance, floor)
    require(len(basis) > 0, "class means", "not all be zero", "zero means")
    return float(np.linalg.norm(w - (w @ basis.T) @ basis) / np.linalg.norm(w))


def nc0(weight: ArrayLike) -> float:
    """NC0 = |sum_k w_k|^2 / (K |W|_F^2), w_k the rows of the last layer; in [0, 1].

    The rows of a classifier that has collapsed to a simplex sum to zero, so NC0 -> 0 is necessary
    for collapse, and under decoupled weight decay it fails [ZCML26]; scaled here (ours) so that
    the size of W does not matter. An orthogonal frame, as the squared loss has it, has 1/K.

    Examples
    --------
    >>> nc0(np.eye(4) - 0.25), nc0(np.eye(4)), nc0([[1.0, 0.0], [1.0, 0.0]])
    (0.0, 0.25, 1.0)
    """
    w = whole(check_matrix("weight", weight))
    w = check_weight(w, w.shape[1])
    return float(np.sum(w.sum(axis=0) ** 2) / (len(w) * np.sum(w**2)))


def nc3_cosine(m: Moments, weight: ArrayLike) -> float:
    """1 - mean over classes of cos(w_k, mu_k - g): self-duality by direction; in [0, 2].

    Row norms do not matter, which is what can be asked for K > d + 1 [JZW24] and for classes of
    unequal size.
    """
    w, means = _self_dual(m, weight)
    sizes = np.linalg.norm(w, axis=1) * np.linalg.norm(means, axis=1)
    require(bool(sizes.min() > 0), "weight and class means", "have no zero row", 0)
    return float(1 - np.mean(np.einsum("ij,ij->i", w, means) / sizes))
