"""Descent without decay, against derivatives and theorems."""

import numpy as np
import pytest

from nctheory import InputError, Orthogonal
from nctheory.margins import log_margin
from nctheory.margins.descent import descend, log_loss


def test_log_loss_is_the_log_of_the_loss_and_its_gradient():
    rng = np.random.default_rng(0)
    Z = 3 * rng.standard_normal((2, 4, 4))
    value, slope = log_loss(Z)
    p = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    direct = np.log(-np.log(np.diagonal(p, axis1=1, axis2=2)).mean(axis=1))
    assert np.allclose(value, direct)
    change = rng.standard_normal(Z.shape)
    h = 1e-6
    numeric = (log_loss(Z + h * change)[0] - log_loss(Z - h * change)[0]) / (2 * h)
    assert np.allclose((slope * change).sum(axis=(1, 2)), numeric, rtol=1e-6)


def test_descent_reaches_margins_that_theorems_allow():
    """K = 3: DNC's is the largest (three-classes-margin); K = 4, L = 3 ends at pairs' 9/8."""
    three = descend(3, 2, 6, runs=4, steps=1500)
    assert (three.log_margins <= log_margin(Orthogonal(classes=3), 2) + 1e-9).all()
    four = descend(4, 3, 8, runs=6, steps=2000)
    over = np.exp(four.log_margins - log_margin(Orthogonal(classes=4), 3))
    assert over.max() == pytest.approx(9 / 8, abs=0.005) and (four.ranks() == 2).any()


def test_starts():
    spectral = descend(4, 1, 5, runs=3, steps=800, start="spectral")
    assert spectral.is_dnc().all()
    relu = descend(3, 2, 12, runs=3, steps=1500, activation="relu")
    assert np.isfinite(relu.log_margins).all()
    with pytest.raises(InputError, match="start"):
        descend(4, 1, 5, start="spectral", activation="relu")
