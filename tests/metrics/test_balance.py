"""Balancedness of factors, on parameters whose shares are known."""

import numpy as np
import pytest

from nctheory import Orthogonal, Problem
from nctheory.metrics.balance import balancedness


def test_it_is_the_largest_step_between_shares():
    """Shares lam |W|^2 of 2, 3, 1: the largest step over the largest share is 2/3."""
    factors = [np.sqrt([[share]]) for share in (2.0, 6.0, 10.0)]
    assert balancedness(factors, [1.0, 0.5, 0.1]) == pytest.approx(2 / 3, rel=1e-15)
    assert balancedness([np.zeros((2, 2))] * 2, [1.0, 1.0]) == 0


def test_constructions_at_their_best_scale_are_balanced():
    problem = Problem(classes=5, layers=3, weight_decay=(1e-3, 2e-3, 5e-4, 1e-3))
    weights = Orthogonal(classes=5).weights(problem)
    assert balancedness(weights, problem.decays) < 1e-14
    weights[1] = 2 * weights[1]
    assert balancedness(weights, problem.decays) == pytest.approx(0.75, rel=1e-12)
