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

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import limits
from nctheory.compiled import cached
from nctheory.errors import InputError, integer, require
from nctheory.files import read_npz, write_npz
from nctheory.metrics.arrays import CHUNK, blocks, check_finite, check_pair

Array = NDArray[np.float64]

# Between these the squares of the largest entry, and their sums, are numbers.
LEAST, MOST = 1e-140, 1e140


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
    def of(cls, features: Any, labels: ArrayLike, chunk: int = CHUNK) -> Moments:
        """Moments of a feature matrix (N x d, of any library, any real dtype) and N labels.

        Read `chunk` rows at a time, so that a memory map or a Dask array is never held in memory
        as a whole (`nctheory.metrics.arrays` has the rules of types and devices).

        Raises
        ------
        InputError
            For features that are not a matrix of real, finite numbers, or labels that are not
            one integer or string a row.
        """
        x, y = check_pair(features, labels)
        total = Accumulator(chunk)
        for rows, block in blocks(x, chunk):
            total.add(block, y[rows])
        return total.moments()

    @classmethod
    def stream(cls, batches: Iterable[tuple[Any, ArrayLike]], *,
               checkpoint: str | Path | None = None, every: int = 1000) -> Moments:
        """Moments of all batches (features, labels) together; they need not be equally long.

        Parameters
        ----------
        checkpoint : path, optional
            Written every `every` batches.  Where the file is there at the start, as many batches
            as it has are skipped: a run that was killed goes on, given the same batches.
        """
        total, iterator = Accumulator(), iter(batches)
        if checkpoint is not None and Path(checkpoint).exists():
            total = Accumulator.load(checkpoint)
            deque(islice(iterator, total.batches), maxlen=0)
        for x, y in iterator:
            total.add(x, y)
            if checkpoint is not None and total.batches % integer("every", every, 1) == 0:
                total.save(checkpoint)
        return total.moments()

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
        scatter = apart.T @ apart
        scatter += self.scatter
        scatter += other.scatter
        return Moments(labels, n, means, scatter,
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


class Accumulator:
    """Moments of batches as they come, in memory that does not grow with their number.

    Small batches are gathered into blocks, for which a matrix product is at full speed: of
    `chunk` rows, and of at least eight a class, so that merging costs little beside it.

    Examples
    --------
    >>> total = Accumulator()
    >>> total.add([[1.0], [3.0]], [0, 0])
    >>> total.add([[5.0]], [1])
    >>> total.moments().means.tolist(), total.batches
    ([[2.0], [5.0]], 2)
    """

    def __init__(self, chunk: int = CHUNK) -> None:
        self.chunk, self.batches = integer("chunk", chunk, 1), 0
        self._sum: Moments | None = None
        self._rows = 0  # in the sum
        self._waiting: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def add(self, features: Any, labels: ArrayLike) -> None:
        """One more batch; it is not copied before its block is full."""
        x, y = check_pair(features, labels)
        if self._waiting:
            width = self._waiting[0][0].shape[1]
            require(x.shape[1] == width, "features", f"have {width} columns in every batch",
                    x.shape[1])
        self._waiting.append((np.asarray(x), y))
        self.batches += 1
        classes = self._sum.classes if self._sum else 0
        if sum(len(y) for _, y in self._waiting) >= max(self.chunk, 8 * classes):
            self._fold()

    def include(self, other: Moments) -> None:
        """What another process has summed, or a former run."""
        self._sum = other if self._sum is None else self._sum + other

    def moments(self) -> Moments:
        """Of all that came; `InputError` where nothing did."""
        self._fold()
        if self._sum is None:
            raise InputError("batches must hold at least one batch, got none")
        return self._sum

    def _fold(self) -> None:
        if not self._waiting:
            return
        kinds = {_kind(y) for _, y in self._waiting}
        require(len(kinds) == 1, "labels", "be all integers or all strings", sorted(kinds))
        one = len(self._waiting) == 1
        x, y = self._waiting[0] if one else map(np.concatenate, zip(*self._waiting, strict=True))
        self._waiting.clear()
        found = _of_batch(x, y, self._rows)
        self._rows += len(y)
        self.include(found)

    def save(self, path: str | Path) -> None:
        """Write an .npz file that `load` reads; a former one stays whole until it is written."""
        arrays = {name: getattr(self.moments(), name) for name in FIELDS}
        write_npz(path, {**arrays, "batches": self.batches}, name="checkpoint", force=True)

    @classmethod
    def load(cls, path: str | Path, chunk: int = CHUNK) -> Accumulator:
        """What `save` wrote; `InputError` for another file."""
        arrays = read_npz(path, name="checkpoint", kind="a file written by Accumulator.save",
                          need=[*FIELDS, "batches"])
        made = cls(chunk)
        made.batches = int(arrays.pop("batches"))
        made.include(Moments(**arrays))
        made._rows = made.moments().samples
        return made


FIELDS = tuple(field.name for field in fields(Moments))


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
