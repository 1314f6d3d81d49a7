"""The descent of many starts at once."""

import numpy as np
import pytest

from nctheory.cross_entropy.descent import descend


def test_descent_solves_each_row_by_itself():
    def rosenbrock(x):
        a, b = x[:, 0], x[:, 1]
        value = (1 - a)**2 + 100 * (b - a * a)**2
        return value, np.stack([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)], axis=1)

    starts = np.random.default_rng(0).uniform(-2, 2, (20, 2))
    together = descend(rosenbrock, starts)
    assert together.points == pytest.approx(np.ones((20, 2)), abs=1e-8)
    alone = np.concatenate([descend(rosenbrock, row[None]).points for row in starts])
    assert np.allclose(alone, together.points, atol=1e-9)
