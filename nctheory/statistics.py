"""Intervals for what was counted."""

from __future__ import annotations

from scipy.stats import binomtest


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The Wilson score interval of 95 % for a probability, by SciPy.

    >>> [round(bound, 4) for bound in wilson(0, 10)]
    [0.0, 0.2775]
    """
    low, high = binomtest(successes, trials).proportion_ci(method="wilson")
    return float(low), float(high)
