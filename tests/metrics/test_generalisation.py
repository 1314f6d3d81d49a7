"""Metrics of test samples are their definitions."""

import numpy as np
import pytest

from nctheory import metrics
from nctheory.metrics import Moments
from tests.metrics import naive_metrics as naive
from tests.metrics.naive_metrics import sample


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
