"""Discovery cell by cell, kept as data: what beats the best known construction is stored.

    nctheory atlas search --classes 3:10 --layers 3:6 --seconds 5 --seed 1

The stored chains are the starts of the next run, so it resumes where the last one stopped; a
cell is only ever replaced by a cheaper one.  The search is timed, so how far it gets depends on
the machine; what it stores does not need to be trusted (see `nctheory.atlas.store`).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nctheory import limits
from nctheory.atlas.search import (
    FINE,
    NEAR,
    Factors,
    Pool,
    evaluate,
    inherited,
    minimise,
    narrowed,
    proposals,
    pruned,
)
from nctheory.atlas.store import MARGIN, known, store
from nctheory.constructions import stored
from nctheory.errors import integer, positive


class Searched(NamedTuple):
    """One cell searched: log c before (best known) and after."""

    classes: int
    layers: int
    before: float
    after: float
    starts: int


def discover(classes: Iterable[int], layers: Iterable[int], *, seconds: float = 5.0,
             seed: int = 0, folder: Path | None = None) -> Iterator[Searched]:
    """Search each cell for `seconds`, store improvements in `folder` (by default the user's),
    yield what happened."""
    folder = stored.user_folder() if folder is None else folder
    seconds, rng = positive("seconds", seconds), np.random.default_rng(integer("seed", seed, 0))
    K_values, L_values = limits.cells(classes, layers)
    integer("classes", min(K_values), 3)
    integer("layers", min(L_values), 2)
    limits.affordable("classes", max(K_values), memory=100 * max(K_values)**2)
    cells = [(K, L) for L in L_values for K in K_values]
    pool: Pool = {}
    for K in {k + step for k, _ in cells for step in range(-k, NEAR + 1)}:
        for chain in {*stored.chains(K), *stored.chains(K, folder)}:
            factors = [m.astype(np.float64) for m in chain.matrices]
            cost = evaluate(factors)
            if (K, len(factors)) not in pool or cost < pool[K, len(factors)][0]:
                pool[K, len(factors)] = cost, factors
    for K, L in cells:
        before = known(K, L, folder)
        end, starts = time.monotonic() + seconds, 0
        best = pool[K, L][0] if (K, L) in pool else math.inf
        improved = False
        for start, schedule in itertools.chain(inherited(pool, K, L),
                                               proposals(pool, K, L, rng)):
            value, factors = minimise(start, schedule)
            starts += 1
            if value < best - 1e-7:
                best, improved = value, True
                pool[K, L] = value, factors
            if time.monotonic() > end:
                break
        if improved:
            pool[K, L] = polished(*pool[K, L])
            store(pool[K, L][1], folder, f"atlas search, seed {seed}")
        yield Searched(K, L, before, known(K, L, folder), starts)


def polished(value: float, factors: Factors) -> tuple[float, Factors]:
    """A chain without idle neurons and at the bottom of its valley; narrow where that is free."""
    best = value, factors
    for start in (pruned(factors), narrowed(pruned(factors))):
        found = minimise(start, FINE, 600)
        if found[0] < best[0] + MARGIN:
            best = found
    return best
