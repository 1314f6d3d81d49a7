"""How far a point is from being stationary, where (leaky) ReLU makes the loss non-smooth.

At a kink (a pre-activation that is 0) the chain rule may take any slope in [a, 1], a the slope
below 0: 0 for ReLU.  Let G(s) be
the backward pass with slopes s at the kinks.  It is affine in each layer's slopes, so
G([a,1]^kinks) lies in the convex hull of its values at sign patterns, and

    stationarity = min over s in [a,1]^kinks of |G(s)|_F        (|gradient|_F without kinks).

What it bounds (ours).  Clarke's subdifferential lies in that hull, with equality where the kink
pre-activations have linearly independent gradients (every sign pattern then occurs nearby).
So under this condition any G(s) is a subgradient, and the number reported, attained by the
slopes that come with it, bounds the distance of 0 to Clarke's subdifferential from above,
whether or not the search over s found the best slopes.  Without the condition it bounds the
distance of 0 to the chain rule's subdifferential (the conservative field of backpropagation),
which is larger.
Pre-activations of size at most `kink_tolerance` count as kinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from nctheory.network import (
    Array,
    Parameters,
    activate,
    check_parameters,
    forward,
    gradient,
    output_gradient,
    pack,
    slope,
)
from nctheory.problem import Problem
from nctheory.solver.sigma import leak

KINK_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Stationarity:
    """`value` is |G(slopes)|_F; `kinks` are the entries of H_2..H_L counted as kinks."""

    value: float
    slopes: list[Array]
    kinks: list[Array]

    @property
    def kink_count(self) -> int:
        """Pre-activations counted as kinks, over all layers."""
        return sum(int(kink.sum()) for kink in self.kinks)


def clarke(parameters: Sequence[ArrayLike], problem: Problem,
           kink_tolerance: float = KINK_TOLERANCE,
           guess: Sequence[Array] | None = None, enough: float = 0.0) -> Stationarity:
    """The stationarity of a point, and the slopes that attain it.

    Parameters
    ----------
    parameters : [H_1, W_1, ..., W_L]
    kink_tolerance : float
        Pre-activations of at most this size count as 0.
    guess : matrices like H_2..H_L, optional
        Slopes to start from, as the quasi-Newton method leaves them.
    enough : float
        The search over slopes is skipped if the guess does as well as this.

    Examples
    --------
    The zero network is stationary, on kinks only:

    >>> import numpy as np
    >>> result = clarke([np.zeros((2, 2))] * 4, Problem(classes=2, layers=3))
    >>> result.value, result.kink_count
    (0.0, 8)
    """
    parameters = check_parameters(parameters, problem)
    features = forward(parameters, problem)[0][1:]
    least = leak(problem)
    plain = [slope(h, problem) for h in features]
    kinks = [(np.abs(h) <= kink_tolerance) & (least < 1) for h in features]

    def slopes_at(s: Array) -> list[Array]:
        filled, start = [], 0
        for smooth, kink in zip(plain, kinks, strict=True):
            slopes = smooth.copy()
            slopes[kink] = s[start:start + kink.sum()]
            start += kink.sum()
            filled.append(slopes)
        return filled

    def objective(s: Array) -> tuple[float, Array]:
        slopes = slopes_at(s)
        g = gradient(parameters, problem, slopes)
        pull = _pullback(parameters, g, slopes, problem)
        return (0.5 * float(sum(np.sum(x * x) for x in g)),
                np.concatenate([p[kink] for p, kink in zip(pull, kinks, strict=True)]))

    def norm(slopes: list[Array]) -> float:
        return float(np.linalg.norm(pack(gradient(parameters, problem, slopes))))

    count = sum(int(kink.sum()) for kink in kinks)
    if count == 0:
        return Stationarity(norm(plain), plain, kinks)
    s = np.full(count, 0.5 * (least + 1))
    if guess is not None:
        s = np.clip(np.concatenate([g[k] for g, k in zip(guess, kinks, strict=True)]), least, 1)
    best = norm(slopes_at(s))
    if best > enough:
        # In units of its start, so that the search can go on to small gradients.
        unit = max(best, 1e-300) ** 2

        def scaled(x: Array) -> tuple[float, Array]:
            value, pull = objective(x)
            return value / unit, pull / unit

        found = minimize(scaled, s, jac=True, method="L-BFGS-B", bounds=[(least, 1)] * count,
                         options={"maxiter": 1000, "maxfun": 2000, "ftol": 0, "gtol": 1e-12})
        if norm(slopes_at(found.x)) < best:
            s, best = found.x, norm(slopes_at(found.x))
    return Stationarity(best, slopes_at(s), kinks)


def _pullback(parameters: Parameters, g: Parameters, slopes: list[Array],
              problem: Problem) -> list[Array]:
    """The derivative of |g|^2 / 2 in each slope: the backward pass run backwards."""
    features, outputs = forward(parameters, problem)
    inputs = [features[0], *(activate(h, problem) for h in features[1:])]
    upstreams = _upstreams(parameters, slopes, outputs, problem)
    pulls = []
    # `back` is the derivative in delta_l, the gradient at W_l's output.
    back = g[1] @ inputs[0] + parameters[1] @ g[0]
    for l in range(2, problem.layers + 1):
        pulls.append(back * upstreams[l - 2])
        back = g[l] @ inputs[l - 1] + parameters[l] @ (slopes[l - 2] * back)
    return pulls


def _upstreams(parameters: Parameters, slopes: list[Array], outputs: Array,
               problem: Problem) -> list[Array]:
    """What reaches H_2, ..., H_L from above, before their slopes."""
    upstream = output_gradient(outputs, problem)
    reached: list[Array] = []
    for l in range(problem.layers, 1, -1):
        upstream = parameters[l].T @ upstream
        reached.insert(0, upstream)
        upstream = upstream * slopes[l - 2]
    return reached
