"""Symmetries: which permutations of the classes leave features, or all that a chain sees, alone.

A chain is a coloured complete graph: a pair of classes has the inner products of its means in
every layer as its colour, up to a tolerance.  Its automorphisms are found by refinement and
backtracking; their number by orbits and stabilisers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from nctheory.atlas.search import Factors, forward

Colours = NDArray[np.int64]
Matrix = NDArray[np.float64]
Permutation = tuple[int, ...]

TOLERANCE = 1e-3


@dataclass(frozen=True)
class Group:
    """A group of permutations of 0..degree-1, by generators; `order` is that of the group.

    >>> square = automorphisms(np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]]))
    >>> square.order, square.orbits()
    (8, ((0, 1, 2, 3),))
    """

    degree: int
    order: int
    generators: tuple[Permutation, ...]

    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """The orbits, by their least members."""
        return orbits(self.degree, self.generators)

    @cached_property
    def name(self) -> str:
        """"trivial", "S_4", "cyclic", "dihedral", or "" for other groups.

        >>> Group(3, 2, ((2, 1, 0),)).name
        'S_2'
        """
        from sympy.combinatorics import Permutation as Sympy
        from sympy.combinatorics import PermutationGroup

        if self.order == 1:
            return "trivial"
        for orbit in self.orbits():
            if math.factorial(len(orbit)) == self.order:
                places = {point: place for place, point in enumerate(orbit)}
                action = PermutationGroup([Sympy([places[g[i]] for i in orbit])
                                           for g in self.generators])
                if action.order() == self.order:
                    return f"S_{len(orbit)}"
        if self.order > 2 * self.degree:
            return ""
        group = PermutationGroup([Sympy(list(g)) for g in self.generators])
        if group.is_cyclic:
            return "cyclic"
        return "dihedral" if group.is_dihedral else ""


def orbits(degree: int, generators: Iterable[Permutation]) -> tuple[tuple[int, ...], ...]:
    """The orbits of 0..degree-1 under permutations, by their least members."""
    graph: nx.Graph[int] = nx.empty_graph(degree)
    for generator in generators:
        graph.add_edges_from(enumerate(generator))
    return tuple(sorted(tuple(sorted(part)) for part in nx.connected_components(graph)))


def automorphisms(colours: Colours) -> Group:
    """The permutations p with colours[p[i], p[j]] = colours[i, j], as generators and order."""
    colours = np.asarray(colours, dtype=np.int64)
    generators, order = _stabiliser(colours, np.zeros(len(colours), dtype=np.int64))
    return Group(len(colours), order, tuple(generators))


def orbitals(group: Group) -> Colours:
    """The number of the orbital of each pair of points, (i, j) and (j, i) counted as one.

    >>> orbitals(Group(3, 6, ((1, 2, 0), (1, 0, 2)))).tolist()
    [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    n = group.degree
    pairs = np.arange(n * n).reshape(n, n)
    moves = [tuple(pairs[np.ix_(g, g)].ravel().tolist()) for g in group.generators]
    labels = np.empty(n * n, dtype=np.int64)
    for number, orbit in enumerate(orbits(n * n, [*moves, tuple(pairs.T.ravel().tolist())])):
        labels[list(orbit)] = number
    return labels.reshape(n, n)


def _stabiliser(colours: Colours, cells: Colours) -> tuple[list[Permutation], int]:
    """Generators and order of the automorphisms that keep the cells: those of the stabiliser of
    a point, and one for every new point that it can go to."""
    cells, _ = _refined(colours, cells, cells)
    sizes = np.bincount(cells)
    if sizes.max() == 1:
        return [], 1
    point = int(np.flatnonzero(sizes[cells] > 1)[0])
    generators, order = _stabiliser(colours, _single(cells, point))
    for image in np.flatnonzero(cells == cells[point]).tolist():
        if image not in _orbit(point, generators):
            found = _isomorphism(colours, _single(cells, point), _single(cells, image))
            if found is not None:
                generators.append(found)
    return generators, order * len(_orbit(point, generators))


def _orbit(point: int, generators: Sequence[Permutation]) -> set[int]:
    seen, fresh = {point}, [point]
    while fresh:
        at = fresh.pop()
        for generator in generators:
            if generator[at] not in seen:
                seen.add(generator[at])
                fresh.append(generator[at])
    return seen


def _single(cells: Colours, point: int) -> Colours:
    """The same cells, but `point` alone in a new one."""
    cells = 2 * cells
    cells[point] += 1
    return cells


def _refined(colours: Colours, one: Colours, other: Colours) -> tuple[Colours, Colours | None]:
    """Both partitions refined until equal cells see equal colours; None: they never match."""
    n, count = len(one), 0
    if not np.array_equal(np.sort(one), np.sort(other)):
        return one, None
    while True:
        # What a vertex sees: its own cell, and how many vertices of each (colour, cell), as a sum
        # of hashes: sums that agree by chance leave a cell whole, and only cost time.
        width = int(max(one.max(), other.max())) + 1
        seen = np.concatenate([_mixed(colours * width + cells).sum(axis=1) * width + cells
                               for cells in (one, other)])
        _, labels = np.unique(seen, return_inverse=True)
        one, other = labels[:n], labels[n:]
        if not np.array_equal(np.sort(one), np.sort(other)):
            return one, None
        if int(labels.max()) + 1 == count:
            return one, other
        count = int(labels.max()) + 1


def _mixed(values: Colours) -> Colours:
    """Each integer hashed to 64 bits: the finaliser of splitmix64 [Steele, Lea, Flood 2014]."""
    x = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((x ^ (x >> np.uint64(31))).view(np.int64))


def _isomorphism(colours: Colours, one: Colours, other: Colours) -> Permutation | None:
    """A permutation that keeps the colours and sends the cells of `one` to those of `other`."""
    left, right = _refined(colours, one, other)
    if right is None:
        return None
    sizes = np.bincount(left)
    if sizes.max() == 1:
        image = np.argsort(right)[left]
        same = np.array_equal(colours[np.ix_(image, image)], colours)
        return tuple(image.tolist()) if same else None
    point = int(np.flatnonzero(sizes[left] > 1)[0])
    for target in np.flatnonzero(right == left[point]).tolist():
        found = _isomorphism(colours, _single(left, point), _single(right, target))
        if found is not None:
            return found
    return None


# --- of features ---

def feature_symmetry(features: Matrix) -> Group:
    """Permutations of the columns of F that keep F^T F, to nine digits: rotations of F.

    An optimal design can be averaged over them, so that its G and Lambda are constant on orbitals.

    >>> feature_symmetry(np.array([[1, 0, 1], [0, 1, 1]])).generators
    ((1, 0, 2),)
    """
    gram = np.asarray(features, dtype=np.float64).T @ features
    return automorphisms(levels(gram / gram.max(), 1e-9))


# --- of a chain ---

def levels(values: Matrix, tolerance: float) -> Colours:
    """Numbers as labels, equal where no gap of more than the tolerance separates them."""
    flat = np.sort(values, axis=None)
    starts = flat[np.append(True, np.diff(flat) > tolerance)]
    return np.asarray(np.searchsorted(starts, values, side="right"), dtype=np.int64)


def scaled(matrix: Matrix) -> Matrix:
    """With root mean square 1."""
    return matrix / math.sqrt(float(np.mean(matrix**2)))


def class_symmetry(factors: Factors, tolerance: float = TOLERANCE) -> Group:
    """Permutations of the classes that keep the inner products of all M_l and sigma(M_l), l >= 2.

    The tolerance is relative to the root mean square of the entries.
    """
    return automorphisms(_class_colours(factors, tolerance))


def _class_colours(factors: Factors, tolerance: float) -> Colours:
    grams = []
    for mean in forward(factors)[1:]:
        signal = np.maximum(mean, 0)
        grams += [levels(scaled(m.T @ m), tolerance).ravel() for m in (mean, signal)]
    _, labels = np.unique(np.array(grams), axis=1, return_inverse=True)
    return np.asarray(labels).reshape(2 * (factors[0].shape[1],))


def network_symmetry(factors: Factors, tolerance: float = TOLERANCE) -> Group:
    """Permutations of the classes and of the neurons of layers 2..L that keep all M_l and W_l.

    The points are the K classes, then the neurons layer by layer.
    """
    means = forward(factors)[1:]
    sizes = [factors[0].shape[1], *map(len, means)]
    ends = np.cumsum([0, *sizes])
    parts = [slice(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    # A colour of its own for each pair of layers, and levels within those that say something.
    stride = max(sizes) ** 2 + 2
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    colours: Colours = (kinds[:, None] * len(sizes) + kinds) * stride
    blocks: list[tuple[int, int, Any]] = [(0, 0, None)]
    blocks += [(layer, 0, mean) for layer, mean in enumerate(means, start=1)]
    blocks += [(layer, layer - 1, factors[layer]) for layer in range(2, len(sizes))]
    for row, column, matrix in blocks:
        marks = (_class_colours(factors, tolerance) if matrix is None
                 else levels(scaled(matrix), tolerance))
        colours[parts[row], parts[column]] += marks
    np.fill_diagonal(colours, colours.diagonal() + stride - 1)
    return automorphisms(colours)
