"""What a feature set is: K classes as the columns of a nonnegative matrix, no two parallel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nctheory import integers
from nctheory.errors import InputError, require
from nctheory.integers import Integers


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Nonnegative features F (m x K): what sigma(M_l) may be in a layer of a chain.

    Only F up to scale and up to orthogonal maps of its rows' span matters for what later layers
    cost.

    Attributes
    ----------
    name : str
        What tables call it: "T(5)", "simplex(3,4)".
    matrix : (m, K) array of Python integers
        F times its common denominator.
    gram : mapping or None
        The non-zero eigenvalues of F F^T with multiplicities, exact, where a scheme gives them.

    Raises
    ------
    InputError
        Where F has a negative entry, a zero column or two parallel columns.

    Examples
    --------
    >>> points = FeatureSet("three points", [[1, 1, 0], [0, 1, 1]])
    >>> points.classes, points.rank
    (3, 2)
    """

    name: str
    matrix: Any
    gram: Mapping[int, int] | None = None

    def __post_init__(self) -> None:
        matrix = integers.integral(integers.rational_matrix("matrix", self.matrix))
        check_directions("matrix", matrix)
        if self.gram is None:  # a spectrum belongs to one scale
            matrix = matrix // gcd(*matrix.flat)
        object.__setattr__(self, "matrix", matrix)

    @property
    def classes(self) -> int:
        """K."""
        return int(self.matrix.shape[1])

    @cached_property
    def rank(self) -> int:
        """The exact rank."""
        return integers.rank(self.matrix)

    @cached_property
    def floats(self) -> NDArray[np.float64]:
        """F with |F|_F^2 = K."""
        scaled = self.matrix.astype(np.float64)
        return np.asarray(scaled * np.sqrt(self.classes / np.sum(scaled**2)))

    def without(self, columns: Iterable[int], name: str) -> FeatureSet:
        """The same points but some."""
        return FeatureSet(name, np.delete(self.matrix, list(columns), axis=1))


class Family(Protocol):
    """The members of a family with exactly so many classes."""

    def __call__(self, classes: int) -> Iterator[FeatureSet]: ...


def check_directions(name: str, matrix: Integers) -> None:
    """Refuse a matrix with a negative entry, a zero column or two parallel columns."""
    seen: dict[tuple[Fraction, ...], int] = {}
    for index, column in enumerate(matrix.T):
        for row, value in enumerate(column):
            require(value >= 0, f"{name}[{row}, {index}]", "be nonnegative", float(value))
        total = sum(map(Fraction, column), Fraction(0))
        require(total > 0, f"{name}[:, {index}]", "have a positive entry", "zeros")
        direction = tuple(value / total for value in column)
        if direction in seen:
            raise InputError(f"{name} must have no two parallel columns, got columns "
                             f"{seen[direction]} and {index} parallel")
        seen[direction] = index
