"""What a layer is: a short honest name for the class means that its neurons make.

Floating point with a tolerance: a name says what the numbers look like, and is no certificate.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from nctheory.atlas.search import Factors, forward

Matrix = NDArray[np.float64]

TOLERANCE = 2e-3
LONGEST = 48
POLYGONS = {3: "triangle", 4: "quadrilateral", 5: "pentagon", 6: "hexagon"}


@dataclass(frozen=True)
class Layer:
    """sigma(M_l): its name, a sentence, ranks of M_l and sigma(M_l), the zero pattern's sizes.

    `graph` is there where the classes are its edges and loops, and the neurons its vertices;
    `repeats` says that the inner products are those of the layer before.
    """

    number: int
    name: str
    sentence: str
    ranks: tuple[int, int]
    signal: Matrix
    graph: nx.MultiGraph[Any] | None
    repeats: bool

    @property
    def neurons(self) -> int:
        """Rows of M_l."""
        return len(self.signal)

    @property
    def lit(self) -> list[int]:
        """The neurons that some class switches on: rounding leaves others as good as off."""
        return np.flatnonzero(support(self.signal).any(axis=1)).tolist()

    @property
    def supports(self) -> dict[int, int]:
        """{number of neurons that a class switches on: number of such classes}."""
        return dict(sorted(Counter(support(self.signal).sum(axis=0).tolist()).items()))


def layers(factors: Factors) -> list[Layer]:
    """Layers 2..L of a chain."""
    found: list[Layer] = []
    for number, mean in enumerate(forward(factors)[1:], start=2):
        signal = np.maximum(mean, 0)
        ranks = rank(mean), rank(signal)
        name, graph = describe(signal)
        repeats = bool(found) and same_angles(found[-1].signal, signal)
        sentence = (f"as layer {number - 1}" if repeats else _sentence(name, signal, ranks))
        found.append(Layer(number, name, sentence, ranks, signal, graph, repeats))
    return found


def chain_name(factors: Factors) -> str:
    """Of the layers that carry the features, 2..L-1 (layer 2 where L = 2): first and last.

    Empty where that is no short name.
    """
    names = [layer.name for layer in layers(factors)]
    carried = names[:-1] or names
    name = " -> ".join(dict.fromkeys((carried[0], carried[-1])))
    return name if len(name) <= LONGEST else ""


# --- numbers with a tolerance ---

def rank(matrix: Matrix) -> int:
    """Singular values above the tolerance, relative to the largest."""
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > TOLERANCE * values[0]))


def support(signal: Matrix) -> NDArray[np.bool_]:
    """Which neurons a class switches on: entries above the tolerance, relative to its norm."""
    return np.asarray(signal > 10 * TOLERANCE * np.linalg.norm(signal, axis=0))


def same_angles(one: Matrix, other: Matrix, tolerance: float = TOLERANCE) -> bool:
    """Whether two layers' Gram matrices are proportional."""
    grams = [signal.T @ signal / np.sum(signal**2) for signal in (one, other)]
    return bool(np.abs(grams[0] - grams[1]).max() < tolerance * np.abs(grams[0]).max())


def parts(signal: Matrix) -> list[list[int]]:
    """The classes in sets orthogonal to each other, as small as possible."""
    unit = signal / np.linalg.norm(signal, axis=0)
    graph: nx.Graph[int] = nx.from_numpy_array(unit.T @ unit > 10 * TOLERANCE)
    return sorted((sorted(part) for part in nx.connected_components(graph)),
                  key=lambda part: (-len(part), part))


def extreme(signal: Matrix) -> NDArray[np.bool_]:
    """Which columns are extreme rays of the cone that all of them span."""
    unit = signal / np.linalg.norm(signal, axis=0)
    return np.array([nnls(np.delete(unit, k, axis=1), unit[:, k])[1] > TOLERANCE
                     for k in range(unit.shape[1])])


class Section(NamedTuple):
    """Rays p_k of a cone of rank r as points q_k: p_k is a multiple of axis + basis q_k."""

    points: Matrix
    axis: Matrix
    basis: Matrix


def section(signal: Matrix) -> Section:
    """The rays cut by the hyperplane at distance 1, orthogonal to their mean direction."""
    unit = signal / np.linalg.norm(signal, axis=0)
    axis = unit.mean(axis=1)
    axis /= np.linalg.norm(axis)
    flat = signal / (axis @ signal) - axis[:, None]
    basis = np.linalg.svd(flat, full_matrices=False)[0][:, :max(rank(signal) - 1, 1)]
    return Section((basis.T @ flat).T, axis, basis)


# --- names ---

def describe(signal: Matrix) -> tuple[str, nx.MultiGraph[Any] | None]:
    """A short name of nonnegative features, and the graph whose edges the classes are."""
    split = parts(signal)
    if len(split) > 1:
        if len(split) == signal.shape[1]:
            return f"frame of {len(split)}", None
        return _sum_name(signal, split), None
    if signal.shape[1] == 1:
        return "one class", None
    graph = incidence_graph(signal) if rank(signal) > 3 else None
    if graph is not None:
        return f"edges of {graph_name(graph)}", graph
    return _subsets_name(signal) or _cone_name(signal), None


def _sum_name(signal: Matrix, split: list[list[int]]) -> str:
    """"3 points in the plane + 2 alone"."""
    names = [describe(signal[:, part])[0] for part in split if len(part) > 1]
    counted = [name if count == 1 else f"{count} x ({name})"
               for name, count in Counter(names).items()]
    alone = sum(len(part) == 1 for part in split)
    return " + ".join([*counted, f"{alone} alone"] if alone else counted)


def incidence_graph(signal: Matrix) -> nx.MultiGraph[Any] | None:
    """Each class an edge or a loop, each neuron a vertex, where no two classes share theirs."""
    on = support(signal)
    on = on[on.any(axis=1)]
    sets = [tuple(np.flatnonzero(column).tolist()) for column in on.T]
    if len(on) < 3 or max(map(len, sets)) > 2 or len(set(sets)) < len(sets):
        return None
    graph: nx.MultiGraph[Any] = nx.MultiGraph()
    graph.add_nodes_from(range(len(on)))
    for label, ends in enumerate(sets):
        graph.add_edge(ends[0], ends[-1], key=label)
    return graph if nx.is_connected(graph) else None


def graph_name(graph: nx.MultiGraph[Any]) -> str:
    """"K_4 + loop", "path of 5 vertices", "8 vertices, 12 edges"."""
    loops = nx.number_of_selfloops(graph)
    simple: nx.Graph[Any] = nx.Graph(graph)
    simple.remove_edges_from(list(nx.selfloop_edges(simple)))
    name = _simple_name(simple)
    return name if loops == 0 else name + (" + loop" if loops == 1 else f" + {loops} loops")


def _simple_name(graph: nx.Graph[Any]) -> str:
    r, edges = len(graph), graph.number_of_edges()
    missing = r * (r - 1) // 2 - edges
    degrees = sorted(degree for _, degree in graph.degree())
    if missing == 0:
        return f"K_{r}"
    if edges == r - 1 and degrees[-1] <= 2:
        return f"path of {r} vertices"
    if edges == r and degrees[0] == degrees[-1] == 2:
        return f"cycle of {r} vertices"
    if missing == 1:
        return f"K_{r} less an edge"
    complement = nx.complement(graph)
    sides = [len(part) for part in nx.connected_components(complement)]
    if missing == sum(side * (side - 1) // 2 for side in sides):
        return "K_{" + ",".join(map(str, sorted(sides))) + "}"
    if missing <= 3:
        return f"K_{r} less {missing} edges"
    if degrees[0] == degrees[-1]:
        return f"a {degrees[0]}-regular graph of {r} vertices"
    return f"a graph of {r} vertices, {edges} edges"


def _subsets_name(signal: Matrix) -> str | None:
    """Where the neurons that a class switches on are each k-subset once."""
    on = support(signal)
    on = on[on.any(axis=1)]
    k = int(on[:, 0].sum())
    sets = {tuple(column) for column in on.T.tolist()}
    whole = (all(sum(column) == k for column in sets)
             and on.shape[1] == len(sets) == math.comb(len(on), k))
    return f"{k}-subsets of {len(on)}" if whole and 2 < k < len(on) - 1 else None


def _cone_name(signal: Matrix) -> str:
    """By rank and extreme rays: "7 points in the plane", "hexagon", "triangle + 3 inside"."""
    r, K = rank(signal), signal.shape[1]
    if r == 2:
        norms = np.linalg.norm(signal, axis=0)
        arc = norms.max() < (1 + TOLERANCE) * norms.min()
        return f"{K} points {'on an arc' if arc else 'in the plane'}"
    outer = extreme(signal)
    if not outer.all():
        name = describe(signal[:, outer])[0]
        return f"{name} + {_within(signal[:, outer], signal[:, ~outer])}"
    if r == 3:
        return _polygon_name(signal)
    return f"simplex of rank {r}" if r == K else f"{K} extreme rays of rank {r}"


def _within(corners: Matrix, others: Matrix) -> str:
    """Where rays lie between the extreme ones: "2 on edges + 1 inside", for a simplex."""
    if corners.shape[1] > rank(corners):
        return f"{others.shape[1]} within"
    sizes = []
    for ray in others.T:
        shares = nnls(corners, ray)[0] * np.linalg.norm(corners, axis=0)
        sizes.append(int(np.sum(shares > 10 * TOLERANCE * shares.max())))
    places = {2: "on edges", corners.shape[1]: "inside"}
    return " + ".join(f"{count} {places.get(size, f'on faces of {size}')}"
                      for size, count in sorted(Counter(sizes).items()))


def _polygon_name(signal: Matrix) -> str:
    sides = signal.shape[1]
    points = section(signal).points
    name = POLYGONS.get(sides, f"{sides}-gon")
    radii = np.linalg.norm(points, axis=1)
    turns = np.diff(np.sort(np.arctan2(points[:, 1], points[:, 0])))
    round_ = radii.max() < (1 + 10 * TOLERANCE) * radii.min()
    even = bool(np.all(np.abs(turns - 2 * math.pi / sides) < 10 * TOLERANCE))
    return f"regular {name}" if round_ and even else name


def _sentence(name: str, signal: Matrix, ranks: tuple[int, int]) -> str:
    """The name with what the numbers say beside it."""
    K, counts = signal.shape[1], Counter(support(signal).sum(axis=1).tolist())
    idle = counts.pop(0, 0)
    lit = f"{len(signal) - idle} neurons"
    off = f", {idle} more as good as off" if idle else ""
    if ranks[1] == K and len(parts(signal)) == 1:
        sizes = ", ".join(f"{count} by {size}" for size, count in sorted(counts.items()))
        fold = f", folded from rank {ranks[0]}" if ranks[0] < K else ""
        return (f"{lit} tell {K} classes apart{fold}{off} (neurons by how many classes switch "
                f"them on: {sizes})")
    return f"{name}: rank {ranks[1]} on {lit}{off}"
