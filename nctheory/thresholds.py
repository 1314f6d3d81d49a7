"""Threshold tables: for which K, L and weight decay deep neural collapse (DNC) is beaten.

Least cost c decides (see `nctheory.constructions.base`), and direct sums make it a knapsack: K
classes are filled with blocks of the families in the registry, each saving K_b - c_b over DNC.
Floats find the best sum; integers then decide each cell's verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nctheory import losses
from nctheory.constructions import (
    FAMILIES,
    Block,
    Construction,
    DirectSum,
    Logits,
    Orthogonal,
    Ranks,
)
from nctheory.errors import InputError, choice, integer
from nctheory.problem import ACTIVATIONS, LOSSES, Problem

BEATEN = "dnc beaten"
NOT_BEATEN = "not beaten by this library"
OPTIMAL = "dnc optimal"
ZERO = "zero optimal"
UNDECIDED = "undecided"
VERDICTS = (BEATEN, NOT_BEATEN, OPTIMAL, ZERO, UNDECIDED)

# What a verdict rests on.  The first two are certified: exact arithmetic decided.
INTEGERS = "integers"
BOUNDS = "rational bounds"
FLOATS = "closed form in floats"
NOTHING = "nothing"
ONE_LAYER = "theorem: with L = 1 the optimum is soft thresholding of Y (ours)"
TWO_CLASSES = "theorem: K = 2 with MSE, ReLU, width >= 2, zero not optimal [SML23, main theorem]"
CERTIFIED = (INTEGERS, BOUNDS)

TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Row:
    """One cell (K, L): the best construction of the library against DNC.

    `loss`, `dnc_loss` and `loss_ratio` are None in a table without a weight decay, whose
    verdicts then hold for every weight decay at which the zero solution is not optimal.
    """

    classes: int
    layers: int
    construction: Construction | Logits
    cost: float
    verdict: str
    evidence: str
    loss: float | None = None
    dnc_loss: float | None = None

    @property
    def dnc_cost(self) -> int:
        """c = K."""
        return self.classes

    @property
    def ratio(self) -> float:
        """Cost over DNC's: below 1 where DNC is beaten."""
        return self.cost / self.dnc_cost

    @property
    def loss_ratio(self) -> float | None:
        """loss / (loss of DNC) at the table's weight decay."""
        if self.loss is None or self.dnc_loss is None:
            return None
        return self.loss / self.dnc_loss

    @property
    def certified(self) -> bool:
        """Whether exact or interval arithmetic decided the verdict."""
        return self.evidence in CERTIFIED

    @cached_property
    def ranks(self) -> Ranks:
        """Ranks of M_1..M_L and sigma(M_2)..sigma(M_L) of the construction."""
        return self.construction.ranks(self.layers)


@dataclass(frozen=True)
class Table:
    """The rows of `threshold_table`, by layers within classes, and what they were made with."""

    classes: tuple[int, ...]
    layers: tuple[int, ...]
    samples: int
    weight_decay: float | None
    rows: tuple[Row, ...]
    loss: str = "mse"
    activation: str = "relu"

    def least_classes(self) -> dict[int, int | None]:
        """{L: the least K of the table at which DNC is beaten, or None}."""
        return {L: min((row.classes for row in self.rows
                        if row.layers == L and row.verdict == BEATEN), default=None)
                for L in self.layers}

    def least_layers(self) -> dict[int, int | None]:
        """{K: the least L of the table at which DNC is beaten, or None}."""
        return {K: min((row.layers for row in self.rows
                        if row.classes == K and row.verdict == BEATEN), default=None)
                for K in self.classes}


def threshold_table(classes: Iterable[int], layers: Iterable[int], *, samples: int = 1,
                    weight_decay: float | None = None, loss: str = "mse",
                    activation: str = "relu", library: Iterable[str] | None = None) -> Table:
    """The best construction of the library for every K and L, and whether it beats DNC.

    Parameters
    ----------
    classes, layers : iterables of int
        K >= 2 and L >= 1.
    samples : int
        n, samples a class; matters only with a weight decay.
    weight_decay : float, optional
        lam, the same for every factor.  Without it the table is about costs, which decide for
        every lam at once; with it, rows carry losses, blocks are chosen by loss, and "zero
        optimal" becomes a possible verdict.
    loss : {"mse", "ce"}
        For "ce" see `nctheory.cross_entropy.table`.
    activation : {"relu", "linear"}
        "linear" for cross-entropy alone.
    library : iterable of str, optional
        Names of the families to use, by default all of the registry (MSE alone);
        ("triangular",) is the library of [SLM24].

    Returns
    -------
    Table

    Raises
    ------
    InputError
        Where a range is empty or a value is outside its domain.

    Notes
    -----
    "not beaten" is about this library alone: the families in the registry and their direct
    sums.  "dnc optimal" is said only where a theorem says so: L = 1, and K = 2 ([SML23]).

    Examples
    --------
    >>> from nctheory import threshold_table
    >>> table = threshold_table(range(9, 12), [3], library=["triangular"])
    >>> [(row.construction.label, round(row.ratio, 4), row.verdict) for row in table.rows]
    [('DNC 9', 1.0, 'not beaten by this library'),
     ('triangular r=5 s=3', 0.9234, 'dnc beaten'),
     ('triangular r=5 s=3 + DNC 1', 0.9304, 'dnc beaten')]
    """
    names = _names(library)
    K_values = _values("classes", classes, 2)
    L_values = _values("layers", layers, 1)
    choice("activation", activation, ACTIVATIONS)
    if choice("loss", loss, LOSSES) == "ce":
        from nctheory.cross_entropy.table import entropy_rows

        return Table(K_values, L_values, integer("samples", samples, 1), weight_decay,
                     entropy_rows(K_values, L_values, samples, weight_decay, activation),
                     loss, activation)
    if activation == "linear":
        raise InputError("activation must be 'relu' for loss 'mse', got 'linear'")
    rows: dict[tuple[int, int], Row] = {}
    for L in L_values:
        offers = _library(K_values[-1], L, names)
        problems = [None if weight_decay is None else Problem(
            classes=K, layers=L, samples=samples, weight_decay=weight_decay) for K in K_values]
        better = [offer for offer in offers if offer.sign == -1]
        sums = _best_sums(K_values, L, better, samples, weight_decay)
        for K, construction, problem in zip(K_values, sums, problems, strict=True):
            rows[K, L] = _row(construction, *_verdict(K, L, offers, problem), L, problem)
    return Table(K_values, L_values, integer("samples", samples, 1), weight_decay,
                 tuple(rows[K, L] for K in K_values for L in L_values))


def _values(name: str, values: Iterable[int], least: int) -> tuple[int, ...]:
    numbers = tuple(sorted({integer(name, value, least) for value in values}))
    if not numbers:
        raise InputError(f"{name} must be a non-empty range, got an empty one")
    return numbers


class _Offer(NamedTuple):
    """A block of the library for one number of layers, and how it compares with DNC."""

    block: Block
    cost: float
    sign: int | None  # of c - K, decided exactly; None: undecided
    evidence: str


def cheapest_sums(K_values: Sequence[int], layers: int) -> list[Construction]:
    """The direct sum of least MSE cost for each K."""
    offers = _library(max(K_values), layers, tuple(FAMILIES))
    better = [offer for offer in offers if offer.sign == -1]
    return _best_sums(K_values, layers, better, 1, None)


def _names(library: Iterable[str] | None) -> tuple[str, ...]:
    if library is None:
        return tuple(FAMILIES)
    if isinstance(library, str):
        raise InputError(f"library must be names of families, got the text {library!r}")
    return tuple(choice("library", name, tuple(FAMILIES)) for name in library)


def _library(largest: int, layers: int, names: Iterable[str]) -> list[_Offer]:
    """The best member of each family for each number of classes up to `largest`, DNC apart."""
    offers = []
    for best in (FAMILIES[name].best for name in names):
        for K in range(1, largest + 1):
            block = best(K, layers) if best is not None else None
            if block is not None and not isinstance(block, Orthogonal):
                exact = block.representation_cost(layers).surd is not None
                offers.append(_Offer(block, block.cost(layers), block.compare_with_dnc(layers),
                                     INTEGERS if exact else BOUNDS))
    return offers


def _best_sums(K_values: Sequence[int], layers: int, offers: Sequence[_Offer], samples: int,
               weight_decay: float | None) -> list[Construction]:
    """For each K, the direct sum of least cost (of least loss, given a weight decay)."""
    blocks = [offer.block for offer in offers]
    sizes = np.array([block.classes for block in blocks], dtype=np.int64)
    costs = np.array([offer.cost for offer in offers])
    K = np.array(K_values)[:, None]
    if weight_decay is None:
        # Every block is better than DNC by an exact decision: rounding must not hide that.
        gains = np.broadcast_to(np.maximum(sizes - costs, TINY), (len(K), len(blocks)))
    else:
        # A class in a block of cost c_b is worth f*(kappa_b)/K; kappa_b scales with K/K_b.
        decay = math.log(Problem(classes=2, layers=1, weight_decay=weight_decay).decays[0])
        log_share = np.log(np.append(costs / sizes, 1.0) * K)
        kappas = losses.kappa((layers + 1) * log_share, samples, layers, decay)
        values = losses.minimal_loss(kappas, layers)
        gains = sizes * (values[:, -1:] - values[:, :-1]) / K
    counts = knapsack(sizes, np.ascontiguousarray(gains), np.array(K_values, dtype=np.int64))
    return [_sum(K, blocks, row) for K, row in zip(K_values, counts, strict=True)]


def _sum(classes: int, blocks: Sequence[Block], counts: NDArray[np.int64]) -> Construction:
    chosen = [blocks[i] for i in np.flatnonzero(counts)[::-1] for _ in range(counts[i])]
    rest = classes - sum(block.classes for block in chosen)
    if rest:
        chosen.append(Orthogonal(classes=rest))
    return chosen[0] if len(chosen) == 1 else DirectSum(tuple(chosen))


@njit(cache=True)
def knapsack(sizes: NDArray[np.int64], gains: NDArray[np.float64],
             capacities: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often to take each item, for each row of gains: sizes within the row's capacity.

    Maximises the sum of gains; items may repeat, and places may stay empty (worth 0).
    """
    counts = np.zeros(gains.shape, dtype=np.int64)
    for row in range(len(capacities)):
        capacity = capacities[row]
        value = np.zeros(capacity + 1)
        choice = np.full(capacity + 1, -1)
        for size in range(1, capacity + 1):
            value[size] = value[size - 1]
            for item in range(len(sizes)):
                if sizes[item] <= size:
                    candidate = value[size - sizes[item]] + gains[row, item]
                    if candidate > value[size]:
                        value[size] = candidate
                        choice[size] = item
        size = capacity
        while size > 0:
            if choice[size] < 0:
                size -= 1
            else:
                counts[row, choice[size]] += 1
                size -= sizes[choice[size]]
    return counts


def _verdict(K: int, L: int, library: Sequence[_Offer],
             problem: Problem | None) -> tuple[str, str]:
    """The verdict on a cell and what it rests on.

    A sum beats DNC iff one of its blocks does, c_b < K_b (f* increases in kappa as long as zero
    is not optimal), so exact decisions about single blocks settle every cell.
    """
    offers = [offer for offer in library if offer.block.classes <= K]
    better = [offer for offer in offers if offer.sign == -1]
    if problem is not None:
        zero = _zero(problem, better)
        if zero is None:
            return UNDECIDED, NOTHING
        if zero:
            return ZERO, _evidence(better)
    if L == 1:
        return OPTIMAL, ONE_LAYER
    if K == 2:
        return OPTIMAL, TWO_CLASSES
    if better:
        return BEATEN, _evidence(better)
    if any(offer.sign is None for offer in offers):
        return UNDECIDED, NOTHING
    return NOT_BEATEN, _evidence(offers)


def _zero(problem: Problem, better: Sequence[_Offer]) -> bool | None:
    """Whether zero is optimal for every sum of the library: exactly where no block survives.

    The block of least c_b/K_b dies last, so it is asked first.
    """
    ordered = sorted(better, key=lambda offer: offer.cost / offer.block.classes)
    blocks = [offer.block for offer in ordered] or [Orthogonal(classes=problem.classes)]
    for block in blocks:
        zero = block.is_zero(problem)
        if not zero:
            return zero
    return True


def _evidence(offers: Sequence[_Offer]) -> str:
    return BOUNDS if any(offer.evidence == BOUNDS for offer in offers) else INTEGERS


def _row(construction: Construction, verdict: str, evidence: str, layers: int,
         problem: Problem | None) -> Row:
    row = Row(construction.classes, layers, construction, construction.cost(layers), verdict,
              evidence)
    if problem is None:
        return row
    dnc = Orthogonal(classes=construction.classes)
    return replace(row, loss=construction.loss(problem), dnc_loss=dnc.loss(problem))
