"""NC0, balance, negativity, crowded and unequal classes, regression, times of collapse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nctheory import InputError, metrics
from nctheory.metrics import Moments


def matrix(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# --- weights ---

@given(seed=st.integers(0, 99), rows=st.integers(1, 8), columns=st.integers(1, 8),
       scale=st.sampled_from([1e-9, 1.0, 1e9]))
@settings(max_examples=30, deadline=None)
def test_nc0_is_a_share(seed, rows, columns, scale):
    w = matrix(seed, rows, columns)
    assert 0 <= metrics.nc0(scale * w) <= 1 + 1e-15
    assert metrics.nc0(scale * w) == pytest.approx(metrics.nc0(w))
    mean = w.sum(axis=0) / rows
    # Removing the mean row makes it zero, and it is the share of that mean (Pythagoras).
    assert metrics.nc0(w) == pytest.approx(rows * mean @ mean / np.sum(w**2))


@given(seed=st.integers(0, 99), a=st.integers(1, 6), b=st.integers(1, 6), c=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_layer_balance_has_its_range_and_zero(seed, a, b, c):
    w, v = matrix(seed, a, b), matrix(seed + 1, c, a)
    assert 0 <= metrics.layer_balance(w, v) <= np.sqrt(2) + 1e-12
    # Balanced by construction: V = Q S U^T, W = U S P^T.
    u, q, p = (np.linalg.qr(matrix(seed + i, a, a))[0] for i in (2, 3, 4))
    s = np.diag(np.arange(1.0, a + 1))
    assert metrics.layer_balance(u @ s @ p, q @ s @ u.T) < 1e-14


def test_layer_balance_refuses_layers_that_do_not_follow():
    with pytest.raises(InputError, match="following must have 3 columns, one a row of the layer"):
        metrics.layer_balance(np.eye(3), np.eye(2))


def test_effective_rank_against_its_definition():
    a = matrix(0, 5, 7)
    s = np.linalg.svd(a, compute_uv=False)
    p = s / s.sum()
    assert metrics.effective_rank(a) == pytest.approx(np.prod(p**-p))
    assert metrics.effective_rank(np.zeros((2, 3))) == 0
    assert metrics.effective_rank(np.eye(6)[:4]) == pytest.approx(4)


def test_nc3_cosine_sees_directions_only():
    m = Moments.of(matrix(1, 4, 6), [0, 1, 2, 3])
    centred = m.means - m.means.mean(axis=0)
    sizes = np.array([1.0, 5.0, 0.1, 2.0])[:, None]
    assert metrics.nc3_cosine(m, sizes * centred) == pytest.approx(0, abs=1e-15)
    assert metrics.nc3_cosine(m, -centred) == pytest.approx(2)
    assert metrics.nc3(m, sizes * centred) > 0.1


# --- crowded classes ---

def one_vs_rest_by_optimiser(unit, c):
    """The distance to the hull by a general optimiser over the simplex of weights."""
    rest = np.delete(unit, c, axis=0)
    size = len(rest)
    found = minimize(lambda a: np.sum((unit[c] - a @ rest) ** 2), np.full(size, 1 / size),
                     bounds=[(0, 1)] * size, method="SLSQP", options={"ftol": 1e-15},
                     constraints={"type": "eq", "fun": lambda a: a.sum() - 1})
    return np.sqrt(found.fun)


@pytest.mark.parametrize("seed, classes, width", [(0, 5, 3), (1, 7, 3), (2, 4, 6), (3, 6, 2)])
def test_one_vs_rest_against_an_optimiser(seed, classes, width):
    m = Moments.of(matrix(seed, classes, width), range(classes))
    unit = m.means / np.linalg.norm(m.means, axis=1, keepdims=True)
    wanted = min(one_vs_rest_by_optimiser(unit, c) for c in range(classes))
    assert metrics.one_vs_rest(m) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("K", [2, 3, 5, 10])
def test_one_vs_rest_of_known_codes(K):
    """The simplex: its height, K/(K-1).  A polygon: the sagitta 1 - cos(2 pi/K)."""
    simplex = Moments.of(np.eye(K) - 1 / K, range(K))
    assert metrics.one_vs_rest(simplex) == pytest.approx(K / (K - 1))
    assert metrics.largest_cosine(simplex) == pytest.approx(-1 / (K - 1))
    t = 2 * np.pi * np.arange(K) / K
    polygon = Moments.of(np.c_[np.cos(t), np.sin(t)], range(K))
    if K > 3:
        assert metrics.one_vs_rest(polygon) == pytest.approx(1 - np.cos(2 * np.pi / K))


def test_a_class_inside_the_hull_has_no_margin():
    """Two equal directions: nothing separates them."""
    m = Moments.of([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], [0, 1, 2])
    assert metrics.one_vs_rest(m) == 0
    assert metrics.largest_cosine(m) == pytest.approx(1)


# --- classes of unequal size ---

def test_minority_collapse_is_seen_in_angles_and_norms():
    """Two large classes apart, three small ones in one direction, at another norm."""
    means = np.zeros((5, 6))
    means[0, 0] = means[1, 1] = 4
    means[2:, 2] = 1
    labels = np.repeat(range(5), [50, 50, 5, 5, 5])
    m = Moments.of(means[labels] + 1e-3 * matrix(0, len(labels), 6), labels)
    # Cosines of what is centred at the mean of the class means.
    centred = means - means.mean(axis=0)
    assert metrics.minority_cosine(m) == pytest.approx(1, abs=1e-3)
    assert metrics.minority_cosine(m, np.eye(5)) == 0
    small, large = metrics.by_size(m, means)
    assert (small["size"], small["classes"], large["size"], large["classes"]) == (5, 3, 50, 2)
    assert small["norm"] == pytest.approx(np.linalg.norm(centred[2]), rel=1e-2)
    assert small["weight_norm"] == 1 and large["weight_norm"] == 4
    assert large["cosine"] == pytest.approx(
        centred[0] @ centred[1] / (centred[0] @ centred[0]), rel=1e-2)
    found = metrics.report(metrics.assemble(
        {"features": means[labels] + 1e-3 * matrix(0, len(labels), 6), "labels": labels,
         "weight": np.eye(5, 6)}))["layers"][0]
    assert found["minority_cosine"] > 0.99 and found["minority_weight_cosine"] == 0
    assert not any("minority" in note for note in found["notes"])


def test_no_minority_among_equals():
    m = Moments.of(np.eye(3), [0, 1, 2])
    with pytest.raises(InputError, match="at least 2 classes of less than the mean size"):
        metrics.minority_cosine(m)


# --- regression ---

def collapsed_regression(seed=0, noise=0.0):
    """The optimum of the model of [ADG24] up to rotation: H = W^T-aligned, W W^T = root - g."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(400, 2)) @ np.array([[2.0, 0.3], [0.0, 1.0]])
    values, vectors = np.linalg.eigh(np.cov(y.T, bias=True))
    form = (vectors * (np.sqrt(values) - 0.4 * np.sqrt(values[0]))) @ vectors.T
    left, s, _ = np.linalg.svd(form)
    frame = np.linalg.qr(rng.normal(size=(7, 2)))[0].T
    weight = left * np.sqrt(s) @ frame
    features = y @ np.linalg.pinv(weight).T + noise * rng.normal(size=(400, 7))
    return features, weight, y


def test_regression_collapse_is_zero_at_collapse_and_not_elsewhere():
    features, weight, y = collapsed_regression()
    m = Moments.of(features, np.zeros(400, int))
    assert metrics.nrc1(m, 2) < 1e-14 and metrics.nrc2(m, weight) < 1e-14
    assert metrics.nrc3(weight, y) < 1e-6
    assert metrics.nrc1(m, 1) > 0.01
    noisy = Moments.of(collapsed_regression(noise=1.0)[0], np.zeros(400, int))
    assert metrics.nrc1(noisy, 2) > 0.1 and metrics.nrc2(noisy, weight) > 0.1
    assert metrics.nrc3(matrix(3, 2, 7), y) > 0.01


def test_regression_shares_against_projections():
    """|h - projection|^2 over |h|^2, summed over centred samples."""
    features, weight, _ = collapsed_regression(noise=0.5)
    m = Moments.of(features, np.zeros(400, int))
    centred = features - features.mean(axis=0)
    for found, basis in [
            (metrics.nrc1(m, 2), np.linalg.svd(centred, full_matrices=False)[2][:2]),
            (metrics.nrc2(m, weight), np.linalg.svd(weight, full_matrices=False)[2])]:
        rest = centred - centred @ basis.T @ basis
        assert found == pytest.approx(np.sum(rest**2) / np.sum(centred**2))


# --- training ---

@given(values=st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8))
def test_collapse_time_against_its_definition(values):
    steps = range(0, 10 * len(values), 10)
    wanted = next((t for i, t in enumerate(steps)
                   if all(v is not None and v <= 0.3 for v in values[i:])), None)
    assert metrics.collapse_time(steps, values, 0.3) == wanted


def test_steps_must_increase():
    with pytest.raises(InputError, match="steps must increase"):
        metrics.collapse_time([1, 1], [0.0, 0.0])


def test_reports_have_the_balance_of_consecutive_weights():
    x, labels = matrix(0, 12, 4), np.repeat(range(3), 4)
    w1, w2 = matrix(1, 5, 4), matrix(2, 3, 5)
    found = metrics.report(metrics.assemble({
        "labels": labels, "features_1": x, "weight_1": w1, "features_2": x @ w1.T,
        "weight_2": w2}))["layers"]
    assert found[0]["layer_balance"] == metrics.layer_balance(w1, w2)
    assert found[1]["layer_balance"] is None
    for layer, w in zip(found, (w1, w2)):
        assert layer["weight_effective_rank"] == metrics.effective_rank(w)
