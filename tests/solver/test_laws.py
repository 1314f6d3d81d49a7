"""Laws that hold whatever the problem: symmetries of the model, and runs that do not mix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import network, solve
from nctheory import strategies as ncs
from nctheory.problem import Problem

FEW = settings(max_examples=15, deadline=None)


@FEW
@given(st.data())
def test_the_gradient_is_a_finite_difference(data):
    """Central differences along a random direction, away from kinks (where sides differ)."""
    problem = data.draw(ncs.problems(width=3))
    point = data.draw(ncs.parameters(problem, width=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    point = [p + 0.3 * rng.normal(size=p.shape) for p in point]
    move = [rng.normal(size=p.shape) for p in point]
    features, _ = network.forward(point, problem)
    if any(np.abs(h).min() < 1e-3 for h in features[1:]):
        return
    h = 1e-6
    ends = [network.loss([p + t * m for p, m in zip(point, move, strict=True)], problem)
            for t in (h, -h)]
    slope = sum(float(np.sum(g * m)) for g, m in zip(network.gradient(point, problem), move,
                                                     strict=True))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5, abs=1e-7)


@FEW
@given(st.data())
def test_renaming_the_classes_changes_nothing(data):
    problem = data.draw(ncs.problems(width=3, samples=2))
    point = data.draw(ncs.parameters(problem, width=3))
    order = np.random.default_rng(data.draw(st.integers(0, 999))).permutation(problem.classes)
    columns = np.repeat(2 * order, 2) + np.tile([0, 1], problem.classes)
    renamed = [point[0][:, columns], *point[1:-1], point[-1][order]]
    assert network.loss(renamed, problem) == pytest.approx(network.loss(point, problem), rel=1e-12)


@FEW
@given(st.data(), st.floats(0.2, 5))
def test_scales_pass_through_the_activation(data, t):
    """sigma(t x) = t sigma(x), t > 0: outputs see the product of the scales alone."""
    problem = data.draw(ncs.problems(width=3))
    point = data.draw(ncs.parameters(problem, width=3))
    moved = [t * point[0], *point[1:-1], point[-1] / t]
    assert network.forward(moved, problem)[1] == pytest.approx(
        network.forward(point, problem)[1], rel=1e-9, abs=1e-9)


@FEW
@given(st.data())
def test_the_compiled_gradient_is_the_reference(data):
    problem = data.draw(ncs.problems(width=3, layers=3, classes=4))
    point = data.draw(ncs.parameters(problem, width=3))
    result = solve(problem, width=3, seeds=[0], steps=1, learning_rate=1e-6, init=point)
    moved = [p - 1e-6 * g for p, g in zip(point, network.gradient(point, problem), strict=True)]
    for found, expected in zip(result.parameters(0), moved, strict=True):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=6, unique=True), st.integers(1, 2))
def test_a_run_does_not_depend_on_its_company(seeds, threads):
    problem = Problem(classes=3, layers=2, weight_decay=0.02)
    together = solve(problem, width=5, seeds=seeds, steps=30, threads=threads)
    alone = solve(problem, width=5, seeds=seeds[-1:], steps=30)
    assert all(np.array_equal(a, b) for a, b in zip(
        together.parameters(len(seeds) - 1), alone.parameters(0), strict=True))
