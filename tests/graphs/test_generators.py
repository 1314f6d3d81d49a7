"""The named families as networkx graphs."""

import networkx as nx
import pytest

from nctheory import graphs
from nctheory.graphs import from_spec


def test_labels_say_what_a_vertex_is():
    assert list(graphs.triangular(4)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert list(graphs.johnson(4, 3)) == [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
    assert list(graphs.hamming(2, 2)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(graphs.rook(1, 3)) == [(0, 0), (0, 1), (0, 2)]
    assert list(graphs.complete_multipartite(2, 1)) == [(0, 0), (0, 1), (1, 0)]
    assert list(graphs.paley(5)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("graph, spec", [
    (graphs.triangular(5), "triangular:r=5"),
    (graphs.johnson(6, 3), "johnson:n=6,k=3"),
    (graphs.kneser(6, 2), "kneser:n=6,k=2"),
    (graphs.hamming(2, 3), "hamming:m=2,q=3"),
    (graphs.rook(2, 4), "rook:m=2,n=4"),
    (graphs.complete_multipartite(3, 1), "multipartite:sizes=3x1"),
    (graphs.paley(13), "paley:q=13"),
    (graphs.complement(graphs.paley(13)), "complement:paley:q=13"),
    (graphs.complement(graphs.complement(graphs.paley(13))), "paley:q=13"),
])
def test_generators_give_frozen_graphs_with_their_closed_form(graph, spec):
    assert type(graph) is nx.Graph and graph.name == spec
    assert graph.graph["family"] == from_spec(spec)
    assert nx.utils.graphs_equal(graph, from_spec(spec).graph())
    with pytest.raises(nx.NetworkXError, match="Frozen graph"):
        graph.remove_edge(*next(iter(graph.edges)))


@pytest.mark.parametrize("graph", [
    nx.gnp_random_graph(9, 0.4, seed=3), nx.Graph(graphs.kneser(6, 2)),
    graphs.kneser(5, 2).subgraph([(0, 1), (2, 3), (2, 4)]), nx.Graph(),
])
def test_complement_of_any_other_graph_is_that_of_networkx(graph):
    assert nx.utils.graphs_equal(graphs.complement(graph), nx.complement(graph))
    assert "family" not in graphs.complement(graph).graph
