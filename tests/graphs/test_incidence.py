"""Incidence matrices: against definitions, networkx and the theory's Gram matrices."""

import subprocess
import sys
from itertools import combinations
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError, graphs
from nctheory.graphs import incidence, parameters


def adjacency(graph):
    return nx.to_numpy_array(graph, dtype=int)


def test_edge_weights_are_ignored():
    graph = nx.cycle_graph(5)
    nx.set_edge_attributes(graph, 0.5, "weight")
    assert parameters(graph) == (5, 2, 0, 1)
    assert incidence(graph).sum() == 10


@pytest.mark.parametrize("graph", [
    nx.gnp_random_graph(12, 0.4, seed=7), nx.star_graph(4), nx.empty_graph(3),
    graphs.triangular(5), nx.relabel_nodes(nx.path_graph(4), {0: "x", 1: "a"}),
])
def test_incidence_of_any_graph(graph):
    matrix = incidence(graph)
    assert matrix.dtype == np.int64
    assert matrix.shape == (len(graph), graph.number_of_edges())
    a = adjacency(graph)
    np.testing.assert_array_equal(matrix @ matrix.T, np.diag(a.sum(axis=0)) + a)
    np.testing.assert_array_equal(matrix, nx.incidence_matrix(graph).toarray())
    edges = list(map(frozenset, graph.edges))
    line = nx.relabel_nodes(nx.line_graph(graph), frozenset)
    if edges:
        np.testing.assert_array_equal(
            matrix.T @ matrix,
            2 * np.eye(len(edges)) + nx.to_numpy_array(line, nodelist=edges))


@pytest.mark.parametrize("r", range(4, 9))
def test_subset_incidence_gives_the_gram_matrices_of_the_theory(r):
    # THEORY.md, section 3: B B^T = (r-2) I + J, and G_s with its eigenvalues.
    classes = comb(r, 2)
    edges = graphs.subset_incidence(r, 1, 2)
    np.testing.assert_array_equal(edges, incidence(nx.complete_graph(r)))
    np.testing.assert_array_equal(edges @ edges.T, (r - 2) * np.eye(r) + 1)
    a = adjacency(graphs.triangular(r))
    np.testing.assert_array_equal(edges.T @ edges, 2 * np.eye(classes) + a)
    for s in range(2, r - 1):
        inside = graphs.subset_incidence(r, s, 2)
        gram = inside.T @ inside
        c0, c1, c2 = (comb(r - 2 - i, s - 2 - i) if s >= 2 + i else 0 for i in range(3))
        np.testing.assert_array_equal(
            gram, c0 * np.eye(classes) + c1 * a + c2 * (1 - np.eye(classes) - a))
        values = ([comb(s, 2) * comb(r - 2, s - 2)] + (r - 1) * [(s - 1) * comb(r - 3, s - 2)]
                  + (classes - r) * [comb(r - 4, s - 2)])
        np.testing.assert_allclose(np.linalg.eigvalsh(gram), sorted(values), atol=1e-11)


@given(st.integers(1, 7).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))))
def test_subset_incidence_is_containment(sizes):
    n, s, k = sizes
    matrix = graphs.subset_incidence(n, s, k)
    rows, columns = (list(map(set, combinations(range(n), size))) for size in (s, k))
    np.testing.assert_array_equal(
        matrix, [[a <= b or b <= a for b in columns] for a in rows])
    np.testing.assert_array_equal(matrix, graphs.subset_incidence(n, k, s).T)


def test_importing_incidence_loads_neither_sympy_nor_networkx():
    code = ("import sys, nctheory.graphs.incidence; from nctheory import graphs; "
            "loaded = {'sympy', 'networkx'} & set(sys.modules); "
            "print(sorted(loaded), graphs.incidence(graphs.triangular(3)).shape)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True)
    # The function, not the module of the same name.
    assert done.stdout.strip() == "[] (3, 3)"


@pytest.mark.parametrize("call, message", [
    (lambda: incidence(nx.DiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: incidence(nx.path_graph(10002)), "entries in its incidence matrix, got 100030002"),
    (lambda: graphs.subset_incidence(0, 0, 0), "n must be an integer at least 1, got 0"),
    (lambda: graphs.subset_incidence(4, 5, 2), "s must be an integer between 0 and 4, got 5"),
    (lambda: graphs.subset_incidence(60, 3, 30), "have at most 100000000 entries, got"),
    (lambda: graphs.subset_incidence(10**9, 5 * 10**8, 2), "have at most 100000000 entries"),
    (lambda: graphs.subset_incidence(10**9, 10**9, 10**9), "have at most 100000000 entries"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
