r"""The best shape of a feature set: its zeros and its symmetry stay, its values move.

Entries of F that no symmetry tells apart (colour refinement of rows, columns and values, so
orbits of automorphisms stay together) share one positive value; |F|_*^2 C2(F)^2, all that
a chain of one set depends on for every L, is minimised over these values.  To find them the
neurons of the gauge move along, with a smoothed ReLU that sharpens; the values end as integers
of three digits, whose C2 is then solved anew.  Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nctheory.atlas.search import Matrix
from nctheory.feature_sets import FeatureSet
from nctheory.integers import Integers

DIGITS = 1000
SMOOTHING = (3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5)
GENTLE = SMOOTHING[3:]  # where few neurons are just enough, much smoothing loses them
STEPS = 150
NO_FIT = 1e4
WIDEST = 4.0


def entry_classes(matrix: Integers) -> NDArray[np.int64]:
    """Numbers from 0 for the classes of positive entries, -1 for zeros.

    Two points and their edge:

    >>> entry_classes(np.array([[2, 0, 1], [0, 2, 1]], dtype=object)).tolist()
    [[1, -1, 0], [-1, 1, 0]]
    """
    rows, columns = [0] * len(matrix), [0] * matrix.shape[1]
    count = 0
    while True:
        rows = _numbered([(rows[i], *sorted(zip(row, columns, strict=True)))
                          for i, row in enumerate(matrix)])
        columns = _numbered([(columns[j], *sorted(zip(column, rows, strict=True)))
                             for j, column in enumerate(matrix.T)])
        now = len(set(rows)) + len(set(columns))
        if now == count:
            break
        count = now
    keys = [(value, rows[i], columns[j]) for (i, j), value in np.ndenumerate(matrix) if value]
    numbers = iter(_numbered(keys))
    return np.array([[next(numbers) if value else -1 for value in row] for row in matrix])


def _numbered(keys: Sequence[tuple[Any, ...]]) -> list[int]:
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return [order[key] for key in keys]


def shaped(features: FeatureSet, rows: Matrix) -> FeatureSet:
    """The set with better values; `rows` are the neurons of its gauge.

    Returns `features` itself where its values are all one class.
    """
    classes = entry_classes(features.matrix)
    count = classes.max() + 1
    if count < 2:
        return features
    support = classes >= 0
    values = np.zeros(count)
    values[classes[support]] = np.log(features.floats[support])
    rows = rows * math.sqrt(features.classes * len(rows)) / np.linalg.norm(rows @ features.floats)
    x = np.append(values, rows.ravel())

    def shape(x: Matrix) -> Matrix:
        return np.where(support, np.exp(x[:count])[classes], 0.0)

    def objective(x: Matrix, smoothing: float) -> tuple[float, Matrix]:
        F, V = shape(x), x[count:].reshape(rows.shape)
        value, by_F, by_V = _log_cost(F, V, smoothing)
        by_value = np.bincount(classes[support], (by_F * F)[support], count)
        return value, np.append(by_value, by_V.ravel())

    # No entry comes near to zero or leaves the others behind.
    bounds = [(value - WIDEST, value + WIDEST) for value in values] + [(None, None)] * rows.size
    ends = []
    for schedule in (SMOOTHING, GENTLE):
        end = x
        for smoothing in schedule:
            end = minimize(objective, end, (smoothing,), jac=True, method="L-BFGS-B",
                           bounds=bounds, options={"maxiter": STEPS, "maxcor": 20}).x
        ends.append((objective(end, 1e-12)[0], end))
    F = shape(min(ends, key=lambda pair: pair[0])[1])
    matrix = np.maximum(np.rint(DIGITS * F / F.max()), support).astype(np.int64)
    return FeatureSet(f"{features.name}*", matrix)


def _log_cost(F: Matrix, V: Matrix, smoothing: float) -> tuple[float, Matrix, Matrix]:
    """log of |F|_*^2 |V|_F^2 tr((S^T S)^-1), S the smoothed sigma(V F); slopes in F and V."""
    u, s, vt = np.linalg.svd(F, full_matrices=False)
    A = V @ F
    root = np.sqrt(A**2 + smoothing**2)
    S = (A + root) / 2
    values, basis = np.linalg.eigh(S.T @ S)
    if not values[0] > 1e-13 * values[-1] or s[0] < 1e-9:  # no fit: the line search turns back
        return NO_FIT, np.zeros_like(F), np.zeros_like(V)
    inverse = basis / values @ basis.T
    trace, size = float(np.sum(1 / values)), float(np.sum(V**2))
    by_A = -2 / trace * (S @ inverse @ inverse) * (1 + A / root) / 2
    value = 2 * math.log(s.sum()) + math.log(size) + math.log(trace)
    return value, 2 / s.sum() * (u @ vt) + V.T @ by_A, by_A @ F.T + 2 / size * V
