"""Named families: closed forms against explicit matrices, graphs against other definitions."""

from math import comb

import networkx as nx
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError, graphs
from nctheory.graphs import feasibility, from_spec
from nctheory.graphs import named as closed
from nctheory.graphs import parameters

SPECS = [
    *(f"triangular:r={r}" for r in range(2, 9)),
    *(f"johnson:n={n},k={k}" for n in range(1, 8) for k in range(1, n + 1)),
    *(f"kneser:n={n},k={k}" for n in range(1, 8) for k in range(1, n + 1)),
    *(f"hamming:m={m},q={q}" for m, q in [(1, 2), (1, 5), (2, 2), (2, 4), (3, 3), (4, 2)]),
    *(f"rook:m={m},n={n}" for m in range(1, 5) for n in range(1, 5)),
    *(f"multipartite:sizes={sizes}" for sizes in
      ["1", "4", "1x1x1", "3x3x3", "2x2", "1x4", "1x2", "5x2x2", "1x2x3", "4x1x1x7x7x2"]),
    *(f"paley:q={q}" for q in [5, 9, 13, 25, 29, 49]),
    "petersen", "clebsch", "schlaefli", "hoffman-singleton",
]


SPECS += [f"complement:{spec}" for spec in SPECS]


members = st.sampled_from(SPECS).map(from_spec)


def adjacency(graph):
    return nx.to_numpy_array(graph, dtype=int)


@pytest.mark.parametrize("spec", SPECS)
def test_closed_forms_are_those_of_the_graph(spec):
    named = from_spec(spec)
    graph = named.graph()
    assert (named.name, graph.graph["name"]) == (spec, spec)
    assert (named.order, named.size) == (len(graph), graph.number_of_edges())
    assert named.parameters() == parameters(graph)

    spectrum = named.spectrum()
    assert list(spectrum) == sorted(spectrum, reverse=True)
    closed = np.repeat([float(value) for value in spectrum], list(spectrum.values()))
    numeric = np.linalg.eigvalsh(adjacency(graph))[::-1]
    np.testing.assert_allclose(closed, numeric, rtol=0, atol=1e-12 * (1 + len(graph)))
    for value in spectrum:
        assert isinstance(value, int) or value.is_algebraic and not value.is_rational
        assert not isinstance(value, sympy.Float)


@pytest.mark.parametrize("spec", SPECS)
def test_vertices_and_edges_come_in_lexicographic_order(spec):
    graph = from_spec(spec).graph()
    assert list(graph) == sorted(graph)
    assert list(graph.edges) == sorted(tuple(sorted(edge)) for edge in graph.edges)


def same(first, second):
    """Equal labels and edges, not only isomorphic."""
    return set(first) == set(second) and (
        set(map(frozenset, first.edges)) == set(map(frozenset, second.edges)))


def test_families_are_the_graphs_that_other_definitions_give():
    for r in range(3, 8):
        assert same(graphs.triangular(r), nx.line_graph(nx.complete_graph(r)))
        assert same(graphs.complement(graphs.triangular(r)),
                    graphs.kneser(r, 2))
    assert same(graphs.rook(3, 4),
                nx.cartesian_product(nx.complete_graph(3), nx.complete_graph(4)))
    assert same(graphs.hamming(4, 2), nx.hypercube_graph(4))
    assert same(graphs.hamming(2, 4), graphs.rook(4, 4))
    assert nx.is_isomorphic(graphs.kneser(5, 2), nx.petersen_graph())
    assert nx.is_isomorphic(graphs.complete_multipartite(3, 1, 2),
                            nx.complete_multipartite_graph(3, 1, 2))
    assert nx.is_isomorphic(graphs.johnson(5, 3), graphs.triangular(5))
    assert nx.is_isomorphic(graphs.paley(5), nx.cycle_graph(5))
    for q in (5, 13, 29):
        assert same(graphs.paley(q), nx.paley_graph(q, nx.Graph))
    assert nx.is_isomorphic(graphs.paley(9), graphs.rook(3, 3))
    assert nx.is_isomorphic(graphs.petersen(), nx.petersen_graph())
    half_cube = nx.Graph((a, b) for a in range(32) for b in range(a) if (a ^ b).bit_count() == 2
                         and a.bit_count() % 2 == b.bit_count() % 2 == 0)
    assert nx.is_isomorphic(graphs.complement(graphs.clebsch()), half_cube)
    # The neighbours of a line's skew lines: 16, the complement of Clebsch's graph [BCN89, 3.11].
    schlaefli = graphs.schlaefli()
    assert nx.is_isomorphic(schlaefli.subgraph(schlaefli[0]), half_cube)
    assert nx.is_isomorphic(graphs.johnson(6, 1), nx.complete_graph(6))


@pytest.mark.parametrize("r", [4, 5, 9, 10**6])
def test_triangular_graph_is_that_of_the_theory(r):
    # THEORY.md, section 3.  r = 4 has the eigenvalue r - 4 = 0.
    named, classes = closed.triangular(r), r * (r - 1) // 2
    assert named.parameters() == (classes, 2 * (r - 2), r - 2, 4)
    assert named.spectrum() == {2 * (r - 2): 1, r - 4: r - 1, -2: classes - r}


@pytest.mark.parametrize("sizes", [(1, 4), (1, 2, 2, 4), (5, 3, 3, 2, 1)])
def test_unequal_parts_have_exact_algebraic_eigenvalues(sizes):
    x = sympy.Symbol("x")
    graph = graphs.complete_multipartite(*sizes)
    characteristic = sympy.Matrix(adjacency(graph)).charpoly(x).as_expr()
    for value in map(sympy.sympify, graphs.spectrum(graph)):
        minimal = sympy.minimal_polynomial(value, x)
        assert sympy.rem(characteristic, minimal, x) == 0


@given(members)
def test_complement_is_an_involution(named):
    other = closed.complement(named)
    assert closed.complement(other) == named
    assert other.order == named.order
    assert other.size + named.size == comb(named.order, 2)
    if named.parameters() is not None:
        assert other.parameters().complement() == named.parameters()
        # Two routes to the same numbers: complementing the spectrum, and the parameters.
        assert other.spectrum() == other.parameters().spectrum()


def test_specs_are_read_back_and_complements_cancel():
    assert from_spec("complement:complement:paley:q=5") == closed.paley(5)
    assert from_spec("johnson:k=3,n=6") == closed.johnson(6, 3)
    assert from_spec("multipartite:sizes=3x1") == closed.complete_multipartite(3, 1)


@pytest.mark.parametrize("spec", SPECS)
def test_members_of_the_families_are_realised_here(spec):
    known = from_spec(spec).parameters()
    if known is not None:
        verdict, reason = feasibility(*known)
        assert verdict == "realised here"
        if known.kind == "primitive":
            assert parameters(from_spec(reason).graph()) == known


@pytest.mark.parametrize("call, message", [
    (lambda: graphs.triangular(1), "r must be an integer between 2 and 1000000000, got 1"),
    (lambda: graphs.triangular(5.0), "r must be an integer .*, got 5.0"),
    (lambda: graphs.johnson(3, 4), "k must be an integer between 1 and 3, got 4"),
    (lambda: graphs.kneser(3, 0), "k must be an integer between 1 and 3, got 0"),
    (lambda: graphs.johnson(2000, 1000), "k must be an integer between 1 and 400, got 1000"),
    (lambda: graphs.hamming(0, 2), "m must be an integer between 1 and 400, got 0"),
    (lambda: graphs.hamming(2, 1), "q must be an integer .* got 1"),
    (lambda: graphs.rook(0, 2), "m must be an integer .* got 0"),
    (lambda: graphs.complete_multipartite(), "sizes must hold at least one part"),
    (lambda: graphs.complete_multipartite(2, 0), r"sizes\[1\] must be an integer .* got 0"),
    (lambda: graphs.complete_multipartite(*range(1, 12)),
     "sizes must hold at most 10 distinct numbers, got 11"),
    (lambda: graphs.paley(27), "q must be a prime power with remainder 1 modulo 4, got 27"),
    (lambda: graphs.paley(7), "q must be a prime power with remainder 1 modulo 4, got 7"),
    (lambda: graphs.paley(21), "q must be a prime power with remainder 1 modulo 4, got 21"),
    (lambda: graphs.complement(np.eye(3)), "graph must be an undirected networkx.Graph"),
    (lambda: graphs.complement(nx.DiGraph()), "graph must be an undirected networkx.Graph"),
    (lambda: graphs.complement(nx.empty_graph(3000)),
     "graph must have at most 2000000 edges in its complement, got 4498500"),
    (lambda: graphs.triangular(10**6),
     r"triangular:r=1000000 must have at most 2000000 .*, got \(499999500000, "),
    (lambda: from_spec("grid"), "graph must be one of triangular, johnson, .*, got 'grid'"),
    (lambda: from_spec("petersen:n=5"), "petersen must have the parameters of petersen, got 'n'"),
    (lambda: from_spec("srg:no such file"), "file must hold a graph in graph6 format, got 'no"),
    (lambda: graphs.given(nx.path_graph(4)), "graph must be strongly regular, got"),
    (lambda: from_spec("schlaefli").sets(True), "graph must have known vertex sets, got schl"),
    (lambda: from_spec("complement:"), "graph must be one of .*, got ''"),
    (lambda: from_spec("triangular"), "triangular:r must be given, as in triangular:r=..,"),
    (lambda: from_spec("triangular:r"), "triangular must be written as triangular:r=.., got"),
    (lambda: from_spec("triangular:r=five"), "triangular:r must be a whole number, got 'five'"),
    (lambda: from_spec("triangular:r=5,s=3"), "the parameters of triangular:r=.., got 's'"),
    (lambda: from_spec("johnson:n=5,n=5"), "johnson:n must be given once, got"),
    (lambda: from_spec("multipartite:sizes=3x"),
     "multipartite:sizes must be whole numbers such as 3x3x3, got '3x'"),
    (lambda: from_spec("triangular:r=1"), "r must be an integer between 2"),
    (lambda: from_spec(5), "graph must be a text such as 'triangular:r=5', got 5"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("spec", ["rook:n=3", "rook:n=5", "triangular:r=6", "kneser:n=7,k=2",
                                  "paley:q=9", "paley:q=25", "clebsch", "complement:clebsch"])
def test_vertex_sets_have_the_gram_matrix_of_one_eigenspace(spec):
    graph = from_spec(spec)
    A, v = graph.adjacency(), graph.order
    for positive in (True, False):
        size = graph.set_size(positive)
        if size is None:
            continue
        sets = graph.sets(positive)
        assert set(sets.sum(axis=1)) == {size}
        (k, _), (r, _), (s, _) = graph.spectrum().items()
        # (A - r I)(A - s I) is 0 off the constant vector: one factor must vanish on F^T F.
        other = A - (r if positive else s) * np.eye(v, dtype=int)
        gram = sets.T @ sets
        assert np.ptp(other @ gram) == 0 and gram[0, 0] == len(sets) * size / v


def test_any_strongly_regular_graph_is_taken_and_its_cliques_found(tmp_path):
    board = nx.convert_node_labels_to_integers(graphs.rook(4, 4))
    path = tmp_path / "board.g6"
    nx.write_graph6(board, path)
    found = from_spec(f"srg:{path}")
    assert found.parameters() == (16, 6, 2, 2)
    assert same(found.graph(), board)
    # The eight lines; the complement's cliques of four cells are the 24 permutations.
    assert len(found.sets(True)) == 8 and len(found.sets(False)) == 24
    # The Shrikhande graph has the same parameters and no clique of four.
    steps = [(1, 0), (0, 1), (1, 1)]
    shrikhande = nx.Graph(((a, b), ((a + x) % 4, (b + y) % 4))
                          for a in range(4) for b in range(4) for x, y in steps)
    assert graphs.given(shrikhande).parameters() == (16, 6, 2, 2)
    assert graphs.given(shrikhande).set_size(True) is None


def test_a_file_of_several_graphs_is_refused(tmp_path):
    path = tmp_path / "two.g6"
    path.write_text("D??\nD??\n")
    with pytest.raises(InputError, match="file must hold one graph"):
        from_spec(f"srg:{path}")
