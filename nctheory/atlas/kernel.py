"""The smoothed objective of the search and its minimisation: one compiled call tree.

A chain is its factors H_1, W_1, ..., W_{L-1}; W_L is the pseudo-inverse of S = sigma(M_L), which
makes every point of the search an exact fit:

    log P = log |H_1|_F^2 + sum_{l<L} log |W_l|_F^2 + log tr((S^T S)^-1).

A partial fit (`nctheory.atlas.partial`) has W_L among its factors, Z = W_L S, and

    log |H_1|_F^2 + sum_{l<=L} log |W_l|_F^2 + (L-1) log |Z|_F^2 - 2L log tr Z.

Neither changes when a factor is scaled, so they need no constraint.  The ReLU is smoothed,
(x + sqrt(x^2 + t^2)) / 2, and a small penalty on (log |M_l|^2)^2 holds the scale of x to that
of t; both vanish at the end.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nctheory.compiled import cached

Vector = NDArray[np.float64]
Sizes = NDArray[np.int64]

PENALTY = 0.1
HISTORY = 15


@cached(njit, error_model="numpy")
def inverse(gram: Vector) -> Vector:
    """The inverse of a symmetric positive definite matrix, or zeros where it is not definite."""
    n = len(gram)
    lower = np.zeros((n, n))
    for j in range(n):
        pivot = gram[j, j]
        for k in range(j):
            pivot -= lower[j, k] ** 2
        if not pivot > 1e-13 * gram[j, j]:
            return np.zeros((n, n))
        lower[j, j] = np.sqrt(pivot)
        for i in range(j + 1, n):
            entry = gram[i, j]
            for k in range(j):
                entry -= lower[i, k] * lower[j, k]
            lower[i, j] = entry / lower[j, j]
    half = np.zeros((n, n))
    for column in range(n):
        half[column, column] = 1 / lower[column, column]
        for i in range(column + 1, n):
            entry = 0.0
            for k in range(column, i):
                entry -= lower[i, k] * half[k, column]
            half[i, column] = entry / lower[i, i]
    return half.T @ half


@cached(njit, error_model="numpy")
def log_cost(x: Vector, sizes: Sizes, smoothing: float, penalty: float, gradient: Vector,
             partial: bool = False) -> float:
    """log P (or what a partial fit has for it), smoothed and penalised, and its gradient
    (written to `gradient`).

    `x` holds the factors row by row; `sizes` is (K, rows of H_1, rows of W_1, ...).
    """
    count, K = len(sizes) - 1, sizes[0]
    value = 0.0
    signal = np.eye(K)
    inputs, means, factors = [signal], [signal], [signal]  # Numba lists must not start empty
    offset = 0
    for i in range(count):
        length = sizes[i + 1] * sizes[i]
        factor = x[offset:offset + length].reshape(sizes[i + 1], sizes[i])
        offset += length
        mean = factor @ signal
        inputs.append(signal)
        factors.append(factor)
        means.append(mean)
        value += np.log(np.sum(factor * factor))
        linear = i == 0 or (partial and i == count - 1)
        signal = mean if linear else 0.5 * (mean + np.sqrt(mean * mean + smoothing**2))
    if partial:
        trace, square = np.trace(signal), np.sum(signal * signal)
        if not trace > 0:
            return np.inf
        value += (count - 2) * np.log(square) - 2 * (count - 1) * np.log(trace)
        back = (2 * (count - 2) / square) * signal - (2 * (count - 1) / trace) * np.eye(K)
    else:
        inverse_gram = inverse(signal.T @ signal)
        trace = np.trace(inverse_gram)
        if not (trace > 0 and np.isfinite(trace)):
            return np.inf
        value += np.log(trace)
        back = (-2 / trace) * (signal @ (inverse_gram @ inverse_gram))
    for i in range(count - 1, -1, -1):
        factor, mean = factors[i + 1], means[i + 1]
        if i > 0 and not (partial and i == count - 1):
            slope = np.sign(mean) if smoothing == 0 else mean / np.sqrt(mean**2 + smoothing**2)
            back = back * (0.5 * (1 + slope))
            size = np.sum(mean * mean) / K
            value += penalty * np.log(size) ** 2
            back = back + (penalty * 4 * np.log(size) / size / K) * mean
        length = sizes[i + 1] * sizes[i]
        offset -= length
        slopes = back @ inputs[i + 1].T + (2 / np.sum(factor * factor)) * factor
        gradient[offset:offset + length] = slopes.ravel()
        back = factor.T @ back
    return float(value)


@cached(njit, error_model="numpy")
def descend(x: Vector, sizes: Sizes, smoothing: float, penalty: float,
            steps: int, tolerance: float, partial: bool = False) -> Vector:
    """L-BFGS with a weak Wolfe line search (which suits functions with kinks, too).

    Not the solver's: that one goes through a table of operations, and a compiled function and
    what it calls must stay in one file, or Numba keeps code of callees that have changed.
    """
    n = len(x)
    moves, changes = np.zeros((HISTORY, n)), np.zeros((HISTORY, n))
    inverse_curvature, weights = np.zeros(HISTORY), np.zeros(HISTORY)
    gradient, other = np.zeros(n), np.zeros(n)
    value = log_cost(x, sizes, smoothing, penalty, gradient, partial)
    kept, before = 0, value
    for step in range(steps):
        direction = -gradient
        for j in range(kept - 1, max(kept - HISTORY, 0) - 1, -1):
            i = j % HISTORY
            weights[i] = inverse_curvature[i] * np.dot(moves[i], direction)
            direction -= weights[i] * changes[i]
        if kept > 0:
            i = (kept - 1) % HISTORY
            direction /= inverse_curvature[i] * np.dot(changes[i], changes[i])
        else:
            direction *= 0.1 / np.sqrt(np.dot(gradient, gradient))
        for j in range(max(kept - HISTORY, 0), kept):
            i = j % HISTORY
            direction += moves[i] * (
                weights[i] - inverse_curvature[i] * np.dot(changes[i], direction))
        slope = np.dot(gradient, direction)
        low, high, length, found = 0.0, np.inf, 1.0, False
        new, new_value = x, value
        if slope < 0:
            for _ in range(40):
                new = x + length * direction
                new_value = log_cost(new, sizes, smoothing, penalty, other, partial)
                if not new_value <= value + 1e-4 * length * slope:
                    high = length
                elif np.dot(other, direction) < 0.9 * slope:
                    low = length
                else:
                    found = True
                    break
                length = 2 * low if high == np.inf else 0.5 * (low + high)
        if not found and not new_value < value:
            if kept == 0:
                break
            kept = 0  # forget a curvature that leads nowhere
            continue
        move, change = new - x, other - gradient
        curvature = np.dot(move, change)
        if curvature > 1e-30:
            i = kept % HISTORY
            moves[i], changes[i], inverse_curvature[i] = move, change, 1 / curvature
            kept += 1
        x, value = new, new_value
        gradient[:] = other
        if step % 50 == 49:
            if before - value < tolerance:
                break
            before = value
    return x
