"""Symmetric, merged and small: simplifying a chain costs nothing."""

import math

import numpy as np
import pytest

from nctheory import Orthogonal, Problem, Triangular
from nctheory.atlas import search
from nctheory.atlas.simplify import merged, simplified, split
from nctheory.constructions import stored


def floats(chain):
    return [m.astype(float) for m in chain.matrices]


def triangular(r, s=3):
    return Triangular(vertices=r, subset=s).unit_factors(3)[0][:-1]


@pytest.mark.parametrize("K, L", [(5, 5), (7, 3)])
def test_merging_and_splitting_cost_nothing(K, L):
    factors = floats(stored.chain(K, L))
    double = [*factors]
    double[-1] = np.vstack([factors[-1], 3 * factors[-1][:2]])
    assert search.evaluate(merged(double)) == pytest.approx(search.evaluate(double), rel=1e-12)
    assert len(merged(double)[-1]) == len(factors[-1])
    assert search.evaluate(split(factors)) <= search.evaluate(factors) + 1e-9


def test_a_shaken_triangular_chain_is_made_symmetric_again():
    """At r = 5, s = 3, L = 3 the family is optimal among its neighbours (observed)."""
    factors = triangular(5)
    shaken = search.shaken(factors, np.random.default_rng(0), 1e-3)
    simple = simplified(shaken)
    assert simple.group.order == 120
    assert simple.value == pytest.approx(search.evaluate(factors), abs=1e-9)


def test_deep_neural_collapse_stays_what_it_is():
    frame = Orthogonal(classes=3).scaled(Problem(classes=3, layers=3, weight_decay=1e-6))[:-1]
    simple = simplified(frame)
    assert simple.value == pytest.approx(4 * math.log(3)) and simple.group.order == 6
