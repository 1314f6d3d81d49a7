r"""Edges of graphs: the edge ij is e_i + e_j, a loop at i is 2 e_i (or another multiple).

B B^T = D + A + 4 (loops) for degrees D, and rank B = vertices - bipartite components without a
loop.  With loops every K has a graph whose vertices are as few as they can be, K <= r (r+1)/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt

import numpy as np

from nctheory.errors import integer, require
from nctheory.feature_sets.base import FeatureSet
from nctheory.graphs.incidence import Graph
from nctheory.integers import triangular_root

MOST_ATLAS_VERTICES = 7


def edges(graph: Graph, name: str, loop: Fraction | int = 2) -> FeatureSet:
    """The edges of a graph, loops included, as points.

    Raises
    ------
    InputError
        Where `graph` is not an undirected networkx.Graph with edges, or `loop` is not positive.

    Examples
    --------
    >>> import networkx as nx
    >>> edges(nx.Graph([(0, 1), (1, 1)]), "an edge and a loop").matrix.tolist()
    [[1, 0], [1, 2]]
    """
    import networkx as nx

    require(isinstance(graph, nx.Graph) and not graph.is_directed()
            and not graph.is_multigraph() and graph.number_of_edges() > 0, "graph",
            "be an undirected networkx.Graph with edges", graph)
    require(loop > 0, "loop", "be positive", loop)
    used = [vertex for vertex in graph if graph.degree(vertex)]
    row = {vertex: index for index, vertex in enumerate(used)}
    matrix = np.zeros((len(used), graph.number_of_edges()), dtype=object)
    for column, (i, j) in enumerate(graph.edges):
        matrix[row[i], column] = matrix[row[j], column] = 1 if i != j else loop
    return FeatureSet(name, matrix)


def near_regular(vertices: int, size: int) -> Graph:
    """The first `size` edges of a round-robin tournament: degrees differ by at most 2.

    Each round is a perfect matching (all but one vertex, where their number is odd).

    >>> sorted(degree for _, degree in near_regular(6, 9).degree)
    [3, 3, 3, 3, 3, 3]
    """
    import networkx as nx

    r = integer("vertices", vertices, 2)
    size = integer("size", size, 1, r * (r - 1) // 2)
    around = r - 1 + r % 2  # the players that turn; the last one, if even, stays
    games = [((turn + step) % around, (turn - step) % around)
             for turn in range(around) for step in range(1, (around - 1) // 2 + 1)]
    if r % 2 == 0:
        half = r // 2 - 1
        games = [game for turn in range(around)
                 for game in [(turn, r - 1), *games[turn * half:(turn + 1) * half]]]
    graph: Graph = nx.Graph(games[:size])
    return graph


def small_graphs(size: int, most: int = MOST_ATLAS_VERTICES) -> Iterator[Graph]:
    """The connected graphs with `size` edges and at most 7 vertices, up to isomorphism.

    >>> sum(1 for _ in small_graphs(5, 5))
    6
    """
    import networkx as nx

    size = integer("size", size, 1)
    most = integer("most", most, 2, MOST_ATLAS_VERTICES)
    for graph in nx.graph_atlas_g()[1:]:
        if graph.number_of_edges() == size and len(graph) <= most and nx.is_connected(graph):
            yield graph


def with_loops(graph: Graph, count: int) -> Graph:
    """The graph, and a loop at each of its first `count` vertices."""
    import networkx as nx

    count = integer("count", count, 0, len(graph))
    looped: Graph = nx.Graph(graph)
    looped.add_edges_from((vertex, vertex) for vertex in list(graph)[:count])
    return looped


def members(classes: int) -> Iterator[FeatureSet]:
    """Complete graphs with loops, near-regular graphs, K_{a,b}, graphs on up to 5 vertices.

    >>> [found.name for found in members(11)]
    ['K(5)+1 loops', 'G(6,11)', 'G(7,11)', 'G(5,6)+5 loops', 'G(6,5)+6 loops']
    """
    import networkx as nx

    K = integer("classes", classes, 2)
    r = triangular_root(K)
    for vertices in {r - 1, r}:
        loops = K - vertices * (vertices - 1) // 2
        if 1 < vertices and 0 < loops <= vertices:
            yield edges(with_loops(nx.complete_graph(vertices), loops),
                        f"K({vertices})+{loops} loops")
    for vertices in (r, r + 1, r + 2):
        if K < vertices * (vertices - 1) // 2:
            yield edges(near_regular(vertices, K), f"G({vertices},{K})")
    for vertices in (r, r + 1):
        size = K - vertices
        if 0 < size < vertices * (vertices - 1) // 2:
            graph = near_regular(vertices, size)
            graph.add_nodes_from(range(vertices))
            yield edges(with_loops(graph, vertices), f"G({vertices},{size})+{vertices} loops")
    for a in range(2, isqrt(K) + 1):
        if K % a == 0:
            yield edges(nx.complete_bipartite_graph(a, K // a), f"K({a},{K // a})")
    for index, graph in enumerate(small_graphs(K, 5)):
        yield edges(graph, f"graph {len(graph)}.{K}.{index}")
