"""Faces of hyperplane arrangements, and maxima over all of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory.atlas import regions
from nctheory.atlas.regions import Regions, TooMany, faces


def in_general_position(rank, count):
    """Zaslavsky: the numbers of faces of each dimension."""
    return [math.comb(count, rank - d) * 2
            * sum(math.comb(count - rank + d - 1, i) for i in range(d))
            for d in range(1, rank + 1)]


@pytest.mark.parametrize("rank, count", [(1, 1), (2, 5), (3, 7), (4, 6), (5, 6)])
def test_faces_in_general_position(rank, count):
    columns = np.random.default_rng(0).normal(size=(rank, count))
    numbers = [0] * rank
    for basis, signs in faces(columns):
        numbers[basis.shape[1] - 1] += len(signs)
    assert numbers == in_general_position(rank, count)


def test_faces_of_a_degenerate_arrangement():
    """The roots x_i - x_j, x_i + x_j of B_3 and its axes: 48 chambers, 72 walls, 26 rays."""
    axes = np.eye(3)
    pairs = [axes[i] + s * axes[j] for i in range(3) for j in range(i) for s in (1, -1)]
    numbers = {1: 0, 2: 0, 3: 0}
    for basis, signs in faces(np.array([*axes, *pairs]).T):
        numbers[basis.shape[1]] += len(signs)
    assert numbers == {1: 26, 2: 72, 3: 48}


@settings(max_examples=25)
@given(st.integers(2, 4), st.integers(2, 7), st.integers(0, 10**6))
def test_no_neuron_beats_the_maximum(rank, count, seed):
    """Against many random unit vectors, each improved by ascent (small steps uphill)."""
    rng = np.random.default_rng(seed)
    columns = rng.random((rank, max(rank, count)))
    weights = rng.normal(size=(3, columns.shape[1]))

    def value(v):
        return np.linalg.norm(np.maximum(v @ columns, 0) @ weights.T, axis=-1)

    found = Regions(columns).maximisers(weights)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    best = value(found).max()
    v = rng.normal(size=(500, rank))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    for size in np.geomspace(1, 1e-6, 60):
        trial = v + size * rng.normal(size=v.shape)
        trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        v = np.where((value(trial) > value(v))[:, None], trial, v)
    assert best * (1 - 1e-3) <= value(v).max() <= best * (1 + 1e-12)


def test_too_many_faces(monkeypatch):
    monkeypatch.setattr(regions, "MOST_FACES", 25)
    assert len(Regions(np.eye(2))) == 8
    with pytest.raises(TooMany):
        Regions(np.eye(3))
