"""The arc against its explicit matrices, and where it stands."""

import numpy as np
import pytest

from nctheory import Arc, InputError, Problem, network
from nctheory.atlas.table import atlas


@pytest.mark.parametrize("K", [4, 5, 6, 9, 12])
@pytest.mark.parametrize("L", [3, 4, 6])
def test_cost_and_forward_pass_of_explicit_matrices(K, L):
    arc = Arc(classes=K)
    features, *weights = arc.shapes(L)
    power = np.linalg.norm(features, "nuc")**2 * np.prod([np.sum(W**2) for W in weights])
    assert arc.cost(L) == pytest.approx(power ** (1 / (L + 1)), rel=1e-12)
    signal, ranks = features, [np.linalg.matrix_rank(features)] * 2
    for W in weights:
        signal = W @ np.maximum(signal, 0)
        ranks.append(np.linalg.matrix_rank(signal))
    assert signal == pytest.approx(np.eye(K), abs=1e-12)
    assert tuple(ranks[:L]) == arc.ranks(L).before
    assert float(arc.common_norm(L)) == pytest.approx(np.sum(weights[-1].sum(axis=0)**2) / K)
    problem = Problem(classes=K, layers=L, weight_decay=1e-4)
    assert network.loss(arc.weights(problem), problem) == pytest.approx(arc.loss(problem))


def test_its_least_costs_and_limits():
    """About (4/3 + 2/sqrt(3)) K^5 2^(L-2), from the leading terms of the three factors."""
    K, L = 10**6, 1000
    expected = np.log(4 / 3 + 2 / np.sqrt(3)) + 5 * np.log(K) + (L - 2) * np.log(2)
    assert (L + 1) * np.log(Arc(classes=K).cost(L)) == pytest.approx(expected, abs=1e-4)
    beats = [K for K in range(4, 20) if Arc(classes=K).compare_with_dnc(5) == -1]
    assert beats == [*range(15, 20)]
    assert Arc(classes=4).compare_with_dnc(4) == 1 and Arc(classes=4).compare_with_dnc(6) == -1
    with pytest.raises(InputError, match="classes must be at least 4|classes must be .* 4"):
        Arc(classes=3)
    with pytest.raises(InputError, match="matrix entries"):
        Arc(classes=10**5).shapes(3)


def test_tables_of_many_classes_and_layers_have_it():
    """Beyond the stored chains: a sum of two of them costs 7.13 there."""
    (cell,) = atlas([100], [30])
    assert cell.construction == Arc(classes=100) and cell.certified
    assert cell.status == "dnc beaten" and 2.5 < cell.lower < cell.cost < 4.1
