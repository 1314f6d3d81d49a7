"""All faces of the hyperplanes f_i^T v = 0, and the best neuron of every one of them.

On the cone of all v with the same signs of f_i^T v the marks phi_v = sigma(F^T v) are linear, so
|W phi_v|^2 is a quadratic form.  Its maximum over unit v lies in the relative interior of some
face, and is there the largest value on the whole span of that face (a Rayleigh quotient has no
other local maxima): the first eigenvector of the form on the span.  Where that value belongs to
several eigenvectors, one of them lies on a smaller face.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

ZERO = 1e-9  # relative to the columns; below it a vector lies in a hyperplane
MOST_FACES = 50_000


class TooMany(Exception):
    """There are more than MOST_FACES faces."""


def faces(columns: Matrix) -> list[tuple[Matrix, NDArray[np.int8]]]:
    """(basis, signs) of every intersection of hyperplanes but 0: an orthonormal basis, and the
    signs of the columns on each of its faces, a row a face.

    A face has smaller ones at its border.  From a face of the hyperplane i inside an
    intersection one steps to either side of i (and of the hyperplanes that meet the
    intersection in the same set); all other signs stay.

    Parameters
    ----------
    columns : array, shape (m, K)
        Of rank m, no two columns parallel.

    Raises
    ------
    TooMany
        As soon as more than MOST_FACES were found.

    Examples
    --------
    >>> [len(signs) for _, signs in faces(np.eye(2))]
    [2, 2, 4]
    """
    found: dict[bytes, tuple[Matrix, NDArray[np.int8]]] = {}
    scale, count = np.linalg.norm(columns, axis=0), 0

    def visit(basis: Matrix) -> NDArray[np.int8]:
        nonlocal count
        within = basis.T @ (columns / scale)
        lengths = np.linalg.norm(within, axis=0)
        crossing = lengths > ZERO  # the hyperplanes that do not hold all of it
        key = crossing.tobytes()
        if key not in found:
            units = within / np.where(crossing, lengths, 1)
            signs = [np.zeros((0 if crossing.any() else 1, columns.shape[1]), dtype=np.int8)]
            left = crossing.copy()
            while left.any():
                normal = units[:, np.argmax(left)]
                along = normal @ units
                same = crossing & (np.linalg.norm(units - np.outer(normal, along), axis=0) < ZERO)
                border = visit(basis @ _complement(normal))
                step = np.where(same, np.sign(along), 0).astype(np.int8)
                signs += [border + step, border - step]
                left &= ~same
            found[key] = basis, np.unique(np.vstack(signs), axis=0)
            count += len(found[key][1])
            if count > MOST_FACES:
                raise TooMany
        return found[key][1]

    visit(np.eye(len(columns)))
    return [(basis, signs) for basis, signs in found.values() if basis.shape[1] > 0]


def _complement(normal: Matrix) -> Matrix:
    """An orthonormal basis of what is orthogonal to a unit vector."""
    return np.asarray(np.linalg.svd(normal[None])[2][1:].T)


class Regions:
    """The faces, ready to be searched again and again: those of one dimension in one batch."""

    def __init__(self, columns: Matrix) -> None:
        self.columns = columns
        by_dimension: dict[int, list[tuple[Matrix, NDArray[np.int8]]]] = {}
        for basis, signs in faces(columns):
            by_dimension.setdefault(basis.shape[1], []).append((basis, signs))
        self._batches = [
            (np.concatenate([np.repeat(basis[None], len(signs), axis=0) for basis, signs in same]),
             np.concatenate([signs for _, signs in same])) for same in by_dimension.values()]

    def __len__(self) -> int:
        return sum(len(signs) for _, signs in self._batches)

    def maximisers(self, weights: Matrix) -> Matrix:
        """Unit v, a row each, among them one with the largest |weights phi_v|."""
        return np.vstack([v for bases, signs in self._batches
                          for v in self._inside(bases, signs, weights.T @ weights)])

    def _inside(self, bases: Matrix, signs: NDArray[np.int8], metric: Matrix) -> Iterator[Matrix]:
        active = np.swapaxes(bases, 1, 2) @ self.columns * (signs > 0)[:, None]
        first = np.linalg.eigh(active @ metric @ np.swapaxes(active, 1, 2))[1][:, :, -1]
        v = np.einsum("nij,nj->ni", bases, first)
        slack = ZERO * np.linalg.norm(self.columns, axis=0)
        for side in (v, -v):
            yield side[np.all(signs * (side @ self.columns) >= -slack, axis=1)]
