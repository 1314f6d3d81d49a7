"""Symmetry groups of features, their orders known, and their orbitals."""

import itertools
import math

import numpy as np
import pytest
from sympy.combinatorics import Permutation, PermutationGroup

from nctheory import Triangular
from nctheory.atlas.symmetry import (
    automorphisms,
    class_symmetry,
    feature_symmetry,
    levels,
    network_symmetry,
    orbitals,
)
from nctheory.graphs import subset_incidence

HAMMING = np.kron(np.eye(3), np.ones(3)), np.kron(np.ones(3), np.eye(3))  # H(2, 3)


@pytest.mark.parametrize("features, order, classes", [
    (np.eye(6), math.factorial(6), 2), (subset_incidence(5, 1, 2), math.factorial(5), 3),
    (subset_incidence(6, 1, 3), 2 * math.factorial(6), 4),  # complements of triples, too
    (np.vstack(HAMMING), 72, 3), ([[1, 2, 3], [3, 2, 2]], 1, 6)])
def test_groups(features, order, classes):
    features = np.asarray(features, dtype=float)
    group = feature_symmetry(features)
    gram = features.T @ features
    assert all(np.allclose(gram, gram[np.ix_(g, g)]) for g in group.generators)
    made = PermutationGroup([Permutation(list(g)) for g in group.generators] or [Permutation(2)])
    assert group.order == made.order() == order
    assert orbitals(group).max() + 1 == classes


def triangular(r, s=3):
    return Triangular(vertices=r, subset=s).unit_factors(3)[0][:-1]


def polygon(n):
    """Rank 3: the columns on a circle, nonnegative."""
    turns = 2 * math.pi / n * np.subtract.outer(np.arange(n), np.arange(n))
    return [np.eye(n), 1 + np.cos(turns), np.eye(n)]


@pytest.mark.parametrize("seed", range(12))
def test_groups_against_all_permutations(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    colours = rng.integers(0, 2, (n, n))
    colours = colours + colours.T if seed % 2 else colours
    kept = [p for p in itertools.permutations(range(n))
            if np.array_equal(colours[np.ix_(p, p)], colours)]
    group = automorphisms(colours)
    assert group.order == len(kept)
    assert set(group.generators) <= set(kept)
    assert set(group.orbits()) == {tuple(sorted({p[i] for p in kept})) for i in range(n)}


@pytest.mark.parametrize("r", [5, 6, 7])
def test_triangular_chains_have_the_symmetric_group(r):
    factors = triangular(r)
    group = network_symmetry(factors)
    assert class_symmetry(factors).order == group.order == math.factorial(r)
    assert group.name == f"S_{r}"
    assert len(class_symmetry(factors).orbits()) == 1


@pytest.mark.parametrize("n", [5, 7, 8])
def test_polygons_have_the_dihedral_group(n):
    group = class_symmetry(polygon(n))
    assert (group.order, group.name) == (2 * n, "dihedral")


def test_many_classes():
    assert class_symmetry([np.eye(40), np.eye(40)]).order == math.factorial(40)


def test_levels_need_a_gap():
    assert levels(np.array([0.3, 0.1, 0.1001, 0.3002]), 1e-2).tolist() == [2, 1, 1, 2]
