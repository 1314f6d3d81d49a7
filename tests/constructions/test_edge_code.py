"""The edge code against its explicit matrices."""

import numpy as np
import pytest

from nctheory import Problem, network
from nctheory.constructions.edge_code import EdgeCode
from nctheory.losses.margins import Margins


@pytest.mark.parametrize("r", [4, 5, 7])
def test_geometry(r):
    code = EdgeCode(vertices=r)
    S = code.matrix()
    assert S.sum(axis=0) == pytest.approx(0) and code.classes == r * (r - 1) // 2
    stated = [float(t) for t, m in code.spectrum().items() for _ in range(m)]
    found = np.linalg.eigvalsh(S.T @ S)
    assert found[found > 1e-9] == pytest.approx(stated)
    for scale in (0.1, 1.0, 5.0):
        assert code.margins().fit(scale) == pytest.approx(Margins.of(S).fit(scale))


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("r, L, n", [(4, 2, 1), (5, 3, 2), (5, 6, 1)])
def test_forward_pass(r, L, n, activation):
    code = EdgeCode(vertices=r)
    problem = Problem(classes=code.classes, layers=L, samples=n, weight_decay=1e-4, loss="ce",
                      activation=activation)
    parameters = code.weights(problem)
    assert network.loss(parameters, problem) == pytest.approx(code.loss(problem), rel=1e-12)
    _, outputs = network.forward(parameters, problem)
    means = network.class_means(outputs, problem)
    assert means == pytest.approx(code.scale(problem) * code.matrix(), abs=1e-9)
    ranks = [np.linalg.matrix_rank(H) for H in network.forward(parameters, problem)[0]]
    assert tuple(ranks) == code.ranks(L, activation=activation).before


def test_where_it_beats_the_bound_for_collapse():
    """P < (K-1)^(L+1) by integers: |B|_*^2 = (r-1)(r^2 - 3r + 4 + sqrt(8(r-1)(r-2)))."""
    for r, L in ((4, 5), (4, 6), (5, 2), (5, 3), (6, 2), (9, 2), (10, 2)):
        nuclear = (r - 1) * (r * r - 3 * r + 4 + np.sqrt(8 * (r - 1) * (r - 2)))
        power = nuclear * r ** (L - 2) * (r - 1) * (r - 2)
        code = EdgeCode(vertices=r)
        below = power < (code.classes - 1.0) ** (L + 1)
        assert code.compare_with_dnc(L, activation="relu") == (-1 if below else 1)
        assert code.cost(L, activation="relu") == pytest.approx(power ** (1 / (L + 1)))
