"""Symmetry groups of features, their orders known, and their orbitals."""

import math

import numpy as np
import pytest
from sympy.combinatorics import Permutation, PermutationGroup

from nctheory.atlas.symmetry import feature_symmetry, orbitals
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
