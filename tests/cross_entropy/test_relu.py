"""When ReLU cannot help: the bound and its assumption."""

import numpy as np
import pytest

from nctheory import InputError, Orthogonal, Pairs, Problem, Triangular
from nctheory.cross_entropy.relu import shrinkage


@pytest.mark.parametrize("layers", [3, 4, 6])
def test_where_relu_raises_no_quasi_norm_the_linear_bound_holds(layers):
    problem = Problem(classes=10, layers=layers, samples=2, loss="ce", weight_decay=tuple(
        1e-4 * (1 + i % 3) for i in range(layers + 1)))
    held = 0
    for construction in (Orthogonal(classes=10), Pairs(classes=10), Pairs(classes=10),
                         Triangular(vertices=5, subset=3)):
        check = shrinkage(construction.weights(problem), problem)
        if check.holds:
            held += 1
            assert check.regularisation >= check.bound * (1 - 1e-12)
    assert held >= 3
    rng = np.random.default_rng(1)
    for _ in range(30):
        sizes = [(6, 20), *[(6, 6)] * (layers - 1), (10, 6)]
        parameters = [rng.standard_normal(size) for size in sizes]
        check = shrinkage(parameters, problem)
        if check.holds:
            assert check.regularisation >= check.bound * (1 - 1e-12)


def test_triangular_features_break_the_assumption_and_the_bound():
    """ReLU raises the rank from 5 to 10; with many layers the cost falls below the bound."""
    problem = Problem(classes=10, layers=4, weight_decay=1e-4, loss="ce")
    check = shrinkage(Triangular(vertices=5, subset=3).weights(problem), problem)
    assert not check.holds and check.ratios[-1] > 1
    assert check.regularisation < check.bound


def test_zero_outputs_are_refused():
    problem = Problem(classes=4, layers=2, weight_decay=1.0, loss="ce")
    with pytest.raises(InputError, match="have outputs other than zero"):
        shrinkage(Orthogonal(classes=4).weights(problem), problem)
