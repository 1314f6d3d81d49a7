"""Every metric against its definition in loops (naive_metrics.py), and known geometries."""

import itertools
import math

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


@pytest.mark.parametrize("seed", range(3))
def test_classifier_metrics_are_their_definitions(seed):
    x, labels = sample(seed)
    m = Moments.of(x, labels)
    rng = np.random.default_rng(seed + 10)
    w, b = rng.standard_normal((4, 6)), rng.standard_normal(4)
    assert metrics.nc3(m, w) == pytest.approx(naive.nc3(x, labels, w), rel=1e-12)
    assert metrics.nc3_frobenius(m, w) == pytest.approx(naive.nc3(x, labels, w) ** 0.5)
    assert metrics.nc4(x, m.means, w, b, chunk=3) == naive.nc4(x, labels, w, b)
    assert metrics.dnc3(m.means, w) == pytest.approx(naive.dnc3(x, labels, w), rel=1e-11)
    product = w @ np.array(naive.centred(x, labels)).T
    simplex = (np.eye(4) - 1 / 4) / math.sqrt(3)
    assert metrics.nc3_product(m, w) == pytest.approx(
        np.linalg.norm(product / np.linalg.norm(product) - simplex), rel=1e-12)


def test_test_set_metrics_are_their_definitions():
    train, test = sample(1), sample(1, noise=0.6)
    m, t = Moments.of(*train), Moments.of(*test)
    assert metrics.strong(m, t) == pytest.approx(naive.strong(train, test), rel=1e-12)
    assert metrics.weak(m, test[0], chunk=5) == pytest.approx(naive.weak(train, test[0]))
    assert metrics.strong_nc1(m, t) == pytest.approx(
        naive.nc1(*test, train=train), rel=1e-11)
    assert metrics.ratio(m, t) == pytest.approx(
        metrics.strong(m, t) / metrics.trace_ratio(m), rel=1e-12)
    means = naive.class_means(*train)
    assert metrics.nearest_mean_error(m, *test) == np.mean(
        [naive.nearest(row, means) != c for row, c in zip(*test)])
    assert metrics.weak(m, test[0]) <= metrics.strong(m, t)
    # A train set is its own test set: the same scatter, ratio 1.
    assert metrics.ratio(m, m) == 1
    assert metrics.strong_nc1(m, m) == metrics.nc1(m)


def collapsed(means, copies=3):
    """Moments of features that sit exactly on the rows of `means`."""
    labels = np.repeat(np.arange(len(means)), copies)
    return Moments.of(np.asarray(means, float)[labels], labels)


@pytest.mark.parametrize("classes", [2, 3, 4, 7, 10])
def test_orthogonal_frame(classes):
    """Centred, an orthogonal frame is a simplex, so all of NC2 is met; raw, it is the frame."""
    m = collapsed(np.eye(classes, classes + 2))
    for name in ("nc1", "trace_ratio", "cdnv", "nc2_norms", "nc2_angles", "nc2_angles_std",
                 "nc2_etf", "nc2_frame"):
        assert getattr(metrics, name)(m) == pytest.approx(0, abs=1e-14), name
    assert metrics.condition(m.means) == pytest.approx(1)
    assert metrics.numerical_rank(m.means) == classes
    assert metrics.stable_rank(m.means) == pytest.approx(classes)
    w = np.eye(classes, classes + 2)
    assert metrics.nc3(m, w - w.mean(axis=0)) == pytest.approx(0, abs=1e-15)
    assert metrics.dnc3(m.means, w) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("classes", [3, 4, 10])
def test_simplex(classes):
    """|I_K/sqrt(K) - (I-J/K)/sqrt(K-1)|_F^2 = 2 - 2 sqrt((K-1)/K): trace of the projection."""
    m = collapsed(np.eye(classes) - 1 / classes)
    assert metrics.nc2_etf(m) == pytest.approx(0, abs=1e-14)
    assert metrics.nc2_angles(m) == pytest.approx(0, abs=1e-14)
    expected = math.sqrt(2 - 2 * math.sqrt((classes - 1) / classes))
    assert metrics.nc2_frame(m) == pytest.approx(expected, rel=1e-12)
    assert metrics.least_frame_distance(classes, classes - 1) == pytest.approx(expected)
    assert metrics.numerical_rank(m.means) == classes - 1


@pytest.mark.parametrize("classes, width", [(5, 3), (10, 4), (6, 1)])
def test_no_geometry_beats_the_stated_least_distance(classes, width):
    """Random K vectors in d dimensions never come nearer; a tight frame attains it."""
    rng = np.random.default_rng(0)
    least = metrics.least_frame_distance(classes, width)
    for _ in range(20):
        g = metrics.gram(rng.standard_normal((classes, width)))
        assert metrics.gram_distance(g, np.eye(classes)) >= least - 1e-12
    tight = np.linalg.qr(rng.standard_normal((classes, width)))[0]
    assert metrics.gram_distance(metrics.gram(tight), np.eye(classes)) == pytest.approx(least)


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


def test_probe_separates_what_is_linear_and_not_what_is_collapsed():
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 4, 400)
    coarse = fine // 2
    x = np.eye(4)[fine] + 0.05 * rng.standard_normal((400, 4))
    assert metrics.linear_probe(x[:200], fine[:200], x[200:], fine[200:]) == 1
    gone = np.eye(2)[coarse]
    assert metrics.linear_probe(gone[:200], fine[:200], gone[200:], fine[200:]) < 0.7
    # The same information a million times smaller than the coarse one is still there.
    faint = np.hstack([gone, 1e-6 * x])
    assert metrics.linear_probe(faint[:200], fine[:200], faint[200:], fine[200:]) == 1


@pytest.mark.parametrize("r", [3, 4])
def test_triangular_distance_is_the_least_over_all_assignments(r):
    """Brute force over K! permutations (K = 6: 720)."""
    k = r * (r - 1) // 2
    rng = np.random.default_rng(r)
    target = metrics.triangular_gram(r)
    for _ in range(3):
        g = metrics.gram(rng.standard_normal((k, 5)))
        brute = min(metrics.gram_distance(g, target[np.ix_(p, p)])
                    for p in map(list, itertools.permutations(range(k))))
        assert metrics.triangular_distance(g) == pytest.approx(brute, rel=1e-12)


@pytest.mark.parametrize("r", [4, 5, 6, 7, 9])
def test_triangular_geometry_is_recognised_in_any_order_and_with_noise(r):
    rng = np.random.default_rng(r)
    edges = list(itertools.combinations(range(r), 2))
    means = np.array([[float(v in e) for v in range(r)] for e in edges])
    means = means[rng.permutation(len(edges))]
    assert metrics.triangular_distance(metrics.gram(means)) == pytest.approx(0, abs=1e-12)
    noisy = means + 0.05 * rng.standard_normal(means.shape)
    true = metrics.triangular_gram(r)
    order = [edges.index(tuple(np.flatnonzero(row))) for row in means]
    known = metrics.gram_distance(metrics.gram(noisy), true[np.ix_(order, order)])
    assert metrics.triangular_distance(metrics.gram(noisy)) <= known + 1e-12
    assert metrics.triangular_distance(np.eye(len(edges))) == pytest.approx(
        metrics.gram_distance(np.eye(len(edges)), true))


def test_exact_and_heuristic_assignments_agree_where_both_run(monkeypatch):
    from nctheory.metrics import triangular
    rng = np.random.default_rng(0)
    edges = list(itertools.combinations(range(5), 2))
    means = np.array([[float(v in e) for v in range(5)] for e in edges])
    found = 0
    for _ in range(20):
        g = metrics.gram(means[rng.permutation(10)] + 0.3 * rng.standard_normal((10, 5)))
        exact = metrics.triangular_distance(g)
        monkeypatch.setattr(triangular, "EXACT", 0)
        heuristic = metrics.triangular_distance(g)
        monkeypatch.undo()
        assert heuristic >= exact - 1e-12
        found += heuristic <= exact + 1e-12
    assert found >= 15
