"""What a chain is made of, in words."""

import math

import numpy as np
import pytest

from nctheory import Triangular
from nctheory.atlas.structure import chain_name, describe, layers, section
from nctheory.graphs import subset_incidence

RNG = np.random.default_rng(3)


def triangular(r, s=3):
    return Triangular(vertices=r, subset=s).unit_factors(3)[0][:-1]


def polygon(n):
    """Rank 3: the columns on a circle, nonnegative."""
    turns = 2 * math.pi / n * np.subtract.outer(np.arange(n), np.arange(n))
    return [np.eye(n), 1 + np.cos(turns), np.eye(n)]


@pytest.mark.parametrize("features, name", [
    (np.eye(4), "frame of 4"),
    (subset_incidence(5, 1, 2), "edges of K_5"),
    (np.column_stack([subset_incidence(4, 1, 2), [2, 0, 0, 0]]), "edges of K_4 + loop"),
    (np.column_stack([subset_incidence(6, 1, 2), np.ones(6)]), "edges of K_6 + 1 within"),
    (subset_incidence(6, 1, 3), "3-subsets of 6"),
    (subset_incidence(5, 1, 2)[:, 1:], "edges of K_5 less an edge"),
    (np.array([[1, 1, 0], [0, 1, 1]]), "3 points in the plane"),
    (np.array([[5, 4, 3, 0], [0, 3, 4, 5]]), "4 points on an arc"),
    (polygon(6)[1], "regular hexagon"),
    (np.column_stack([np.eye(3), [1, 1, 0], [1, 1, 1]]), "frame of 3 + 1 on edges + 1 inside"),
    (np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]), "3 points in the plane + 1 alone"),
])
def test_names(features, name):
    turned = features[:, RNG.permutation(features.shape[1])] * RNG.uniform(1, 1 + 1e-9)
    assert describe(turned.astype(float))[0] == name


def test_a_section_holds_the_rays():
    signal = RNG.random((4, 3)) @ RNG.random((3, 9))
    points, axis, basis = section(signal)
    rays = axis[:, None] + basis @ points.T
    assert rays / np.linalg.norm(rays, axis=0) == pytest.approx(
        signal / np.linalg.norm(signal, axis=0))


def test_layers_of_the_triangular_construction():
    second, third = layers(triangular(5))
    assert second.graph.number_of_edges() == 10 and second.ranks == (5, 5)
    assert third.ranks == (5, 10) and not third.repeats
    assert chain_name(triangular(5)) == "edges of K_5"
