"""The scale of any logits: against the ufuncs, against a dense scan, and with three minima."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, Orthogonal, Pairs, losses, network
from nctheory.losses.margins import Margins
from nctheory.problem import Problem


def loss(margins, kappa, layers, b):
    return margins.fit(b) + (layers + 1) / 2 * kappa * b ** (2 / (layers + 1))


@given(st.integers(3, 40), st.integers(1, 30), st.floats(1e-12, 1))
def test_optimum_is_that_of_the_closed_forms(K, L, kappa):
    for construction, scale, least in (
            (Orthogonal(classes=K), losses.collapse_scale, losses.collapse_loss),
            (Pairs(classes=K), losses.pairs_scale, losses.pairs_loss)):
        # Of the plain matrix: those of the structures use the closed forms themselves.
        S = construction.outputs(losses.get("ce")).matrix()
        b, value = Margins.of(S).optimum(kappa, L)
        assert value == pytest.approx(float(least(kappa, L, K)), rel=1e-12)
        if abs(value - math.log(K)) > 1e-9:  # next to kappa_c rounding decides for zero or not
            assert b == pytest.approx(float(scale(kappa, L, K)), rel=1e-9, abs=1e-12)


def random_logits(seed, K):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((3, K))
    points /= np.linalg.norm(points, axis=0)
    return points.T @ points


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 12), st.floats(1e-7, 0.3))
def test_no_point_of_a_dense_scan_is_better_or_a_missed_stationary_point(seed, K, L, kappa):
    margins = Margins.of(random_logits(seed, K))
    b, value = margins.optimum(kappa, L)
    grid = np.logspace(-8, math.log10(400 / margins.least), 20_000)
    assert value <= loss(margins, kappa, L, grid).min() * (1 + 1e-12)
    excess = margins.slope(grid) * grid ** ((L - 1) / (L + 1)) - kappa
    changes = grid[:-1][np.sign(excess[1:]) != np.sign(excess[:-1])]
    scales = margins.critical_scales(kappa, L)
    scales = [s for s in scales if grid[0] < s < grid[-1]]
    assert len(scales) == len(changes)
    assert scales == pytest.approx(changes, rel=2e-3)


def test_several_minima_over_the_scale():
    """One far logit a column and two near ones: a minimum for each of the two parts."""
    margins = Margins(np.ones(1), np.array([[1.0, 1e-4]]), np.array([[30.0, 2.0]]))
    scales = margins.critical_scales(2e-3, 8)
    assert len(scales) == 4
    values = [float(loss(margins, 2e-3, 8, s)) for s in scales]
    assert values[1] < min(values[0], values[2]) and values[3] < values[2]
    assert margins.optimum(2e-3, 8)[1] == min(values)


def test_critical_scales_are_critical_points_of_the_model():
    """All of them, maxima over the scale too: the gradient vanishes [GK25, Theorem 4]."""
    problem = Problem(classes=5, layers=3, samples=2, weight_decay=2e-3, loss="ce",
                      activation="linear")
    logits = Orthogonal(classes=5)
    scales = logits.critical_scales(problem)
    assert len(scales) == 2
    for scale in scales:
        gradient = network.gradient(logits.weights_at(problem, scale), problem)
        assert max(np.abs(g).max() for g in gradient) < 1e-15
        # Theorem 4: lam n^(1/(L+1)) = alpha^((L-1)/(L+1)) / (e^alpha + K - 1).
        assert 2e-3 * 2**0.25 == pytest.approx(scale**0.5 / (math.exp(scale) + 4), rel=1e-12)


@pytest.mark.parametrize("logits, message", [
    (np.ones((2, 3)), "logits must be a square matrix"),
    (np.ones((3, 3)), "own entry as its strict maximum, got 0.0"),
    (np.array([[1.0, 2.0], [0.0, 3.0]]) - 2 * np.eye(2), "own entry as its strict maximum")])
def test_bad_logits_are_named(logits, message):
    with pytest.raises(InputError, match=message):
        Margins.of(logits)
    with pytest.raises(InputError, match="kappa must be a finite number greater than 0"):
        Margins.of(np.eye(3)).optimum(0.0, 2)
