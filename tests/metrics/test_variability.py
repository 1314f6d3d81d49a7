"""Every metric against its definition in loops (naive_metrics.py), and known geometries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import metrics
from nctheory.metrics import Moments, variability
from tests.metrics import naive_metrics as naive
from tests.metrics.naive_metrics import sample

PAIRS = {
    "nc1": (lambda m: metrics.nc1(m), naive.nc1),
    "nc1_global_mean": (lambda m: metrics.nc1(m, "global-mean"),
                        lambda x, y: naive.nc1(x, y, "global-mean")),
    "nc1_samples": (lambda m: metrics.nc1(m, "samples"),
                    lambda x, y: naive.nc1(x, y, "samples")),
    "trace_ratio": (metrics.trace_ratio, naive.trace_ratio),
    "within": (metrics.within,
               lambda x, y: np.trace(naive.within_covariance(x, y, naive.class_means(x, y)))),
    "between_samples": (lambda m: metrics.between(m, "samples"),
                        lambda x, y: np.trace(naive.between_covariance(x, y, "samples"))),
    "relative_variation": (metrics.relative_variation,
                           lambda x, y: np.trace(naive.within_covariance(
                               x, y, naive.class_means(x, y))) / np.trace(np.cov(x.T, ddof=0))),
    "cdnv": (metrics.cdnv, naive.cdnv),
    "cdnv_unbiased": (lambda m: metrics.cdnv(m, unbiased=True),
                      lambda x, y: naive.cdnv(x, y, 1)),
    "nc2_norms": (metrics.nc2_norms, naive.nc2_norms),
    "nc2_angles": (metrics.nc2_angles, naive.nc2_angles),
    "nc2_angles_std": (metrics.nc2_angles_std, lambda x, y: np.std(naive.cosines(x, y))),
    "nc2_etf": (metrics.nc2_etf, naive.nc2_etf),
    "nc2_frame": (metrics.nc2_frame, naive.nc2_frame),
    "dnc2_condition": (lambda m: metrics.condition(m.means), lambda x, y: np.linalg.cond(
        np.array(list(naive.class_means(x, y).values())))),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PAIRS)
def test_metric_is_its_definition(name, seed):
    x, labels = sample(seed)
    ours, definition = PAIRS[name]
    assert ours(Moments.of(x, labels)) == pytest.approx(definition(x, labels), rel=1e-11)


def test_within_variance_has_the_value_it_was_given():
    """Each class mu_c +- s e_j: Sigma_W = s^2/d I, so NC1 = s^2/(dK) tr pinv(Sigma_B)."""
    s, d, k = 0.25, 4, 3
    means = 2 * np.eye(k, d)
    steps = np.vstack([s * np.eye(d), -s * np.eye(d)])
    labels = np.repeat(range(k), 2 * d)
    m = Moments.of(means[labels] + np.tile(steps, (k, 1)), labels)
    # Sigma_B = (4/K)(I - J/K) on three coordinates: eigenvalue 4/K twice, so NC1 = 2 s^2 / (4
    # d).
    assert metrics.nc1(m) == pytest.approx(2 * s**2 / (4 * d), rel=1e-13)
    assert metrics.within(m) == pytest.approx(s**2, rel=1e-14)
    assert metrics.cdnv(m) == pytest.approx(s**2 / 8, rel=1e-14)


@given(seed=st.integers(0, 2**32), scale=st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_rotation_scale_and_names_of_labels_do_not_matter(seed, scale):
    x, labels = sample(seed % 1000, classes=3, width=4)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    new_names = dict(zip(sorted(set(labels)), rng.permutation([-7, 40, 1000])))
    m = Moments.of(x, labels)
    moved = Moments.of(scale * x @ rotation, [new_names[c] for c in labels])
    scales_as_square = {"within", "between_samples"}
    for name, (metric, _) in PAIRS.items():
        factor = scale**2 if name in scales_as_square else 1
        assert metric(moved) == pytest.approx(factor * metric(m), rel=1e-8, abs=1e-12), name
    assert metrics.triangular_distance(metrics.gram(moved.means)) == pytest.approx(
        metrics.triangular_distance(metrics.gram(m.means)), abs=1e-10)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_a_shift_changes_only_what_is_measured_from_the_origin(seed):
    x, labels = sample(seed % 1000)
    m = Moments.of(x, labels)
    moved = Moments.of(x + np.random.default_rng(seed).standard_normal(6), labels)
    for name in PAIRS.keys() - {"nc2_frame", "dnc2_condition"}:
        metric = PAIRS[name][0]
        assert metric(moved) == pytest.approx(metric(m), rel=1e-9), name


def test_conventions_agree_on_equal_classes_and_differ_otherwise():
    x, labels = sample(0)
    uneven = Moments.of(x, labels)
    values = [metrics.nc1(uneven, b) for b in variability.BETWEEN]
    assert len({round(v, 6) for v in values}) == 3
    even = Moments.of(*zip(*[(r, c) for c in sorted(set(labels))
                             for r in x[labels == c][:2]]))
    values = [metrics.nc1(even, b) for b in variability.BETWEEN]
    assert values == pytest.approx([values[0]] * 3, rel=1e-12)


def test_tolerance_drops_directions():
    """Means on a line plus 1e-6 off it: the small direction counts unless told otherwise."""
    means = np.array([[0.0, 0], [1, 1e-6], [2, 0]])
    labels = np.repeat([0, 1, 2], 2)
    x = means[labels] + np.tile([[1e-3, 1e-3], [-1e-3, -1e-3]], (3, 1))
    m = Moments.of(x, labels)
    assert metrics.nc1(m) > 1e5 > 1 > metrics.nc1(m, tolerance=1e-3)
