r"""No cell worse than its neighbour: the stored chains closed under deletion of classes.

    nctheory atlas close

Of a chain with K+1 classes some class can be deleted so that P falls to (K/(K+1))^2 P or below
(`python -m proofs deletion-lemma`).  Two layers can be made one where the ReLU between them does
nothing.  More layers are projections, of squared norm the least rank of a sigma(M_l): where
rounding to integers has raised that rank, it is lowered again.  Sums of blocks are the tables'
own, and a chain is only kept where it does better.  Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import activations, integers, limits, losses
from nctheory.atlas.search import Factors, forward, rounded
from nctheory.atlas.store import MARGIN, write
from nctheory.constructions import FAMILIES, Block, Chain, stored
from nctheory.errors import integer
from nctheory.integers import as_integers

Matrix = NDArray[np.float64]

MOST_DELETED = 8
EQUAL = 1e-9  # differences of log c that are rounding in float64
OFF = 1e-12  # a signal, relative to its layer's largest
RANK = 1e-6  # a singular value that only rounding made, relative to the largest
DIGITS = 6.0  # of factors rounded anew


class Closed(NamedTuple):
    """A chain that was stored, the L for which it is the best block of its K, and the largest
    fall of log c in these cells."""

    chain: Chain
    layers: tuple[int, ...]
    gain: float


@dataclass(frozen=True, eq=False)
class Source:
    """A chain to delete classes from, and the rank that more layers multiply P by; `known` where
    tables have it already."""

    chain: Chain
    rank: int
    known: bool

    @cached_property
    def factors(self) -> Factors:
        """In floats, of squared norm 1."""
        return [m.astype(np.float64) / math.sqrt(integers.squared_norm(m))
                for m in self.chain.matrices]

    @cached_property
    def signals(self) -> Factors:
        """M_1, sigma(M_2), ..., sigma(M_m)."""
        first, *rest = forward(self.factors)
        return [first, *(np.maximum(mean, 0) for mean in rest)]

    def log_norms(self, kept: NDArray[np.int64]) -> float:
        """log |H_1|^2 |W_1|^2 ... for some of the classes, without neurons that are then off."""
        total, before = 0.0, kept
        for i, (factor, signal) in enumerate(zip(self.factors, self.signals, strict=True)):
            on = np.flatnonzero(signal[:, kept].max(axis=1) > OFF * signal.max())
            rows = on if i else np.arange(len(factor))
            total += math.log(np.sum(factor[np.ix_(rows, before)] ** 2))
            before = rows
        return total


@dataclass(frozen=True, eq=False)
class Candidate:
    """Some classes of a source, and log P in floats."""

    source: Source
    kept: NDArray[np.int64]
    log_power: float

    @property
    def known(self) -> bool:
        """Whether tables have it already."""
        return self.source.known and len(self.kept) == self.source.chain.classes

    def log_cost(self, layers: int) -> float:
        """log c; inf for fewer layers than it has."""
        more = layers - self.source.chain.least_layers
        if more < 0:
            return math.inf
        rank = min(self.source.rank, len(self.kept))
        return (self.log_power + more * math.log(rank)) / (layers + 1)

    def chain(self) -> Chain:
        """In integers, without the neurons that are off for every class."""
        first, *rest = self.source.chain.matrices
        out = [first[:, self.kept], *rest]
        for i, mean in enumerate(Chain(matrices=out).means[1:], start=1):
            on = (mean > 0).any(axis=1)
            out[i] = out[i][on]
            if i + 1 < len(out):
                out[i + 1] = out[i + 1][:, on]
        return Chain(matrices=out, name=f"chain K={len(self.kept)} L={len(out)}")


def close(classes: Iterable[int], layers: Iterable[int], folder: Path | None = None,
          progress: Callable[[int, int], object] | None = None) -> Iterator[Closed]:
    """Store in `folder` (by default the user's) what is cheaper than all known, and yield it.

    Raises
    ------
    InputError
        Where a K is below 3 or an L below 2.
    """
    folder = stored.user_folder() if folder is None else folder
    classes, layers = limits.cells(classes, layers)
    K_values = sorted({integer("classes", K, 3) for K in classes})
    L_values = sorted({integer("layers", L, 2, limits.LAYERS) for L in layers})
    limits.affordable("classes", K_values[-1], memory=100 * K_values[-1]**2)
    pool: dict[int, list[Candidate]] = {K: [] for K in range(1, K_values[-1] + 1)}
    sources = list(_sources(K_values[-1] + MOST_DELETED, L_values, folder))
    for count, source in enumerate(sources, start=1):
        for candidate in _lightened(source):
            if len(candidate.kept) in pool:
                pool[len(candidate.kept)].append(candidate)
        if progress is not None:
            progress(count, len(sources))
    sums = {L: _best_sums(pool, L) for L in L_values}
    for K in K_values:
        yield from _kept(pool[K], {L: sums[L][K] for L in L_values}, folder)


# --- sources ---

def _sources(most: int, layers: Sequence[int], folder: Path) -> Iterator[Source]:
    """The chains of the folder and all known, what can be made of them without a search,
    and the members of other families."""
    for K in range(3, most + 1):
        for chain in {*stored.chains(K), *stored.chains(K, folder)}:
            yield Source(chain, chain.projected[1], known=True)
            yield from (_made(made, known=False)
                        for made in (_shortened(chain), _of_low_rank(chain)) if made is not None)
        for name, family in FAMILIES.items():
            for L in layers[:2]:
                block = (family.best(K, L, losses.get("mse"), activations.homogeneous("relu"))
                         if family.best and name not in ("dnc", "chain") else None)
                if isinstance(block, Block):
                    factors = rounded(block.unit_factors(L)[0][:-1], DIGITS / 2)
                    yield _made(Chain(matrices=list(map(as_integers, factors))), known=True)


def _made(chain: Chain, known: bool) -> Source:
    """With the rank of a chain that separates its classes, which is looked at when it is kept."""
    ranks = [integers.rank(np.maximum(mean, 0)) for mean in chain.means[1:-1]]
    return Source(chain, min([chain.classes, *ranks]), known)


def _shortened(chain: Chain) -> Chain | None:
    """One layer less: those two factors made one between which the ReLU does nothing, where that
    saves most."""
    factors = [m.astype(np.float64) / math.sqrt(integers.squared_norm(m)) for m in chain.matrices]
    idle = [i for i in range(1, len(factors) - 1) if chain.means[i].min() >= 0]
    if not idle:
        return None
    i = min(idle, key=lambda i: float(np.sum((factors[i + 1] @ factors[i])**2)))
    matrices = list(chain.matrices)
    matrices[i:i + 2] = [matrices[i + 1] @ matrices[i]]
    return Chain(matrices=matrices)


def _of_low_rank(chain: Chain) -> Chain | None:
    """With a layer exactly of the rank that it has but for rounding, where that is below all.

    For M_l = W S of rank r, nonnegative but for rounding, W becomes a product A B through r
    dimensions, and B + t d u^T for the least t that makes M_l nonnegative again: d is the sum of
    the columns of B S, u^T S that of the rows of S.
    """
    ranks = [_rank(np.maximum(mean, 0).astype(np.float64)) for mean in chain.means[1:]]
    rank, layer = min(ranks), 1 + int(np.argmin(ranks))
    mean = chain.means[layer].astype(np.float64)
    if rank >= chain.projected[1] or mean.min() < -RANK * mean.max():
        return None
    # H_1 and W_1 are one such W, with the classes themselves as S.
    matrices = list(chain.matrices)
    weights, signal = ((matrices[1] @ matrices[0], as_integers(np.eye(chain.classes)))
                       if layer == 1 else
                       (matrices[layer], np.maximum(chain.means[layer - 1], 0)))
    basis, values, _ = np.linalg.svd(mean, full_matrices=False)
    root = np.sqrt(values[:rank])  # as H_1 and W_1 cost least; elsewhere any would do
    A, B = map(as_integers, rounded([
        basis[:, :rank] * root,
        (basis[:, :rank] / root).T @ weights.astype(np.float64)], DIGITS))
    inside, sums = (B @ signal).sum(axis=1), signal.sum(axis=0)
    rise = np.outer(A @ inside, sums)
    below = [(value, up) for value, up in zip((A @ B @ signal).flat, rise.flat, strict=True)
             if value < 0]
    if not all(up > 0 for _, up in below):
        return None
    t = max((Fraction(-value, up) for value, up in below), default=Fraction(0))
    B = t.denominator * B + t.numerator * inside[:, None]
    matrices[layer - 1:layer + 1] = [B, A] if layer == 1 else [matrices[layer - 1], A @ B]
    return Chain(matrices=matrices)


def _rank(matrix: Matrix) -> int:
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > RANK * values[0]))


# --- classes deleted ---

def _lightened(source: Source) -> Iterator[Candidate]:
    """The source, and with up to MOST_DELETED classes less: those whose absence saves most.

    Without class i |H_1|^2 is less by its column, and tr(G^-1) by |G^-1 e_i|^2 / (G^-1)_ii; the
    inverse of the rest is G^-1 without row and column i, less their product over (G^-1)_ii.
    """
    kept = np.arange(source.chain.classes)
    gram = source.signals[-1].T @ source.signals[-1]
    inverse = np.linalg.pinv(gram, rcond=1e-15, hermitian=True)
    norms = np.sum(source.factors[0] ** 2, axis=0)
    for _ in range(MOST_DELETED + 1):
        yield Candidate(source, kept, source.log_norms(kept) + math.log(np.trace(inverse)))
        if len(kept) == 3:
            return
        columns = norms[kept]
        i = int(np.argmin((columns.sum() - columns) * (
            np.trace(inverse) - np.sum(inverse**2, axis=0) / np.diag(inverse))))
        inverse = np.delete(np.delete(inverse - np.outer(inverse[i], inverse[i]) / inverse[i, i],
                                      i, axis=0), i, axis=1)
        kept = np.delete(kept, i)


# --- what is kept ---

def _best_sums(pool: dict[int, list[Candidate]], layers: int) -> list[float]:
    """log c of the best sum of two blocks or more, for each K from 0."""
    cost, sums = [0.0, 1.0], [-math.inf, 0.0]
    for K in range(2, len(pool) + 1):
        apart = min(cost[k] + cost[K - k] for k in range(1, K // 2 + 1))
        block = min((candidate.log_cost(layers) for candidate in pool[K]), default=math.inf)
        sums.append(math.log(apart))
        cost.append(min(apart, math.exp(block)))
    return sums


def _kept(candidates: Sequence[Candidate], sums: dict[int, float],
          folder: Path) -> Iterator[Closed]:
    """Store new candidates, as few as are the best blocks of all cells that they improve."""
    known = {L: min([limit, *(c.log_cost(L) for c in candidates if c.known)])
             for L, limit in sums.items()}
    best = {L: min((c.log_cost(L) for c in candidates), default=math.inf) for L in sums}
    left = {L for L in sums if best[L] < known[L] - MARGIN}
    while left:
        found = max(candidates, key=lambda c: sum(c.log_cost(L) < best[L] + EQUAL for L in left))
        cells = sorted(L for L in left if found.log_cost(L) < best[L] + EQUAL)
        left -= set(cells)
        chain = found.chain()
        write(chain, folder, "atlas close")
        yield Closed(chain, tuple(cells), max(known[L] - best[L] for L in cells))
