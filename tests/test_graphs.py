"""Graphs: closed forms against explicit matrices, exact decisions against brute force.

Facts about existence come from A. E. Brouwer's tables of strongly regular graphs
(https://www.win.tue.nl/~aeb/graphs/srg/srgtab.html) and from Sage's documentation of them.
"""

from itertools import combinations
from math import comb, isqrt

import networkx as nx
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, graphs
from nctheory.graphs import Parameters, feasibility, from_spec, incidence, parameters

SPECS = [
    *(f"triangular:r={r}" for r in range(2, 9)),
    *(f"johnson:n={n},k={k}" for n in range(1, 8) for k in range(1, n + 1)),
    *(f"kneser:n={n},k={k}" for n in range(1, 8) for k in range(1, n + 1)),
    *(f"hamming:m={m},q={q}" for m, q in [(1, 2), (1, 5), (2, 2), (2, 4), (3, 3), (4, 2)]),
    *(f"rook:m={m},n={n}" for m in range(1, 5) for n in range(1, 5)),
    *(f"multipartite:sizes={sizes}" for sizes in
      ["1", "4", "1x1x1", "3x3x3", "2x2", "1x4", "1x2", "5x2x2", "1x2x3", "4x1x1x7x7x2"]),
    *(f"paley:q={q}" for q in [5, 13, 29]),
]
SPECS += [f"complement:{spec}" for spec in SPECS]

members = st.sampled_from(SPECS).map(from_spec)
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


# The named families


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


def test_labels_say_what_a_vertex_is():
    assert list(graphs.triangular(4).graph()) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert list(graphs.johnson(4, 3).graph()) == [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
    assert list(graphs.hamming(2, 2).graph()) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(graphs.rook(1, 3).graph()) == [(0, 0), (0, 1), (0, 2)]
    assert list(graphs.complete_multipartite(2, 1).graph()) == [(0, 0), (0, 1), (1, 0)]
    assert list(graphs.paley(5).graph()) == [0, 1, 2, 3, 4]


def same(first, second):
    """Equal labels and edges, not only isomorphic."""
    return set(first) == set(second) and (
        set(map(frozenset, first.edges)) == set(map(frozenset, second.edges)))


def test_families_are_the_graphs_that_other_definitions_give():
    for r in range(3, 8):
        assert same(graphs.triangular(r).graph(), nx.line_graph(nx.complete_graph(r)))
        assert same(graphs.complement(graphs.triangular(r)).graph(),
                    graphs.kneser(r, 2).graph())
    assert same(graphs.rook(3, 4).graph(),
                nx.cartesian_product(nx.complete_graph(3), nx.complete_graph(4)))
    assert same(graphs.hamming(4, 2).graph(), nx.hypercube_graph(4))
    assert same(graphs.hamming(2, 4).graph(), graphs.rook(4, 4).graph())
    assert nx.is_isomorphic(graphs.kneser(5, 2).graph(), nx.petersen_graph())
    assert nx.is_isomorphic(graphs.complete_multipartite(3, 1, 2).graph(),
                            nx.complete_multipartite_graph(3, 1, 2))
    assert nx.is_isomorphic(graphs.johnson(5, 3).graph(), graphs.triangular(5).graph())
    assert nx.is_isomorphic(graphs.paley(5).graph(), nx.cycle_graph(5))
    assert nx.is_isomorphic(graphs.johnson(6, 1).graph(), nx.complete_graph(6))


@pytest.mark.parametrize("r", [4, 5, 9, 10**6])
def test_triangular_graph_is_that_of_the_theory(r):
    # THEORY.md, section 3.  r = 4 has the eigenvalue r - 4 = 0.
    named, classes = graphs.triangular(r), r * (r - 1) // 2
    assert named.parameters() == (classes, 2 * (r - 2), r - 2, 4)
    assert named.spectrum() == {2 * (r - 2): 1, r - 4: r - 1, -2: classes - r}


@pytest.mark.parametrize("sizes", [(1, 4), (1, 2, 2, 4), (5, 3, 3, 2, 1)])
def test_unequal_parts_have_exact_algebraic_eigenvalues(sizes):
    x = sympy.Symbol("x")
    named = graphs.complete_multipartite(*sizes)
    characteristic = sympy.Matrix(adjacency(named.graph())).charpoly(x).as_expr()
    for value in map(sympy.sympify, named.spectrum()):
        minimal = sympy.minimal_polynomial(value, x)
        assert sympy.rem(characteristic, minimal, x) == 0


@given(members)
def test_complement_is_an_involution(named):
    other = graphs.complement(named)
    assert graphs.complement(other) == named
    assert other.order == named.order
    assert other.size + named.size == comb(named.order, 2)
    if named.parameters() is not None:
        assert other.parameters().complement() == named.parameters()
        # Two routes to the same numbers: complementing the spectrum, and the parameters.
        assert other.spectrum() == other.parameters().spectrum()


def test_specs_are_read_back_and_complements_cancel():
    assert from_spec("complement:complement:paley:q=5") == graphs.paley(5)
    assert from_spec("johnson:k=3,n=6") == graphs.johnson(6, 3)
    assert from_spec("multipartite:sizes=3x1") == graphs.complete_multipartite(3, 1)


# Any graph


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
    graph = graphs.triangular(20).graph()
    assert parameters(graph) == (190, 36, 18, 4)
    nx.double_edge_swap(graph, nswap=1, seed=1)
    assert set(dict(graph.degree()).values()) == {36}
    assert parameters(graph) is None


def test_edge_weights_are_ignored():
    graph = nx.cycle_graph(5)
    nx.set_edge_attributes(graph, 0.5, "weight")
    assert parameters(graph) == (5, 2, 0, 1)
    assert incidence(graph).sum() == 10


@pytest.mark.parametrize("graph", [
    nx.gnp_random_graph(12, 0.4, seed=7), nx.star_graph(4), nx.empty_graph(3),
    graphs.triangular(5).graph(), nx.relabel_nodes(nx.path_graph(4), {0: "x", 1: "a"}),
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
    a = adjacency(graphs.triangular(r).graph())
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


# Feasibility


def primitive(most):
    """Every (v, k, lam, mu) with v <= most, 0 < mu < k, and equal counts of 2-paths."""
    return [Parameters(v, k, lam, k * (k - lam - 1) // (v - k - 1))
            for v in range(3, most + 1) for k in range(2, v - 1) for lam in range(k - 1)
            if k * (k - lam - 1) % (v - k - 1) == 0 and k * (k - lam - 1) < k * (v - k - 1)]


def has_spectrum(known):
    try:
        return bool(known.spectrum())
    except InputError:
        return False


@pytest.mark.parametrize("spec", SPECS)
def test_members_of_the_families_are_realised_here(spec):
    known = from_spec(spec).parameters()
    if known is not None:
        verdict, reason = feasibility(*known)
        assert verdict == "realised here"
        if known.kind == "primitive":
            assert parameters(from_spec(reason).graph()) == known


@pytest.mark.parametrize("known, verdict, reason", [
    ((5, 2, 0, 1), "realised here", "paley:q=5"),
    ((10, 3, 0, 1), "realised here", "complement:triangular:r=5"),
    ((16, 6, 2, 2), "realised here", "rook:m=4,n=4"),
    ((21, 10, 3, 6), "realised here", "complement:triangular:r=7"),
    ((28, 12, 6, 4), "realised here", "triangular:r=8"),
    ((6, 2, 1, 0), "realised here", "2 disjoint cliques of 3 vertices"),
    ((6, 4, 2, 4), "realised here", "complete multipartite graph, 3 parts of 2 vertices"),
    ((7, 6, 5, None), "realised here", "complete graph on 7 vertices"),
    ((7, 0, None, 0), "realised here", "empty graph on 7 vertices"),
    ((1, 0, None, None), "realised here", "complete graph on 1 vertices"),
    ((10, 3, 1, 1), "impossible", "counting"),
    ((10, 3, 3, 1), "impossible", "lam is at most k - 1"),
    ((7, 4, 0, 6), "impossible", "mu at most k"),
    ((10, 8, 1, 48), "impossible", "mu at most k"),
    ((9, 7, 3, 3), "impossible", "complement"),
    ((7, 2, 1, 0), "impossible", "multiplicities 4/3 and 14/3"),     # 3 does not divide 7
    ((7, 3, 1, 1), "impossible", "irrational"),
    ((21, 10, 4, 5), "impossible", "conference"),
    ((33, 16, 7, 8), "impossible", "conference"),
    ((28, 9, 0, 4), "impossible", "Krein"),
    ((50, 21, 4, 12), "impossible", "absolute bound"),
    ((64, 21, 0, 10), "impossible", "Krein"),
    ((841, 200, 87, 35), "impossible", "f (f + 1) / 2 = 820"),   # only the sharper form
    # Known to exist, by graphs that are not in these families:
    ((16, 5, 0, 2), "unknown", ""),             # Clebsch
    ((25, 12, 5, 6), "unknown", ""),            # Paley, 5^2
    ((27, 10, 1, 5), "unknown", ""),            # Schlaefli, absolute bound with equality
    ((50, 7, 0, 1), "unknown", ""),             # Hoffman-Singleton
    ((100, 22, 0, 6), "unknown", ""),           # Higman-Sims
    ((275, 112, 30, 56), "unknown", ""),        # McLaughlin, absolute bound with equality
    # Known not to exist, by other arguments:
    ((49, 16, 3, 6), "unknown", ""),
    ((57, 14, 1, 4), "unknown", ""),
    # Open:
    ((65, 32, 15, 16), "unknown", ""),
    ((99, 14, 1, 2), "unknown", ""),
    ((3250, 57, 0, 1), "unknown", ""),
])
def test_feasibility_of_known_cases(known, verdict, reason):
    found = feasibility(*known)
    assert found.verdict == verdict and reason in found.reason


def test_feasible_parameters_below_20_are_those_of_the_tables():
    # Sage, apparently_feasible_parameters(20), which Brouwer's tables confirm.
    assert [p for p in primitive(19) if feasibility(*p).verdict != "impossible"] == [
        (5, 2, 0, 1), (9, 4, 1, 2), (10, 3, 0, 1), (10, 6, 3, 4), (13, 6, 2, 3), (15, 6, 1, 3),
        (15, 8, 4, 4), (16, 5, 0, 2), (16, 6, 2, 2), (16, 9, 4, 6), (16, 10, 6, 6),
        (17, 8, 3, 4)]


def test_impossible_parameters_with_a_spectrum_below_50():
    # The "-" rows of Brouwer's tables up to 50, without (49, 16, 3, 6): a computer search.
    half = [p for p in primitive(50) if has_spectrum(p) and 2 * p.k < p.v]
    assert {tuple(p) for p in half if feasibility(*p).verdict == "impossible"} == {
        (21, 10, 4, 5), (28, 9, 0, 4), (33, 16, 7, 8), (50, 21, 4, 12)}


@pytest.mark.slow
def test_number_of_parameters_with_a_spectrum_is_that_of_the_tables():
    # Brouwer's tables for v <= 1300, as counted by Sage's _check_database: 448 impossible,
    # 2950 undecided and 1140 realizable entries.
    found = []
    for v in range(3, 1301):
        k, lam = np.arange(2, v - 1)[:, None], np.arange(v - 2)
        mu, rest = np.divmod(k * (k - lam - 1), v - k - 1)
        root = np.sqrt((lam - mu)**2 + 4 * np.maximum(k - mu, 0))
        likely = (root == np.rint(root)) | (2 * k + (v - 1) * (lam - mu) == 0)
        where = np.nonzero((lam < k - 1) & (rest == 0) & (mu > 0) & (mu < k) & likely)
        found += [Parameters(v, int(i) + 2, int(j), int(mu[i, j])) for i, j in zip(*where)]
    found = [p for p in found if has_spectrum(p)]
    assert len(found) == 448 + 2950 + 1140
    verdicts = [feasibility(*p).verdict for p in found]
    assert verdicts.count("impossible") <= 448 and verdicts.count("realised here") <= 1140


@settings(max_examples=200)
@given(st.sampled_from([p for p in primitive(90) if has_spectrum(p)]))
def test_verdict_is_that_of_the_complement_and_krein_conditions_are_scotts(known):
    assert feasibility(*known).verdict == feasibility(*known.complement()).verdict
    # The usual form [BH12, chapter 9] in k, r, s.
    v, k, lam, mu = known
    values = [value for value in known.spectrum() if value != k]
    for r, s in (values, values[::-1]):
        if isinstance(r, int):
            usual = (k + r) * (s + 1)**2 - (r + 1) * (k + r + 2 * r * s)
            assert np.sign(graphs._krein(k, v - k - 1, r)) == np.sign(usual)


@pytest.mark.parametrize("spec", [
    "triangular:r=7", "rook:m=4,n=4", "kneser:n=5,k=2", "complement:rook:m=3,n=3"])
def test_krein_parameter_is_that_of_the_eigenprojection(spec):
    # q^1_11 has the sign of sum E_ij^3 = f^3 / v^2 (1 + t^3 / k^2 - (t + 1)^3 / l^2).
    named = from_spec(spec)
    v, k = named.parameters()[:2]
    values, vectors = np.linalg.eigh(adjacency(named.graph()))
    for value, f in list(named.spectrum().items())[1:]:
        space = vectors[:, np.isclose(values, value)]
        cubes = ((space @ space.T)**3).sum()
        expected = graphs._krein(k, v - k - 1, value) / (k * (v - k - 1) * v)**2 * f**3
        assert cubes == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_conference_parameters_pass_krein_and_the_absolute_bound():
    # Why feasibility does not look at them there: for every mu >= 1, exactly.
    mu, more = sympy.symbols("mu more", nonnegative=True)
    v, k, value = 4 * mu + 1, 2 * mu, (sympy.sqrt(4 * mu + 1) - 1) / 2
    for t in (value, -1 - value):
        krein = sympy.expand(graphs._krein(k, v - k - 1, t))
        assert sympy.simplify(krein - 4 * mu**2 * (4 * mu + 1) * (mu - 1)) == 0
    f = 2 * mu
    assert (f * (f + 3) / 2 - v).subs(mu, 1) == 0
    slack = sympy.Poly((f * (f + 1) / 2 - v).subs(mu, 2 + more).expand(), more)
    assert all(c >= 0 for c in slack.all_coeffs())


def test_conference_sets_need_a_sum_of_two_squares():
    for mu in range(1, 120):
        v = 4 * mu + 1
        squares = any(isqrt(v - a**2)**2 == v - a**2 for a in range(isqrt(v) + 1))
        impossible = feasibility(v, 2 * mu, mu - 1, mu).verdict == "impossible"
        assert impossible == (not squares)


# Errors


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
    (lambda: graphs.paley(9), "q must be a prime with remainder 1 modulo 4, got 9"),
    (lambda: graphs.paley(7), "q must be a prime with remainder 1 modulo 4, got 7"),
    (lambda: graphs.complement(nx.path_graph(3)), "graph must be a NamedGraph"),
    (lambda: graphs.triangular(10**6).graph(),
     r"triangular:r=1000000 must have at most 2000000 .*, got \(499999500000, "),
    (lambda: from_spec("petersen"), "graph family must be one of 'triangular', 'johnson', .*, "
                                    "got 'petersen'"),
    (lambda: from_spec("complement:"), "graph family must be one of .*, got ''"),
    (lambda: from_spec("triangular"), "graph must have the form triangular:r=.., got"),
    (lambda: from_spec("triangular:r"), "r must be a whole number, got ''"),
    (lambda: from_spec("triangular:r=five"), "r must be a whole number, got 'five'"),
    (lambda: from_spec("triangular:r=5,s=3"), "graph must have the form triangular:r=.., got"),
    (lambda: from_spec("johnson:n=5,n=5"), "graph must have the form johnson:n=..,k=.., got"),
    (lambda: from_spec("multipartite:sizes=3x"), "sizes must be a whole number, got ''"),
    (lambda: from_spec("triangular:r=1"), "r must be an integer between 2"),
    (lambda: from_spec(5), "graph must be a text such as 'triangular:r=5', got 5"),
    (lambda: parameters(nx.DiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.MultiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.Graph([(0, 0)])), "graph must be .* without loops"),
    (lambda: parameters(np.eye(3)), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.Graph()), "graph must have a vertex"),
    (lambda: parameters(nx.cycle_graph(10001)), "at most 10000 vertices, got 10001"),
    (lambda: incidence(nx.DiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: incidence(nx.path_graph(10002)), "entries in its incidence matrix, got 100030002"),
    (lambda: graphs.subset_incidence(0, 0, 0), "n must be an integer at least 1, got 0"),
    (lambda: graphs.subset_incidence(4, 5, 2), "s must be an integer between 0 and 4, got 5"),
    (lambda: graphs.subset_incidence(60, 3, 30), "have at most 100000000 entries, got"),
    (lambda: graphs.subset_incidence(10**9, 5 * 10**8, 2), "have at most 100000000 entries"),
    (lambda: graphs.subset_incidence(10**9, 10**9, 10**9), "have at most 100000000 entries"),
    (lambda: feasibility(0, 0, 0, 0), "v must be an integer at least 1, got 0"),
    (lambda: feasibility(10**900, 3, 0, 1), "v must have at most 800 digits, got 1000"),
    (lambda: feasibility(5, 5, 0, 0), "k must be an integer between 0 and 4, got 5"),
    (lambda: feasibility(5, 2, -1, 1), "lam must be an integer at least 0, got -1"),
    (lambda: feasibility(5, 2, None, 1), "lam must be an integer at least 0, got None"),
    (lambda: feasibility(5, 4, 3, 4), "mu must be None for k = v - 1 .*, got 4"),
    (lambda: feasibility(5, 0, 0, 0), "lam must be None for k = 0 .*, got 0"),
    (lambda: feasibility(5, 2, 0.5, 1), "lam must be an integer at least 0, got 0.5"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
