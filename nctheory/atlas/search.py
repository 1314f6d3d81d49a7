"""Discovery: minimise log P over all factors at once, from random and from known chains.

Nothing here is trusted: what the search finds is rounded to integers, and the rounded matrices
are an exact fit by themselves (W_L is their pseudo-inverse), whose cost `Chain` computes exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nctheory import integers
from nctheory.atlas.kernel import PENALTY, descend, log_cost
from nctheory.metrics.spectrum import counted

Matrix = NDArray[np.float64]
Factors = list[Matrix]

COARSE = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-5)
WARM = (0.03, 0.01, 1e-3, 1e-5)
FINE = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9)


def evaluate(factors: Factors) -> float:
    """log P of the chain H_1, W_1, ..., W_{L-1} with W_L the pseudo-inverse; inf: no fit."""
    x, sizes = flat(factors)
    return float(log_cost(x, sizes, 0.0, 0.0, np.zeros(len(x))))


def minimise(factors: Factors, schedule: Sequence[float] = COARSE, steps: int = 150,
             ) -> tuple[float, Factors]:
    """Anneal the smoothing of the ReLU along `schedule`; the value is that of the true ReLU."""
    x, sizes = flat(_level(factors))
    for smoothing in schedule:
        x = descend(x, sizes, smoothing, PENALTY, steps, 1e-7)
    value = float(log_cost(x, sizes, 0.0, 0.0, np.zeros(len(x))))
    return (value if math.isfinite(value) else math.inf), shaped(x, sizes)


def flat(factors: Factors) -> tuple[Matrix, NDArray[np.int64]]:
    """The entries of all factors in one array, and the sizes K, a, b, ... that `shaped` needs."""
    sizes = np.array([factors[0].shape[1], *(len(f) for f in factors)], dtype=np.int64)
    return np.concatenate([np.ascontiguousarray(f, dtype=np.float64).ravel()
                           for f in factors]), sizes


def shaped(x: Matrix, sizes: NDArray[np.int64]) -> Factors:
    """The factors H_1, W_1, ... of the sizes in the flat array x: the inverse of `flat`."""
    ends = np.cumsum(sizes[1:] * sizes[:-1])
    return [part.reshape(rows, columns) for part, rows, columns in zip(
        np.split(x, ends[:-1]), sizes[1:], sizes[:-1], strict=True)]


def forward(factors: Factors) -> list[Matrix]:
    """[M_1, ..., M_L]."""
    return integers.forward(factors)


def _level(factors: Factors) -> Factors:
    """The same chain with |M_l|_F^2 = K in every layer."""
    out, signal = [], np.eye(factors[0].shape[1])
    for i, factor in enumerate(factors):
        mean = factor @ signal
        scale = math.sqrt(factors[0].shape[1] / max(np.sum(mean**2), 1e-300))
        out.append(scale * factor)
        signal = np.maximum(scale * mean, 0) if i else scale * mean
    return out


# --- starts ---

def random_start(classes: int, layers: int, rng: np.random.Generator,
                 rank: int | None = None) -> Factors:
    """Gaussian factors through a bottleneck of a given or a random low rank."""
    K = classes
    if rank is None:
        rank = min(int(rng.integers(2, 3 + math.isqrt(2 * K))), K)
    last = int(rng.integers(K, 2 * K + 1))
    top = int(rng.integers(rank, 2 * rank + 3)) if rng.random() < 0.7 else K
    middle = sorted(int(m) for m in rng.integers(rank, max(top, rank) + 1, size=layers - 2))
    sizes = [K, rank, *middle, last]
    factors = []
    for i, (rows, columns) in enumerate(zip(sizes[1:], sizes[:-1], strict=True)):
        factor = rng.normal(size=(rows, columns))
        if 0 < i < layers - 1 and rng.random() < 0.5:
            factor += rng.random()
        factors.append(factor)
    return factors


def stretched(factors: Factors, layer: int) -> Factors:
    """One layer more: the projection on the columns of sigma(M_layer), 2 <= layer <= L."""
    signal = np.maximum(forward(factors)[layer - 1], 0)
    u, s, _ = np.linalg.svd(signal, full_matrices=False)
    basis = u[:, s > 1e-6 * s[0]]
    if basis.shape[1] == len(signal):
        projection = np.eye(len(signal))
    else:
        projection = basis @ basis.T
    return [*factors[:layer], projection, *factors[layer:]]


def shortened(factors: Factors, layer: int) -> Factors:
    """One layer less: W_layer W_{layer-1} without the ReLU between."""
    merged = factors[layer] @ factors[layer - 1]
    return [*factors[:layer - 1], merged, *factors[layer + 1:]]


def without(factors: Factors, label: int) -> Factors:
    """One class less."""
    return [np.delete(factors[0], label, axis=1), *factors[1:]]


def with_another(factors: Factors, rng: np.random.Generator) -> Factors:
    """One class more: a column between or near the others, and more rows to tell it."""
    first, *rest = factors
    i, j = rng.choice(first.shape[1], 2, replace=False)
    share = rng.random()
    column = share * first[:, i] + (1 - share) * first[:, j]
    column = column + 0.3 * np.linalg.norm(column) * rng.normal(size=len(first)) / math.sqrt(
        len(first))
    last = rest[-1]
    extra = rng.normal(size=(2, last.shape[1])) * np.linalg.norm(last) / math.sqrt(last.size)
    return [np.column_stack([first, column]), *rest[:-1], np.vstack([last, extra])]


def beside(one: Factors, other: Factors) -> Factors:
    """The direct sum of two chains with the same number of layers."""
    from scipy.linalg import block_diag

    return [np.asarray(block_diag(a, b)) for a, b in zip(_level(one), _level(other), strict=True)]


def shaken(factors: Factors, rng: np.random.Generator, size: float) -> Factors:
    """Every entry moved by `size` times the root mean square of its factor."""
    return [f + size * math.sqrt(np.mean(f**2)) * rng.normal(size=f.shape) for f in factors]


def pruned(factors: Factors) -> Factors:
    """Without neurons that no class switches on or that nothing reads."""
    factors = [f.copy() for f in factors]
    for i in range(1, len(factors)):
        signal = np.maximum(forward(factors)[i], 0)
        alive = signal.max(axis=1) > 1e-4 * signal.max()
        if i + 1 < len(factors):
            reads = np.abs(factors[i + 1]).max(axis=0)
            alive &= reads > 1e-6 * reads.max()
            factors[i + 1] = factors[i + 1][:, alive]
        factors[i] = factors[i][alive]
    return factors


def narrowed(factors: Factors) -> Factors:
    """With as few neurons as ranks allow at no cost: a balanced split of M_2, and two neurons
    where a nonnegative M_l has rank 2 (a cone of the plane always fits into the quadrant)."""
    u, s, vt = np.linalg.svd(factors[1] @ factors[0], full_matrices=False)
    rank = counted(s, factors[1].shape, 1e-4)
    root = np.sqrt(s[:rank])
    factors = [root[:, None] * vt[:rank], u[:, :rank] * root, *factors[2:]]
    for i in range(1, len(factors) - 1):
        mean = forward(factors)[i]
        u, s, _ = np.linalg.svd(mean, full_matrices=False)
        if counted(s, mean.shape, 1e-4) == 2 and mean.min() > -1e-4 * mean.max():
            plane = u[:, :2]
            points = plane.T @ mean
            middle = math.atan2(*(points / np.linalg.norm(points, axis=0)).sum(axis=1)[::-1])
            # The middle of all directions to 45 degrees.
            angles = np.arctan2(points[1], points[0]) - middle
            angles = (angles + math.pi) % (2 * math.pi) - math.pi
            turn = math.pi / 4 - middle - (angles.max() + angles.min()) / 2
            rotation = np.array([[math.cos(turn), -math.sin(turn)],
                                 [math.sin(turn), math.cos(turn)]])
            factors[i] = rotation @ plane.T @ factors[i]
            factors[i + 1] = factors[i + 1] @ plane @ rotation.T
    return factors


# --- rounding ---

def rounded(factors: Factors, digits: float) -> list[NDArray[np.int64]]:
    """The factors as integers, the root mean square of each about 10^digits.

    Rows of a layer that is linear in the optimum (all M_l >= 0) may round below zero; that
    costs a little, never correctness: the cost is that of the rounded matrices.
    """
    out: list[NDArray[np.int64]] = []
    for factor in factors:
        scale = 10**digits / math.sqrt(np.mean(factor**2))
        out.append(np.rint(scale * factor).astype(np.int64))
    return out


# --- the loop ---

# How many neighbours a cell inherits from.
NEAR = 3

Pool = dict[tuple[int, int], tuple[float, Factors]]
Start = tuple[Factors, Sequence[float]]  # a chain, and the smoothing that it is annealed along


def fitted(factors: Factors, layers: int) -> Factors:
    """The same chain with `layers` layers: projections where it is too short; where it is too
    long, the ReLU left out between the two layers where that costs least."""
    while len(factors) < layers:
        factors = stretched(factors, 2 + int(np.argmin(_signal_ranks(factors))))
    while len(factors) > layers:
        merged = [shortened(factors, i) for i in range(2, len(factors))]
        factors = min(merged, key=evaluate)
    return factors


def _signal_ranks(factors: Factors) -> NDArray[np.int64]:
    """Of sigma(M_2), ..., sigma(M_L), in floats."""
    return np.array([np.linalg.matrix_rank(np.maximum(m, 0), tol=1e-5 * np.abs(m).max())
                     for m in forward(factors)[1:]])


def lightened(factors: Factors, classes: int) -> Factors:
    """The same chain with only so many classes: those dropped whose absence saves most."""
    while factors[0].shape[1] > classes:
        fewer = [without(factors, label) for label in range(factors[0].shape[1])]
        factors = min(fewer, key=evaluate)
    return factors


def inherited(pool: Pool, classes: int, layers: int) -> Iterator[Start]:
    """What the neighbours in the pool give at no search at all: chains of up to NEAR classes more,
    and of the next depths below and above, cut to size.  Best first, distinct costs only."""
    K, L = classes, layers
    starts = {}
    for k in range(K, K + NEAR + 1):
        depths = sorted(l for kk, l in pool if kk == k)
        shorter, longer = [l for l in depths if l <= L], [l for l in depths if l > L]
        for l in shorter[-2:] + longer[:2]:
            start = lightened(fitted(pool[k, l][1], L), K)
            starts[round(evaluate(start), 6)] = start
    for cost in sorted(starts)[:NEAR]:
        yield starts[cost], WARM


def proposals(pool: Pool, classes: int, layers: int, rng: np.random.Generator,
              ) -> Iterator[Start]:
    """Endless starts for the cell (K, L), from its neighbours in the pool and from nothing."""
    while True:
        start = PROPOSALS[rng.integers(len(PROPOSALS))](pool, classes, layers, rng)
        if start is not None:
            yield start


def _from_nothing(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start:
    return random_start(K, L, rng), COARSE


def _from_itself(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    if (K, L) not in pool:
        return None
    return shaken(pool[K, L][1], rng, 10 ** rng.uniform(-2, -0.3)), COARSE[1:]


def _from_fewer_layers(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    shorter = [l for k, l in pool if k == K and l < L]
    if not shorter:
        return None
    factors = pool[K, max(shorter)][1]
    while len(factors) < L:
        ranks = _signal_ranks(factors)
        lowest = min(ranks) + (rng.random() < 0.3)
        factors = stretched(factors, 2 + int(rng.choice(np.flatnonzero(ranks <= lowest))))
    return shaken(factors, rng, 10 ** rng.uniform(-3, -1)), WARM


def _from_more_layers(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    longer = [l for k, l in pool if k == K and l > L]
    if not longer:
        return None
    factors = pool[K, min(longer)][1]
    while len(factors) > L:
        factors = shortened(factors, int(rng.integers(2, len(factors))))
    return shaken(factors, rng, 10 ** rng.uniform(-3, -1)), COARSE[1:]


def _from_more_classes(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    if (K + 1, L) not in pool:
        return None
    return without(pool[K + 1, L][1], int(rng.integers(K + 1))), WARM


def _from_fewer_classes(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    if (K - 1, L) not in pool:
        return None
    return with_another(pool[K - 1, L][1], rng), COARSE[1:]


def _from_a_sum(pool: Pool, K: int, L: int, rng: np.random.Generator) -> Start | None:
    parts = [k for k, l in pool if l == L and (K - k, L) in pool]
    if not parts:
        return None
    k = int(rng.choice(parts))
    both = beside(pool[k, L][1], pool[K - k, L][1])
    return shaken(both, rng, 10 ** rng.uniform(-2, -0.5)), COARSE


# Each is drawn as often as it stands here; None: the pool has no such neighbour.
PROPOSALS: tuple[Callable[[Pool, int, int, np.random.Generator], Start | None], ...] = (
    _from_nothing, _from_nothing, _from_itself, _from_fewer_layers, _from_more_layers,
    _from_more_classes, _from_fewer_classes, _from_a_sum)
