"""Arrays of any library as NumPy's, a block of rows at a time.

NumPy arrays and memory maps are taken as they are.  PyTorch tensors (also with a gradient, on a
device), JAX, CuPy and Dask arrays, and whatever speaks DLPack or `__array__`, are known by what
they can do and moved to NumPy one block after another, so that none of these libraries is ever
imported, and no set of features need fit into memory or onto the host as a whole.

Types: bfloat16 and float8 become float32, which holds their numbers exactly; float16, float32,
float64, integers and booleans stay until they are summed, and every sum is in float64.  Devices:
a block is copied from a device and summed on the host; tensors on the CPU are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory.errors import InputError, integer, require

CHUNK = 4096  # rows: 16 MB of float64 at width 512, enough for full matrix-product speed


class Rows:
    """A matrix of another library: slices of its rows become NumPy arrays."""

    def __init__(self, value: Any) -> None:
        self._value = value
        sized = all(size == size for size in value.shape)  # Dask: nan for what it does not know
        require(sized, "features", "have a known shape (Dask: compute_chunk_sizes())",
                value.shape)
        self.shape = tuple(int(size) for size in value.shape)
        dtype = getattr(value, "dtype", None)
        self.ndim = len(self.shape)
        self.dtype: np.dtype[Any] = (
            dtype if isinstance(dtype, np.dtype) and dtype.kind in "fiub"
            else plain(value[:0]).dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        return plain(self._value[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(plain(self._value), dtype)

    def pieces(self) -> Iterator[tuple[int, Matrix]]:
        """What is computed together, with its first row: a Dask chunk, or the matrix itself."""
        if not hasattr(self._value, "chunks"):
            yield 0, self
            return
        first = 0
        for size in self._value.chunks[0]:
            yield first, self[first:first + size]
            first += size


Matrix = NDArray[Any] | Rows


def plain(value: Any) -> NDArray[Any]:
    """`value` as a NumPy array, by the rules of the module."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of PyTorch
        tensor = value.detach().cpu()
        narrow = any(name in str(tensor.dtype) for name in ("bfloat16", "float8"))
        return np.asanyarray((tensor.float() if narrow else tensor).numpy())
    if hasattr(value, "__cuda_array_interface__") and hasattr(value, "get"):  # CuPy
        value = value.get()
    elif hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        value = np.from_dlpack(value)
    x: NDArray[Any] = np.asanyarray(value)
    return x.astype(np.float32) if x.dtype.name.startswith(("bfloat16", "float8")) else x


def check_matrix(name: str, value: Any) -> Matrix:
    """`value` as a non-empty real matrix, of whatever real dtype and without a copy."""
    foreign = not isinstance(value, np.ndarray) and hasattr(value, "shape")
    x = Rows(value) if foreign and len(value.shape) else plain(value)
    require(x.dtype.kind in "fiub", name, "hold real numbers of a kind that NumPy has (bfloat16 "
            "and float8 are none: save float32)", x.dtype)
    require(x.ndim == 2 and 0 not in x.shape, name,
            "be a matrix, a sample a row, with at least one row and column", x.shape)
    return x


def whole(x: Matrix) -> NDArray[np.float64]:
    """All rows at once, in float64."""
    return np.asarray(x, np.float64)


def check_labels(value: ArrayLike, name: str = "labels") -> NDArray[Any]:
    """`value` as a vector of integers or strings."""
    y = plain(value)
    require(y.ndim == 1, name, "be a vector", y.shape)
    require(y.dtype.kind in "iubU", name, "be integers or strings", y.dtype)
    return y


def check_pair(features: Any, labels: ArrayLike) -> tuple[Matrix, NDArray[Any]]:
    """Both as arrays, (N, d) real and (N,) integer or string; finiteness is checked later."""
    x, y = check_matrix("features", features), check_labels(labels)
    if len(x) != len(y):
        raise InputError(f"labels must be one a row of features, got {len(y)} labels for "
                         f"{len(x)} rows")
    return x, y


def check_finite(name: str, block: NDArray[Any], first: int = 0) -> None:
    """`InputError` naming the first entry that is NaN or infinite; row 0 of `block` is `first`."""
    if not np.isfinite(block).all():
        row, column = np.argwhere(~np.isfinite(block))[0]
        raise InputError(f"{name} must be finite, got {block[row, column]} in row "
                         f"{first + row}, column {column} (counted from 0)")


def blocks(x: Matrix, chunk: int = CHUNK) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The matrix in blocks of at most `chunk` rows, each with where it stands.

    >>> [(rows.start, rows.stop) for rows, _ in blocks(np.zeros((5, 1)), 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    step = integer("chunk", chunk, 1)
    for first, piece in x.pieces() if isinstance(x, Rows) else [(0, x)]:
        for start in range(0, len(piece), step):
            stop = min(start + step, len(piece))
            yield slice(first + start, first + stop), piece[start:stop]
