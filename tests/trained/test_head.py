"""Heads: a construction's own weights have its cost and its loss, whatever their scales."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, Problem, construct
from nctheory.trained import Head

DECAY = 0.004


def head_of(construction, problem, scales=None, **settings):
    """The weights of a construction, each factor times its number of `scales`."""
    first, *weights = construction.weights(problem)
    scales = np.ones(len(weights) + 1) if scales is None else scales
    return Head.of(scales[0] * first.T, [s * w for s, w in zip(scales[1:], weights)],
                   weight_decay=problem.decays[1:], loss=problem.loss,
                   activation=problem.activation, **settings)


@pytest.mark.parametrize("word, K, L", [
    ("dnc:K=6", 6, 3), ("triangular:r=5,s=3", 10, 3), ("triangular:r=5,s=3", 10, 4)])
def test_squared_loss_costs_are_those_of_constructions(word, K, L):
    """The closed forms are derived elsewhere, from singular values."""
    problem = Problem(classes=K, layers=L, weight_decay=DECAY)
    made = construct(word)
    head = head_of(made, problem, feature_decay=DECAY)
    assert head.cost == pytest.approx(made.cost(L), rel=1e-12)
    assert head.loss == pytest.approx(made.loss(problem), rel=1e-12)
    assert head.misfit < 1e-12
    found = head.compare()
    assert found.cost / found.dnc_cost == pytest.approx(made.cost(L) / K)
    assert found.label == word.partition(":")[0]
    assert found.dnc_cost == K and found.best_loss <= found.loss + 1e-12


def test_cross_entropy_pairs():
    """[GK25]: c = (P / margin^2)^(1/(L+1)) of pairs, in the linear model."""
    problem = Problem(classes=10, layers=3, loss="ce", activation="linear", weight_decay=1e-3)
    made = construct("pairs:K=10")
    head = head_of(made, problem, feature_decay=1e-3)
    assert head.cost == pytest.approx(made.cost(3, "ce", "linear"), rel=1e-12)
    assert head.loss == pytest.approx(made.loss(problem), rel=1e-12)
    found = head.compare()
    assert found.label == "pairs" and found.dnc_cost == 9
    assert found.cost < found.dnc_cost and "pairs" in str(found)


@given(logs=st.lists(st.floats(-2, 2), min_size=4, max_size=4))
@settings(max_examples=20, deadline=None)
def test_costs_do_not_know_scales(logs):
    """P and mu^2 have the same factors: only the loss changes."""
    problem = Problem(classes=6, layers=3, weight_decay=DECAY)
    made = construct("triangular:r=4,s=2")
    scaled = head_of(made, problem, np.exp(logs))
    assert scaled.cost == pytest.approx(made.cost(3), rel=1e-9)
    assert scaled.loss >= made.loss(Problem(
        classes=6, layers=3, weight_decay=scaled.problem.decays)) - 1e-12


def test_features_are_balanced_by_default():
    made = construct("dnc:K=4")
    head = head_of(made, Problem(classes=4, layers=2, weight_decay=DECAY), np.array([3.0, 1, 1]))
    shares = [lam * np.sum(p**2) for lam, p in zip(head.problem.decays, head.parameters)]
    assert shares[0] == pytest.approx(shares[1])


def test_heads_that_do_not_tell_classes_apart():
    with pytest.raises(InputError, match="tell every class apart to have a cost"):
        _ = Head.of(np.eye(3), [-np.eye(3)], weight_decay=0.1).cost
    with pytest.raises(InputError, match="W_1 must have 3 columns"):
        Head.of(np.eye(3), [np.eye(4)], weight_decay=0.1)
    with pytest.raises(InputError, match="weight_decay"):
        Head.of(np.eye(3), [np.eye(3)], weight_decay=0.0)


def test_negativity_is_that_of_pre_activations():
    problem = Problem(classes=6, layers=3, weight_decay=DECAY)
    head = head_of(construct("dnc:K=6"), problem)
    assert head.negativity == [0.0, 0.0]
    triangular = head_of(construct("triangular:r=5,s=3"), Problem(classes=10, layers=3))
    assert triangular.negativity[-1] > 0.1  # rows of -1/2 off the subset
