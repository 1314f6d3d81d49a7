"""Transitions between feature sets: what they make, and that they cost least."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nctheory.atlas.transitions import first_means, transition
from nctheory.feature_sets.edges import edges, near_regular
from nctheory.feature_sets.simplex import simplex

SEEDS = st.integers(0, 10**6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
@example(408)  # a column of zeros, which no W can make negative
def test_a_transition_makes_its_target_and_costs_least(seed):
    """Feasible by construction; against a general solver for one row."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 4, (4, 6)) + 0.0
    given_weights = rng.normal(size=(3, 4))
    target = np.maximum(given_weights @ source, 0)
    w = transition(source, target)
    assert w is not None and np.maximum(w @ source, 0) == pytest.approx(target, abs=1e-6)
    assert np.linalg.norm(w) <= np.linalg.norm(given_weights) * (1 + 1e-9)
    on = target[0] > 0
    slow = minimize(lambda x: x @ x, given_weights[0], jac=lambda x: 2 * x, method="SLSQP",
                    constraints=[{"type": "eq", "fun": lambda x: x @ source[:, on]
                                  - target[0, on]},
                                 {"type": "ineq", "fun": lambda x: -x @ source[:, ~on]}],
                    options={"maxiter": 500, "ftol": 1e-12})
    if slow.success:
        assert w[0] @ w[0] <= slow.fun * (1 + 1e-6) + 1e-9


def test_the_span_is_kept_for_its_rank():
    """Where every row's support spans, W is the projection; a four-cycle's rows can do less."""
    full = simplex(3, 3).floats
    assert np.sum(transition(full, full) ** 2) == pytest.approx(3)
    path = edges(near_regular(6, 6), "two paths").floats
    assert np.sum(transition(path, path) ** 2) < np.linalg.matrix_rank(path) - 0.1


def test_signs_make_first_features_cheaper():
    """min over t of |M|_* for three edges of a path, -t where the ends are apart."""
    F = np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
    norms = [np.linalg.norm(F - t * np.array([[0, 0, 1], [0] * 3, [0] * 3, [1, 0, 0]]), "nuc")
             for t in np.linspace(0, 1, 201)]
    best = first_means(F)
    assert np.maximum(best, 0) == pytest.approx(F, abs=1e-9)
    assert np.linalg.norm(best, "nuc") == pytest.approx(min(norms), rel=1e-4)
