r"""Distance of class means to the triangular geometry, the strongly regular graph T(r).

For K = r(r-1)/2 classes: each class is an edge of the complete graph K_r, and the ideal means
are the columns of its vertex-edge incidence matrix B [SLM24]. Their
Gram matrix T = B^T B counts common vertices: 2 on the diagonal, 1 for edges that share a
vertex, else 0.

Which class is which edge is not given. The best of K! assignments is a quadratic assignment
problem: maximise sum of G_cc' over pairs of classes whose edges share a vertex.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import combinations

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nctheory.compiled import cached
from nctheory.errors import require
from nctheory.integers import edge_vertices
from nctheory.metrics.geometry import gram_distance
from nctheory.metrics.moments import Array

EXACT = 5  # up to this r every assignment is tried
LARGEST = 2000  # K: beyond, matching alone takes minutes
SWAPS = 10**9  # steps of all sweeps of swaps from one start
WORK = 10**7  # a sweep of swaps costs K^3: up to K = 55 every class is tried as the first edge

Indices = NDArray[np.int64]


def vertices(classes: int) -> int | None:
    """r >= 3 with classes = r(r-1)/2, or None.

    Examples
    --------
    >>> [vertices(k) for k in (3, 6, 10, 15, 7)]
    [3, 4, 5, 6, None]
    """
    return edge_vertices(classes, 3)


def triangular_gram(r: int) -> Array:
    """T = B^T B for the edges of K_r in lexicographic order.

    Examples
    --------
    >>> triangular_gram(3)
    array([[2., 1., 1.],
           [1., 2., 1.],
           [1., 1., 2.]])
    """
    incidence = np.zeros((r, r * (r - 1) // 2))
    for column, edge in enumerate(combinations(range(r), 2)):
        incidence[list(edge), column] = 1
    return incidence.T @ incidence


def triangular_distance(g: Array) -> float:
    r"""min over assignments of | G/|G|_F - T/|T|_F |_F for a K x K Gram matrix of class means.

    The least over all assignments for r <= 5 (K <= 10). Beyond, the best found by a
    deterministic heuristic, hence an upper bound: from each class as the first edge (fewer for
    K > 55), its neighbours are split into the two cliques of a triangular graph and the rest is
    matched to them (exact where G is triangular), then pairs of classes are swapped while that
    helps, at most 10^9 steps.

    Raises
    ------
    InputError
        Where K is not r(r-1)/2 with r >= 3, or G = 0.
    """
    r = vertices(len(g))
    require(r is not None, "labels", "have K = r(r-1)/2 classes, r >= 3, for a triangular "
            "geometry", len(g))
    assert r is not None
    require(len(g) <= LARGEST, "labels", f"have at most {LARGEST} classes for a search of their "
            "assignment", len(g))
    g = g / max(float(np.abs(g).max()), 1e-300)  # sums of large products would overflow
    target = triangular_gram(r)
    edges = best_assignment(g, r)
    return gram_distance(g, target[np.ix_(edges, edges)])


def best_assignment(g: Array, r: int) -> Indices:
    """The edge of each class (its lexicographic number) in the best assignment found."""
    adjacent = triangular_gram(r) - 2 * np.eye(len(g))
    if r <= EXACT:
        candidates = _assignments(r)
        one, other = np.triu_indices(len(g), 1)
        scores = np.zeros(len(candidates))
        for a, b in zip(one, other, strict=True):
            scores += g[a, b] * adjacent[candidates[:, a], candidates[:, b]]
        return np.asarray(candidates[int(np.argmax(scores))])
    starts, sweeps = min(len(g), max(1, WORK // len(g) ** 3)), SWAPS // len(g) ** 3
    tries = [improve_by_swaps(np.ascontiguousarray(g), adjacent, _grow(g, r, first), sweeps)
             for first in range(starts)]
    return max(tries, key=lambda edges: float(np.sum(g * adjacent[np.ix_(edges, edges)])))


@functools.cache
def _assignments(r: int) -> Indices:
    """Every bijection from classes to edges of K_r, at least one for each up to renaming
    vertices.

    Vertices are numbered in order of first appearance, which cuts K! by almost r!.
    """
    number = {edge: i for i, edge in enumerate(combinations(range(r), 2))}

    def extend(chosen: list[int], used: int) -> Iterator[list[int]]:
        if len(chosen) == len(number):
            yield chosen
            return
        for (u, v), i in number.items():
            named = v < used or (v == used and u < used) or (u, v) == (used, used + 1)
            if named and i not in chosen:
                yield from extend([*chosen, i], max(used, v + 1))

    return np.array(list(extend([], 0)), np.int64)


def _grow(g: Array, r: int, first: int) -> Indices:
    """An assignment grown from class `first` = edge {0, 1}; right wherever G is triangular."""
    number = {edge: i for i, edge in enumerate(combinations(range(r), 2))}
    others = np.array([c for c in range(len(g)) if c != first])
    ranked = others[np.argsort(-g[first, others], kind="stable")]
    near, far = ranked[:2 * (r - 2)], ranked[2 * (r - 2):]
    # Neighbours of {0,1} form two cliques {0,x} and {1,x}: split them by the signs of the
    # second eigenvector (the median keeps the halves equal).
    local = g[np.ix_(near, near)]
    local = local - local.mean(axis=0) - local.mean(axis=1)[:, None] + local.mean()
    halves = np.argsort(np.linalg.eigh(local)[1][:, -1], kind="stable")
    zero, one = near[halves[:r - 2]], near[halves[r - 2:]]
    partner = linear_sum_assignment(-g[np.ix_(zero, one)])[1]
    one = one[partner]
    edges = np.empty(len(g), np.int64)
    edges[first] = number[0, 1]
    for x in range(r - 2):
        edges[zero[x]], edges[one[x]] = number[0, x + 2], number[1, x + 2]
    pairs = list(combinations(range(r - 2), 2))
    to_vertex = g[np.ix_(far, zero)] + g[np.ix_(far, one)]
    fit = np.array([to_vertex[:, x] + to_vertex[:, y] for x, y in pairs]).T
    for row, column in zip(*linear_sum_assignment(-fit), strict=True):
        x, y = pairs[column]
        edges[far[row]] = number[x + 2, y + 2]
    return edges


@cached(numba.njit)
def improve_by_swaps(g: Array, adjacent: Array, edges: Indices, sweeps: int) -> Indices:
    """Swap the edges of two classes while one swap raises sum_cc' G_cc' adjacent(e_c, e_c').

    At most `sweeps` times through all pairs.
    """
    edges = edges.copy()
    count = len(edges)
    scale = 1e-12 * np.abs(g).sum()  # below this a gain is rounding and could cycle
    improved = True
    while improved and sweeps > 0:
        improved = False
        sweeps -= 1
        for a in range(count):
            for b in range(a + 1, count):
                gain = 0.0
                for c in range(count):
                    if c != a and c != b:
                        gain += (g[a, c] - g[b, c]) * (adjacent[edges[b], edges[c]]
                                                       - adjacent[edges[a], edges[c]])
                if gain > scale:
                    edges[a], edges[b] = edges[b], edges[a]
                    improved = True
    return edges
