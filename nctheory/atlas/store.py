"""What the atlas keeps of what was found: integers, and only where they are cheaper.

Floats are rounded to as few digits as cost next to nothing.  The rounded matrices are an exact
fit by themselves, so nothing about how they were found needs to be trusted.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from nctheory.atlas.search import Factors, evaluate, rounded
from nctheory.atlas.structure import chain_name
from nctheory.constructions import stored
from nctheory.constructions.chain import Chain
from nctheory.errors import InputError
from nctheory.thresholds import threshold_table

# A chain is kept where it is better than what is known by at least this much in log c.
MARGIN = 1e-6
# What rounding to integers may add to log c, per L^2.
ROUNDING = 3e-7
DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5)


def store(factors: Factors, folder: Path, by: str) -> bool:
    """Round a chain to integers and keep it, where it improves on everything known; `by` says
    what found it."""
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
        write(chain, folder, by)
    except InputError:  # the rounded matrices do not separate the classes
        return False
    return True


def write(chain: Chain, folder: Path, by: str, instead: Chain | None = None) -> None:
    """Put a chain into its file, with its name, `instead` of one or of all that it dominates, and
    with what found it."""
    name = chain_name([m.astype(np.float64) for m in chain.matrices])
    stored.write_chain(chain, name, folder, instead, by=by)


def known(classes: int, layers: int, folder: Path) -> float:
    """log c of the best known construction: the library's, and the chains of `folder`."""
    row = threshold_table([max(classes, 2)], [layers]).rows[0]
    best = math.log(row.cost)
    for chain in stored.chains(classes, folder):
        if chain.least_layers <= layers:
            best = min(best, chain.log_cost(layers))
    return best
