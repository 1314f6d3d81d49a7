"""The two-layer gauge C2 against closed forms."""

import math

import numpy as np
import pytest

from nctheory import InputError, Triangular
from nctheory.atlas.gauge import two_layer_gauge
from nctheory.graphs import subset_incidence


@pytest.mark.parametrize("K", [1, 2, 4])
def test_orthogonal_features_cost_k(K):
    gauge = two_layer_gauge(np.eye(K))
    assert gauge.lower <= K * (1 + 1e-9) and gauge.upper == pytest.approx(K, rel=2e-6)
    assert gauge.certified == (K == 2)


def test_points_of_the_plane_are_certified():
    angles = np.linspace(0, math.pi / 2, 5)
    gauge = two_layer_gauge([np.cos(angles), np.sin(angles)])
    assert gauge.certified and 0 <= gauge.gap < 1e-6


def test_neurons_of_the_answer_reach_the_upper_bound():
    F = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    gauge = two_layer_gauge(F)
    marks = np.maximum(gauge.rows @ F, 0)
    trace = np.trace(np.linalg.inv((marks.T * gauge.shares) @ marks))
    assert math.sqrt(trace) == pytest.approx(gauge.upper, rel=1e-5)


@pytest.mark.parametrize("r, s", [(5, 3), (6, 3), (7, 4)])
def test_balanced_cuts_are_the_optimum_on_triangular_graphs(r, s):
    """Observed (many starts), from r = 5 on: C2(B)^2 = (r/4) C(r,s) tr(G_s^-1)."""
    gauge = two_layer_gauge(subset_incidence(r, 1, 2), rounds=30, starts=100, tolerance=2e-4)
    cuts = math.sqrt(float(Triangular(vertices=r, subset=s).inverse_gram_trace) * r / 4)
    assert gauge.lower <= cuts * (1 + 1e-9)
    assert gauge.gap < 2e-4 and gauge.upper == pytest.approx(cuts, rel=2e-4)


def test_on_four_vertices_balanced_cuts_are_not():
    """C2^2 = 30 < 36: a quarter of cuts of three vertices, three quarters of two (ours)."""
    gauge = two_layer_gauge(subset_incidence(4, 1, 2), rounds=60, tolerance=1e-5)
    assert gauge.upper**2 == pytest.approx(30, rel=1e-4)
    assert float(Triangular(vertices=4, subset=2).inverse_gram_trace) == 36


@pytest.mark.parametrize("features, message", [
    ([[1, -1]], "features must be nonnegative"), ([[1, 0]], "have no zero column"),
    ([[1, 2], [1, 2]], "no two parallel columns"), ([1, 2], "be a non-empty matrix"),
    ([["a"]], "features must be a matrix of numbers")])
def test_bad_features_are_named(features, message):
    with pytest.raises(InputError, match=message):
        two_layer_gauge(features)
