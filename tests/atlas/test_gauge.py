"""The two-layer gauge C2 against closed forms."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from nctheory import InputError
from nctheory.atlas.gauge import _sound_trace, two_layer_gauge
from nctheory.atlas.symmetry import feature_symmetry
from nctheory.cli import cli
from nctheory.graphs import subset_incidence
from proofs.balanced_cuts_optimal import optimal_cuts, squared_gauge


@pytest.mark.parametrize("K", [1, 2, 4])
def test_orthogonal_features_cost_k(K):
    gauge = two_layer_gauge(np.eye(K))
    assert gauge.exhaustive and gauge.lower <= K * (1 + 1e-9)
    assert gauge.upper == pytest.approx(K, rel=2e-6)


def test_points_of_the_plane_are_searched_region_by_region():
    angles = np.linspace(0, math.pi / 2, 5)
    gauge = two_layer_gauge([np.cos(angles), np.sin(angles)])
    assert gauge.exhaustive and 0 <= gauge.gap < 1e-6


def test_neurons_of_the_answer_reach_the_upper_bound():
    F = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    gauge = two_layer_gauge(F)
    marks = np.maximum(gauge.rows @ F, 0)
    trace = np.trace(np.linalg.inv((marks.T * gauge.shares) @ marks))
    assert math.sqrt(trace) == pytest.approx(gauge.upper, rel=1e-5)


@pytest.mark.parametrize("r", [4, 5, 6, 7])
def test_triangular_graphs_have_their_exact_optimum(r):
    """Proved in `proofs/balanced_cuts_optimal.py`; every face of up to six vertices' regions."""
    B = subset_incidence(r, 1, 2)
    gauge = two_layer_gauge(B, symmetric=True)
    exact = math.sqrt(squared_gauge(r, optimal_cuts(r)))
    assert gauge.exhaustive == (r <= 6)
    assert gauge.lower == pytest.approx(exact, rel=1e-6)
    assert gauge.upper == pytest.approx(exact, rel=1e-6)


def test_three_edges_of_a_triangle():
    """25/4 = min 9/4 (1/(1+8y) + 2/(1-y)), y = 1/10 of v = 1, the rest cuts of one vertex."""
    gauge = two_layer_gauge(1 - np.eye(3))
    assert gauge.exhaustive
    assert gauge.lower**2 == pytest.approx(6.25) and gauge.upper**2 == pytest.approx(6.25)


def test_symmetries_only_save_work():
    F = np.array([[2.0, 1, 1, 0], [1, 3, 0, 1], [0, 0, 2, 3]])
    F = np.hstack([F, F[[2, 1, 0]]])
    assert feature_symmetry(F).generators == ((4, 5, 6, 7, 0, 1, 2, 3),)
    plain, halved = two_layer_gauge(F), two_layer_gauge(F, symmetric=True)
    assert halved.upper == pytest.approx(plain.upper, rel=2e-6)
    assert halved.gap < 1e-6 and plain.gap < 1e-6


def test_command(tmp_path):
    np.savez(tmp_path / "t4.npz", features=subset_incidence(4, 1, 2))
    run = CliRunner().invoke(cli, ["atlas", "gauge", str(tmp_path / "t4.npz"), "--symmetric"])
    assert "C2^2 <= 30\n" in run.output and "every region searched" in run.output
    assert "share        v_1       v_2       v_3       v_4\n" in run.output
    assert "0.750000" in run.output  # two orbits of neurons, one of them the balanced cuts
    run = CliRunner().invoke(cli, ["atlas", "gauge", str(tmp_path / "t4.npz"), "--certify",
                                   "--format", "json"])
    answer = json.loads(run.output)
    assert Fraction(answer["certified"]["lower"])**2 < 30
    assert Fraction(answer["certified"]["upper squared"]) >= 30
    assert answer["exhaustive"] and answer["upper"]**2 == pytest.approx(30)
    np.savez(tmp_path / "other.npz", H_1=np.eye(2))
    run = CliRunner().invoke(cli, ["atlas", "gauge", str(tmp_path / "other.npz")])
    assert isinstance(run.exception, InputError)
    assert "it has no array features, but H_1" in str(run.exception)


@pytest.mark.parametrize("features, message", [
    ([[1, -1]], "features must be nonnegative"), ([[1, 0]], "have no zero column"),
    ([[1, 2], [1, 2]], "no two parallel columns"), ([1, 2], "be a non-empty matrix"),
    ([["a"]], "features must be a matrix of numbers")])
def test_bad_features_are_named(features, message):
    with pytest.raises(InputError, match=message):
        two_layer_gauge(features)


@pytest.mark.parametrize("trace", [-1.0, float("nan")])
def test_marks_that_floats_cannot_tell_apart_are_named(trace):
    """What rounding makes of the inverse of a Gram matrix that is singular to float64."""
    with pytest.raises(InputError, match="tell apart"):
        _sound_trace(np.diag([trace, 0.5]))
