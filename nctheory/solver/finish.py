"""Newton's method on identified kinks: the last digits.

With the kinks E, the active and the inactive pre-activations identified, a stationary point
solves the smooth system  grad F_s(x) = 0,  h_E(x) = 0, where F_s is the loss with slope s at
the kinks.  Newton's step (dx, nu) solves

    (Hess F_s) dx + J^T nu = -grad F_s,      J dx = -h_E,      J the Jacobian of h_E,

and nu corrects the multipliers s * upstream.  Units with zero weights, and what of H_1 no row
of W_1 sees, are left out first, which leaves a few hundred unknowns.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, solve

from nctheory.network import (
    Array,
    Parameters,
    forward,
    gradient,
    hessian_vector_product,
    output_gradient,
    pack,
    unpack,
)
from nctheory.problem import Problem
from nctheory.solver.kinks import kink_jacobian

DEAD = 1e-6  # norm below which a unit's weights count as zero
RIDGE = 1e-9  # for the rotations of features, along which the loss is constant
DEPENDENT = 1e-4  # relative singular value below which kinks count as dependent
LARGEST = 2500  # unknowns beyond which a dense system is not worth solving


def newton_finish(parameters: Parameters, slopes: list[Array], problem: Problem,
                  tolerance: float, iterations: int = 10
                  ) -> tuple[Parameters, list[Array]] | None:
    """A stationary point near `parameters` and its slopes; None if Newton does not settle."""
    small, s, live, basis = _compress(parameters, slopes, problem)
    like = [p.shape for p in small]
    first = 0.0
    if sum(p.size for p in small) > LARGEST:
        return None
    for iteration in range(iterations):
        kinks = [(x > 0) & (x < 1) for x in s]
        h = forward(small, problem)[0][1:]
        g = pack(gradient(small, problem, s))
        gap = np.concatenate([a[k] for a, k in zip(h, kinks, strict=True)])
        error = float(np.linalg.norm(g) + np.linalg.norm(gap))
        if np.linalg.norm(g) <= tolerance and np.abs(gap).max(initial=0.0) <= 1e-12:
            return _expand(parameters, slopes, small, s, live, basis)
        if iteration == 0:
            first = error
        elif error > 1e3 * max(first, 1e-6):
            return None
        jacobian = kink_jacobian(small, problem, kinks)
        hessian = pack(hessian_vector_product(small, unpack(np.eye(g.size), like), problem, s))
        left, values, right = np.linalg.svd(jacobian, full_matrices=False)
        # Features of low rank make the kinks of a unit depend on each other: then multipliers
        # are not unique, and are moved only where they are determined.
        rank = int(np.sum(values > DEPENDENT * values.max(initial=0.0)))
        left, values, right = left[:, :rank], values[:rank], right[:rank]
        n = g.size
        system = np.zeros((n + rank, n + rank))
        ridge = max(RIDGE, float(np.linalg.norm(g)))  # shortens steps until they converge
        system[:n, :n] = (hessian + hessian.T) / 2 + ridge * np.eye(n)
        system[n:, :n], system[:n, n:] = right, right.T
        try:
            step = solve(system, -np.concatenate([g, left.T @ gap / values]), assume_a="sym")
        except (LinAlgError, ValueError):
            return None
        if not np.linalg.norm(step[:n]) < 1.0:
            return None
        nu = left @ (step[n:] / values)
        multipliers = _multipliers(small, s, problem)
        start = 0
        for l, kink in enumerate(kinks):
            multipliers[l][kink] += nu[start:start + kink.sum()]
            start += kink.sum()
        small = unpack(pack(small) + step[:n], like)
        s = _reclassify(small, s, kinks, multipliers, problem)
    return None


def _multipliers(parameters: Parameters, slopes: list[Array], problem: Problem) -> list[Array]:
    """Slope times upstream gradient, at H_2, ..., H_L."""
    _, outputs = forward(parameters, problem)
    delta = output_gradient(outputs, problem)
    found: list[Array] = []
    for l in range(problem.layers, 1, -1):
        delta = (parameters[l].T @ delta) * slopes[l - 2]
        found.insert(0, delta)
    return found


def _reclassify(parameters: Parameters, slopes: list[Array], kinks: list[Array],
                multipliers: list[Array], problem: Problem) -> list[Array]:
    """Slopes from the new multipliers; kinks whose slope leaves [0, 1] are released, and
    pre-activations that changed sign become kinks."""
    features, outputs = forward(parameters, problem)
    delta = output_gradient(outputs, problem)
    found: list[Array] = []
    for l in range(problem.layers, 1, -1):
        upstream, kink, h = parameters[l].T @ delta, kinks[l - 2], features[l - 1]
        new = slopes[l - 2].copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = multipliers[l - 2] / upstream
        known = kink & np.isfinite(ratio) & (np.abs(upstream) > 1e-12)
        new[known] = np.clip(ratio[known], 0.0, 1.0)
        crossed = ~kink & np.where(slopes[l - 2] > 0.5, h < 0, h > 0)
        new[crossed] = np.where(slopes[l - 2] > 0.5, 1 - 1e-9, 1e-9)[crossed]
        found.insert(0, new)
        delta = upstream * new
    return found


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
