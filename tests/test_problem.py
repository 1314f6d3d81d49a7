"""Problem: what it accepts, what it refuses, and what it derives."""

import dataclasses
import math

import pytest

from nctheory import InputError, Problem


def test_weight_decay_is_one_number_or_one_a_factor():
    assert Problem(classes=3, layers=2, weight_decay=0.5).decays == (0.5, 0.5, 0.5)
    assert Problem(classes=3, layers=2, weight_decay=[1, 2, 4]).decays == (1.0, 2.0, 4.0)


def test_log_decay_is_the_log_of_the_geometric_mean():
    assert Problem(classes=3, layers=2, weight_decay=(1, 2, 4)).log_decay == pytest.approx(
        math.log(2), rel=1e-15)


def test_problem_is_immutable_and_hashable():
    problem = Problem(classes=10, layers=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.classes = 3
    assert hash(problem) == hash(Problem(classes=10, layers=4))


def test_equal_class_sizes_become_one_number():
    assert Problem(classes=3, layers=2, samples=(4, 4, 4)) == Problem(
        classes=3, layers=2, samples=4)
    unequal = Problem(classes=3, layers=2, samples=(4, 4, 5))
    assert unequal.class_sizes == (4, 4, 5)
    with pytest.raises(InputError, match="samples must be one number here"):
        unequal.balanced_samples


@pytest.mark.parametrize("arguments, message", [
    (dict(classes=1), "classes must be an integer at least 2, got 1"),
    (dict(classes=2.5), "classes must be an integer at least 2, got 2.5"),
    (dict(classes=True), "classes must be an integer at least 2, got True"),
    (dict(layers=0), "layers must be an integer between 1 and 10000, got 0"),
    (dict(samples=0), "samples must be an integer at least 1, got 0"),
    (dict(samples=(1, 2)), "samples must be one number or classes = 10 numbers"),
    (dict(width=0), "width must be an integer at least 1, got 0"),
    (dict(weight_decay=-0.1), "weight_decay must be a finite number greater than 0, got -0.1"),
    (dict(weight_decay=0), "weight_decay must be a finite number greater than 0, got 0"),
    (dict(weight_decay=math.nan), "weight_decay must be a finite number greater than 0"),
    (dict(weight_decay=math.inf), "weight_decay must be a finite number greater than 0"),
    (dict(weight_decay="small"), "weight_decay must be a finite number greater than 0"),
    (dict(weight_decay=(1, 2)), "weight_decay must be one number or layers . 1 = 5 numbers"),
    (dict(weight_decay=(1, 1, 1, 1, -1)), r"weight_decay\[4\] must be a finite number"),
    (dict(loss="hinge"), "loss must be one of mse, ce, .*, got 'hinge'"),
    (dict(activation="tanh"), "activation must be positively homogeneous here .*, got 'tanh'"),
])
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Problem(**{"classes": 10, "layers": 4, **arguments})
