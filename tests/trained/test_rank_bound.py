"""The rank bounds: at every point of training, in their order, against plain sums and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError
from nctheory.trained import Architecture, Recipe, Training, rank_bounds
from nctheory.trained.rank_bound import BOUNDS


def trained(activation="relu", loss="ce", head=0, decay=(0.05, 0.01, 0.02), epochs=0, seed=0,
            feature_decay=0.0):
    """Three classes in eight dimensions, 60 samples; hidden widths above K in every layer."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(60) % 3)
    x = rng.standard_normal((3, 8))[labels] + 0.5 * rng.standard_normal((60, 8))
    recipe = Recipe(epochs=30, batch=16, optimiser="adam", rate=0.01, weight_decay=decay,
                    feature_decay=feature_decay, seed=seed)
    return Training(x, labels, Architecture((8, 9, 10, 3), activation, loss, head=head),
                    recipe).run(until=epochs)


def check(run):
    """Every bound holds, and none is below one that is said to be tighter."""
    found = rank_bounds(run)
    for b in found:
        values = [b.bounds[name] for name in BOUNDS]
        assert b.holds and list(b.bounds) == list(BOUNDS)
        assert all(low <= high * (1 + 1e-12) + 1e-14
                   for low, high in zip([b.distance, *values], values))
    return found


@settings(max_examples=25, deadline=None)
@given(activation=st.sampled_from(["relu", "tanh", "linear"]),
       loss=st.sampled_from(["ce", "mse"]), head=st.integers(0, 2),
       decay=st.floats(1e-5, 1.0), seed=st.integers(0, 1000), epochs=st.integers(0, 3),
       feature_decay=st.floats(0.0, 0.1))
def test_bounds_hold_at_any_point(activation, loss, head, decay, seed, epochs, feature_decay):
    check(trained(activation, loss, head, decay, epochs, seed, feature_decay if head else 0.0))


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
@pytest.mark.parametrize("loss, head", [("ce", 0), ("mse", 0), ("ce", 2), ("mse", 2)])
def test_bounds_hold_along_a_whole_run(activation, loss, head):
    run = trained(activation, loss, head, feature_decay=0.01 if head else 0.0)
    check(run)
    run.run(on_epoch=check)
    run.polish(200)
    check(run)


def test_terms_are_the_sums_they_are_said_to_be():
    """All but the SVDs again, a sample at a time."""
    run = trained("tanh", epochs=5)
    _, inputs, deltas = run.network.deltas(run.x, run.labels)
    for b, w, z, small in zip(check(run), run.network.weights, inputs, deltas):
        decay, delta = run.decays[b.layer - 1], 60 * small
        values = np.linalg.svd(w, compute_uv=False)
        assert b.distance == pytest.approx(np.sqrt(np.sum(values[3:] ** 2)), abs=1e-14)
        zbar = [z[run.labels == c].mean(axis=0) for c in range(3)]
        dbar = [delta[run.labels == c].mean(axis=0) for c in range(3)]
        z0 = [v - zbar[c] for v, c in zip(z, run.labels)]
        d0 = [v - dbar[c] for v, c in zip(delta, run.labels)]
        variation = np.mean([v @ v for v in z0])
        assert b.cluster_variation == pytest.approx(variation, rel=1e-10)
        assert b.relative_variation == pytest.approx(
            variation / np.mean([v @ v for v in z - z.mean(axis=0)]), rel=1e-10)
        gradient = sum(np.outer(u, v) for u, v in zip(delta, z)) / 60 + decay * w
        covariance = sum(np.outer(u, v) for u, v in zip(d0, z0)) / 60
        assert b.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-10)
        assert b.bounds["moment"] == pytest.approx(
            np.linalg.norm(gradient - covariance) / decay, rel=1e-10)
        for name, above in (("centred", d0), ("product", delta)):
            assert b.bounds[name] * decay == pytest.approx(
                np.sqrt(np.mean([v @ v for v in above]) * variation) + b.gradient_norm,
                rel=1e-10), name
        if len(w) == 3:  # outputs: their deltas sum to 0, and a plane holds the dbar_c
            assert b.bounds["outside"] == pytest.approx(0, abs=1e-14)
            continue
        # (I - P) W is (I - P)(G - C) / lam: the class sums leave nothing behind P.
        left = np.eye(len(w)) - np.stack(dbar).T @ np.linalg.pinv(np.stack(dbar).T)
        right = np.eye(w.shape[1]) - np.linalg.pinv(np.stack(zbar)) @ np.stack(zbar)
        rest = (gradient - covariance) / decay
        assert b.bounds["outside"] == pytest.approx(
            min(np.linalg.norm(left @ rest), np.linalg.norm(rest @ right)), rel=1e-6)


def test_by_hand():
    """One linear layer, two classes of one sample: no variation, so moment = |G|_F / lam."""
    x = np.array([[1.0, 0.0], [-1.0, 0.0]])
    run = Training(x, np.array([0, 1]), Architecture((2, 2), "linear", "mse", bias=False),
                   Recipe(weight_decay=0.5))
    run.network.parameters[:] = [3.0, 0.0, 0.0, 4.0]
    (b,) = rank_bounds(run)
    assert b.cluster_variation == 0 and b.distance == 0  # K = 2 = full rank
    w = np.diag([3.0, 4.0])
    gradient = (x @ w.T - np.eye(2)).T @ x / 2 + 0.5 * w
    for name in ("moment", "centred", "product", "lipschitz"):
        assert b.bounds[name] == pytest.approx(np.linalg.norm(gradient) / 0.5, rel=1e-13)
    # The zbar_c span the first axis, the deltas (2, -1), (-3, -1) the plane.
    assert b.bounds["outside"] == pytest.approx(0, abs=1e-14)


def test_a_polished_network_has_bounds_of_variation_alone():
    run = trained("tanh", "mse", decay=0.01, epochs=1)
    assert run.polish(3000) < 1e-6
    for b in check(run):
        assert b.gradient_norm < 1e-6 * b.bounds["moment"]


def test_collapsed_data_makes_the_moment_exact():
    """All samples of a class equal: C = 0, so dist <= |G|_F / lam in every layer."""
    run = trained("tanh", decay=0.1, epochs=2)
    run.x[:] = np.stack([run.x[run.labels == c].mean(axis=0) for c in range(3)])[run.labels]
    for b in check(run):
        assert b.bounds["moment"] == pytest.approx(b.gradient_norm / 0.1, rel=1e-9)


def test_layers_without_decay_have_no_bound():
    assert [b.layer for b in rank_bounds(trained(decay=(0, 0.1, 0.1)))] == [2, 3]
    with pytest.raises(InputError, match="weight_decay must be greater than 0 in a layer"):
        rank_bounds(trained(decay=0))
