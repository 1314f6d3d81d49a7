"""Strongly regular graphs: exact decisions against brute force and published tables.

Facts about existence come from A. E. Brouwer's tables of strongly regular graphs
(https://www.win.tue.nl/~aeb/graphs/srg/srgtab.html) and from Sage's documentation of them.
"""

import copy
import pickle
from math import isqrt

import networkx as nx
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, graphs
from nctheory.graphs import Parameters, feasibility, from_spec, parameters, regularity


def adjacency(graph):
    return nx.to_numpy_array(graph, dtype=int)


JOHNSON = graphs.johnson(7, 3)  # not strongly regular: only its closed form gives its spectrum


@pytest.mark.parametrize("graph", [
    JOHNSON, pickle.loads(pickle.dumps(JOHNSON)), copy.deepcopy(JOHNSON),
    graphs.complete_multipartite(1, 2, 4), graphs.hamming(15, 2), graphs.complement(JOHNSON),
])
def test_spectrum_of_a_graph_made_here_is_its_closed_form(graph):
    assert graphs.spectrum(graph) == graph.graph["family"].spectrum()


@pytest.mark.parametrize("other", [
    JOHNSON.subgraph(list(JOHNSON)[1:]), JOHNSON.edge_subgraph(list(JOHNSON.edges)[1:]),
    JOHNSON.copy(), nx.freeze(nx.Graph(JOHNSON)), nx.relabel_nodes(JOHNSON, str),
])
def test_closed_form_is_not_that_of_copies_and_subgraphs(other):
    # networkx hands the graph attributes on to all of these, and the first two are frozen.
    assert other.graph["family"] == JOHNSON.graph["family"]
    with pytest.raises(InputError, match="graph must be strongly regular"):
        graphs.spectrum(other)


def test_spectrum_of_a_subgraph_is_its_own():
    petersen = graphs.kneser(5, 2)
    edge = petersen.subgraph([(0, 1), (2, 3)])
    assert nx.is_frozen(edge) and graphs.spectrum(edge) == {1: 1, -1: 1}


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
    ((16, 5, 0, 2), "realised here", "clebsch"),
    ((25, 12, 5, 6), "realised here", "paley:q=25"),
    ((27, 10, 1, 5), "realised here", "complement:schlaefli"),    # absolute bound, equality
    ((50, 7, 0, 1), "realised here", "hoffman-singleton"),
    # Known to exist, by graphs that are not in these families:
    ((56, 10, 0, 2), "unknown", ""),            # Gewirtz
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
            assert np.sign(regularity._krein(k, v - k - 1, r)) == np.sign(usual)


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
        expected = regularity._krein(k, v - k - 1, value) / (k * (v - k - 1) * v)**2 * f**3
        assert cubes == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_conference_parameters_pass_krein_and_the_absolute_bound():
    # Why feasibility does not look at them there: for every mu >= 1, exactly.
    mu, more = sympy.symbols("mu more", nonnegative=True)
    v, k, value = 4 * mu + 1, 2 * mu, (sympy.sqrt(4 * mu + 1) - 1) / 2
    for t in (value, -1 - value):
        krein = sympy.expand(regularity._krein(k, v - k - 1, t))
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


@pytest.mark.parametrize("call, message", [
    (lambda: parameters(nx.DiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.MultiGraph([(0, 1)])), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.Graph([(0, 0)])), "graph must be .* without loops"),
    (lambda: parameters(np.eye(3)), "graph must be an undirected networkx.Graph"),
    (lambda: parameters(nx.Graph()), "graph must have a vertex"),
    (lambda: parameters(nx.cycle_graph(10001)), "at most 10000 vertices, got 10001"),
    (lambda: graphs.spectrum(np.eye(3)), "graph must be an undirected networkx.Graph"),
    (lambda: graphs.spectrum(nx.MultiGraph()), "graph must be an undirected networkx.Graph"),
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
