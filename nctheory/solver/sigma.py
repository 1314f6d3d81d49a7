"""The activation as the solver sees it: one number, the slope below 0."""

from __future__ import annotations

import functools

import numpy as np

from nctheory.errors import require
from nctheory.network import slope
from nctheory.problem import Problem


@functools.cache
def leak(problem: Problem) -> float:
    """a in [0, 1] where sigma(h) = max(h, a h): 0 for ReLU, 1 for the linear network.

    Raises
    ------
    InputError
        For any other activation: kernels and kinks are for piecewise linear ones.

    Examples
    --------
    >>> leak(Problem(classes=2, layers=2)), leak(Problem(classes=2, layers=2, activation="linear"))
    (0.0, 1.0)
    """
    slopes = slope(np.array([-2.0, -1.0, 1.0, 2.0]), problem)
    a = float(slopes[0])
    require(0 <= a <= 1 and bool((slopes == [a, a, 1, 1]).all()), "activation",
            "be linear, ReLU or leaky ReLU for the solver", problem.activation)
    return a
