r"""The arc: classes are equally spaced points of a segment in the plane.

M_2 = ... = M_{L-1} has the columns (n-j, j), j = 0, ..., n = K-1, so that every layer up to there
has rank 2 and a layer more costs the factor |I_2|_F^2 = 2, whatever K.  Row i of the last hidden
layer is n (j-i) or n (i-j) on class j: with c = floor(n/2), sigma leaves the ramps (j-i)_+ of i =
c, ..., n-1 to the classes after c and (i-j)_+ of i = 1, ..., c+1 to the others, and the inverses
of these two triangular matrices are second differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import Matrix
from nctheory.constructions.lifted import Lifted
from nctheory.errors import integer
from nctheory.losses import Loss

# --- formulas, each stated once: integers in, integers out; sympy symbols in, polynomials out ---


def spectrum(n: Any) -> tuple[tuple[Any, int], tuple[Any, int]]:
    """Eigenvalues of M_2 M_2^T as (numerator, denominator): on (1, 1), and on (1, -1).

    >>> spectrum(3)                          # sum of (n-j)^2 and j^2, 14, with sum j (n-j), 4
    ((36, 2), (60, 6))
    """
    return (n**2 * (n + 1), 2), (n * (n + 1) * (n + 2), 6)


def row_norms(n: Any, c: Any) -> Any:
    """sum of i^2 + (n-i)^2 over the rows: over i = c, ..., n-1 and over i = 1, ..., c+1.

    >>> row_norms(3, 1)                      # 5 + 5 of i = 1, 2, twice
    20
    """
    def squares(m: Any) -> Any:  # 1 + ... + m^2, times 6
        return m * (m + 1) * (2 * m + 1)

    upper = squares(n - 1) - squares(c - 1) + squares(n - c)
    lower = squares(c + 1) + squares(n - 1) - squares(n - c - 2)
    return (upper + lower) // 6 if isinstance(n, int) else (upper + lower) / 6


@dataclass(frozen=True, kw_only=True)
class Arc(Lifted):
    r"""Classes on a segment in the plane: rank 2 in every hidden layer, for any K >= 4, L >= 3.

    P(L) = 2^(L-3) (sqrt(x) + sqrt(y))^2 (6K-12)/n^2 sum_i (i^2 + (n-i)^2), n = K-1, with the
    eigenvalues x = n^2 K/2 and y = n K (n+2)/6 of M_2 M_2^T: about (4/3 + 2/sqrt(3)) K^5 2^(L-2),
    so that c tends to 2 as L grows, for every K.

    References
    ----------
    Ours.  `python -m proofs arc-thresholds`: where it costs less than DNC.

    Examples
    --------
    >>> arc = Arc(classes=100)
    >>> f"{arc.cost(30):.4f}", arc.compare_with_dnc(4), arc.compare_with_dnc(6)
    ('4.0945', 1, -1)
    """

    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", integer("classes", self.classes, 4))

    @property
    def label(self) -> str:
        return f"arc {self.classes}"

    @property
    def least_layers(self) -> int:
        return 3

    @property
    def _end(self) -> int:
        return self.classes - 1

    def gram_spectrum(self, layers: int) -> Mapping[Fraction, int]:
        return {Fraction(*value): 1 for value in spectrum(self._end)}

    @property
    def hidden_norm(self) -> Fraction:
        return Fraction(row_norms(self._end, self._end // 2))

    @property
    def inverse_gram_trace(self) -> Fraction:
        # Ones, -2 and ones: 6p - 6 for p classes, p >= 2, on either side.
        return Fraction(6 * self.classes - 12, self._end**2)

    @property
    def sizes(self) -> tuple[int, int]:
        return 2, self.classes

    def common_norm(self, layers: int) -> Fraction:
        # Of the second differences' column sums only the first two are not 0, 1 and -1.
        return Fraction(4, self._end**2 * self.classes)

    def hidden_rows(self) -> Matrix:
        features, _, rows = self.lift()
        return rows @ features

    def lift(self) -> tuple[Matrix, Matrix, Matrix]:
        n, j = self._end, np.arange(float(self.classes))
        up, down = j[n // 2:n], j[1:n // 2 + 2]
        rows = np.vstack([np.stack([-up, n - up], axis=1), np.stack([down, down - n], axis=1)])
        return np.array([n - j, j]), np.eye(2), rows

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Arc | None:
        """The arc of so many classes, where there is one (it is of the ReLU)."""
        if classes < 4 or layers < 3 or activation.leak:
            return None
        return cls(classes=classes)
