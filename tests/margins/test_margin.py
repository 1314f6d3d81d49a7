"""Margins without decay against explicit matrices, and exact comparisons."""

import math

import numpy as np
import pytest

from nctheory import Circle, Groups, Orthogonal, Pairs
from nctheory.constructions.edge_code import EdgeCode
from nctheory.losses import get
from nctheory.margins import compare, limit, log_margin
from nctheory.margins.margin import cost_bounds

MADE = [Orthogonal(classes=5), Pairs(classes=6), Groups(sizes=(2, 2, 1)),
        Groups(sizes=(3, 1, 1, 1)), Circle(classes=7), EdgeCode(vertices=5)]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.label)
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_margin_is_that_of_explicit_matrices(made, layers):
    """The least margin over the Schatten quasi-norm, by numpy's singular values."""
    S = made.outputs(get("ce")).matrix()
    s = np.linalg.svd(S, compute_uv=False)
    p = 2 / (layers + 1)
    least = (S.diagonal() - S)[~np.eye(len(S), dtype=bool)].min()
    expected = math.log(least) - math.log((s[s > 1e-9] ** p).sum()) / p
    assert log_margin(made, layers) == pytest.approx(expected, abs=1e-12)
    low, high = cost_bounds(made, layers)
    assert low <= high and float(low) == pytest.approx(made.cost(layers, "ce", "linear"))


def test_singles_are_centred():
    """What taking the mean off saves: s = sqrt(1 - q/K), by hand for one single of five."""
    spectrum = Groups(sizes=(2, 2, 1)).spectrum()
    assert sorted((float(theta), m) for theta, m in spectrum.items()) == [(0.8, 1), (4.0, 2)]
    assert log_margin(Groups(sizes=(2, 2, 1)), 3) > log_margin(Pairs(classes=5), 3)


def test_pairs_against_dnc_is_theorem_1_of_gk25():
    """m 2^(2/(L+1)) < 2m-1: K >= 4 at L >= 3, K >= 6 at L = 2."""
    for m in (2, 3, 4):
        for L in (1, 2, 3, 4):
            sign = compare(Pairs(classes=2 * m), Orthogonal(classes=2 * m), L)
            assert sign == (1 if m >= 3 and L >= 2 or L >= 3 else -1)


def test_a_tie_stays_undecided():
    assert compare(Pairs(classes=6), Groups(sizes=(2, 2, 2)), 2) is None


def test_limit_orders_by_rank_and_then_by_the_geometric_mean():
    circle, pairs = limit(Circle(classes=8)), limit(Pairs(classes=8))
    assert circle[0] == 2 and pairs == (4, 2.0)
    for L in (200, 400):  # c = r + (2/(L+1)) r log g + ...
        c = Circle(classes=8).cost(L, "ce", "linear")
        assert c == pytest.approx(2 * circle[1] ** (2 / (L + 1)), rel=1e-12)
