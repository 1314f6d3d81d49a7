"""Partial fits: the closed form against forward passes, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nctheory import InputError, Problem, losses
from nctheory.constructions.partial import PartialFit
from nctheory.constructions.stored import partial_fits
from nctheory.network import forward, loss

CRITICAL = {L: float(losses.critical_kappa(L)) for L in (2, 3, 4)}


KNOWN = [fit for K in range(3, 17) for fit in partial_fits(K)]


def problem(fit, share, samples=1):
    """At that share of the decay at which DNC ceases."""
    decay = share * CRITICAL[fit.layers] / fit.classes / samples**(1 / (fit.layers + 1))
    return Problem(classes=fit.classes, layers=fit.layers, samples=samples, weight_decay=decay)


@given(arrays(np.int64, (3, 3, 3), elements=st.integers(-3, 3)), st.floats(0.05, 1.2))
def test_closed_form_against_a_forward_pass(factors, share):
    try:
        fit = PartialFit(matrices=list(factors))
    except InputError:  # a zero factor, or outputs of no positive trace
        return
    at = problem(fit, share, samples=2)
    assert loss(fit.weights(at), at) == pytest.approx(fit.loss(at), rel=1e-12)
    assert 0 < fit.share <= 1


def test_the_scale_is_the_best():
    fit = KNOWN[0]
    at = problem(fit, 0.9)
    for factor in (0.99, 1.01):
        assert loss([factor * w for w in fit.weights(at)], at) > fit.loss(at)


def test_zero_where_zero_is_optimal():
    fit = KNOWN[0]
    at = problem(fit, 1.01 / fit.ratio)
    assert fit.loss(at) == 0.5 and not any(w.any() for w in fit.weights(at))


def test_outputs_are_what_the_share_says():
    fit = KNOWN[0]
    at = problem(fit, 0.9)
    outputs = forward(fit.weights(at), at)[1]
    assert np.trace(outputs)**2 / np.sum(outputs**2) / fit.classes == pytest.approx(
        float(fit.share))


def test_more_classes_change_nothing():
    fit = KNOWN[0]
    first, *middle, last = [m.astype(int) for m in fit.matrices]
    more = PartialFit(matrices=[np.pad(first, ((0, 0), (0, 2))), *middle,
                                np.pad(last, ((0, 2), (0, 0)))])
    assert more.ratio_power == fit.ratio_power
    assert more.share == fit.share * Fraction(fit.classes, fit.classes + 2)


def test_no_interval_for_exact_ties():
    assert PartialFit(matrices=[np.eye(3, dtype=int)] * 3).onset() is None


@pytest.mark.parametrize("matrices, word", [
    ([np.eye(2, dtype=int)] * 2, "matrices"),
    ([np.eye(2, dtype=int), np.eye(2, dtype=int), np.ones((3, 2), dtype=int)], "W_2"),
    ([np.eye(2, dtype=int), np.eye(2, dtype=int), -np.eye(2, dtype=int)], "trace"),
    ([[[np.nan]], [[1]], [[1]]], "H_1"), (3, "matrices")])
def test_bad_matrices(matrices, word):
    with pytest.raises(InputError, match=word):
        PartialFit(matrices=matrices)


@pytest.mark.parametrize("wrong", [
    Problem(classes=4, layers=2), Problem(classes=5, layers=3),
    Problem(classes=5, layers=2, loss="ce"), Problem(classes=5, layers=2, activation="linear")])
def test_problems_of_others(wrong):
    fit = next(fit for fit in partial_fits(5) if fit.layers == 2)
    with pytest.raises(InputError):
        fit.loss(wrong)
