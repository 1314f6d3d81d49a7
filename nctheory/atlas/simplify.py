"""A found chain made simple: symmetric, without idle or parallel neurons, in small integers.

    nctheory atlas explain --classes 3:12 --layers 2:6 --store

The permutations of classes and neurons that nearly keep a chain are made to keep it exactly:
entries that they exchange get one value.  The cost does not change under them, so its gradient
at a symmetric chain is symmetric, and descent leaves the chain so.  Then every factor gets the
smallest integers that the cost allows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nctheory import limits
from nctheory.atlas.face import polish
from nctheory.atlas.rounding import integers_from_the_plane, rounded_integers, split
from nctheory.atlas.search import FINE, Factors, evaluate, minimise, pruned
from nctheory.atlas.store import write
from nctheory.atlas.symmetry import Group, network_symmetry
from nctheory.constructions import stored
from nctheory.constructions.chain import Chain
from nctheory.errors import InputError, integer

Matrix = NDArray[np.float64]
Orbits = list[NDArray[np.int64]]

TOLERANCES = (3e-2, 1e-2, 1e-3, 1e-4)
# Differences of log P that count as none: what descent leaves at kinks.
EQUAL = 1e-7
STEPS = 600
# What a tenth of the steps must come to for the rest to be worth it.
HOPEFUL = 3e-3
# Sequential quadratic programming takes the cube of the variables; chains of more entries than
# SMALL are not tried without each of their neurons.
LARGEST = 300
SMALL = 1000
# A simpler chain may cost so much more in log c, where its numbers are so much shorter.
DEARER, SHORTER = 1e-7, 0.9


class Simple(NamedTuple):
    """log P, the chain, and the group that keeps it (see `network_symmetry`)."""

    value: float
    factors: Factors
    group: Group


class Simplified(NamedTuple):
    """A stored chain and what became of it: the order of its group, the length of its numbers
    before and after (equal: it was kept), and the change of log c."""

    chain: Chain
    order: int
    before: int
    after: int
    change: float


def explain_stored(classes: Iterable[int], layers: Iterable[int], *, store: bool = False,
                   folder: Path | None = None) -> Iterator[Simplified]:
    """Simplify the stored chains of these cells; with `store`, write the simpler ones and names.

    A chain replaces a stored one where it costs no more and its numbers are no longer, or
    where they are shorter by a tenth and it costs no more than 1e-7 more, relatively.  Without a
    folder all known chains are looked at, and what is stored goes to the user's.
    """
    K_values, L_values = limits.cells(classes, layers)
    wanted = set(L_values)
    for K in K_values:
        for chain in stored.chains(integer("classes", K, 1), folder):
            if chain.least_layers in wanted:
                step, chosen = _explained(chain)
                if store:
                    write(chosen, folder or stored.user_folder(), chain.by or "atlas explain",
                          instead=chain)
                yield step


def _explained(chain: Chain) -> tuple[Simplified, Chain]:
    L, before = chain.least_layers, length(chain)
    factors = [m.astype(np.float64) for m in chain.matrices]
    value = evaluate(factors)
    # What was polished shows more symmetry.
    simple = simplified(simplified(factors).factors, thin=False)
    room = max(value - simple.value, DEARER / 2 * (L + 1))
    orbits = entry_orbits(simple.factors, simple.group)
    for way in (integers_from_the_plane, rounded_integers):
        integers = way(simple.factors, orbits, room)
        if integers is None:
            continue
        with suppress(InputError):  # rounded, they may not separate the classes
            other = Chain(matrices=[m.tolist() for m in integers])
            change = other.log_cost(L) - chain.log_cost(L)
            after = length(other)
            if (change <= 0 and after <= before) or (
                    change <= DEARER and after < SHORTER * before):
                return Simplified(chain, simple.group.order, before, after, change), other
    return Simplified(chain, simple.group.order, before, before, 0.0), chain


def length(chain: Chain) -> int:
    """Characters of the matrices in JSON."""
    return len(json.dumps([m.tolist() for m in chain.matrices], separators=(",", ":")))


def simplified(factors: Factors, *, thin: bool = True) -> Simple:
    """The chain at the bottom of its valley: as few neurons and as symmetric as costs nothing.

    `thin`: also try it without each of its neurons.
    """
    value, factors = minimise(split(merged(pruned(factors))), FINE, STEPS)
    if thin and sum(factor.size for factor in factors) <= SMALL:
        value, factors = _thinned(value, factors)
    factors = _aligned(factors)
    best = Simple(value, factors, Group(sum(map(len, factors[1:])), 1, ()))
    for tolerance in TOLERANCES:
        found = _polished(factors, network_symmetry(factors, tolerance))
        if found.value < best.value + EQUAL:
            return found
    return best


def _polished(factors: Factors, group: Group) -> Simple:
    symmetric = symmetrised(split(factors), group)
    orbits = entry_orbits(symmetric, group)
    if sum(int(orbit.max()) + 1 for orbit in orbits) <= LARGEST:
        symmetric = polish(symmetric, orbits)
    return Simple(evaluate(symmetric), symmetric, group)


def _thinned(value: float, factors: Factors) -> tuple[float, Factors]:
    """Without the neurons of layers 2..L-1 that are not needed."""
    layer = 1
    while layer < len(factors) - 1:
        for neuron in range(len(factors[layer])):
            fewer = [*factors]
            fewer[layer] = np.delete(factors[layer], neuron, axis=0)
            fewer[layer + 1] = np.delete(factors[layer + 1], neuron, axis=1)
            found, fewer = minimise(split(fewer), FINE, STEPS // 10)
            if found < value + HOPEFUL:
                found, fewer = minimise(fewer, FINE, STEPS)
            if found < value + EQUAL:
                value, factors = found, fewer
                break
        else:
            layer += 1
    return value, factors


def _aligned(factors: Factors) -> Factors:
    """With the neurons of layers 3..L-1 in the order of those that they copy, if they do."""
    factors = [f.copy() for f in factors]
    for index in range(2, len(factors) - 1):
        if factors[index].shape[0] == factors[index].shape[1]:
            _, order = linear_sum_assignment(-np.abs(factors[index]).T)
            factors[index] = factors[index][order]
            factors[index + 1] = factors[index + 1][:, order]
    return factors


def merged(factors: Factors) -> Factors:
    """Parallel neurons as one: k rows a_i v become |a| v, what they feed the mean by a_i.

    By Cauchy-Schwarz no factor's norm rises.
    """
    factors = [f.copy() for f in factors]
    for i in range(1, len(factors)):
        rows = factors[i] / np.linalg.norm(factors[i], axis=1, keepdims=True)
        graph: nx.Graph[int] = nx.from_numpy_array(rows @ rows.T > 1 - 1e-8)
        groups = [sorted(part) for part in nx.connected_components(graph)]
        sizes = np.linalg.norm(factors[i], axis=1)
        totals = [math.sqrt(float(np.sum(sizes[g] ** 2))) for g in groups]
        if i + 1 < len(factors):
            factors[i + 1] = np.column_stack([
                factors[i + 1][:, g] @ sizes[g] / total
                for g, total in zip(groups, totals, strict=True)])
        factors[i] = np.array([total * rows[g[0]]
                               for g, total in zip(groups, totals, strict=True)])
    return factors


# --- symmetry ---

def entry_orbits(factors: Factors, group: Group) -> Orbits:
    """For each factor the orbit number of each entry, H_1 and W_1 split as by `split`."""
    sizes = [factors[0].shape[1], *map(len, factors[1:])]
    ends = np.cumsum([0, *sizes])
    moves = [[np.array(g[a:b]) - a for a, b in zip(ends[:-1], ends[1:], strict=True)]
             for g in group.generators]
    found = []
    for index, factor in enumerate(factors):
        rows, columns = (1, 0) if index == 0 else (1, 1) if index == 1 else (index, index - 1)
        numbers = np.arange(factor.size).reshape(factor.shape)
        graph: nx.Graph[int] = nx.empty_graph(factor.size)
        for move in moves:
            image = numbers[np.ix_(move[rows], move[columns])]
            graph.add_edges_from(zip(numbers.ravel().tolist(), image.ravel().tolist(),
                                     strict=True))
        labels = np.empty(factor.size, dtype=np.int64)
        for label, part in enumerate(nx.connected_components(graph)):
            labels[list(part)] = label
        found.append(labels.reshape(factor.shape))
    return found


def symmetrised(factors: Factors, group: Group) -> Factors:
    """The mean of the chain over the group: each entry the mean of its orbit."""
    return [spread(means(f, orbit), orbit)
            for f, orbit in zip(factors, entry_orbits(factors, group), strict=True)]


def means(factor: Matrix, orbit: NDArray[np.int64]) -> Matrix:
    """One value an orbit."""
    counts = np.bincount(orbit.ravel())
    return np.asarray(np.bincount(orbit.ravel(), weights=factor.ravel()) / counts)


def spread(values: Matrix, orbit: NDArray[np.int64]) -> Matrix:
    """The factor with these values of its orbits."""
    return np.asarray(values[orbit])
