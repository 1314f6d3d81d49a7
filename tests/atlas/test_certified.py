"""C2 between exact numbers: known optima, and claims that are false."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, integers
from nctheory.atlas import certified
from nctheory.atlas.certified import certified_gauge, design_trace, dominated
from nctheory.atlas.gauge import two_layer_gauge
from nctheory.atlas.regions import Regions
from nctheory.graphs import subset_incidence

RANDOM = np.random.default_rng(1).integers(1, 100, size=(3, 6))


@pytest.mark.parametrize("features, square", [
    (np.eye(2), 4), (np.eye(3), 9), (1 - np.eye(3), Fraction(25, 4)),
    (subset_incidence(4, 1, 2), 30), (subset_incidence(4, 1, 2) / 8, 30 * 64)])
def test_known_optima_lie_between(features, square):
    found = certified_gauge(features)
    assert found.lower**2 <= square <= found.upper_squared
    assert 0 < found.gap < 2e-4


def test_features_of_any_kind_agree_with_the_floats():
    """Rank 3 in three and in four rows (the last is the sum of two others)."""
    for features in (RANDOM, np.vstack([RANDOM, RANDOM[0] + RANDOM[1]])):
        gauge, found = two_layer_gauge(features), certified_gauge(features)
        assert float(found.lower) < gauge.upper and found.gap < 2e-4
        assert float(found.upper_squared) == pytest.approx(gauge.upper**2, rel=1e-5)


def test_witnesses_are_enough():
    """Lambda, rational, by many neurons in floats; the design by explicit matrices."""
    found = certified_gauge(RANDOM)
    dual = found.dual.astype(float) / found.scale
    assert Fraction(int(np.trace(found.dual)), found.scale) == found.lower
    v = np.random.default_rng(0).normal(size=(20_000, 3))
    images = np.maximum(v @ RANDOM, 0) @ dual.T
    assert np.all(np.linalg.norm(images, axis=1) <= np.linalg.norm(v, axis=1))
    rows = found.rows / np.linalg.norm(found.rows.astype(float), axis=1, keepdims=True)
    marks = np.maximum(rows.astype(float) @ RANDOM, 0)
    shares = np.array(found.shares, dtype=float) / sum(found.shares)
    assert np.trace(np.linalg.inv(marks.T * shares @ marks)) == pytest.approx(
        float(found.upper_squared))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 3), st.integers(2, 5), st.integers(0, 10**6))
def test_domination_is_decided(rank, count, seed):
    """Just below the maximum found in floats it is refuted, above it proved."""
    rng = np.random.default_rng(seed)
    F = rng.integers(1, 20, size=(rank, count))
    dual = rng.integers(-9, 10, size=(count, count))
    if np.linalg.matrix_rank(F) < rank or len({tuple(c) for c in (F / F.sum(axis=0)).T}) < count:
        return
    v = Regions(F.astype(float)).maximisers(dual.astype(float))
    most = np.linalg.norm(np.maximum(v @ F, 0) @ dual.T, axis=1).max()
    if most == 0:
        return
    exact = integers.as_integers(F), integers.as_integers(dual) * 1000
    assert dominated(*exact, int(most * 1001) + 1) is not None
    assert dominated(*exact, int(most * 999) - 1) is None


def test_refusals(monkeypatch):
    with pytest.raises(InputError, match="full rank"):
        design_trace(integers.as_integers(np.eye(2)), integers.as_integers([[1, 0]]), [1])
    with pytest.raises(InputError, match="margin must be a finite number"):
        certified_gauge(np.eye(2), margin=0)
    monkeypatch.setattr(certified, "MOST_CONES", 10)
    with pytest.raises(InputError, match="room for a proof with 10 cones"):
        certified_gauge(RANDOM)
