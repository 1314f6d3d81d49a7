"""A construction of one's own: any nonnegative feature matrix and any last hidden rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nctheory import integers
from nctheory.constructions.factors import Matrix
from nctheory.constructions.lifted import Lifted
from nctheory.errors import require
from nctheory.exact import Theta
from nctheory.feature_sets.base import check_directions
from nctheory.files import read_npz

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix


@dataclass(frozen=True, kw_only=True)
class Features(Lifted):
    r"""Features F >= 0 (m x K) and last hidden rows V (p x m), given as exact rationals.

    For L >= 3: M_2 = F, the middle layers are the orthogonal projection on col(F), the last
    hidden layer is V on col(F), and W_L is the pseudo-inverse of sigma(V F), so that

        P(L) = |F|_*^2 rank(F)^(L-3) |V Pi|_F^2 |sigma(V F)^+|_F^2,
        P(2) = |V F|_*^2 |sigma(V F)^+|_F^2.

    Parameters
    ----------
    features : array-like of rationals, shape (m, K)
        F: nonnegative, no zero column, no two columns parallel.  Floats stand for the exact
        rational that they are.
    rows : array-like of rationals, shape (p, m)
        V; sigma(V F) must have rank K.
    name : str
        What tables call it.

    Raises
    ------
    InputError
        Where one of these does not hold.

    References
    ----------
    Ours.

    Examples
    --------
    Four points at right angles, each marked by its own row, are deep neural collapse:

    >>> import numpy as np
    >>> mine = Features(features=np.eye(4, dtype=int), rows=np.eye(4, dtype=int))
    >>> mine.representation_cost(5).expression, mine.compare_with_dnc(5)
    (4096, 0)
    """

    features: Any
    rows: Any
    name: str = "features"
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        features = integers.rational_matrix("features", self.features)
        rows = integers.rational_matrix("rows", self.rows)
        object.__setattr__(self, "features", tuple(map(tuple, features)))
        object.__setattr__(self, "rows", tuple(map(tuple, rows)))
        object.__setattr__(self, "classes", features.shape[1])
        check_directions("features", features)
        require(rows.shape[1] == len(features), "rows",
                f"have {len(features)} columns, one a row of features", rows.shape[1])
        rank = self._marks.rank()
        require(rank == self.classes, "rows",
                f"separate the {self.classes} classes: sigma(rows features) must have rank "
                f"{self.classes}", rank)

    @classmethod
    def from_file(cls, path: str) -> Features:
        """Read the arrays `features` and `rows` of an .npz file (never unpickled)."""
        arrays = read_npz(path, need=("features", "rows"))
        return cls(features=arrays["features"], rows=arrays["rows"], name=Path(path).stem)

    @property
    def label(self) -> str:
        return f"{self.name} m={len(self.features)} rows={len(self.rows)}"

    # --- exact linear algebra over the rationals ---

    @cached_property
    def _F(self) -> DomainMatrix:
        return _domain_matrix(self.features)

    @cached_property
    def _hidden(self) -> DomainMatrix:
        return _domain_matrix(self.rows) * self._F

    @cached_property
    def _marks(self) -> DomainMatrix:
        rows = [[max(value, 0) for value in row] for row in self._hidden.to_list()]
        return _domain_matrix(rows)

    @cached_property
    def _projection(self) -> DomainMatrix:
        """Pi, the orthogonal projection on col(F)."""
        basis = self._F.columnspace()
        return basis * (basis.transpose() * basis).inv() * basis.transpose()

    @cached_property
    def _spectra(self) -> tuple[Mapping[Theta, int], Mapping[Theta, int]]:
        return _gram_spectrum(self._hidden), _gram_spectrum(self._F)

    def common_norm(self, layers: int) -> Fraction:
        # 1^T W_L = 1^T G^-1 sigma(M_L)^T, so its square is the sum of G^-1's entries.
        inverse = (self._marks.transpose() * self._marks).inv()
        return sum((_fraction(v) for row in inverse.to_list() for v in row),
                   Fraction(0)) / self.classes

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        return self._spectra[layers > 2]

    @property
    def sizes(self) -> tuple[int, int]:
        return len(self.features), len(self.rows)

    @cached_property
    def inverse_gram_trace(self) -> Fraction:
        gram = self._marks.transpose() * self._marks
        return _fraction(gram.inv().to_Matrix().trace())

    @cached_property
    def _cuts(self) -> DomainMatrix:
        return _domain_matrix(self.rows) * self._projection

    @cached_property
    def hidden_norm(self) -> Fraction:
        return sum((_fraction(v) ** 2 for row in self._cuts.to_list() for v in row), Fraction(0))

    def hidden_rows(self) -> Matrix:
        return _floats(self._hidden)

    def lift(self) -> tuple[Matrix, Matrix, Matrix]:
        return _floats(self._F), _floats(self._projection), _floats(self._cuts)


def _fraction(number: Any) -> Fraction:
    """An int, float, Fraction or sympy rational as a Fraction: exact in every case."""
    if hasattr(number, "numerator"):
        return Fraction(int(number.numerator), int(number.denominator))
    return Fraction(float(number))


def _domain_matrix(rows: Sequence[Sequence[Fraction]]) -> DomainMatrix:
    from sympy import QQ
    from sympy.polys.matrices import DomainMatrix

    entries = [[QQ(int(v.numerator), int(v.denominator)) for v in row] for row in rows]
    return DomainMatrix(entries, (len(entries), len(entries[0])), QQ)


def _floats(matrix: DomainMatrix) -> Matrix:
    return np.array([[float(_fraction(v)) for v in row] for row in matrix.to_list()])


def _gram_spectrum(matrix: DomainMatrix) -> Mapping[Theta, int]:
    """The non-zero eigenvalues of A A^T with multiplicities: rationals, or sympy's `CRootOf`."""
    import sympy

    gram = matrix * matrix.transpose() if len(matrix.to_list()) <= matrix.shape[1] else (
        matrix.transpose() * matrix)
    x = sympy.Symbol("x")
    polynomial = sympy.Poly(gram.charpoly(), x, domain="QQ")
    spectrum: dict[Theta, int] = {}
    for factor, multiplicity in polynomial.factor_list()[1]:
        if factor.degree() == 1:
            root = -factor.eval(0) / factor.LC()
            if root:
                spectrum[_fraction(root)] = multiplicity
            continue
        integral = factor.clear_denoms(convert=True)[1]
        for index in range(factor.degree()):  # a symmetric matrix: every root is real
            spectrum[sympy.CRootOf(integral, index, radicals=False)] = multiplicity
    return spectrum
