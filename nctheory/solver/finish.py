"""The method of multipliers of `quasi_newton.py` with Newton's method inside: the last digits.

Units with zero weights, and what of H_1 no row of W_1 sees, are left out first, which leaves a
few hundred unknowns: the smoothed loss then has a small dense Hessian.  A ridge, adapted so that
every step lowers the smoothed loss, shortens the steps: rotations of features (along which the
loss is constant), kinks that depend on each other and kinks whose slope ends at a or 1 need not
be told apart from the others, as they would in a system of equations for the kinks.

What takes long are valleys: with negative curvature near 1e-6, and walls, pre-activations that
reach a kink on the way.  So a step that fails is tried again with the kinks it ran into
(otherwise it would creep up to each of them), and every Hessian serves as the start of some
L-BFGS, whose evaluations cost a hundredth of a Hessian.  And where the loss falls far (the point
was near a saddle) the descent that follows is left to the compiled L-BFGS, ten times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from nctheory.network import (
    Array,
    Parameters,
    fit,
    output_gradient,
    output_hessian,
    pack,
    regularisation,
    unpack,
)
from nctheory.problem import Problem
from nctheory.solver.sigma import leak

DEAD = 1e-6  # norm below which a unit's weights count as zero
LARGEST = 2500  # unknowns beyond which a dense system is not worth solving
NARROWEST = 1e-4  # of smoothing
KINK_ERROR = 1e-11  # largest |h| left at a kink
STEPS = 100  # of Newton's method
FOLLOW = 150  # evaluations, at most, that make use of one Hessian
FIRST_RIDGE, LEAST_RIDGE, LARGEST_RIDGE = 1e-6, 1e-10, 1e3
ROUNDING = 1e-15  # of losses
MEMORY = 20
FAR = 1e-4  # share of the loss: a step that gains more has left the neighbourhood


class _Smoothed(NamedTuple):
    """The smoothed loss at a point, with all that its Hessian needs."""

    value: float
    gradient: Array
    parameters: Parameters
    features: list[Array]  # H_2, ..., H_L
    inputs: list[Array]  # X_1, ..., X_L
    slopes: list[Array]  # at H_2, ..., H_L
    upstreams: list[Array]  # gradients at X_2, ..., X_L
    deltas: list[Array]  # gradients at what W_1, ..., W_L put out
    outputs: Array


# A point and a step to (the new point, how much it gains, minus the slope along the step).
Move = Callable[[_Smoothed, Array], tuple[_Smoothed, float, float]]


def newton_finish(parameters: Parameters, slopes: list[Array], problem: Problem, width: float,
                  tolerance: float) -> tuple[Parameters, list[Array], str] | None:
    """A point of lower smoothed loss, its slopes, and how that ended: "stationary" to
    `tolerance`, "far" below the start, or "stuck".

    None where the dense Hessian would be too large, or where nothing is left of a layer: then
    the run is on its way to zero.  `slopes` are the shifts to begin with.
    """
    small, shifts, live, basis = _compress(parameters, slopes, problem)
    if sum(p.size for p in small) > LARGEST or not all(p.size for p in small):
        return None
    widest = width
    ridge, error, goal, end = FIRST_RIDGE, np.inf, np.inf, "stuck"
    point = _smoothed(small, shifts, width, problem)
    for _ in range(STEPS):
        norm = float(np.linalg.norm(point.gradient))
        if norm <= max(goal, tolerance):
            before = error
            error = max((width * float(np.abs(s - t).max())
                         for s, t in zip(point.slopes, shifts, strict=True)), default=0.0)
            shifts = point.slopes
            if norm <= tolerance and error <= KINK_ERROR:
                end = "stationary"
                break
            if error > 0.1 * before:
                width = max(NARROWEST, 0.1 * width)
            goal = 0.01 * error
            point = _smoothed(point.parameters, shifts, width, problem)
        found = _step(point, shifts, width, problem, ridge)
        if found is not None:
            gain = point.value - found[0].value
            point, ridge = found
            if gain > FAR * point.value:
                end = "far"
                break
        elif width < widest:  # kinks that are too narrow to slide along
            width, ridge, goal = widest, FIRST_RIDGE, np.inf
            point = _smoothed(point.parameters, shifts, width, problem)
        else:
            break
    return *_expand(parameters, slopes, point.parameters, shifts, live, basis), end


def _step(point: _Smoothed, shifts: list[Array], width: float, problem: Problem,
          ridge: float) -> tuple[_Smoothed, float] | None:
    """Newton steps with one Hessian that lower the smoothed loss; the ridge for the next."""
    like = [p.shape for p in point.parameters]
    smooth, derivatives = _curvature(point, problem)
    q = _flat([t + h / width for t, h in zip(shifts, point.features, strict=True)])
    a = leak(problem)
    upstream, beyond = _flat(point.upstreams), q - np.clip(q, a, 1.0)
    kinks = beyond == 0

    def moved(start: _Smoothed, step: Array) -> tuple[_Smoothed, float, float]:
        new = _smoothed(unpack(pack(start.parameters) + step, like), shifts, width, problem)
        slope, gain = -float(start.gradient @ step), start.value - new.value
        if abs(gain) <= ROUNDING:  # there the gradient decides
            gain = slope * (np.linalg.norm(new.gradient) < np.linalg.norm(start.gradient))
        return new, gain, slope

    while ridge < LARGEST_RIDGE:
        along = derivatives[:, kinks]
        hessian = smooth + (along * (upstream[kinks] / width)) @ along.T
        hessian[np.diag_indices_from(hessian)] += ridge
        try:
            factor = cho_factor(hessian.T, overwrite_a=True, check_finite=False)
        except LinAlgError:
            ridge *= 10.0
            continue
        # Kinks that only the step reaches curve the loss from there on.
        pull = along @ (upstream * beyond)[kinks]
        step = -cho_solve(factor, point.gradient + pull, check_finite=False)
        new, gain, slope = moved(point, step)
        if slope > 0 and gain >= 0.1 * slope:
            point = _follow(new, factor, moved)
            return point, max(LEAST_RIDGE, ridge * (0.1 if gain >= 0.4 * slope else 1.0))
        reached = ~kinks & (_flat([(s > a) & (s < 1) for s in new.slopes]) > 0) & (upstream > 0)
        if slope > 0 and reached.any():
            kinks |= reached
        else:
            kinks, ridge = beyond == 0, 10.0 * ridge
    return None


def _follow(point: _Smoothed, factor: tuple[Array, bool], moved: Move) -> _Smoothed:
    """L-BFGS, with the Hessian of a point nearby to begin with: down curved, flat valleys."""
    pairs: list[tuple[Array, Array]] = []
    goal = 1e-2 * float(np.linalg.norm(point.gradient))
    used = 0
    while used < FOLLOW and np.linalg.norm(point.gradient) > goal:
        d, weights = -point.gradient, []
        for s, y in reversed(pairs):
            weights.append((s @ d) / (s @ y))
            d = d - weights[-1] * y
        d = cho_solve(factor, d, check_finite=False)
        for (s, y), weight in zip(pairs, reversed(weights), strict=True):
            d = d + (weight - (y @ d) / (s @ y)) * s
        # Far enough that the slope has changed, not so far that the loss has risen.
        slope, t, low, high, found = float(point.gradient @ d), 1.0, 0.0, np.inf, None
        while used < FOLLOW and high >= 1e-2 and (found is None or high == np.inf):
            new, gain, _ = moved(point, t * d)
            used += 1
            if gain >= -1e-4 * t * slope:
                found, low = (new, t * d), t
                if new.gradient @ d >= 0.9 * slope:
                    break
            else:
                high = t
            t = 0.5 * (low + high) if high < np.inf else 4.0 * t
        if found is None:
            break
        new, s = found
        y = new.gradient - point.gradient
        if s @ y > 0:
            pairs = [*pairs[1 - MEMORY:], (s, y)]
        point = new
    return point


def _flat(matrices: list[Array]) -> Array:
    return np.concatenate([np.zeros(0), *(m.ravel() for m in matrices)])


def _smoothed(parameters: Parameters, shifts: list[Array], width: float,
              problem: Problem) -> _Smoothed:
    a, features, inputs, slopes = leak(problem), [], [parameters[0]], []
    for weight, shift in zip(parameters[1:-1], shifts, strict=True):
        h = weight @ inputs[-1]
        q = shift + h / width
        s = np.clip(q, a, 1.0)
        features.append(h)
        slopes.append(s)
        inputs.append(width * (0.5 * (s - shift) * (s + shift) + np.maximum(q - 1.0, 0.0)
                               + a * np.minimum(q - a, 0.0)))
    outputs = parameters[-1] @ inputs[-1]
    delta = output_gradient(outputs, problem)
    gradients, upstreams, deltas = [], [], []
    for l in range(problem.layers, 0, -1):
        deltas.append(delta)
        gradients.append(delta @ inputs[l - 1].T + problem.decays[l] * parameters[l])
        delta = parameters[l].T @ delta
        if l > 1:
            upstreams.append(delta)
            delta = delta * slopes[l - 2]
    gradients.append(delta + problem.decays[0] * parameters[0])
    value = float(fit(outputs, problem) + regularisation(parameters, problem))
    return _Smoothed(value, pack(gradients[::-1]), parameters, features, inputs, slopes,
                     upstreams[::-1], deltas[::-1], outputs)


def _curvature(point: _Smoothed, problem: Problem) -> tuple[Array, Array]:
    """The Hessian of the smoothed loss but for the curvature of sigma; and the derivatives of
    all entries of H_2, ..., H_L (a column each) in all parameters.

    With D_l the derivatives of H_l: the outputs' curvature between D_Z and, as features are
    bilinear, delta_l between W_l's own entry and what the others do to X_l.
    """
    like = [p.shape for p in point.parameters]
    ends = np.cumsum([0, *(a * b for a, b in like)])
    moved = np.zeros((ends[-1], *like[0]))
    moved[:ends[1]] = np.eye(ends[1]).reshape(-1, *like[0])
    hessian = np.diag(np.repeat(problem.decays, np.diff(ends)))
    derivatives = [np.zeros((ends[-1], 0))]
    for l in range(1, problem.layers + 1):
        rows, cols = like[l]
        own = slice(ends[l], ends[l + 1])
        cross = (moved @ point.deltas[l - 1].T).swapaxes(1, 2).reshape(ends[-1], -1)
        hessian[:, own] += cross
        hessian[own] += cross.T
        moved = point.parameters[l] @ moved
        each = np.arange(rows)
        moved[own].reshape(rows, cols, rows, -1)[each, :, each] += point.inputs[l - 1]
        if l < problem.layers:
            derivatives.append(moved.reshape(ends[-1], -1))
            moved = moved * point.slopes[l - 1]
    curved = output_hessian(point.outputs, moved, problem)
    hessian += moved.reshape(ends[-1], -1) @ curved.reshape(ends[-1], -1).T
    return hessian, np.concatenate(derivatives, axis=1)


def _compress(parameters: Parameters, slopes: list[Array], problem: Problem
              ) -> tuple[Parameters, list[Array], list[Array], Array]:
    """Without dead units, and with H_1 in a basis of the row space of W_1."""
    live = [np.linalg.norm(p, axis=1) + np.linalg.norm(q, axis=0) > DEAD
            for p, q in zip(parameters[1:-1], parameters[2:], strict=True)]
    kept = [np.ones(parameters[0].shape[0], bool), *live, np.ones(problem.classes, bool)]
    weights = [p[np.ix_(out, into)]
               for p, into, out in zip(parameters[1:], kept, kept[1:], strict=False)]
    _, values, right = np.linalg.svd(weights[0], full_matrices=False)
    basis = right[values > DEAD].T
    small = [basis.T @ parameters[0], weights[0] @ basis, *weights[1:]]
    return small, [s[rows] for s, rows in zip(slopes, live, strict=True)], live, basis


def _expand(parameters: Parameters, slopes: list[Array], small: Parameters, s: list[Array],
            live: list[Array], basis: Array) -> tuple[Parameters, list[Array]]:
    """The inverse of `_compress`: everything left out is zero."""
    full = [basis @ small[0]]
    kept = [np.ones(parameters[0].shape[0], bool), *live,
            np.ones(parameters[-1].shape[0], bool)]
    for p, q, into, out in zip(parameters[1:], [small[1] @ basis.T, *small[2:]], kept,
                               kept[1:], strict=False):
        matrix = np.zeros(p.shape)
        matrix[np.ix_(out, into)] = q
        full.append(matrix)
    spread = []
    for old, new, rows in zip(slopes, s, live, strict=True):
        matrix = old.copy()
        matrix[rows] = new
        spread.append(matrix)
    return full, spread
