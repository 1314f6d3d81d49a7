r"""Regression collapse: features in the subspace of the targets' dimension.

For n targets (the outputs of a linear last layer W, n x d), [ADG24] find that features collapse
to their n principal components (NRC1) and to the row space of W (NRC2), and that W W^T takes a
form given by the covariance Sigma of the targets (NRC3). Here the first two are shares of the
variance, and the scale of W does not matter (ours): all three are 0 at collapse.

The features' scatter is that of `Moments.of(features, zeros)`, all samples one class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from nctheory.errors import integer, require
from nctheory.metrics.arrays import check_matrix, whole
from nctheory.metrics.classifier import check_weight
from nctheory.metrics.moments import Array, Moments
from nctheory.metrics.spectrum import row_space


def _scatter(m: Moments) -> Array:
    require(m.classes == 1, "moments", "be of one class, Moments.of(features, zeros): regression "
            "has no labels", m.classes)
    require(float(np.trace(m.scatter)) > 0, "features", "not all be equal", 0)
    return m.scatter


def nrc1(m: Moments, targets: int) -> float:
    """1 - the share of the variance in the n largest principal components; in [0, 1].

    Examples
    --------
    >>> m = Moments.of([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]], [0, 0, 0])
    >>> nrc1(m, 1)
    0.0
    """
    values = np.linalg.eigvalsh(_scatter(m))
    n = integer("targets", targets, 1, m.width)
    return float(np.sum(np.maximum(values[:m.width - n], 0)) / np.sum(np.maximum(values, 0)))


def nrc2(m: Moments, weight: ArrayLike) -> float:
    """The share of the variance outside the row space of W; in [0, 1]."""
    basis = row_space(check_weight(weight, m.width), 0.0)
    scatter = _scatter(m)
    inside = np.einsum("ij,jk,ik->", basis, scatter, basis, optimize=True)
    return max(0.0, 1 - float(inside / np.trace(scatter)))


def nrc3(weight: ArrayLike, targets: ArrayLike) -> float:
    """Distance of W W^T to Sigma^(1/2) - g I, both of norm 1, at the best g; in [0, sqrt 2].

    Sigma (n x n) is the covariance of `targets` (N x n), and g is searched for from 0 to the
    least eigenvalue of its root, where the form is positive semi-definite.

    Examples
    --------
    >>> y = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> nrc3(np.diag([2.0**0.5, 1.0]), y) < 1e-6  # W W^T = diag(2, 1)
    True
    """
    y = whole(check_matrix("targets", targets))
    w = check_weight(weight, np.shape(weight)[1], y.shape[1])
    values, vectors = np.linalg.eigh(np.cov(y.T, bias=True).reshape(y.shape[1], -1))
    roots = np.sqrt(np.maximum(values, 0))
    require(float(roots[-1]) > 0, "targets", "not all be equal", 0)
    gram = w @ w.T / np.linalg.norm(w @ w.T)

    def distance(share: float) -> float:
        form = (vectors * (roots - share * roots[0])) @ vectors.T
        size = float(np.linalg.norm(form))
        return float(np.linalg.norm(gram - form / size)) if size > 0 else 2.0

    best = minimize_scalar(distance, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    return min(float(best.fun), distance(0.0), distance(1.0))
