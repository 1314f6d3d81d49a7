"""The search: its gradient, its moves, what it stores."""

import numpy as np
import pytest

from nctheory.atlas import search
from nctheory.constructions import Triangular, stored


def test_the_objective_is_the_exact_cost():
    chain = stored.chains(6)[0]
    factors = [m.astype(float) for m in chain.matrices]
    L = chain.least_layers
    assert search.evaluate(factors) == pytest.approx((L + 1) * chain.log_cost(L), rel=1e-11)


def test_deep_neural_collapse_is_found():
    rng = np.random.default_rng(0)
    best = min(search.minimise(search.random_start(3, 2, rng))[0] for _ in range(10))
    assert best == pytest.approx(np.log(27), abs=1e-4)


def test_moves_keep_the_fit():
    triangular = Triangular(vertices=5, subset=3)
    factors = triangular.unit_factors(3)[0][:-1]
    cost = search.evaluate(factors)
    longer = search.stretched(factors, 2)
    assert search.evaluate(longer) == pytest.approx(cost + np.log(5), rel=1e-9)
    assert search.evaluate(search.shortened(longer, 3)) == pytest.approx(cost, rel=1e-9)
    assert search.evaluate(search.without(factors, 2)) < cost
    both = search.beside(factors, factors)
    assert search.evaluate(both) / 4 == pytest.approx(cost / 4 + np.log(2), rel=1e-9)
    idle = [*factors[:-1], np.vstack([factors[-1], -np.ones((1, 5))])]
    assert [f.shape for f in search.pruned(idle)] == [f.shape for f in factors]
