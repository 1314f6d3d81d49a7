"""Every registered loss and activation: derivatives, the scale, the zero solution, the words."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from nctheory import InputError, Orthogonal, Pairs, Problem, activations, losses, network, solve
from nctheory.activations import ACTIVATIONS
from nctheory.losses import LOSSES
from nctheory.losses.mse import MeanSquaredError
from nctheory.specs import Kind, examples

WORDS = examples(LOSSES)
CENTRED = [word for word in WORDS if losses.get(word).centred]
LABELS = np.array([0, 0, 1, 2, 2, 2, 3])


def outputs(seed):
    return np.random.default_rng(seed).normal(size=(4, 7)) * 3


@pytest.mark.parametrize("word", WORDS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_gradient_and_hessian_are_finite_differences(word, seed):
    loss, Z = losses.get(word), outputs(seed)
    change, h = outputs(seed + 1), 1e-6
    slope = (loss.fit(Z + h * change, LABELS) - loss.fit(Z - h * change, LABELS)) / (2 * h)
    assert np.sum(loss.gradient(Z, LABELS) * change) == pytest.approx(slope, rel=1e-6, abs=1e-8)
    ends = (loss.gradient(Z + t * change, LABELS) for t in (h, -h))
    bend = np.subtract(*ends) / (2 * h)
    assert loss.hessian(Z, change) == pytest.approx(bend, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("word", CENTRED)
@given(seed=st.integers(0, 10**6), shift=st.floats(-5, 5))
@settings(max_examples=10)
def test_a_centred_loss_sees_outputs_up_to_their_mean(word, seed, shift):
    loss, Z = losses.get(word), outputs(seed)
    assert loss.fit(Z + shift, LABELS) == pytest.approx(loss.fit(Z, LABELS), rel=1e-12)


@pytest.mark.parametrize("word", WORDS)
def test_zero_output_costs_what_is_said(word):
    loss = losses.get(word)
    assert loss.fit(np.zeros((4, 4)), np.arange(4)) == pytest.approx(loss.zero(4), rel=1e-15)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("decay", [1e-9, 1e-3, 0.02])
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_the_scale_is_the_best_of_a_scan_of_forward_passes(word, decay, layers):
    loss = losses.get(word)
    problem = Problem(classes=5, layers=layers, samples=2, weight_decay=decay, loss=word,
                      activation="linear")

    def value(log_scale, S, kappa):
        b = math.exp(log_scale)
        return (loss.fit(b * S, np.arange(5))
                + (layers + 1) / 2 * kappa * b ** (2 / (layers + 1)))

    for construction in [Orthogonal(classes=5), *[Pairs(classes=5)] * (word in CENTRED)]:
        given = construction.outputs(loss).matrix(), construction.kappa(problem)
        grid = np.linspace(-6, 4, 801)
        i = int(np.argmin([value(x, *given) for x in grid]))
        best = minimize_scalar(value, args=given, method="bounded",
                               bounds=(grid[max(i - 1, 0)], grid[min(i + 1, 800)]),
                               options={"xatol": 1e-10}).fun
        assert construction.loss(problem) == pytest.approx(min(best, loss.zero(5)), rel=1e-9)
        weights = construction.weights(problem)
        assert network.loss(weights, problem) == pytest.approx(construction.loss(problem),
                                                               rel=1e-12)
        for scale in construction.critical_scales(problem):
            gradient = network.gradient(construction.weights_at(problem, scale), problem)
            along = sum(float(np.sum(g * w)) for g, w in zip(
                gradient, construction.weights_at(problem, scale), strict=True))
            assert along == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("ask, message", [
    (lambda: losses.get("hinge"), f"loss must be one of {', '.join(LOSSES)}, got 'hinge'"),
    (lambda: losses.get("smoothed:epsilon=1"), "loss must have an epsilon between 0 and 1"),
    (lambda: losses.get("smoothed"), "smoothed:epsilon must be given"),
    (lambda: activations.get("identity"), f"must be one of {', '.join(ACTIVATIONS)}, got"),
    (lambda: activations.get("leaky:a=2"), "slope a between 0 and 1"),
    (lambda: activations.get("leaky:a=x"), "leaky:a must be a number, got 'x'"),
    (lambda: Problem(classes=3, layers=2, activation="tanh"), "be positively homogeneous"),
    (lambda: Problem(classes=3, layers=2, activation="rleu"), "did you mean relu"),
    (lambda: Problem(classes=3, layers=2, loss="msee"), "did you mean mse")])
def test_unknown_words_are_refused_everywhere_alike(ask, message):
    with pytest.raises(InputError, match=message):
        ask()


def test_words_are_kept_in_one_spelling():
    problem = Problem(classes=3, layers=2, loss="smoothed:epsilon=0.1", activation="leaky:a=0.0")
    assert (problem.loss, problem.activation) == ("smoothed:epsilon=1/10", "relu")


def test_hot_loops_refuse_a_loss_that_they_have_no_kernel_for(monkeypatch):
    """Also one whose class derives from the mean squared error's: its kernel is another."""
    class Half(MeanSquaredError):
        word = "half"

        def fit(self, outputs, labels):
            return super().fit(outputs, labels) / 2

    monkeypatch.setitem(LOSSES, "half", Kind(Half))
    try:
        problem = Problem(classes=3, layers=2, loss="half")
        with pytest.raises(InputError, match="loss must be one that the solver has a kernel for"):
            solve(problem, width=3, seeds=[0])
    finally:
        losses.get.cache_clear()
