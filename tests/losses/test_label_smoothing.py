"""Label smoothing: the smoothed targets, and where it ends."""

import math

import numpy as np
import pytest

from nctheory import Orthogonal, Pairs, Problem, losses

LABELS = np.array([0, 0, 1, 2, 2, 2, 3])


def outputs(seed):
    return np.random.default_rng(seed).normal(size=(4, 7)) * 3


def test_label_smoothing_is_the_cross_entropy_of_the_smoothed_targets():
    """Against its definition, -sum_j t_j log softmax(z)_j."""
    loss, Z = losses.get("smoothed:epsilon=1/4"), outputs(3)
    targets = 0.75 * np.eye(4)[:, LABELS] + 0.25 / 4
    log_softmax = Z - np.log(np.exp(Z).sum(axis=0))
    assert loss.fit(Z, LABELS) == pytest.approx(-np.mean(np.sum(targets * log_softmax, axis=0)),
                                                rel=1e-13)


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5])
def test_without_decay_label_smoothing_ends_at_its_targets(epsilon):
    """softmax of DNC tends to the targets: scale log(1 + K (1-epsilon)/epsilon) (ours)."""
    problem = Problem(classes=6, layers=3, weight_decay=1e-11, activation="linear",
                      loss=f"smoothed:epsilon={epsilon}")
    limit = math.log(1 + 6 * (1 - epsilon) / epsilon)
    assert Orthogonal(classes=6).scale(problem) == pytest.approx(limit, rel=1e-6)
    # No other margins reach it: pairs are beaten at small decay, whatever they cost.
    assert Pairs(classes=6).compare_with_dnc(3, problem.loss, "linear") == 1
    assert Pairs(classes=6).loss(problem) > Orthogonal(classes=6).loss(problem)
