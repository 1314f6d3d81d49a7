"""Class moments: all that most collapse metrics need of a feature set, in one pass.

For each class its size, mean and spread, and one within-class scatter matrix. Moments of
disjoint samples add (`a + b`), so batches, files and workers all reduce to the same few small
arrays.

Why not X^T X - sum n_c mu_c mu_c^T: at strong collapse the two terms agree in almost every
digit and the difference is noise, of either sign. Here every batch is centred at its own class
means and merging adds only positive semi-definite terms (the parallel variance formula of Chan,
Golub and LeVeque, 1979), so nothing cancels and the scatter is never negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import limits
from nctheory.compiled import cached
from nctheory.errors import InputError, integer, require

Array = NDArray[np.float64]

# Between these the squares of the largest entry, and their sums, are numbers.
LEAST, MOST = 1e-140, 1e140

CHUNK = 4096  # rows: 16 MB of float64 at width 512, enough for full matrix-product speed


@dataclass(frozen=True, eq=False)
class Moments:
    r"""Class sizes, means and within-class scatter of N feature vectors in d dimensions.

    Attributes
    ----------
    labels : array, shape (K,)
        The class labels, sorted: row k of every array below is class labels[k].
    counts : integer array, shape (K,)
        n_c.
    means : array, shape (K, d)
        mu_c, the class means.
    scatter : array, shape (d, d)
        S = sum_i (x_i - mu_c(i)) (x_i - mu_c(i))^T, not divided by anything.
    spreads : array, shape (K,)
        The share of each class in tr S: sum over its samples of |x_i - mu_c|^2.

    Examples
    --------
    >>> m = Moments.of([[1.0, 0.0], [3.0, 0.0], [0.0, 5.0]], ["cat", "cat", "dog"])
    >>> m.counts.tolist(), m.means.tolist(), m.spreads.tolist()
    ([2, 1], [[2.0, 0.0], [0.0, 5.0]], [2.0, 0.0])
    """

    labels: NDArray[Any]
    counts: NDArray[np.int64]
    means: Array
    scatter: Array
    spreads: Array

    @classmethod
    def of(cls, features: ArrayLike, labels: ArrayLike, chunk: int = CHUNK) -> Moments:
        """Moments of a feature matrix (N x d, any real dtype, also a memory map) and N labels.

        Read `chunk` rows at a time, so a memory map is never held in memory as a whole.

        Raises
        ------
        InputError
            For features that are not a matrix of real, finite numbers, or labels that are not
            one integer or string a row.
        """
        x, y = check_pair(features, labels)
        return cls._sum((x[rows], y[rows]) for rows in row_blocks(len(x), chunk))

    @classmethod
    def stream(cls, batches: Iterable[tuple[ArrayLike, ArrayLike]]) -> Moments:
        """Moments of all batches (features, labels) together; they need not be equally long."""
        return cls._sum(check_pair(x, y) for x, y in batches)

    @classmethod
    def _sum(cls, batches: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> Moments:
        def parts() -> Iterator[Moments]:
            row = 0
            for x, y in batches:
                yield _of_batch(x, y, row)
                row += len(x)

        each = parts()
        first = next(each, None)
        if first is None:
            raise InputError("batches must hold at least one batch, got none")
        return reduce(Moments.__add__, each, first)

    def __add__(self, other: Moments) -> Moments:
        """Moments of the union of two disjoint sets of samples."""
        require(self.width == other.width, "features", f"have {self.width} columns in every "
                "batch", other.width)
        require(_kind(self.labels) == _kind(other.labels), "labels",
                "be all integers or all strings", [self.labels[0], other.labels[0]])
        labels = np.union1d(self.labels, other.labels)
        n_a, mu_a, s_a = self._aligned(labels)
        n_b, mu_b, s_b = other._aligned(labels)
        n = n_a + n_b
        # A class missing on one side has weight 0 there, and its shift is made 0 too.
        shift = np.where((n_a > 0) & (n_b > 0), 1.0, 0.0)[:, None] * (mu_b - mu_a)
        means = np.where((n_a > 0)[:, None], mu_a, mu_b) + shift * (n_b / n)[:, None]
        apart = np.sqrt(n_a * (n_b / n))[:, None] * shift
        return Moments(labels, n, means, self.scatter + other.scatter + apart.T @ apart,
                       s_a + s_b + np.einsum("ij,ij->i", apart, apart))

    def _aligned(self, labels: NDArray[Any]) -> tuple[NDArray[np.int64], Array, Array]:
        """Counts, means and spreads by the classes of `labels`, zero for those not in self."""
        at = np.searchsorted(labels, self.labels)
        counts = np.zeros(len(labels), np.int64)
        means = np.zeros((len(labels), self.width))
        spreads = np.zeros(len(labels))
        counts[at], means[at], spreads[at] = self.counts, self.means, self.spreads
        return counts, means, spreads

    @property
    def classes(self) -> int:
        """K."""
        return len(self.labels)

    @property
    def width(self) -> int:
        """d."""
        return int(self.means.shape[1])

    @property
    def samples(self) -> int:
        """N."""
        return int(self.counts.sum())

    @cached_property
    def singular_values(self) -> Array:
        """Of the means, falling."""
        return np.asarray(np.linalg.svd(self.means, compute_uv=False))

    def around(self, centres: Moments) -> Moments:
        r"""The same samples with scatter measured around the class means of `centres`.

        S + sum_c n_c (mu_c - mu'_c)(mu_c - mu'_c)^T: with `centres` of the train set this is
        the test scatter around the TRAIN class means [HBN22]. The result's `means` are mu'.

        Raises
        ------
        InputError
            Where a class of self is not in `centres`, or the widths differ.
        """
        require(self.width == centres.width, "test features",
                f"have {centres.width} columns like the train features", self.width)
        at = codes(self.labels, centres.labels, "test_labels")
        means = centres.means[at]
        apart = np.sqrt(self.counts)[:, None] * (self.means - means)
        return Moments(self.labels, self.counts, means, self.scatter + apart.T @ apart,
                       self.spreads + np.einsum("ij,ij->i", apart, apart))


def row_blocks(rows: int, chunk: int) -> Iterator[slice]:
    """Slices that cut 0..rows into blocks of at most `chunk`."""
    step = integer("chunk", chunk, 1)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def codes(labels: NDArray[Any], known: NDArray[Any], name: str = "labels") -> NDArray[np.int64]:
    """The position of each label in the sorted array `known`; `InputError` for a stranger."""
    require(_kind(labels) == _kind(known), name,
            "be of the same kind (integers or strings) as the train labels", labels[:3])
    at = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    strange = np.flatnonzero(known[at] != labels)
    if len(strange):
        raise InputError(f"{name} must be classes of the train set, got "
                         f"{labels[strange[0]]!s} at row {strange[0]}")
    return at


def check_pair(features: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both as arrays, (N, d) real and (N,) integer or string; finiteness is checked later."""
    x, y = check_matrix("features", features), check_labels(labels)
    if len(x) != len(y):
        raise InputError(f"labels must be one a row of features, got {len(y)} labels for "
                         f"{len(x)} rows")
    return x, y


def plain(value: ArrayLike) -> NDArray[Any]:
    """`value` as a NumPy array; PyTorch's tensors also with a gradient, on a device, or bfloat16.

    They are known by what they can do, so that torch is never imported.
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        # NumPy has no bfloat16; float32 holds its numbers exactly.
        value = (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()
    return np.asanyarray(value)


def check_matrix(name: str, value: ArrayLike) -> NDArray[Any]:
    """`value` as a non-empty real matrix, of whatever real dtype and without a copy."""
    x = plain(value)
    require(x.dtype.kind in "fiub", name, "hold real numbers of a kind that NumPy has (bfloat16 "
            "and float8 are none: save float32)", x.dtype)
    require(x.ndim == 2 and x.size > 0, name,
            "be a matrix, a sample a row, with at least one row and column", x.shape)
    return x


def check_labels(value: ArrayLike, name: str = "labels") -> NDArray[Any]:
    """`value` as a vector of integers or strings."""
    y = plain(value)
    require(y.ndim == 1, name, "be a vector", y.shape)
    require(y.dtype.kind in "iubU", name, "be integers or strings", y.dtype)
    return y


def check_finite(name: str, block: NDArray[Any], first: int = 0) -> None:
    """`InputError` naming the first entry that is NaN or infinite; row 0 of `block` is `first`."""
    if not np.isfinite(block).all():
        row, column = np.argwhere(~np.isfinite(block))[0]
        raise InputError(f"{name} must be finite, got {block[row, column]} in row "
                         f"{first + row}, column {column} (counted from 0)")


def _kind(labels: NDArray[Any]) -> str:
    return "strings" if labels.dtype.kind == "U" else "integers"


def _of_batch(x: NDArray[Any], y: NDArray[Any], row: int = 0) -> Moments:
    """The moments of rows `row`, `row` + 1, ... of a feature set."""
    labels, code = np.unique(y, return_inverse=True)
    limits.affordable("width", x.shape[1], memory=32 * x.shape[1]**2)
    native = x.dtype.char in "fd" and x.dtype.isnative
    x = np.ascontiguousarray(x, dtype=x.dtype if native else np.float64)
    counts = np.bincount(code, minlength=len(labels))
    totals = np.zeros((len(labels), x.shape[1]))
    add_rows(x, code, totals)
    if not np.isfinite(totals).all():
        check_finite("features", x, row)
    means = totals / counts[:, None]
    centred, spreads = np.empty(x.shape), np.zeros(len(labels))
    subtract_means(x, code, means, centred, spreads)
    # NaN and infinity reach the sums, so only a bad batch pays for a search.
    require(bool(np.isfinite(spreads).all()), "features",
            "be small enough for their squares (below 1e150)", float(np.abs(x).max()))
    return Moments(labels, counts, means, centred.T @ centred, spreads)


@cached(numba.njit)
def add_rows(x: NDArray[Any], code: NDArray[np.int64], totals: Array) -> None:
    """totals[code[i]] += x[i] in float64, whatever the precision of x."""
    for i in range(x.shape[0]):
        k = code[i]
        for j in range(x.shape[1]):
            totals[k, j] += x[i, j]


@cached(numba.njit)
def subtract_means(x: NDArray[Any], code: NDArray[np.int64], means: Array, centred: Array,
                   spreads: Array) -> None:
    """centred[i] = x[i] - means[code[i]]; its squared norm is added to spreads[code[i]]."""
    for i in range(x.shape[0]):
        k = code[i]
        square = 0.0
        for j in range(x.shape[1]):
            difference = x[i, j] - means[k, j]
            centred[i, j] = difference
            square += difference * difference
        spreads[k] += square
