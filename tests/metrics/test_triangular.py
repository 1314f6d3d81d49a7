"""The distance to the triangular geometry: all assignments, any order, noise."""

import itertools

import numpy as np
import pytest

from nctheory import metrics


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
