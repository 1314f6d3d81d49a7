"""The atlas: for every K and L the best known cost, between a proved lower bound and a certified
construction."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from nctheory.constructions import Construction, Ranks
from nctheory.exact import log
from nctheory.tabular import Tabular
from nctheory.thresholds import BEATEN, OPTIMAL, Row, threshold_table

OPEN = "open"


def lower_bound(classes: int, layers: int) -> Fraction:
    r"""A number that P = c^(L+1) of no collapsed exact fit with K >= 2 classes is below.

    P >= K^2 2^(L-1): drop all classes but i and j.  What remains fits two classes exactly, where
    DNC is optimal [SML23], so with H_1 and W_L cut down to a_i + a_j and b_i + b_j,
    a_i = |column i of H_1|^2, b_i = |row i of W_L|^2,

        (a_i + a_j) (b_i + b_j) |W_1|^2 ... |W_{L-1}|^2 >= 2^(L+1).

    The mean over pairs of sqrt((a_i + a_j)(b_i + b_j)) is at most (2/K) |H_1| |W_L| by
    Cauchy-Schwarz (of all pairs' sums, (2/K) each of |H_1|^2 and |W_L|^2), so
    |H_1|^2 |W_L|^2 >= (K/2)^2 min_ij (a_i + a_j)(b_i + b_j).  For L = 1 and for K = 2 it is
    K^(L+1), attained.  Source: ours, from the theorem of [SML23] for K = 2; its proof, and that
    the best cost grows no faster in L, run as `python -m proofs least-cost-growth`.

    With two layers three classes need P >= 27 (`python -m proofs three-classes-two-layers`), and
    P*/K^2 does not fall with K (`deletion-lemma`), so that P >= 3 K^2 from K = 3 on.

    >>> lower_bound(3, 2), lower_bound(3, 3)          # DNC: 27, 81
    (Fraction(27, 1), Fraction(36, 1))
    """
    if layers == 2 and classes >= 3:
        return Fraction(3 * classes**2)
    return Fraction(classes**2 * 2 ** (layers - 1))


@dataclass(frozen=True)
class Cell(Tabular):
    """One cell (K, L): lower <= c*(K, L) <= cost."""

    row: Row
    construction: Construction

    @property
    def classes(self) -> int:
        """K."""
        return self.row.classes

    @property
    def layers(self) -> int:
        """L."""
        return self.row.layers

    @property
    def cost(self) -> float:
        """c of the best known construction."""
        return self.row.cost

    @property
    def lower(self) -> float:
        """The (L+1)-th root of `lower_bound`; c itself where a theorem says that it is least."""
        if self.status == OPTIMAL:
            return self.cost
        bound = lower_bound(self.classes, self.layers)
        return min(math.exp(log(bound) / (self.layers + 1)), self.cost)

    @property
    def certified(self) -> bool:
        """Whether c against K was decided by exact or interval arithmetic."""
        return self.row.certified

    @property
    def status(self) -> str:
        """"dnc beaten", "dnc optimal" (only by a theorem) or "open"."""
        return self.row.verdict if self.row.verdict in (BEATEN, OPTIMAL) else OPEN

    @property
    def ranks(self) -> Ranks:
        """The ranks of the construction."""
        return self.row.ranks

    def records(self) -> list[dict[str, Any]]:
        """One record: this cell as plain data."""
        return [{
            "classes": self.classes,
            "layers": self.layers,
            "cost": self.cost,
            "lower": self.lower,
            "construction": self.construction.label,
            "certified": self.certified,
            "ranks": {"before": list(self.ranks.before), "after": list(self.ranks.after)},
            "ratio": self.cost / self.classes,
            "status": self.status,
        }]


def atlas(classes: Iterable[int], layers: Iterable[int]) -> list[Cell]:
    """The best known costs for ranges of K >= 2 and L >= 1, by layers within classes.

    Raises
    ------
    InputError
        Where a range is empty or a value is outside its domain.

    Examples
    --------
    >>> [(cell.classes, round(cell.cost, 4), cell.status) for cell in atlas([3, 10], [3])]
    [(3, 3.0, 'open'), (10, 9.2344, 'dnc beaten')]
    """
    return [Cell(row, row.construction) for row in threshold_table(classes, layers).rows
            if isinstance(row.construction, Construction)]
