"""The kernel of the search: compiled, in Python, by differences."""

import numpy as np
import pytest

from nctheory.atlas import kernel, search

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
