"""Metrics of classifiers: their definitions, and a probe."""

import math

import numpy as np
import pytest

from nctheory import metrics
from nctheory.metrics import Moments
from tests.metrics import naive_metrics as naive
from tests.metrics.naive_metrics import sample


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
