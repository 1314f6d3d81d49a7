"""What a table chooses from: members of families, and direct sums of them by a knapsack.

K classes are filled with blocks, each saving K_b - c_b over deep neural collapse.  Floats find
the best sum; exact comparisons, one a block, say what beats it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nctheory import activations, limits, losses
from nctheory.compiled import cached
from nctheory.constructions import FAMILIES, Block, Construction, DirectSum, Orthogonal
from nctheory.thresholds.rows import BOUNDS, INTEGERS

TINY = np.finfo(float).tiny


class Offer(NamedTuple):
    """A construction of the library for one number of layers, and how it compares with DNC."""

    construction: Construction
    cost: float  # c
    sign: int | None  # of c - c(DNC), decided exactly; None: undecided
    evidence: str


@dataclass(frozen=True)
class Library:
    """The families `names` for one loss, activation and number of layers, of what fits into
    hidden layers of the given width (None: any)."""

    names: tuple[str, ...]
    loss: str
    activation: str
    layers: int
    width: int | None = None

    @cached_property
    def _model(self) -> tuple[losses.Loss, activations.PiecewiseLinear]:
        return losses.get(self.loss), activations.homogeneous(self.activation)

    def offer(self, construction: Construction) -> Offer:
        """A construction with the exact comparison."""
        model = self.layers, self.loss, self.activation
        return Offer(construction, construction.cost(*model),
                     construction.compare_with_dnc(*model),
                     INTEGERS if construction.decided_by_integers(*model) else BOUNDS)

    def best(self, name: str, classes: int) -> Construction | None:
        """The best member of a family; None where there is none, or it is DNC."""
        family = FAMILIES[name]
        if family.best is None:
            return None
        found = family.best(classes, self.layers, *self._model)
        return None if isinstance(found, Orthogonal) else found

    def fits(self, made: Construction) -> bool:
        """Whether the hidden layers are wide enough for it."""
        return self.width is None or made.required_width(
            self.layers, self.loss, self.activation) <= self.width

    def others(self, classes: int) -> list[Construction]:
        """The best members of the families that join no direct sums."""
        found = (self.best(name, classes) for name in self.names if FAMILIES[name].alone)
        return [made for made in found if made is not None and self.fits(made)]

    def blocks(self, largest: int) -> list[Offer]:
        """The best member of each family of exact fits for each number of classes up to
        `largest`, DNC apart: as costs of exact fits compare, so do direct sums of them."""
        exact = Library(self.names, "mse", self.activation, self.layers, self.width)
        found = (made for name in self.names if not FAMILIES[name].alone
                 for K in range(1, largest + 1) for made in exact._members(name, K))
        return [exact.offer(made) for made in found if isinstance(made, Block)]

    def _members(self, name: str, classes: int) -> list[Construction]:
        """The best member; of a given width, all that fit: a dearer one may be narrower."""
        best, members = self.best(name, classes), FAMILIES[name].members
        if best is None or self.width is None or members is None:
            found = [] if best is None else [best]
        else:
            found = [made for made in members(classes) if made.least_layers <= self.layers]
        return [made for made in found if self.fits(made)]


def best_sums(K_values: Sequence[int], layers: int, offers: Sequence[Offer], samples: int,
              weight_decay: float | None, width: int | None = None) -> list[Construction]:
    """For each K, the direct sum of least MSE cost (of least loss, given a weight decay) that
    fits into the width; hidden layers of a sum are counted as wide as its blocks' widest."""
    taken = [(offer.construction, offer.cost) for offer in offers
             if offer.sign == -1 and isinstance(offer.construction, Block)]
    blocks = [block for block, _ in taken]
    sizes = np.array([block.classes for block in blocks], dtype=np.int64)
    costs = np.array([cost for _, cost in taken])
    K = np.array(K_values)[:, None]
    if weight_decay is None:
        # Every block is better than DNC by an exact decision: rounding must not hide that.
        gains = np.broadcast_to(np.maximum(sizes - costs, TINY), (len(K), len(blocks)))
    else:
        # A class in a block of cost c_b is worth f*(kappa_b)/K; kappa_b scales with K/K_b.
        decay = math.log(weight_decay)
        log_share = np.log(np.append(costs / sizes, 1.0) * K)
        kappas = losses.kappa((layers + 1) * log_share, samples, layers, decay)
        values = losses.minimal_loss(kappas, layers)
        gains = sizes * (values[:, -1:] - values[:, :-1]) / K
    gains, capacities = np.ascontiguousarray(gains), np.array(K_values, dtype=np.int64)
    counts = knapsack(sizes, gains, capacities)
    if width is not None:
        widths = np.array([block.required_width(layers) for block in blocks], dtype=object)
        if (counts @ (widths - sizes) + capacities > width).any():
            entries = (int(capacities.max()) + 1) * (width + 1)
            limits.affordable("width", width, memory=16 * entries,
                              work=entries * len(blocks) * len(K_values))
            counts = knapsack_within(sizes, widths.astype(np.int64), gains, capacities, width)
    return [_sum(K, blocks, row) for K, row in zip(K_values, counts, strict=True)]


def _sum(classes: int, blocks: Sequence[Block], counts: NDArray[np.int64]) -> Construction:
    chosen = [blocks[i] for i in np.flatnonzero(counts)[::-1] for _ in range(counts[i])]
    rest = classes - sum(block.classes for block in chosen)
    if rest:
        chosen.append(Orthogonal(classes=rest))
    return chosen[0] if len(chosen) == 1 else DirectSum(tuple(chosen))


@cached(njit)
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


@cached(njit)
def knapsack_within(sizes: NDArray[np.int64], widths: NDArray[np.int64],
                    gains: NDArray[np.float64], capacities: NDArray[np.int64],
                    width: int) -> NDArray[np.int64]:
    """`knapsack` where the items' widths, and 1 for each place left empty, sum to at most
    `width`."""
    counts = np.zeros(gains.shape, dtype=np.int64)
    for row in range(len(capacities)):
        capacity = capacities[row]
        # Of exactly so many places filled, at exactly that width; -1: cannot be.
        value = np.full((capacity + 1, width + 1), -1.0)
        choice = np.full((capacity + 1, width + 1), -1)
        value[0, 0] = 0.0
        for size in range(1, capacity + 1):
            for used in range(1, width + 1):
                for item in range(len(sizes)):
                    if sizes[item] <= size and widths[item] <= used:
                        before = value[size - sizes[item], used - widths[item]]
                        if before >= 0 and before + gains[row, item] > value[size, used]:
                            value[size, used] = before + gains[row, item]
                            choice[size, used] = item
        best, size, used = 0.0, 0, 0
        for filled in range(capacity + 1):
            for wide in range(width - (capacity - filled) + 1):
                if value[filled, wide] > best:
                    best, size, used = value[filled, wide], filled, wide
        while size > 0:
            item = choice[size, used]
            counts[row, item] += 1
            size, used = size - sizes[item], used - widths[item]
    return counts
