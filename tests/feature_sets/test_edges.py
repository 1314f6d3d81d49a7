"""Edges of graphs as feature sets."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nctheory.feature_sets.edges import edges, near_regular, small_graphs, with_loops


@given(st.integers(3, 9), st.data())
def test_near_regular_graphs(vertices, data):
    size = data.draw(st.integers(vertices, vertices * (vertices - 1) // 2))
    graph = near_regular(vertices, size)
    degrees = [degree for _, degree in graph.degree]
    assert graph.number_of_edges() == size and nx.number_of_selfloops(graph) == 0
    assert len(graph) == vertices and max(degrees) - min(degrees) <= 2


def test_edges_of_a_graph_with_loops():
    graph = with_loops(nx.petersen_graph(), 3)
    found = edges(graph, "Petersen and loops")
    adjacency = nx.to_numpy_array(nx.petersen_graph(), weight=None)
    expected = np.diag([3] * 10) + adjacency + np.diag([4] * 3 + [0] * 7)
    assert (found.matrix @ found.matrix.T).astype(int).tolist() == expected.tolist()
    assert found.rank == 10


def test_small_graphs_are_counted():
    """Connected graphs with n = 1..6 edges: 1, 1, 3, 5, 12, 30 (OEIS A002905)."""
    assert [len(list(small_graphs(n))) for n in range(1, 7)] == [1, 1, 3, 5, 12, 30]
