"""Any chain of factors: integer matrices H_1, W_1, ..., W_{L-1}, and W_L their pseudo-inverse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nctheory import integers
from nctheory.constructions.base import Block
from nctheory.constructions.factors import Matrix, Ranks
from nctheory.errors import InputError, require, show
from nctheory.exact import RepresentationCost, Theta, log, product
from nctheory.integers import Integers

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain(Block):
    r"""Factors H_1, W_1, ..., W_{m-1} given as rational matrices; L = m layers or more.

    W_L is the pseudo-inverse of sigma(M_L), so the output is exactly the identity and

        P(m) = |H_1|_F^2 |W_1|_F^2 ... |W_{m-1}|_F^2 tr((sigma(M_m)^T sigma(M_m))^-1),

    a rational number.  More layers are projections on the columns of the sigma(M_l) of least
    rank, each of squared norm that rank: P(L) = P(m) rank^(L-m).

    Parameters
    ----------
    matrices : sequence of array-likes of rationals
        H_1 (a x K), W_1 (b x a), W_2 (c x b), ..., at least two.  A factor's scale does not
        matter: each is multiplied by its common denominator.
    name : str
        What tables call it.
    known_trace, known_ranks : optional
        `inverse_trace` and `base_ranks`, where they were computed before: they take long.
    by : str
        What found it, if that was kept: "atlas search, seed 0".
    found : str
        The day on which it was stored, 2026-11-21; empty where that was not recorded.

    Raises
    ------
    InputError
        Where shapes do not fit, or sigma(M_m) has rank below K.

    References
    ----------
    Ours.

    Examples
    --------
    Two classes on a line, told apart by the ReLU, are as good as deep neural collapse:

    >>> chain = Chain(matrices=[[[1, -1]], [[1], [-1]]])
    >>> chain.representation_cost(2).expression, chain.compare_with_dnc(2)
    (8, 0)
    """

    matrices: Any
    name: str = "chain"
    known_trace: Fraction | None = field(default=None, repr=False)
    known_ranks: Ranks | None = field(default=None, repr=False)
    found: str = field(default="", repr=False)
    by: str = field(default="", repr=False)
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        matrices = integer_matrices(self.matrices)
        require(len(matrices) >= 2, "matrices", "be H_1, W_1, ..., at least two", self.matrices)
        object.__setattr__(self, "matrices", matrices)
        object.__setattr__(self, "classes", matrices[0].shape[1])

    @property
    def least_layers(self) -> int:
        return len(self.matrices)

    @property
    def label(self) -> str:
        return self.name

    # --- exact ---

    @cached_property
    def means(self) -> tuple[Integers, ...]:
        """M_1, ..., M_m of the integer factors."""
        return tuple(integers.forward(self.matrices))

    @cached_property
    def inverse_trace(self) -> Fraction:
        """tr((S^T S)^-1) for S = sigma(M_m) of the integer factors: |W_L|_F^2."""
        return self._inverse_sums[0] if self.known_trace is None else self.known_trace

    def common_norm(self, layers: int) -> Fraction:
        return self._inverse_sums[1] / self.classes

    @cached_property
    def _inverse_sums(self) -> tuple[Fraction, Fraction]:
        """The sum of the diagonal entries, and of all, of (S^T S)^-1."""
        marks = np.maximum(self.means[-1], 0)
        sums = integers.inverse_sums(marks.T @ marks)
        if sums is None:
            raise InputError(f"matrices must separate the {self.classes} classes: sigma(M_L) "
                             f"must have rank {self.classes}, got {integers.rank(marks)}")
        return sums

    @cached_property
    def base_ranks(self) -> Ranks:
        """The ranks for m layers."""
        if self.known_ranks is not None:
            return self.known_ranks
        before = tuple(integers.rank(m) for m in self.means)
        after = tuple(integers.rank(np.maximum(m, 0)) for m in self.means[1:-1])
        # The last is K, or there is no inverse trace.
        return Ranks(before, (*after, self.classes) if self.inverse_trace else after)

    @property
    def projected(self) -> tuple[int, int]:
        """(l, rank): the layer 2 <= l <= m whose sigma(M_l) has least rank; more layers go
        there."""
        rank = min(self.base_ranks.after)
        return 2 + self.base_ranks.after.index(rank), rank

    @cached_property
    def _norms(self) -> tuple[int, ...]:
        return tuple(map(integers.squared_norm, self.matrices))

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        """As one number: the split M_2 = W_1 H_1 is given, and costs what it costs."""
        return {Fraction(self._norms[0] * self._norms[1]): 1}

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        more = layers - len(self.matrices)
        norms = [Fraction(q) for q in self._norms[2:]]
        if more:
            layer, rank = self.projected
            norms[layer - 2:layer - 2] = [Fraction(rank)] * more
        return (*norms, self.inverse_trace)

    def representation_cost(self, layers: int) -> RepresentationCost:
        L = self._check_layers(layers)
        scale = product(self.squared_norms(L))
        return RepresentationCost(scale * self._norms[0] * self._norms[1], {Fraction(1): 1})

    def factors(self, layers: int) -> list[sympy.Expr]:
        import sympy

        norms = (*map(Fraction, self._norms[:2]),
                 *self.squared_norms(self._check_layers(layers)))
        return [sympy.Rational(q.numerator, q.denominator) for q in norms]

    # --- explicit ---

    def _floats(self) -> list[Matrix]:
        """The factors, H_1 first."""
        return [matrix.astype(np.float64) for matrix in self.matrices]

    def shapes(self, layers: int) -> list[Matrix]:
        first, second, *rest = self._floats()
        signals = [second @ first]
        for factor in rest:
            signals.append(factor @ np.maximum(signals[-1], 0))
        last = np.linalg.pinv(np.maximum(signals[-1], 0), rcond=1e-14)
        if layers > len(self.matrices):
            layer, rank = self.projected
            u = np.linalg.svd(np.maximum(signals[layer - 2], 0), full_matrices=False)[0][:, :rank]
            rest[layer - 2:layer - 2] = [u @ u.T] * (layers - len(self.matrices))
        return [signals[0], *rest, last]

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        matrices = [*self._floats()[:2], *self.shapes(layers)[1:]]
        norms = [*map(Fraction, self._norms[:2]), *self.squared_norms(layers)]
        return matrices, [log(norm) for norm in norms]

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        sizes = [len(matrix) for matrix in self.matrices]
        if layers > len(sizes):
            layer, _ = self.projected
            sizes[layer - 1:layer - 1] = [sizes[layer - 1]] * (layers - len(sizes))
        return tuple(sizes)

    def layer_ranks(self, layers: int) -> Ranks:
        before, after = map(list, self.base_ranks)
        more = self._check_layers(layers) - len(self.matrices)
        if more:
            layer, rank = self.projected
            before[layer:layer] = [rank] * more
            after[layer - 1:layer - 1] = [rank] * more
        return Ranks(tuple(before), tuple(after))


def integer_matrices(value: Any) -> tuple[Integers, ...]:
    """Factors H_1, W_1, ... as integer matrices, each times its own scale; shapes must fit."""
    try:
        given = list(value)
    except TypeError:
        raise InputError(f"matrices must be H_1, W_1, ..., got {show(value)}") from None
    matrices: list[Integers] = []
    for index, entries in enumerate(given):
        name = f"W_{index}" if index else "H_1"
        matrix = _integer_matrix(name, entries)
        if matrices:
            require(matrix.shape[1] == len(matrices[-1]), name,
                    f"have {len(matrices[-1])} columns, one a row of the factor before",
                    matrix.shape[1])
        require(bool(matrix.any()), name, "have an entry other than 0", "zeros")
        matrices.append(matrix)
    return tuple(matrices)


def _integer_matrix(name: str, value: Any) -> Integers:
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 2 and all(
            isinstance(v, int) for v in value.flat):
        return value
    out = integers.integral(integers.rational_matrix(name, value))
    return out // (math.gcd(*out.flat) or 1)
