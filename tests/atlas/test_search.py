"""The search: its gradient, its moves, what it stores."""

import numpy as np
import pytest

from nctheory.atlas import kernel, search
from nctheory.atlas.discover import discover
from nctheory.atlas.store import store
from nctheory.constructions import Triangular, stored

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_gradient_by_differences(compiled, partial):
    value = kernel.log_cost if compiled else kernel.log_cost.py_func
    factors = [np.random.default_rng(7).normal(size=shape) for shape in ((3, 4), (5, 3), (7, 5))]
    if partial:  # a last factor with outputs of positive trace
        factors.append(np.linalg.pinv(np.maximum(search.forward(factors)[-1], 0)) + 0.1)
    x, sizes = search.flat(factors)
    gradient, rest = np.zeros(len(x)), np.zeros(len(x))
    value(x, sizes, 0.1, 0.1, gradient, partial)
    for i in range(0, len(x), 5):
        step = np.zeros(len(x))
        step[i] = 1e-6
        slope = (value(x + step, sizes, 0.1, 0.1, rest, partial)
                 - value(x - step, sizes, 0.1, 0.1, rest, partial)) / 2e-6
        assert slope == pytest.approx(gradient[i], abs=1e-6)


def test_inverse_compiled_and_in_python():
    marks = RNG.normal(size=(6, 4))
    for inverse in (kernel.inverse, kernel.inverse.py_func):
        assert inverse(marks.T @ marks) == pytest.approx(np.linalg.inv(marks.T @ marks))
        assert not inverse(np.ones((2, 2))).any()


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


def test_discovery_stores_what_improves_and_resumes(tmp_path):
    first = list(discover([4], [4], seconds=4.0, seed=1, folder=tmp_path))
    assert first[0].after <= first[0].before
    chain = stored.chain(5, 4)
    factors = [m.astype(float) for m in chain.matrices]
    assert not store(factors, tmp_path)  # the library knows it already
