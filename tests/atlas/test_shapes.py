"""Shapes with symmetry: gradients, shared values, better ones."""

import numpy as np
import pytest

from nctheory.atlas import shapes
from nctheory.atlas.paths import Node
from nctheory.constructions import stored
from nctheory.feature_sets.johnson import johnson
from nctheory.feature_sets.simplex import simplex


def test_gradient_of_shapes_by_differences():
    rng = np.random.default_rng(3)
    F, V = rng.random((3, 5)), rng.normal(size=(9, 3))
    _, by_F, by_V = shapes._log_cost(F, V, 0.1)
    for matrix, slopes in ((F, by_F), (V, by_V)):
        for index in np.ndindex(matrix.shape):
            was, values = matrix[index], []
            for step in (1e-6, -1e-6):
                matrix[index] = was + step
                values.append(shapes._log_cost(F, V, 0.1)[0])
            matrix[index] = was
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(slopes[index], abs=1e-6)


def test_entries_that_a_symmetry_exchanges_share_a_value():
    """T(5) has one class; points and edges of K_4 two; zeros none."""
    assert set(shapes.entry_classes(johnson(5, 2).matrix).flat) == {-1, 0}
    assert set(shapes.entry_classes(simplex(4, 2).matrix).flat) == {-1, 0, 1}


def test_a_better_shape():
    """Three classes, from four layers on: the search's chain of rank 2 (c/K = 0.9785)."""
    node = Node(simplex(2, 2))
    better = Node(shapes.shaped(node.features, node.rows))
    assert better.alone(4) < node.alone(4)
    assert better.alone(4) == pytest.approx(stored.chain(3, 4).log_cost(4), abs=1e-5)
