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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from nctheory import limits
from nctheory.atlas.gauge import two_layer_gauge
from nctheory.atlas.search import Factors, Matrix, evaluate
from nctheory.atlas.shapes import shaped
from nctheory.atlas.store import store
from nctheory.atlas.table import atlas
from nctheory.atlas.transitions import first_means, transition
from nctheory.errors import InputError, integer, require
from nctheory.feature_sets import FeatureSet, members

Progress = Callable[[int, int, str], object]

# A neuron with a smaller share of the gauge is left out of a chain.
IDLE = 1e-7
COPY = 1 - 1e-8  # the cosine of two rows that are one neuron
# Sets that alone cost this much more, in log c, than the best do not stay in the library.
SCREEN, FINAL = 0.06, 0.004


class Effort(NamedTuple):
    """How far the gauge of a set is solved."""

    tolerance: float
    rounds: int
    starts: int


ROUGH, FINE = Effort(2e-3, 5, 20), Effort(1e-5, 40, 100)


@dataclass(frozen=True, eq=False)
class Node:
    """A feature set and what its ends cost."""

    features: FeatureSet
    effort: Effort = FINE

    @property
    def name(self) -> str:
        """The set's."""
        return self.features.name

    @cached_property
    def means(self) -> Matrix:
        """M_2 of least nuclear norm."""
        return first_means(self.features.floats)

    @property
    def full(self) -> bool:
        """Whether F has rank K, and W_L can be its pseudo-inverse."""
        return self.features.rank == self.features.classes

    @cached_property
    def rows(self) -> Matrix:
        """W_{L-1} of the gauge, of squared norm 1; F itself does for F of rank K."""
        gauge = two_layer_gauge(self.features.floats, **self.effort._asdict())
        rows = _merged(gauge.rows, gauge.shares)
        return np.asarray(rows / np.linalg.norm(rows))

    @property
    def cuts(self) -> Matrix:
        """V F, the M_L before those marks; M_2 itself for two layers."""
        return self.rows @ self.features.floats

    @property
    def separable(self) -> bool:
        """Whether neurons tell the columns apart; a shape's may all but fall together."""
        try:
            return math.isfinite(self.end)
        except InputError:
            return False

    @cached_property
    def end(self) -> float:
        """log of what follows F: C2^2 for two layers, |F^+|_F^2 for one where F has rank K."""
        return _log_inverse(self.features.floats if self.full else np.maximum(self.cuts, 0))

    @cached_property
    def uniform(self) -> float:
        """log of a bound on what follows F, by neurons in all directions alike.

        For Gaussian v in col(F), E |v|^2 = r, and the marks have the arc-cosine kernel: with
        angles t between columns, G_ij = |f_i| |f_j| (sin t + (pi - t) cos t) / (2 pi), so
        C2^2 <= r tr(G^-1).
        """
        F = self.features.floats
        norms = np.linalg.norm(F, axis=0)
        cosines = np.clip((F / norms).T @ (F / norms), -1, 1)
        angles = np.arccos(cosines)
        kernel = np.outer(norms, norms) / (2 * math.pi) * (
            np.sin(angles) + (math.pi - angles) * cosines)
        return math.log(self.features.rank * np.trace(np.linalg.inv(kernel)))

    def at_most(self, layers: int) -> float:
        """A quick bound on `alone` for rank F < K, L > 2 (for L = 2 it ranks as for L = 3)."""
        rank = max(layers - 3, 0) * math.log(self.features.rank)
        return (_log_nuclear(self.means) + rank + self.uniform) / (layers + 1)

    def alone(self, layers: int) -> float:
        """log c of this set in every layer."""
        first, rank = _log_nuclear(self.means), math.log(self.features.rank)
        if self.full:
            log = first + (layers - 2) * rank + self.end
        elif layers == 2:
            log = _log_nuclear(self.cuts) + self.end
        else:
            log = first + (layers - 3) * rank + self.end
        return log / (layers + 1)


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
    >>> best = Library([johnson(5, 2), johnson(10, 1)]).best(range(2, 5))
    >>> [(path.layers, path.label, round(path.cost, 3)) for path in best.values()]
    [(2, 'I(10)', 10.0), (3, 'T(5) -> C2', 9.234), (4, 'T(5) x2 -> C2', 8.168)]
    """

    def __init__(self, sets: Sequence[FeatureSet]) -> None:
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
        paths = nx.single_source_dijkstra_path(graph, "start", weight="log")
        return {L: self._path(paths["end", L], L) for L in wanted}

    def _graph(self, most: int) -> nx.DiGraph[Any]:
        """Nodes: (set, l) for sigma(M_l), ("cuts", set) for M_2 = V F, ("end", L)."""
        graph: nx.DiGraph[Any] = nx.DiGraph()
        for i, node in enumerate(self.nodes):
            graph.add_edge("start", (i, 2), log=_log_nuclear(node.means))
            if not node.full:
                graph.add_edge("start", ("cuts", i), log=_log_nuclear(node.cuts))
                graph.add_edge(("cuts", i), ("end", 2), log=node.end)
            for layer in range(2, most + 1):
                graph.add_edge((i, layer), ("end", layer + 1 - node.full), log=node.end)
        for (i, j), w in self.weights.items():
            # A set alone is worth at least 1, so rounding below 0 is rounding.
            log = max(2 * math.log(np.linalg.norm(w)), 0.0)
            graph.add_edges_from(((i, layer), (j, layer + 1), {"log": log})
                                 for layer in range(2, most))
        return graph

    def _path(self, steps: Sequence[Any], layers: int) -> NamedPath:
        inner = steps[1:-1]
        weights: Factors = []
        if inner[0][0] == "cuts":
            node = self.nodes[inner[0][1]]
            names, means = [f"cuts of {node.name}"], node.cuts
        else:
            at = [i for i, _ in inner]
            names, means = [self.nodes[i].name for i in at], self.nodes[at[0]].means
            weights += [self.weights[pair] for pair in zip(at[:-1], at[1:], strict=True)]
            if not self.nodes[at[-1]].full:
                names.append("C2")
                weights.append(self.nodes[at[-1]].rows)
        u, s, vt = np.linalg.svd(means, full_matrices=False)
        root = np.sqrt(s[s > 1e-9 * s[0]])
        factors = [root[:, None] * vt[:len(root)], u[:, :len(root)] * root, *weights]
        return NamedPath(self.classes, layers, tuple(names), evaluate(factors) / (layers + 1),
                         factors)


def _merged(rows: Matrix, shares: Matrix) -> Matrix:
    """sqrt(share) * row, the many copies of a neuron that column generation leaves made one."""
    out: list[Matrix] = []
    sums: list[float] = []
    for j in np.argsort(-shares):
        if shares[j] < IDLE:
            break
        near = next((i for i, row in enumerate(out) if row @ rows[j] > COPY), None)
        if near is None:
            out.append(rows[j])
            sums.append(shares[j])
        else:
            sums[near] += shares[j]
    return np.asarray(np.sqrt(sums)[:, None] * np.array(out))


def _log_nuclear(means: Matrix) -> float:
    return 2 * math.log(np.linalg.norm(means, "nuc"))


def _log_inverse(marks: Matrix) -> float:
    return math.log(np.sum(1 / np.linalg.svd(marks, compute_uv=False) ** 2))


def library(classes: int, layers: Iterable[int],
            progress: Progress | None = None) -> Library:
    """The named sets with K >= 3 classes that are good for some L, and their best shapes.

    >>> library(3, [4]).best([4])[4].label
    'K(2)+2 loops* x2 -> C2'
    """
    wanted = [integer("layers", L, 2) for L in layers]
    nodes = [Node(found, ROUGH) for found in members(integer("classes", classes, 3))]

    def counted(nodes: Sequence[Node], what: str) -> Iterator[Node]:
        for done, node in enumerate(nodes, start=1):
            yield node
            if progress is not None:
                progress(done, len(nodes), f"K = {classes}: {what}")

    full = [node for node in nodes if node.full]
    some = _screened(counted([node for node in nodes if not node.full], "bounds"), wanted, SCREEN,
                     Node.at_most)
    shapes = [Node(shaped(node.features, node.rows), ROUGH)
              for node in counted(some, "shapes") if node.separable]
    # Different sets may have one best shape: of equal rank and cost the first stays.
    different = {(node.features.rank, round(node.alone(3), 4)): node
                 for node in reversed([*full, *some, *shapes]) if node.separable}
    best = _screened(counted([*different.values()], "costs"), wanted, FINAL, Node.alone)
    return Library([node.features for node in best])


@dataclass(frozen=True, eq=False)
class Comparison:
    """The best named path of a cell beside the atlas's best known construction."""

    path: NamedPath
    known: float
    construction: str

    @property
    def excess(self) -> float:
        """c of the path over the best known c, minus 1: negative where the path is better."""
        return self.path.cost / self.known - 1


def compare(classes: Iterable[int], layers: Iterable[int],
            folder: Path | None = None, progress: Progress | None = None,
            ) -> Iterator[Comparison]:
    """Named paths against the atlas, cell by cell; what is better is stored in `folder`.

    `progress` is called with (done, everything, of what), stage by stage for each K.

    Raises
    ------
    InputError
        Where a K is below 3 or an L below 2.
    """
    K_values, L_values = limits.cells(classes, layers)
    wanted = sorted(L_values)
    for K in K_values:
        cells = atlas([integer("classes", K, 3)], wanted)
        best = library(K, wanted, progress).best(wanted)
        for cell in cells:
            path = best[cell.layers]
            if folder is not None:
                store(path.factors, folder, "atlas paths")
            yield Comparison(path, cell.cost, cell.construction.label)


def _screened(found: Iterable[Node], layers: Sequence[int], margin: float,
              cost: Callable[[Node, int], float]) -> list[Node]:
    """Those within `margin` of the best, by log c, for some L."""
    nodes, rows = [], []
    for node in found:
        nodes.append(node)
        rows.append([cost(node, L) for L in layers])
    costs = np.array(rows)
    return [node for node, near in zip(nodes, costs <= costs.min(axis=0) + margin, strict=True)
            if near.any()]
