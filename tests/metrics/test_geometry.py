"""Frames and simplices, and how near to them any means can come."""

import math

import numpy as np
import pytest

from nctheory import metrics
from nctheory.metrics import Moments


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
