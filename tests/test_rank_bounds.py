"""Rank statements: at random points, at constructions, at solver end points; and broken ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import Orthogonal, Problem, Triangular, network
from nctheory.rank_bounds import (
    STATEMENTS,
    Witness,
    construction_points,
    solver_points,
    verify,
)


@st.composite
def points(draw):
    """Random parameters of a random small problem, some pre-activations exactly on kinks."""
    K, L = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    d, n = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    problem = Problem(
        classes=K, layers=L, samples=n, loss=draw(st.sampled_from(["mse", "ce"])),
        activation=draw(st.sampled_from(["relu", "linear"])),
        weight_decay=tuple(rng.uniform(1e-3, 1, L + 1)))
    shapes = [(d, K * n), *[(d, d)] * (L - 1), (K, d)]
    scale = draw(st.sampled_from([0.01, 1.0, 10.0]))
    parameters = [scale * rng.standard_normal(shape) for shape in shapes]
    if draw(st.booleans()):
        parameters[0][:, 0] = 0
    return Witness(parameters, problem, "random")


@settings(max_examples=200)
@given(points())
def test_every_inequality_holds_at_random_points(point):
    for statement in STATEMENTS.values():
        if statement.applies(point):
            assert statement.check(point).holds, statement.name


def test_constructions_have_their_ranks():
    found = verify(construction_points([3, 6, 10, 15], range(1, 6)))
    assert all(verification.counterexample is None for verification in found)
    by_name = {verification.statement.name: verification for verification in found}
    assert by_name["construction-ranks"].points == 4 * 5 + (1 + 2 + 3) * 4
    assert by_name["construction-ranks"].least_margin == 0


def test_balanced_cuts_lose_a_rank():
    """THEORY.md gives rank M_L = r; for 2s = r the forward pass shows r - 1 (a finding)."""
    problem = Problem(classes=15, layers=4)
    features, _ = network.forward(Triangular(vertices=6, subset=3).weights(problem), problem)
    assert np.linalg.matrix_rank(features[-1], rtol=1e-9) == 5
    features, _ = network.forward(Triangular(vertices=6, subset=2).weights(problem), problem)
    assert np.linalg.matrix_rank(features[-1], rtol=1e-9) == 6


def test_a_wrong_rank_is_a_counterexample():
    problem = Problem(classes=6, layers=3)
    wrong = Witness(Orthogonal(classes=6).weights(problem), problem, "DNC, called triangular",
                    Triangular(vertices=4, subset=2))
    found = {v.statement.name: v for v in verify([wrong])}
    assert found["construction-ranks"].counterexample is wrong
    assert found["construction-ranks"].least_margin < 0
    assert found["balanced-norms"].counterexample is None


def test_margins_vanish_at_critical_points():
    """At an interior critical point of a smooth piece the gradient is 0, so both sides are."""
    problem = Problem(classes=4, layers=3, activation="linear", samples=2)
    point = Witness(Orthogonal(classes=4).weights(problem), problem, "DNC")
    for name in ("rank-of-weights", "equal-spectra", "balanced-neurons", "balanced-norms"):
        check = STATEMENTS[name].check(point)
        assert check.holds and abs(check.margin) < 1e-12


def test_full_gram_balance_fails_with_relu():
    """The linear identity, asked of all layers with ReLU, is false: random points break it."""
    rng = np.random.default_rng(0)
    problem = Problem(classes=3, layers=3, weight_decay=0.1)
    parameters = [rng.standard_normal((3, 3)) for _ in range(4)]
    gradients = network.gradient(parameters, problem)
    above, below = parameters[2], parameters[1]
    data_terms = (above.T @ (gradients[2] - 0.1 * above)
                  - (gradients[1] - 0.1 * below) @ below.T)
    assert np.linalg.norm(data_terms) > 1e-3
    assert np.abs(data_terms.diagonal()).max() < 1e-12


@pytest.mark.parametrize("activation, loss", [("relu", "mse"), ("linear", "ce")])
def test_statements_at_solver_end_points(activation, loss):
    pytest.importorskip("nctheory.solver")
    problem = Problem(classes=4, layers=3, weight_decay=5e-3, activation=activation, loss=loss)
    found = verify(solver_points(problem, 8, range(4)))
    assert all(verification.counterexample is None for verification in found)


def test_zero_networks_have_no_stated_ranks():
    """lam = 0.5 is beyond kappa_c (L = 3): DNC's optimal scale is 0, not a counterexample."""
    found = {v.statement.name: v for v in verify(construction_points([3], [3], 0.5))}
    assert found["construction-ranks"].points == 0 and found["balanced-norms"].points == 1
    assert all(v.counterexample is None for v in found.values())


def test_constructions_are_those_that_the_activation_admits():
    """A linear network has no triangular construction; DNC there has the ranks it states."""
    labels = {point.origin for point in construction_points([10], [3], activation="linear")}
    assert labels == {"DNC 10"}
    leaky = construction_points([10], [3], activation="leaky:a=1/10")
    assert len(leaky) == 3 and all(found.counterexample is None for found in verify(leaky))
