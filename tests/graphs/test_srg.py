"""Strongly regular parameters of a graph, against counting, and their spectra."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, graphs
from nctheory.graphs import parameters

circulants = st.integers(1, 13).flatmap(lambda n: st.builds(
    nx.circulant_graph, st.just(n), st.sets(st.integers(1, n // 2)) if n > 1 else st.just([])))


def adjacency(graph):
    return nx.to_numpy_array(graph, dtype=int)


def naive_parameters(graph):
    """(v, k, lam, mu) by the definition: a set of common neighbours for every pair."""
    degrees = {len(graph[a]) for a in graph}
    counts = {True: set(), False: set()}
    for a, b in combinations(graph, 2):
        counts[graph.has_edge(a, b)].add(len(set(graph[a]) & set(graph[b])))
    if any(len(found) > 1 for found in (degrees, *counts.values())):
        return None
    lam, mu = (next(iter(counts[adjacent]), None) for adjacent in (True, False))
    return len(graph), degrees.pop(), lam, mu


def test_parameters_of_every_graph_with_up_to_seven_vertices():
    found = 0
    for graph in nx.graph_atlas_g()[1:]:
        known = parameters(graph)
        assert known == naive_parameters(graph)
        found += known is not None
        proper = known is not None and known.kind in ("primitive", "complete multipartite")
        assert proper == nx.is_strongly_regular(graph)
    # By hand: 7 complete, 6 empty; v = 4: 2K2, C4; v = 5: C5; v = 6: 2K3, 3K2, K33, K222.
    assert found == 7 + 6 + 2 + 1 + 4


@settings(max_examples=50)
@given(circulants, st.randoms(use_true_random=False))
def test_parameters_do_not_depend_on_labels_or_order(graph, shuffle):
    labels = [f"vertex {i}" for i in graph]
    shuffle.shuffle(labels)
    relabelled = nx.relabel_nodes(graph, dict(zip(graph, labels)))
    assert parameters(relabelled) == parameters(graph) == naive_parameters(graph)


@settings(max_examples=50)
@given(circulants)
def test_complement_of_any_graph_has_the_complementary_parameters(graph):
    known = parameters(graph)
    other = parameters(nx.complement(graph))
    assert (other is None) == (known is None)
    if known is not None:
        assert other == known.complement() and other.complement() == known


@pytest.mark.parametrize("graph, expected, kind", [
    (nx.empty_graph(1), (1, 0, None, None), "complete"),
    (nx.complete_graph(2), (2, 1, 0, None), "complete"),
    (nx.complete_graph(5), (5, 4, 3, None), "complete"),
    (nx.empty_graph(5), (5, 0, None, 0), "empty"),
    (nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3)), (6, 2, 1, 0),
     "disjoint cliques"),
    (nx.complete_bipartite_graph(3, 3), (6, 3, 0, 3), "complete multipartite"),
    (nx.petersen_graph(), (10, 3, 0, 1), "primitive"),
])
def test_degenerate_cases_are_defined(graph, expected, kind):
    known = parameters(graph)
    assert known == expected and known.kind == kind
    numeric = np.linalg.eigvalsh(adjacency(graph))[::-1]
    closed = graphs.spectrum(graph)
    np.testing.assert_allclose(np.repeat(list(closed), list(closed.values())), numeric,
                               rtol=0, atol=1e-13)


@pytest.mark.parametrize("graph", [
    nx.path_graph(3),                                           # irregular
    nx.cycle_graph(6),                                          # lam constant, mu not
    nx.disjoint_union(nx.cycle_graph(4), nx.cycle_graph(4)),    # the first row does not show it
    nx.disjoint_union(nx.petersen_graph(), nx.petersen_graph()),
    nx.circular_ladder_graph(3),                                # lam not constant
])
def test_other_graphs_have_no_parameters(graph):
    assert parameters(graph) is None
    with pytest.raises(InputError, match="graph must be strongly regular"):
        graphs.spectrum(graph)


def test_one_moved_edge_is_noticed_in_a_large_graph():
    # Swapping two edges keeps all degrees; only pairs near them change.
    graph = nx.Graph(graphs.triangular(20))
    assert parameters(graph) == (190, 36, 18, 4)
    nx.double_edge_swap(graph, nswap=1, seed=1)
    assert set(dict(graph.degree()).values()) == {36}
    assert parameters(graph) is None
    with pytest.raises(InputError, match="graph must be strongly regular"):
        graphs.spectrum(graph)
