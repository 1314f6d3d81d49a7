"""Symmetries of features: permutations of the columns of F that preserve F^T F.

Such a permutation is a rotation of the neurons' space.  So an optimal design can be averaged
over all of them, and G and Lambda lie in the matrices that are constant on each orbital, an
orbit of pairs of columns: for the triangular graph T(r) there are three orbitals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nctheory.errors import InputError, require

Matrix = NDArray[np.float64]
Permutation = Sequence[int]

DIGITS = 9  # of inner products of unit columns, and of ratios of lengths


def automorphisms(features: Any) -> list[list[int]]:
    """Generators of the group of all symmetries, by a chain of stabilisers.

    For each column in turn, with those before it fixed: for every column that is not known to be
    in its orbit, one symmetry that takes it there is searched for by backtracking.

    Parameters
    ----------
    features : array-like, shape (m, K)
        F: nonnegative, no two columns parallel.  Inner products that agree in nine digits count
        as equal.

    Returns
    -------
    list of permutations
        At most K - 1 per fixed column; empty where only the identity is left.

    Examples
    --------
    >>> automorphisms([[1, 0, 1], [0, 1, 1]])       # the first two columns change places
    [[1, 0, 2]]
    """
    gram = _rounded_gram(feature_matrix(features))
    K = len(gram)
    generators: list[list[int]] = []
    for fixed in reversed(range(K)):
        # Those found so far fix all columns up to this one; new ones need not.
        for target in range(fixed + 1, K):
            labels = _orbits(generators, K)
            if labels[target] != labels[fixed]:
                found = _extend(gram, [*range(fixed), target])
                generators += [found] if found is not None else []
    return generators


def _extend(gram: NDArray[Any], images: list[int]) -> list[int] | None:
    """A symmetry that takes the columns 0, 1, ... to `images`, and the others anywhere."""
    k = len(images)
    if not np.array_equal(gram[k - 1, :k], gram[images[-1], images]):
        return None
    if k == len(gram):
        return images
    return next((found for image in range(len(gram)) if image not in images
                 and (found := _extend(gram, [*images, image])) is not None), None)


def _orbits(generators: Any, count: int) -> NDArray[np.int32]:
    """The orbit's number of each of `count` points."""
    images = np.array(generators, dtype=np.intp).reshape(-1, count)
    points = np.broadcast_to(np.arange(count), images.shape)
    graph = coo_array((np.ones(images.size), (points.ravel(), images.ravel())),
                      shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def orbitals(generators: Sequence[Permutation], count: int) -> NDArray[np.int32]:
    """The number of the orbital of each pair of columns, (i, j) and (j, i) counted as one.

    Examples
    --------
    >>> orbitals([[1, 2, 0], [1, 0, 2]], 3).tolist()
    [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    pairs = np.arange(count * count).reshape(count, count)
    moves = [pairs[g][:, g].ravel() for g in map(list, generators)]
    return _orbits([*moves, pairs.T.ravel()], count * count).reshape(count, count)


def feature_matrix(features: Any) -> Matrix:
    """F in floats; `InputError` where it is not as the gauge needs it."""
    try:
        F = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"features must be a matrix of numbers, got {features!r}") from None
    require(F.ndim == 2 and F.size > 0 and bool(np.all(np.isfinite(F))), "features",
            "be a non-empty matrix of finite numbers", features)
    require(bool(np.all(F >= 0)), "features", "be nonnegative", float(F.min()))
    norms = np.linalg.norm(F, axis=0)
    require(bool(np.all(norms > 0)), "features", "have no zero column", features)
    cosines = (F / norms).T @ (F / norms) - np.eye(F.shape[1])
    require(F.shape[1] == 1 or float(cosines.max()) < 1 - 1e-12, "features",
            "have no two parallel columns", float(cosines.max()))
    return F


def _rounded_gram(features: Matrix) -> NDArray[Any]:
    """F^T F up to rounding, as numbers of classes of equal values."""
    gram = features.T @ features
    values, numbers = np.unique(gram / gram.max(), return_inverse=True)
    # Rounding would tear apart equal values that lie at its border.
    steps = np.diff(values, prepend=values[:1]) > 10.0**-DIGITS
    return np.asarray(np.cumsum(steps)[numbers]).reshape(gram.shape)
