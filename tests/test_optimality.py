"""Where DNC is said to be a global minimiser: against losses found otherwise, and the borders."""

from fractions import Fraction

import pytest

from nctheory import losses
from nctheory.optimality import KAPPA_3_2, kappa_power, optimal, optimal_exact_fit
from nctheory.problem import Problem


def test_borders_are_exact():
    """kappa = 3 lam for equal decays and n = 1: the two doubles beside the border differ."""
    import math

    at = float(KAPPA_3_2 / 3)
    below, above = (at, math.nextafter(at, 1)) if Fraction(at) * 3 <= KAPPA_3_2 else (
        math.nextafter(at, 0), at)
    assert optimal(Problem(classes=3, layers=2, weight_decay=below))
    assert optimal(Problem(classes=3, layers=2, weight_decay=above)) is None


def test_kappa_against_the_loss():
    problem = Problem(classes=3, layers=2, samples=4, weight_decay=(0.01, 0.02, 0.04))
    assert abs(float(kappa_power(problem))
               - 27 * 4 * 0.01 * 0.02 * 0.04) < 1e-15
    # The bound stays below the decay at which zero is as good: (L-1)^(L-1) / L^(2L).
    assert KAPPA_3_2**3 < Fraction(1, 16)
    assert losses.optimal_scale(float(KAPPA_3_2), 2) is not None


@pytest.mark.parametrize("given", [
    {"classes": 4, "layers": 2}, {"classes": 3, "layers": 3}, {"classes": 3, "layers": 4},
    {"classes": 3, "layers": 2, "loss": "ce"}, {"classes": 3, "layers": 2, "samples": (2, 1, 1)},
    {"classes": 3, "layers": 2, "width": 2}, {"classes": 3, "layers": 2, "weight_decay": 10.0},
    {"classes": 2, "layers": 2, "weight_decay": 10.0}])
def test_nothing_is_said(given):
    assert optimal(Problem(**given)) is None


def test_what_is_said():
    assert "[SML23" in optimal(Problem(classes=2, layers=7))
    assert "L = 1" in optimal(Problem(classes=9, layers=1, activation="linear"))
    assert "kappa" in optimal(Problem(classes=3, layers=2))
    assert optimal_exact_fit(3, 2) and optimal_exact_fit(2, 5) and optimal_exact_fit(9, 1)
    assert not any(optimal_exact_fit(K, 2) for K in range(4, 15))


@pytest.mark.parametrize("seed", range(3))
def test_random_descent_stays_above(seed):
    """Independent of the proof: no network of width 4 found below DNC's loss at K = 3, L = 2."""
    import numpy as np
    from scipy.optimize import minimize

    problem = Problem(classes=3, layers=2, samples=2, weight_decay=0.06, width=4)
    assert optimal(problem)
    from nctheory import network
    from nctheory.constructions import Orthogonal

    shapes = [(4, 6), (4, 4), (3, 4)]
    sizes = np.cumsum([0, *(m * n for m, n in shapes)])

    def loss(x):
        matrices = [x[i:j].reshape(shape)
                    for i, j, shape in zip(sizes, sizes[1:], shapes, strict=False)]
        return network.loss(matrices, problem)

    start = np.random.default_rng(seed).normal(size=sizes[-1])
    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 300})
    assert found.fun > Orthogonal(classes=3).loss(problem) - 1e-9
