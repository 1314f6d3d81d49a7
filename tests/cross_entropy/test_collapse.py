"""[GK25]'s Definition 1, Proposition 1 and Assumption 1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, Orthogonal, Pairs, Problem, network
from nctheory.cross_entropy.collapse import assumption_1, definition_1, proposition_1


def a_problem(K=4, L=3, **changes):
    return Problem(**({"classes": K, "layers": L, "samples": 2, "weight_decay": 1e-4,
                       "loss": "ce"} | changes))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3),
       st.integers(0, 99))
def test_proposition_1(K, L, n, more, seed):
    problem = a_problem(K, L, samples=n, width=K + more, activation="linear")
    check = proposition_1(problem, seed)
    assert check.holds and len(check.layers) == L


def test_pairs_are_not_collapsed():
    problem = a_problem(6, 3, activation="linear")
    layers = definition_1(Pairs(classes=6).weights(problem), problem)
    # Two antipodal directions a class: |G/|G| - S/|S||^2 = 2 - 2 tr(G S)/(|G| |S|), by hand
    # tr(GS) = tr G = 6 g, |G| = sqrt(12) g, |S| = sqrt 5.
    assert [layer.dnc2 for layer in layers] == pytest.approx(
        [np.sqrt(2 - 12 / np.sqrt(60))] * 3)
    assert max(layer.dnc1 for layer in layers) < 1e-12 and layers[0].mean < 1e-12


@pytest.mark.parametrize("width", [5, 30])
def test_dnc3_is_globally_centred(width):
    """ReLU's orthogonal frame: uncentred rows of W_l lie outside the centred columns' span;
    unused features do not count."""
    problem = a_problem(5, 3, width=width)
    parameters = Orthogonal(classes=5).weights(problem)
    assert max(layer.dnc3 for layer in definition_1(parameters, problem)) < 1e-12
    features, _ = network.forward(parameters, problem)
    means = np.maximum(network.class_means(features[1], problem), 0)
    centred = means - means.mean(axis=1, keepdims=True)
    basis = np.linalg.svd(centred)[0][:, :4]
    rows = parameters[2]
    assert np.linalg.norm(rows - rows @ basis @ basis.T) > 0.4 * np.linalg.norm(rows)
    if width > 5:  # a row that looks at a feature no class has
        parameters[2][0, 7] = np.abs(parameters[2]).max()
        assert definition_1(parameters, problem)[1].dnc3 == pytest.approx(5**-0.5)


def test_within_class_variation_is_seen_before_and_after_relu():
    problem = a_problem(3, 2)
    parameters = Orthogonal(classes=3).weights(problem)
    spread = parameters[0].copy()
    spread[0, 0] *= 1.2
    layers = definition_1([spread, *parameters[1:]], problem)
    H, mean = spread, spread.mean(axis=1, keepdims=True)
    within = np.abs(spread[0, 0] - spread[0, 1]) / np.sqrt(2)
    assert layers[0].dnc1 == pytest.approx(within / np.linalg.norm(H - mean))
    assert layers[1].dnc1 > 0.01


def test_assumption_1():
    problem = a_problem(4, 2, samples=1)
    S = np.eye(4) - 0.25
    same = assumption_1([np.eye(4), S + 2, S], problem)  # all positive: ReLU does nothing
    assert same.holds and same.least == pytest.approx(1)
    raised = assumption_1([np.eye(4), S, S], problem)  # negatives cut: a mean appears
    assert raised.holds and raised.least > 1e6


def test_relu_alone_does_not_give_assumption_1():
    """M_2 = 2 I - 3/2 J is DNC in every part, with logits on S, and violates it: by hand
    r = 4 |1/2 - 3/2| / (2 sqrt 3) = 2/sqrt 3, and after ReLU (I/2) 1/sqrt 3."""
    problem = a_problem(4, 2, samples=1)
    check = assumption_1([np.eye(4), 2 * np.eye(4) - 1.5, np.eye(4) - 0.25], problem)
    second = check.layers[1]
    assert max(second.dnc1, second.dnc2, second.dnc3) < 1e-12
    assert (second.mean, second.mean_after) == pytest.approx((2 / 3**0.5, 1 / 3**0.5))
    assert not check.holds and check.least == pytest.approx(0.5)


def test_refusals():
    problem = a_problem(4, 2, samples=1)
    with pytest.raises(InputError, match="different class means in every layer"):
        definition_1([np.ones((4, 4)), np.eye(4), np.eye(4)], problem)
    with pytest.raises(InputError, match="layers must be at least 2"):
        assumption_1([np.eye(4), np.eye(4)], a_problem(4, 1, samples=1))
