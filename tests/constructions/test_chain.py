"""Chains as constructions, and every stored one, exactly and by a forward pass."""

import json
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nctheory import InputError, Problem, Triangular, network
from nctheory.constructions import Chain, construct, stored

SIZES = stored.chain_sizes()


def check(chain):
    """The stored trace and ranks are those of the matrices, and the factors fit exactly."""
    fresh = Chain(matrices=chain.matrices)
    assert fresh.inverse_trace == chain.inverse_trace
    assert fresh.base_ranks == chain.base_ranks
    for L in (chain.least_layers, chain.least_layers + 2):
        assert chain.compare_with_dnc(L) == -1 or L > chain.least_layers
        problem = Problem(classes=chain.classes, layers=L, weight_decay=1e-4)
        weights = chain.weights(problem)
        assert network.loss(weights, problem) == pytest.approx(chain.loss(problem), rel=1e-9)
        _, outputs = network.forward(weights, problem)
        assert outputs == pytest.approx(chain.scale(problem) * np.eye(chain.classes), abs=1e-8)


@pytest.mark.parametrize("K", [K for K in SIZES if K <= 10])
def test_stored_chains_of_few_classes(K):
    for chain in stored.chains(K):
        check(chain)


@pytest.mark.slow
@pytest.mark.parametrize("K", [K for K in SIZES if K > 10])
def test_stored_chains(K):
    for chain in stored.chains(K):
        check(chain)


@pytest.mark.parametrize("K", SIZES)
def test_costs_against_forty_digits(K):
    """c to 1e-14, although P is a quotient of integers of thousands of digits."""
    for chain in stored.chains(K):
        for L in (chain.least_layers, 30):
            exact = chain.representation_cost(L).scale
            with mpmath.workdps(40):
                P = mpmath.mpf(exact.numerator) / exact.denominator
                error = abs(chain.cost(L) / mpmath.root(P, L + 1) - 1)
            assert error < 1e-14


def test_entries_survive_the_file():
    chain = stored.chains(5)[0]
    again = stored.load(json.loads(json.dumps(stored.dump(chain))))
    assert again.representation_cost(6).scale == chain.representation_cost(6).scale


@pytest.mark.parametrize("K", SIZES)
def test_names_name_one_chain(K):
    assert len({chain.label for chain in stored.chains(K)}) == len(stored.chains(K))


def test_a_chain_of_the_triangular_factors_has_the_triangular_cost():
    """H_1 = I, W_1 = B instead of the balanced split of B: |H_1| |W_1| for the nuclear norm."""
    triangular = Triangular(vertices=5, subset=3)
    incidence, cuts, _ = triangular.shapes(3)
    chain = Chain(matrices=[np.eye(10, dtype=int), incidence.astype(int),
                            np.rint(2 * math.sqrt(10) * cuts).astype(int)])
    exact = 10 * Fraction(20) * Fraction(5, 4) * Fraction(550, 9)
    assert chain.representation_cost(3).scale == exact
    # A projection of rank 5 a layer more, the triangular family's own W_2 = I_5.
    assert chain.representation_cost(6).scale == exact * 5**3
    assert chain.ranks(5) == ((10, 5, 5, 5, 5), (5, 5, 5, 10))


def test_scales_do_not_matter():
    chain = stored.chains(4)[0]
    scaled = Chain(matrices=[m * Fraction(i + 1, 7) for i, m in enumerate(chain.matrices)])
    assert scaled.representation_cost(9).scale == chain.representation_cost(9).scale


@pytest.mark.parametrize("matrices, message", [
    ([[[1, 2]]], "matrices must be H_1, W_1, ..., at least two"),
    (3, "matrices must be H_1, W_1"),
    ([[[1, 2]], [[1, 2]]], "W_1 must have 1 columns, one a row of the factor before, got 2"),
    ([[[1, 2]], [[0]]], "W_1 must have an entry other than 0"),
    ([[[1, math.nan]], [[1]]], "H_1 must be a non-empty matrix of finite numbers"),
    ([[[1, "a"]], [[1]]], "H_1 must be a non-empty matrix of finite numbers"),
    ([[1, 2], [[1]]], "H_1 must be a non-empty matrix of finite numbers")])
def test_bad_matrices_are_named(matrices, message):
    with pytest.raises(InputError, match=message):
        Chain(matrices=matrices)


def test_a_chain_that_does_not_fit_says_so():
    chain = Chain(matrices=[[[1, 2, 1], [1, 1, 1]], [[1, 0], [0, 1], [1, -1]]])
    with pytest.raises(InputError, match="rank 3, got 2"):
        chain.cost(2)


def test_stored_chains_by_name():
    assert construct("chain:K=3,L=4").label.startswith("chain K=3 L=4")
    with pytest.raises(InputError, match=r"layers must be one of the atlas's for K = 3"):
        construct("chain:K=3,L=2")


def test_three_classes_and_four_layers():
    """The least case found: DNC is not optimal for K = 3 from L = 4 on (ours)."""
    chain = stored.chain(3, 4)
    assert chain.compare_with_dnc(4) == -1
    assert chain.representation_cost(4).scale < 218 < 3**5
    problem = Problem(classes=3, layers=4, weight_decay=0.01)
    from nctheory import Orthogonal

    dnc = Orthogonal(classes=3)
    assert network.loss(chain.weights(problem), problem) < network.loss(
        dnc.weights(problem), problem) - 1e-3


def test_a_chain_that_is_stored_says_when(tmp_path):
    from datetime import UTC, datetime

    from nctheory.constructions import stored

    chain = stored.chain(3, 4)
    stored.write_chain(chain, "mine", tmp_path)
    found, = stored.chains(3, tmp_path)
    assert found.found == datetime.now(UTC).date().isoformat()


def test_another_process_writes_behind_the_cache(tmp_path):
    chain = stored.chain(3, 4)
    stored.write_chain(chain, "mine", tmp_path)
    assert len(stored.chains(3, tmp_path)) == 1
    path, = tmp_path.rglob("*.json")
    path.write_text("[]")
    stored.write_chain(chain, "again", tmp_path)
    assert len(stored.chains(3, tmp_path)) == 1
