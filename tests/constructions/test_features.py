"""Features and hidden rows of one's own."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nctheory import Features, InputError, Triangular, construct, graphs
from tests.constructions.samples import points_of_a_square


def test_the_triangular_family_as_features_has_the_same_exact_cost():
    own = Features(features=graphs.subset_incidence(5, 1, 2),
                   rows=graphs.subset_incidence(5, 1, 3).T - Fraction(1, 2))
    for layers in (2, 3, 5):
        a, b, d = own.representation_cost(layers).surd
        c, e, f = Triangular(vertices=5, subset=3).representation_cost(layers).surd
        assert a == c and b**2 * d == e**2 * f


def test_features_with_algebraic_singular_values_are_decided_by_bounds():
    square = points_of_a_square()
    cost = square.representation_cost(4)
    assert cost.surd is None
    low, high = cost.bounds(200)
    assert low <= high and float(low) == pytest.approx(math.exp(cost.log), rel=1e-12)
    assert square.compare_with_dnc(4) == 1


@pytest.mark.parametrize("features, rows, message", [
    ([[1, -1], [0, 1]], [[1, 0]], r"features\[0, 1\] must be nonnegative, got -1"),
    ([[1, 2], [1, 2]], [[1, 0]], "columns 0 and 1 parallel"),
    ([[1, 0], [1, 0]], [[1, 0]], r"features\[:, 1\] must have a positive entry"),
    ([[1, 0], [0, 1]], [[1, 0, 0]], "rows must have 2 columns"),
    ([[1, 0], [0, 1]], [[1, 1]], "rows must separate the 2 classes"),
    ([[1, float("nan")], [0, 1]], [[1, 1]], "features must be a non-empty matrix of finite"),
    ([1, 2], [[1]], "features must be a non-empty matrix"),
    ([], [[1]], "features must be a non-empty matrix"),
    ([["a"]], [[1]], "features must be a non-empty matrix")])
def test_bad_features_are_named(features, rows, message):
    with pytest.raises(InputError, match=message):
        Features(features=features, rows=rows)


def test_features_from_a_file(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, features=np.eye(3), rows=np.eye(3))
    assert construct(f"features:file={path}").label == "mine m=3 rows=3"
    np.savez(path, features=np.eye(3))
    with pytest.raises(InputError, match="file must be .* it has no array rows, but features"):
        construct(f"features:file={path}")
    np.savez(path, features=np.array([object()]), rows=np.eye(3))
    with pytest.raises(InputError, match="file must be a readable .npz file"):
        construct(f"features:file={path}")
    with pytest.raises(InputError, match="file must be a readable .npz file"):
        construct("features:file=nowhere.npz")
