r"""Named feature sets, and the best chain of them for every L as a shortest path.

The first layers make M_2 with sigma(M_2) = F_2, each layer leads from one set to another of the
same K classes, and the last two are the two-layer gauge C2 of the last set (or the last one the
pseudo-inverse of a set of rank K).  P is the product of what the steps cost,

    P = |M_2|_*^2  prod_l |W_l|_F^2  C2(F_{L-1})^2,   sigma(W_l F_l) = F_{l+1},

so with logarithms as weights the best chain of L layers is a shortest path in a layered graph.
With all sets scaled to |F|_F^2 = K no weight is negative.  Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import networkx as nx
import numpy as np

from nctheory.atlas.gauge import Gauge, two_layer_gauge
from nctheory.atlas.search import Factors, Matrix, evaluate
from nctheory.atlas.transitions import first_means, transition
from nctheory.errors import integer, require
from nctheory.feature_sets import FeatureSet, members

# A neuron with a smaller share of the gauge is left out of a chain.
IDLE = 1e-7
MOST_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class Node:
    """A feature set and what its ends cost."""

    features: FeatureSet

    @property
    def name(self) -> str:
        """The set's."""
        return self.features.name

    @cached_property
    def means(self) -> Matrix:
        """M_2 of least nuclear norm."""
        return first_means(self.features.floats)

    @cached_property
    def gauge(self) -> Gauge:
        """C2."""
        return two_layer_gauge(self.features.floats, tolerance=1e-5, rounds=MOST_ROUNDS,
                               starts=100)

    @cached_property
    def rows(self) -> Matrix:
        """W_{L-1} of the gauge, of squared norm 1."""
        keep = self.gauge.shares > IDLE
        rows = np.sqrt(self.gauge.shares[keep, None]) * self.gauge.rows[keep]
        return np.asarray(rows / np.linalg.norm(rows))

    @cached_property
    def end(self) -> float:
        """log of |W_{L-1}|_F^2 |W_L|_F^2 = C2^2, of the rows kept."""
        return _log_inverse(np.maximum(self.rows @ self.features.floats, 0))

    @cached_property
    def inverse(self) -> float:
        """log |F^+|_F^2, infinite where F has rank below K."""
        full = self.features.rank == self.features.classes
        return _log_inverse(self.features.floats) if full else math.inf


@dataclass(frozen=True, eq=False)
class NamedPath:
    """A chain of named feature sets, with its factors H_1, W_1, ..., W_{L-1} in floats."""

    classes: int
    layers: int
    names: tuple[str, ...]
    log_cost: float
    factors: Factors

    @property
    def cost(self) -> float:
        """c, of the factors in floats."""
        return math.exp(self.log_cost)

    @property
    def label(self) -> str:
        """The sets in order, repeated ones counted: "T(5) x3 -> C2"."""
        runs = [(name, sum(1 for _ in run)) for name, run in groupby(self.names)]
        return " -> ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)


class Library:
    """Sets of K classes with their transitions.

    Parameters
    ----------
    sets : sequence of FeatureSet
        All with the same number of classes, columns in matching order.

    Examples
    --------
    >>> from nctheory.feature_sets.johnson import johnson
    >>> best = Library([johnson(5, 2), johnson(10, 1)]).best(range(2, 6))
    >>> [(path.layers, path.label, round(path.cost, 3)) for path in best.values()]
    [(2, 'I(10)', 10.0), (3, 'T(5) -> C2', 9.234), (4, 'T(5) x2 -> C2', 8.168),
     (5, 'T(5) x3 -> C2', 7.526)]
    """

    def __init__(self, sets: Sequence[FeatureSet]) -> None:
        require(len(sets) > 0, "sets", "be at least one feature set", sets)
        classes = {found.classes for found in sets}
        require(len(classes) == 1, "sets", "have one number of classes", sorted(classes))
        self.classes = classes.pop()
        self.nodes = [Node(found) for found in sets]

    @cached_property
    def weights(self) -> dict[tuple[int, int], Matrix]:
        """The W of each feasible transition."""
        found = {(i, j): transition(one.features.floats, other.features.floats)
                 for i, one in enumerate(self.nodes) for j, other in enumerate(self.nodes)}
        return {pair: w for pair, w in found.items() if w is not None}

    def best(self, layers: Iterable[int]) -> dict[int, NamedPath]:
        """The cheapest path for each L >= 2."""
        wanted = [integer("layers", L, 2) for L in layers]
        graph = self._graph(max(wanted))
        _, paths = nx.single_source_dijkstra(graph, "start", weight="log")
        return {L: self._path(paths["end", L], L) for L in wanted}

    def _graph(self, most: int) -> nx.DiGraph[Any]:
        """Nodes: (set, l) for sigma(M_l), ("cuts", set) for M_2 = V F, ("end", L)."""
        graph: nx.DiGraph[Any] = nx.DiGraph()
        for i, node in enumerate(self.nodes):
            graph.add_edge("start", (i, 2), log=_log_nuclear(node.means))
            cuts = node.rows @ node.features.floats
            graph.add_edge("start", ("cuts", i), log=_log_nuclear(cuts))
            graph.add_edge(("cuts", i), ("end", 2), log=node.end)
            for layer in range(2, most + 1):
                graph.add_edge((i, layer), ("end", layer + 1), log=node.end)
                if math.isfinite(node.inverse):
                    graph.add_edge((i, layer), ("end", layer), log=node.inverse)
        for (i, j), w in self.weights.items():
            # A set alone is worth at least 1, so rounding below 0 is rounding.
            log = max(2 * math.log(np.linalg.norm(w)), 0.0)
            graph.add_edges_from(((i, layer), (j, layer + 1), {"log": log})
                                 for layer in range(2, most))
        return graph

    def _path(self, steps: Sequence[Any], layers: int) -> NamedPath:
        inner = steps[1:-1]
        if inner[0][0] == "cuts":
            node = self.nodes[inner[0][1]]
            names, means = [f"cuts of {node.name}"], node.rows @ node.features.floats
            weights: Factors = []
        else:
            at = [i for i, _ in inner]
            names, means = [self.nodes[i].name for i in at], self.nodes[at[0]].means
            weights = [self.weights[pair] for pair in zip(at[:-1], at[1:], strict=True)]
            if inner[-1][1] == layers - 1:
                names.append("C2")
                weights.append(self.nodes[at[-1]].rows)
        u, s, vt = np.linalg.svd(means, full_matrices=False)
        root = np.sqrt(s[s > 1e-9 * s[0]])
        factors = [root[:, None] * vt[:len(root)], u[:, :len(root)] * root, *weights]
        return NamedPath(self.classes, layers, tuple(names), evaluate(factors) / (layers + 1),
                         factors)


def _log_nuclear(means: Matrix) -> float:
    return 2 * math.log(np.linalg.norm(means, "nuc"))


def _log_inverse(marks: Matrix) -> float:
    return math.log(np.sum(1 / np.linalg.svd(marks, compute_uv=False) ** 2))


def library(classes: int) -> Library:
    """All named sets with K >= 3 classes.

    >>> "T(4)" in [node.name for node in library(6).nodes]
    True
    """
    return Library(list(members(integer("classes", classes, 3))))
