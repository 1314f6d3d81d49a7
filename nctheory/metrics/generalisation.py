"""Train and test [HBN22]: collapse of unseen samples, and what a linear probe still finds.

A network collapses *strongly* on the test set where each test feature goes to the TRAIN mean of
its own class, *weakly* where it goes to some class's train mean. Both are measured here in the
same unit, tr Sigma_B of the train set, so they compare with `trace_ratio` of the train set.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nctheory.errors import require
from nctheory.metrics.arrays import (
    CHUNK,
    blocks,
    check_finite,
    check_matrix,
    check_pair,
    whole,
)
from nctheory.metrics.classifier import nearest
from nctheory.metrics.moments import Array, Moments, codes
from nctheory.metrics.variability import between_directions, nc1_of_scatter, within


def strong(train: Moments, test: Moments) -> float:
    """Mean over test samples of |x - mu_c(x)|^2 over tr Sigma_B, both of the train set."""
    return within(test.around(train)) / _separation(train)


def strong_nc1(train: Moments, test: Moments) -> float:
    """NC1 with Sigma_W of the test samples around the train means, Sigma_B of the train set."""
    around = test.around(train)
    return nc1_of_scatter(train, around.scatter * (train.samples / test.samples))


def ratio(train: Moments, test: Moments) -> float:
    """tr Sigma_W of the test set (around the train means) over tr Sigma_W of the train set.

    1 where collapse generalises; it grows without bound where only the train set collapses.
    Raises `InputError` where the train set has no within-class variance at all.
    """
    require(within(train) > 0, "features", "have some within-class variance to compare with", 0)
    return within(test.around(train)) / within(train)


def weak(train: Moments, features: Any, chunk: int = CHUNK) -> float:
    """Mean over test samples of min_c |x - mu_c|^2, divided by tr Sigma_B; at most `strong`."""
    x = check_matrix("test_features", features)
    total = 0.0
    for _, part in blocks(x, chunk):
        block = np.asarray(part, np.float64)
        # A difference, not |x|^2 - 2 x.mu + |mu|^2: exact for features that sit on a mean.
        total += float(np.square(block - train.means[nearest(block, train.means)]).sum())
    return total / len(x) / _separation(train)


def _separation(train: Moments) -> float:
    """tr Sigma_B; `InputError` where it is zero."""
    return float(np.sum(between_directions(train)[1] ** 2))


def nearest_mean_error(train: Moments, features: Any, labels: ArrayLike,
                       chunk: int = CHUNK) -> float:
    """Share of samples whose nearest train class mean is not their own class's."""
    x, y = check_pair(features, labels)
    own = codes(y, train.labels, "test_labels")
    wrong = 0
    for rows, block in blocks(x, chunk):
        index = nearest(np.asarray(block, np.float64), train.means)
        wrong += int(np.sum(index != own[rows]))
    return wrong / len(x)


def linear_probe(features: ArrayLike, labels: ArrayLike, test_features: ArrayLike,
                 test_labels: ArrayLike) -> float:
    """Test accuracy of a linear classifier fitted to fixed features.

    One-hot ridge regression with an intercept. Its strength is chosen by the leave-one-out
    error on the TRAIN set (exact, from one singular value decomposition) among 10^-12 .. 10^1
    times the largest squared singular value, so that variation a collapse has made small can
    still be used.

    Examples
    --------
    >>> linear_probe([[0.], [1.], [5.], [6.]], [0, 0, 1, 1], [[0.4], [5.5]], [0, 1])
    1.0
    """
    x, y = check_pair(features, labels)
    x_test, y_test = check_pair(test_features, test_labels)
    require(x.shape[1] == x_test.shape[1], "test_features", f"have {x.shape[1]} columns",
            x_test.shape)
    classes, code = np.unique(y, return_inverse=True)
    truth = codes(y_test, classes, "test_labels")
    train, test = whole(x), whole(x_test)
    check_finite("features", train)
    check_finite("test_features", test)
    centre, targets = train.mean(axis=0), np.eye(len(classes))[code]
    share = targets.mean(axis=0)
    left, values, right = np.linalg.svd(train - centre, full_matrices=False)
    projected = left.T @ (targets - share)

    def leave_one_out(strength: float) -> float:
        kept = _shrinkage(values, strength)
        leverage = np.square(left) @ kept + 1 / len(x)
        residual = targets - share - left @ (kept[:, None] * projected)
        return float(np.sum((residual / np.maximum(1 - leverage, 1e-8)[:, None]) ** 2))

    top = float(values[0]) ** 2
    strength = min((top * 10.0**p for p in range(-12, 2)), key=leave_one_out)
    inverse = np.divide(_shrinkage(values, strength), values, out=np.zeros_like(values),
                        where=values > 0)
    scores = (test - centre) @ right.T @ (inverse[:, None] * projected) + share
    return float(np.mean(np.argmax(scores, axis=1) == truth))


def _shrinkage(values: Array, strength: float) -> Array:
    """s^2 / (s^2 + strength), 0 for s = 0."""
    squares = values**2
    return np.divide(squares, squares + strength, out=np.zeros_like(squares), where=squares > 0)
