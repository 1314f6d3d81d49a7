"""Discovery cell by cell, kept as data: what beats the best known construction is stored.

    nctheory atlas search --classes 3:10 --layers 3:6 --seconds 5 --seed 1

The stored chains are the starts of the next run, so it resumes where the last one stopped; a
cell is only ever replaced by a cheaper one.  The search is timed, so how far it gets depends on
the machine; what it stores does not need to be trusted (see `nctheory.constructions.chain`).
"""

from __future__ import annotations

import itertools
import json
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
    rounded,
)
from nctheory.atlas.structure import chain_name
from nctheory.constructions import chain as chains
from nctheory.constructions.chain import Chain
from nctheory.errors import InputError, integer, positive

# A stored chain is to be better than what is known by at least this much in log c.
MARGIN = 1e-6
# What rounding to integers may add to log c, per L^2.
ROUNDING = 3e-7
DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5)


class Step(NamedTuple):
    """One cell searched: log c before (best known) and after."""

    classes: int
    layers: int
    before: float
    after: float
    starts: int


def discover(classes: Iterable[int], layers: Iterable[int], *, seconds: float = 5.0,
             seed: int = 0, folder: Path = chains.DATA) -> Iterator[Step]:
    """Search each cell for `seconds`, store improvements in `folder`, yield what happened."""
    seconds, rng = positive("seconds", seconds), np.random.default_rng(integer("seed", seed, 0))
    K_values, L_values = limits.cells(classes, layers)
    limits.affordable("classes", max(K_values), memory=100 * max(K_values)**2)
    cells = [(K, L) for L in L_values for K in K_values]
    pool: Pool = {}
    for K in {k + step for k, _ in cells for step in range(-k, NEAR + 1)}:
        for chain in read(K, folder):
            factors = [m.astype(np.float64) for m in chain.matrices]
            pool[K, len(factors)] = evaluate(factors), factors
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
            store(pool[K, L][1], folder)
        yield Step(K, L, before, known(K, L, folder), starts)


def polished(value: float, factors: Factors) -> tuple[float, Factors]:
    """A chain without idle neurons and at the bottom of its valley; narrow where that is free."""
    best = value, factors
    for start in (pruned(factors), narrowed(pruned(factors))):
        found = minimise(start, FINE, 600)
        if found[0] < best[0] + MARGIN:
            best = found
    return best


def store(factors: Factors, folder: Path = chains.DATA) -> bool:
    """Round a chain to integers and keep it, where it improves on everything known."""
    K, L = factors[0].shape[1], len(factors)
    target = evaluate(factors)
    if target / (L + 1) > known(K, L, folder) - MARGIN:
        return False
    # As few digits as cost next to nothing, or all of them: the exact numbers behind a chain
    # grow with its layers.
    room = ROUNDING * L**2 * (L + 1)
    for digits in DIGITS:
        integers = rounded(factors, digits)
        cost = evaluate([m.astype(np.float64) for m in integers])
        if cost < target + room:
            break
    if cost / (L + 1) > known(K, L, folder) - MARGIN:
        return False
    try:
        chain = Chain(matrices=[m.tolist() for m in integers])
        write(chain, folder)
    except InputError:  # the rounded matrices do not separate the classes
        return False
    return True


def write(chain: Chain, folder: Path = chains.DATA) -> None:
    """Put a chain into its file, with its name, in place of the one with as many layers."""
    name = chain_name([m.astype(np.float64) for m in chain.matrices])
    entry = {"name": name, **chains.dump(chain)}
    path = folder / f"{chain.classes:02d}.json"
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    others = [e for e in entries if len(e["matrices"]) != len(chain.matrices)]
    chains.rewrite(path, sorted([*others, entry], key=lambda e: len(e["matrices"])))
    chains.stored.cache_clear()


def read(classes: int, folder: Path) -> tuple[Chain, ...]:
    """The chains of a folder for so many classes."""
    return chains.stored(classes, folder)


def known(classes: int, layers: int, folder: Path = chains.DATA) -> float:
    """log c of the best known construction: the library's, and the chains of `folder`."""
    from nctheory.thresholds import threshold_table

    row = threshold_table([max(classes, 2)], [layers]).rows[0]
    best = math.log(row.cost)
    for chain in read(classes, folder):
        if len(chain.matrices) <= layers:
            best = min(best, chain.log_cost(layers))
    return best
