"""Features of low rank that the last hidden layer lifts to rank K: what such families share."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.base import Block
from nctheory.constructions.factors import Matrix, Ranks
from nctheory.errors import require

# Explicit matrices above this many entries are refused, not attempted.
LARGEST_MATRIX = 10**8


class Lifted(Block):
    r"""Features F >= 0 of rank R, hidden rows X = V F with sigma(X) of rank K, W_L = sigma(X)^+.

    M_2 = ... = M_{L-1} = F, with the projection on col(F) between them, M_L = X; with two layers
    M_2 is X itself:

        P(L) = |F|_*^2 R^(L-3) |V|_F^2 |sigma(X)^+|_F^2,   L >= 3,
        P(2) = |X|_*^2 |sigma(X)^+|_F^2.

    A family says what `gram_spectrum` is, that of X^T X for L = 2 and of F^T F for more, the two
    norms, and the matrices.  Source: ours.
    """

    @property
    @abstractmethod
    def hidden_norm(self) -> Fraction:
        """|V|_F^2."""

    @property
    @abstractmethod
    def inverse_gram_trace(self) -> Fraction:
        """tr(G^-1) = |sigma(X)^+|_F^2, G = sigma(X)^T sigma(X)."""

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """The numbers of rows of F and X."""

    @abstractmethod
    def hidden_rows(self) -> Matrix:
        """X."""

    @abstractmethod
    def lift(self) -> tuple[Matrix, Matrix, Matrix]:
        """F, the projection on col(F), and V."""

    @property
    def sigma(self) -> PiecewiseLinear:
        """What makes K directions of the hidden rows: ReLU, unless a family allows for more."""
        return PiecewiseLinear(Fraction(0))

    @property
    def least_layers(self) -> int:
        return 2

    @property
    def rank(self) -> int:
        """R, the rank of F."""
        return sum(self.gram_spectrum(3).values())

    @property
    def hidden_rank(self) -> int:
        """The rank of X."""
        return sum(self.gram_spectrum(2).values())

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        last = self.inverse_gram_trace
        return (last,) if layers == 2 else (
            *(Fraction(self.rank),) * (layers - 3), self.hidden_norm, last)

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        features, hidden = self.sizes
        return (self.rank if layers > 2 else self.hidden_rank, *(features,) * (layers - 2),
                hidden)

    def layer_ranks(self, layers: int) -> Ranks:
        layers = self._check_layers(layers)
        features = (self.rank,) * (layers - 1) if layers > 2 else (self.hidden_rank,)
        return Ranks((*features, self.hidden_rank), (*features[1:], self.classes))

    def shapes(self, layers: int) -> list[Matrix]:
        self.check_size()
        X = self.hidden_rows()
        marks = self.sigma(X)
        last = np.linalg.solve(marks.T @ marks, marks.T)
        if layers == 2:
            return [X, last]
        F, projection, cuts = self.lift()
        return [F, *[projection] * (layers - 3), cuts, last]

    def check_size(self) -> None:
        """An `InputError` where the matrices would be too large."""
        entries = max(self.sizes) * self.classes
        require(entries <= LARGEST_MATRIX, self.label,
                f"have at most {LARGEST_MATRIX} matrix entries", entries)
