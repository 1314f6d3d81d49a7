"""The activation as the solver sees it: one number, the slope below 0."""

from __future__ import annotations

from nctheory import activations
from nctheory.problem import Problem


def leak(problem: Problem) -> float:
    """a in [0, 1] where sigma(h) = max(h, a h): 0 for ReLU, 1 for the linear network.

    Examples
    --------
    >>> leak(Problem(classes=2, layers=2)), leak(Problem(classes=2, layers=2, activation="linear"))
    (0.0, 1.0)
    """
    return float(activations.homogeneous(problem.activation).leak)
