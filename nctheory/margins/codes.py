"""Softmax codes: the logits of largest margin at each rank, found, polished and enclosed.

At rank r the logits are S = A B^T (A, B: K x r), and the problem is

    minimise  sum_i s_i(S)^(2/(L+1))   subject to  S_cc - S_jc >= 1  for all j != c.

The quasi-norm is smooth on matrices of exactly rank r, so sequential quadratic programming ends
at its stationary points to rounding.  Starts are minima of the loss at a small weight decay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import limits
from nctheory.activations import PiecewiseLinear
from nctheory.constructions import Logits
from nctheory.constructions.factors import Aligned, Network
from nctheory.cross_entropy.direct import minimise
from nctheory.errors import integer
from nctheory.exact import root_bounds
from nctheory.losses import Loss
from nctheory.losses.margins import Margins
from nctheory.problem import Problem

Array = NDArray[np.float64]
Integers = tuple[tuple[int, ...], ...]

DECAY = 1e-6  # of the starts: logits of about 15
UNIT = 2**30  # entries are rounded to integers over this
BITS = 200  # of the enclosed eigenvalues


class _Enclosed(Aligned):
    """`Aligned` whose bounds hold for the integer matrices, not for rounded singular values."""

    def __init__(self, code: SoftmaxCode) -> None:
        super().__init__(code)
        self._eigenvalues = code.enclosed

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        low = sum((root_bounds(below, layers + 1, bits)[0] for below, _ in self._eigenvalues),
                  Fraction(0))
        high = sum((root_bounds(above, layers + 1, bits)[1] for _, above in self._eigenvalues),
                   Fraction(0))
        return low, high


@dataclass(frozen=True)
class SoftmaxCode(Logits):
    """Logits S = A B^T of rank r given by integer matrices, for the linear model.

    Margins are exact integers, and the eigenvalues of S^T S, those of (A^T A)(B^T B), are
    enclosed by isolating the roots of its characteristic polynomial: comparisons are certified.

    Parameters
    ----------
    left, right : K rows of r integers
        A and B.

    Examples
    --------
    >>> points = (1, 0), (0, 1), (-1, 0), (0, -1)
    >>> square = SoftmaxCode(points, points)
    >>> square.label, square.least_margin()[0], round(square.cost(3) ** 2, 12)
    ('code of rank 2', Fraction(1, 1), 8.0)
    """

    left: Integers
    right: Integers
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", len(self.left))

    @classmethod
    def of(cls, A: Array, B: Array) -> SoftmaxCode:
        """Matrices of floats, rounded."""
        return cls(*(tuple(tuple(int(round(float(x) * UNIT)) for x in row) for row in matrix)
                     for matrix in (A, B)))

    @property
    def rank(self) -> int:
        """r."""
        return len(self.left[0])

    @property
    def label(self) -> str:
        return f"code of rank {self.rank}"

    @cached_property
    def _exact(self) -> NDArray[Any]:
        return np.asarray(np.array(self.left, object) @ np.array(self.right, object).T)

    def matrix(self) -> Array:
        return np.asarray(self._exact, dtype=np.float64)

    def margins(self) -> Margins:
        return Margins.of(self.matrix())

    def least_margin(self) -> tuple[Fraction, Fraction]:
        own = self._exact.diagonal()
        least = min(own[c] - self._exact[j, c] for c in range(self.classes)
                    for j in range(self.classes) if j != c)
        return Fraction(least), Fraction(least)

    def spectrum(self) -> Mapping[Fraction, int]:
        """Of S^T S, in floats."""
        return self._spectrum

    @cached_property
    def _spectrum(self) -> Mapping[Fraction, int]:
        found: dict[Fraction, int] = {}
        for value in np.linalg.svd(self.matrix(), compute_uv=False)[: self.rank]:
            theta = Fraction(float(value)) ** 2
            found[theta] = found.get(theta, 0) + 1
        return found

    @cached_property
    def enclosed(self) -> list[tuple[Fraction, Fraction]]:
        """Rational bounds of the r non-zero eigenvalues of S^T S."""
        import sympy

        A, B = (sympy.Matrix(matrix) for matrix in (self.left, self.right))
        polynomial = sympy.Poly((A.T * A * B.T * B).charpoly().as_expr(), domain="ZZ")
        size = math.frexp(float(max(self.spectrum())))[1]
        eps = sympy.Rational(2) ** (size - BITS)
        found = []
        for (low, high), m in polynomial.intervals(eps=eps):
            low, high = (Fraction(int(end.p), int(end.q)) for end in (low, high))
            found += [(max(low, Fraction(0)), high)] * m
        return found

    def network(self, loss: Loss, activation: PiecewiseLinear) -> Network:
        super().network(loss, activation)  # refuses what is not of the linear model
        return _Enclosed(self)


@lru_cache(maxsize=4096)
def softmax_code(classes: int, layers: int, rank: int, *, starts: int = 16,
                 seed: int = 0) -> SoftmaxCode | None:
    """The code of largest margin that was found with this rank; None where starts left it.

    Parameters
    ----------
    classes, layers, rank : int
        K, L, and r between 2 and K - 1.
    starts : int
        Random codes.
    seed : int
        Equal seeds give equal codes.

    Examples
    --------
    Five classes, rank 3: two pairs and a single class, all centred.

    >>> code = softmax_code(5, 3, 3, starts=8)
    >>> round(code.cost(3), 6), round(2 * 2**0.5 + 0.8**0.25, 6)
    (3.774169, 3.774169)
    """
    integer("rank", rank, min(2, classes - 1), classes - 1)
    limits.affordable("classes", classes, work=1e4 * starts * classes**3)
    problem = Problem(classes=classes, layers=layers, weight_decay=DECAY, loss="ce",
                      activation="linear")
    start = minimise(problem, ranks=[rank], starts=starts, seed=seed)[0]
    if start.rank < rank:
        return None
    A, B = _polished(start.logits, rank, 2 / (layers + 1))
    s = np.linalg.svd(A @ B.T, compute_uv=False)
    if s[rank - 1] < 1e-6 * s[0] or _gaps(A @ B.T).min() <= 0:
        return None
    return SoftmaxCode.of(A, B)


def _gaps(S: Array) -> Array:
    """Margins, class by class."""
    return np.asarray((S.diagonal() - S).T[~np.eye(len(S), dtype=bool)])


def _polished(logits: Array, rank: int, power: float) -> tuple[Array, Array]:
    """(A, B) at a stationary point of the problem of this rank, at least margin 1."""
    from scipy import optimize

    K = len(logits)
    u, s, vt = np.linalg.svd(logits / _gaps(logits).min())
    root = np.sqrt(s[:rank])
    classes, others = np.nonzero(~np.eye(K, dtype=bool))

    def cost(x: Array) -> tuple[float, Array]:
        A, B = x.reshape(2, K, rank)
        u, s, vt = np.linalg.svd(A @ B.T)
        s = np.maximum(s[:rank], 1e-12)
        slope = (u[:, :rank] * (power * s ** (power - 1))) @ vt[:rank]
        return float((s**power).sum()), np.stack([slope @ B, slope.T @ A]).ravel()

    def excess(x: Array) -> Array:
        A, B = x.reshape(2, K, rank)
        return _gaps(A @ B.T) - 1

    def jacobian(x: Array) -> Array:
        A, B = x.reshape(2, K, rank)
        rows = np.arange(len(classes))
        found = np.zeros((len(rows), 2, K, rank))
        found[rows, 0, classes] += B[classes]
        found[rows, 0, others] -= B[classes]
        found[rows, 1, classes] += A[classes] - A[others]
        return found.reshape(len(rows), -1)

    start = np.concatenate([(u[:, :rank] * root).ravel(), (vt[:rank].T * root).ravel()])
    minimize: Any = optimize.minimize  # its stubs know no constraint with a Jacobian
    end = minimize(cost, start, jac=True, method="SLSQP", options={"maxiter": 200, "ftol": 1e-15},
                   constraints={"type": "ineq", "fun": excess, "jac": jacobian})
    A, B = end.x.reshape(2, K, rank)
    return A, B
