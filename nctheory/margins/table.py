"""The best known margin for each K, L and rank, and where each rank takes over."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nctheory import limits
from nctheory.constructions import FAMILIES, Construction, Groups, Orthogonal
from nctheory.errors import integer
from nctheory.margins.codes import softmax_code
from nctheory.margins.margin import LOSS, compare, log_margin
from nctheory.tabular import Tabular
from nctheory.thresholds.library import Library
from nctheory.thresholds.table import cells, check_sizes

SAME = 1e-6  # codes whose cost is so near, relatively, to a family's are that family
BEATEN, TIE, NOT_BEATEN, OPTIMAL = ("dnc beaten", "undecided", "not beaten by these",
                                    "dnc optimal")


@dataclass(frozen=True)
class Cell:
    """K, L, and the best known construction of each rank, by decreasing margin."""

    classes: int
    layers: int
    activation: str
    choices: tuple[Construction, ...]

    @property
    def best(self) -> Construction:
        """That of the largest margin."""
        return self.choices[0]

    def rank(self, made: Construction) -> int:
        """Of the logits' first features."""
        return made.ranks(self.layers, LOSS, self.activation).before[0]

    def ratio(self, made: Construction) -> float:
        """gamma over that of deep neural collapse."""
        dnc = Orthogonal(classes=self.classes)
        return math.exp(log_margin(made, self.layers, self.activation)
                        - log_margin(dnc, self.layers, self.activation))

    @property
    def verdict(self) -> str:
        """Whether DNC is beaten, by rational bounds; "dnc optimal" where a theorem says so: one
        layer or three classes in the linear model (`python -m proofs one-layer-margin
        three-classes-margin`)."""
        dnc = Orthogonal(classes=self.classes)
        if self.activation == "linear" and (self.classes <= 3 or self.layers == 1):
            return OPTIMAL
        if self.best == dnc:
            return NOT_BEATEN
        return BEATEN if compare(self.best, dnc, self.layers, self.activation) == 1 else TIE


@dataclass(frozen=True)
class MarginTable(Tabular):
    """The cells, K by K."""

    cells: tuple[Cell, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """K, L and the rank."""
        return "classes", "layers", "rank"

    def records(self) -> list[dict[str, Any]]:
        """A record for each K, L and rank."""
        return [{"classes": cell.classes, "layers": cell.layers, "rank": cell.rank(made),
                 "construction": made.label,
                 "log_margin": log_margin(made, cell.layers, cell.activation),
                 "over_dnc": cell.ratio(made), "best": made is cell.best,
                 "verdict": cell.verdict if made is cell.best else None}
                for cell in self.cells for made in cell.choices]

    def takeovers(self) -> dict[int, list[tuple[int, int]]]:
        """{K: [(L, rank), ...]}: from which of the table's L on the best has which rank."""
        found: dict[int, list[tuple[int, int]]] = {}
        for cell in self.cells:
            steps = found.setdefault(cell.classes, [])
            rank = cell.rank(cell.best)
            if not steps or steps[-1][1] != rank:
                steps.append((cell.layers, rank))
        return found


def margin_table(classes: Iterable[int], layers: Iterable[int], *, activation: str = "linear",
                 starts: int = 0, seed: int = 0) -> MarginTable:
    """The best known margins without decay.

    Parameters
    ----------
    classes, layers : iterables of int
        K >= 3, L >= 1 (with ReLU L >= 2).
    activation : str
        A word of `nctheory.activations`.
    starts, seed : int
        Random codes to search from at each rank, in the linear model; 0: families alone.

    Examples
    --------
    >>> table = margin_table([5], range(2, 6))
    >>> [(cell.best.label, cell.verdict) for cell in table.cells]  # doctest: +NORMALIZE_WHITESPACE
    [('DNC 5', 'not beaten by these'), ('groups 2x2 + 1', 'dnc beaten'),
     ('circle 5', 'dnc beaten'), ('circle 5', 'dnc beaten')]
    """
    sizes, depths = limits.cells(classes, layers)
    for K in sizes:
        integer("classes", K, 3)
    for L in depths:
        integer("layers", L, 1 if activation == "linear" else 2)
    starts = integer("starts", starts, 0)
    check_sizes(sorted(sizes), sorted(depths))
    return MarginTable(tuple(Cell(K, L, activation, tuple(_best(K, L, activation, starts, seed)))
                             for K in sizes for L in depths))


def _best(K: int, L: int, activation: str, starts: int, seed: int) -> list[Construction]:
    """The best of each rank."""
    known = _families(K, L, activation)
    costs = [made.cost(L, LOSS, activation) for made in known]
    if activation == "linear" and starts and K >= 4:
        for rank in range(2, K):
            code = softmax_code(K, L, rank, starts=starts, seed=seed)
            # A code that meets a family's cost is that family, without its name.
            if code and all(abs(code.cost(L) / cost - 1) > SAME for cost in costs):
                known.append(code)
    chosen: dict[int, Construction] = {}
    for made in sorted(known, key=lambda made: made.cost(L, LOSS, activation)):
        chosen.setdefault(made.ranks(L, LOSS, activation).before[0], made)
    return list(chosen.values())


def _families(K: int, L: int, activation: str) -> list[Construction]:
    """DNC, what the library has, and pairs with a centred single class for odd K."""
    cell, = cells(Library(tuple(FAMILIES), LOSS, activation, L), [K], 1, None)
    others = [Groups(sizes=(2,) * (K // 2) + (1,))] if K % 2 and activation == "linear" else []
    dnc = Orthogonal(classes=K)
    return [dnc, *(made for made in [*others, *cell.choices] if made != dnc)]
