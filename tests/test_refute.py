"""The search for counterexamples, and the public strategies."""

import math

import pytest
from hypothesis import strategies as st

from nctheory import InputError
from nctheory import strategies as ncs
from nctheory.claims import CLAIMS
from nctheory.refute import assume, claim, refute


def test_the_same_seed_is_the_same_hunt():
    first, second = (refute(CLAIMS["gk25-theorem-7"], examples=60, seed=7) for _ in range(2))
    assert first == second


def test_margins_lead_to_a_needle():
    """One failing point in 10^6: found with the margin, which random search would not."""
    @claim(x=range(1000), y=range(1000))
    def far(x, y):
        "(x, y) is not (789, 321)."
        return abs(x - 789) + abs(y - 321) - 0.5

    found = refute(far, examples=4000)
    assert found.counterexample == {"x": 789, "y": 321}


def test_nearest_to_equality_is_reported():
    @claim(n=range(1, 1000))
    def positive(n):
        return 1 / n

    found = refute(positive, examples=200)
    margin, where = found.closest
    assert found.counterexample is None and margin == 1 / where["n"] and where["n"] > 900
    assert "least margin" in str(found)


def test_any_strategy_and_nan():
    @claim(problem=ncs.problems(loss="mse", activation="relu"))
    def few_classes(problem):
        return problem.classes < 4

    assert refute(few_classes).counterexample["problem"].classes == 4

    @claim(x=st.floats(allow_nan=False))
    def logarithm(x):
        return math.nan if x < 0 else 1.0

    assert refute(logarithm).counterexample["x"] < 0


def test_errors_are_not_counterexamples():
    @claim(n=range(10))
    def broken(n):
        return 1 / (n - n)

    with pytest.raises(InputError, match="must not raise, got ZeroDivisionError"):
        refute(broken)

    @claim(n=range(10))
    def empty(n):
        assume(n > 10)
        return True

    with pytest.raises(InputError, match="must have parameters that it accepts"):
        refute(empty, examples=20)
    with pytest.raises(InputError, match="examples must be"):
        refute(empty, examples=0)
