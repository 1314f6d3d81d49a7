"""Strongly regular constructions: closed forms against matrices, other families, certificates."""

import math
from fractions import Fraction

import mpmath
import networkx as nx
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from nctheory import (
    Features,
    InputError,
    Orthogonal,
    Problem,
    Triangular,
    activations,
    construct,
    graphs,
    losses,
)
from nctheory.certify import maker
from nctheory.certify.checker import check_file
from nctheory.certify.format import Certificate, to_json
from nctheory.constructions import FAMILIES, Rook, StronglyRegular
from nctheory.constructions import strongly_regular as srg
from nctheory.graphs import feasibility, from_spec
from nctheory.thresholds import threshold_table

MEMBERS = [*map(srg.of, ["paley:q=5", "paley:q=9", "paley:q=13", "paley:q=25", "petersen",
                         "kneser:n=6,k=2", "clebsch", "schlaefli", "hoffman-singleton",
                         "rook:n=4", "complement:rook:n=3"]),
           Rook(side=3), Rook(side=4), Rook(side=4, height=1, width=2), Rook(side=5)]


def ids(construction):
    return construction.label


def spectrum(pairs):
    return sorted(float(theta) for m, theta in pairs for _ in range(m))


# --- closed forms ---

@pytest.mark.parametrize("construction", MEMBERS, ids=ids)
def test_spectra_are_those_of_explicit_matrices(construction):
    F = construction.features().astype(float)
    X = construction.hidden().astype(float)
    nothing = construction.classes - construction.rank
    assert F.min() >= 0
    assert (len(F), len(X)) == construction.sizes

    def close(gram, pairs):
        values = np.linalg.eigvalsh(gram)
        assert values == pytest.approx(spectrum(pairs), abs=1e-9 * values.max())

    scale = np.sum(F**2) / sum(space.dimension * space.feature for space in construction.spaces)
    close(F.T @ F, [(d, scale * a) for d, a, _ in construction.spaces] + [(nothing, 0)])
    close(X.T @ X, [(d, x) for d, _, x in construction.spaces] + [(nothing, 0)])
    marks = np.maximum(X, 0)
    close(marks.T @ marks, construction.marks)
    for E, space in zip(construction.idempotents(), construction.spaces, strict=True):
        E = E.astype(float)
        assert E @ E == pytest.approx(E, abs=1e-9)
        assert np.trace(E) == pytest.approx(space.dimension)
        assert X @ E @ F.T @ F == pytest.approx(float(scale * space.feature) * X @ E, abs=1e-6)
    assert np.linalg.matrix_rank(X) == construction.hidden_rank
    assert np.linalg.matrix_rank(F) == construction.rank


@pytest.mark.parametrize("layers", [2, 3, 5])
@pytest.mark.parametrize("construction", MEMBERS, ids=ids)
def test_shapes_run_forward_to_the_identity_at_the_stated_cost(construction, layers):
    first, *rest = construction.shapes(layers)
    signal, means = first, [first]
    for weight in rest:
        signal = weight @ np.maximum(signal, 0)
        means.append(signal)
    assert signal == pytest.approx(np.eye(construction.classes), abs=1e-9)
    norms = [np.sum(weight**2) for weight in rest]
    assert norms == pytest.approx(list(map(float, construction.squared_norms(layers))), rel=1e-9)
    cost = construction.representation_cost(layers)
    nuclear = np.linalg.norm(first, "nuc")
    assert nuclear == pytest.approx(float(sympy.N(cost.nuclear_norm)), rel=1e-9)
    assert math.log(nuclear**2 * np.prod(norms)) == pytest.approx(cost.log, rel=1e-9)
    common = np.sum(rest[-1].sum(axis=0)**2) / construction.classes
    assert common == pytest.approx(float(construction.common_norm(layers)), rel=1e-9)


@pytest.mark.parametrize("construction", [
    srg.of("petersen"), srg.of("paley:q=9"), Rook(side=3), Rook(side=3, height=1, width=2)],
    ids=ids)
def test_exact_costs_are_those_of_features_on_the_same_matrices(construction):
    """`Features` knows nothing of eigenspaces: ranks, projections and traces by elimination."""
    rows = construction.certificate_matrices(3)[-1]
    other = Features(features=construction.features(), rows=rows)
    for layers in (2, 3, 6):
        mine, theirs = (one.representation_cost(layers).expression
                        for one in (construction, other))
        assert sympy.simplify(sympy.expand(mine) - sympy.expand(theirs)) == 0
        assert construction.ranks(layers) == other.ranks(layers)


def test_the_cost_of_hoffman_and_singleton_by_hand():
    """Eigenvalues 7, 2 [28], -3 [21]: A - 2 I has 5, 0, -5 and is cut to A."""
    P = (5 + 21 * 5)**2 * (Fraction(1, 49) + Fraction(28, 4) + Fraction(21, 9))
    cost = srg.of("hoffman-singleton").representation_cost(2)
    assert cost.compare(P) == 0 and P < 50**3


@pytest.mark.parametrize("q", [5, 13])
def test_costs_in_a_quadratic_field_against_fifty_digits(q):
    construction = srg.of(f"paley:q={q}")
    assert all(isinstance(norm, Fraction) for norm in construction.squared_norms(5))
    with mpmath.workdps(50):
        s, k, f = -(1 + mpmath.sqrt(q)) / 2, (q - 1) // 2, (q - 1) // 2
        A = mpmath.matrix(construction.graph.adjacency().tolist())
        F, J = A - s * mpmath.eye(q), mpmath.ones(q)
        nuclear = sum(abs(v) for v in mpmath.eigsy(F, eigvals_only=True))
        X = J - F
        # On the range of F: eigenvalues k - s (once) and r - s; X F^+ has those of X over them.
        r = -1 - s
        cuts = ((q - k + s) / (k - s))**2 + f
        marks = J - mpmath.eye(q) - A
        trace = sum(1 / v**2 for v in mpmath.eigsy(marks, eigvals_only=True))
        P = nuclear**2 * (1 + f) * cuts * trace
        assert max(abs(v) for v in (X * F - (J * (k - s) - F * F))) < 1e-40
        assert abs((r - s)**2 - q) < 1e-40
        low, high = (mpmath.mpf(b.numerator) / b.denominator
                     for b in construction.representation_cost(4).bounds(150))
        assert low <= P <= high and high - low < mpmath.mpf(10)**-35


# --- the same construction by other ways ---

def test_kneser_s_and_petersen_s_graphs_are_the_triangular_family_s_largest_subsets():
    assert construct("petersen").representation_cost(5) == (
        construct("kneser:n=5").representation_cost(5))
    for n in range(5, 12):
        mine, theirs = construct(f"kneser:n={n}"), Triangular(vertices=n, subset=n - 2)
        for layers in (2, 3, 6):
            assert mine.log_cost(layers) == pytest.approx(theirs.log_cost(layers), rel=1e-13)
            assert mine.ranks(layers) == theirs.ranks(layers)
            assert mine.hidden_sizes(layers) == theirs.hidden_sizes(layers)


def test_rectangles_of_all_rows_and_columns_but_one_are_the_rook_s_graph():
    for n in range(3, 9):
        one, other = Rook(side=n, height=n - 1, width=n - 1), srg.of(f"rook:n={n}")
        for layers in (2, 3, 6):
            assert one.log_cost(layers) == pytest.approx(other.log_cost(layers), rel=1e-13)
            assert one.ranks(layers) == other.ranks(layers)
    assert construct("paley:q=9").log_cost(4) == pytest.approx(srg.of("rook:n=3").log_cost(4))


def test_a_graph_and_its_complement_are_one_construction():
    for spec in ("clebsch", "schlaefli", "kneser:n=7,k=2"):
        for layers in (2, 4):
            assert srg.of(spec).representation_cost(layers) == (
                srg.of(f"complement:{spec}").representation_cost(layers))


def test_a_file_is_the_graph_that_it_holds(tmp_path):
    path = tmp_path / "board.g6"
    nx.write_graph6(nx.convert_node_labels_to_integers(graphs.rook(5, 5)), path)
    found = construct(f"srg:{path}")
    assert found.representation_cost(3) == srg.of("rook:n=5").representation_cost(3)
    assert found == construct(f"srg:file={path}") and found.label == f"srg {path}"
    assert StronglyRegular(graph=graphs.given(graphs.rook(5, 5))).ranks(4) == found.ranks(4)


# --- which rows are best ---

def feasible(most):
    """(k, r, f, s, g, K) with integral eigenvalues, f <= g, of parameters not excluded."""
    for K in range(9, most + 1):
        for k in range(2, K - 2):
            for mu in range(1, k):
                lam, odd = divmod(k * (k - 1) - (K - k - 1) * mu, k)
                if odd == 0 <= lam and feasibility(K, k, lam, mu).verdict != "impossible":
                    values = list(graphs.Parameters(K, k, lam, mu).spectrum().items())
                    if len(values) == 3 and isinstance(values[1][0], int):
                        (_, _), (r, f), (s, g) = values
                        if f <= g:
                            yield k, r, f, s, g, K


def cost(member, tau, sign=1, layers=3):
    """P of the rows sign X + tau J with F = A - s I (up to powers of the rank), exactly in the
    squares: sigma entry by entry, eigenvalues by Bose-Mesner; None where G is singular."""
    k, r, f, s, g, K = member
    entries = [max(sign * x + tau, 0) for x in (1 + s, 0, 1)]  # diagonal, neighbours, others
    marks = [entries[0] + entries[1] * a + entries[2] * b for a, b in
             ((k, K - 1 - k), (r, -1 - r), (s, -1 - s))]
    if 0 in marks:
        return None
    trace = sum(Fraction(m) / v**2 for m, v in zip((1, f, g), marks, strict=True))
    constant, beside = abs(sign * (K - k + s) + tau * K), abs(r - s)
    if layers == 2:
        return (constant + f * beside)**2 * trace
    return (Fraction(constant)**2 / (k - s)**2 + f) * trace


def test_the_kink_is_the_best_of_the_rows_with_neighbours_at_most_zero():
    """The module's conditions for tau <= 0 and 0 <= tau < -1-s, for feasible parameters."""
    found = list(feasible(100))
    assert len(found) > 50
    for k, r, f, s, g, K in found:
        # d/dtau of N (1+tau)^-2, N = (K-k+s + tau K)^2/a + f (r-s)^2/b, is that of
        # (K-k+s + tau K)(k-s)/a - f (r-s)^2/b, up to a positive factor, a = (k-s)^2.
        assert Fraction(K - k + s, k - s) <= f
        # With Delsarte cliques a = k-s, b = r-s: K-k+s - f (r-s) = K (1+s) < 0.
        assert K - k + s - f * (r - s) == K * (1 + s) < 0
        # For L = 2 of N = (K-k+s + tau K + f (r-s))^2.
        assert k - s <= f * (r - s)
        slope = (Fraction(g, -(1 + s)**3) - Fraction(f, (1 + r)**3)
                 - Fraction(K - 1, (K - 1 - k)**3))
        assert slope >= 0


MEMBER = st.sampled_from(list(feasible(45)))


@given(MEMBER, st.fractions(-1, 12, max_denominator=50), st.sampled_from([1, -1]),
       st.sampled_from([2, 3]))
def test_no_other_rational_rows_are_better_where_collapse_is_beaten(member, tau, sign, layers):
    k, r, f, s, g, K = member
    best, other = cost(member, 0, layers=layers), cost(member, tau, sign, layers)
    assume(other is not None and other > 0)
    if layers == 2:
        assert best <= other or other >= K**3
    else:
        assert best <= other


def test_the_best_rectangle_is_the_cheapest():
    """Of all heights and widths, exactly: on the same features P is proportional to the scale
    times the largest eigenvalue.  With s = t or s + t = n its costs hold one square root."""
    for n in range(3, 12):
        found = {}
        for s in range(1, n):
            for t in range(1, n):
                cost = Rook(side=n, height=s, width=t).representation_cost(3)
                found[s, t] = cost.scale * max(cost.spectrum)
        best = Rook(side=n)
        assert found[best.height, best.width] == min(found.values())
        assert best.representation_cost(2).surd is not None


# --- tables ---

def test_the_least_number_of_layers_is_decided_and_stays():
    for construction in srg.members(64):
        L = srg.least_layers(construction)
        assert L == 2 or construction.compare_with_dnc(L - 1) != -1
        assert all(construction.compare_with_dnc(more) == -1 for more in (L, L + 1, L + 7))
        assert construction.cost(L) < construction.classes
        assert construction.rank < construction.classes  # so that one more layer cannot lose


def test_members_are_one_a_graph_and_sorted():
    found = list(srg.members(50))
    assert [one.classes for one in found] == sorted(one.classes for one in found)
    names = {one.label.split()[0] for one in found}
    assert names == {"rook", "paley", "kneser", "petersen", "clebsch", "schlaefli",
                     "hoffman-singleton"}


def best(name, classes, layers):
    return FAMILIES[name].best(classes, layers, losses.get("mse"), activations.get("relu"))


def test_tables_find_the_families_members_by_number_of_classes():
    names = ["rook", "paley", "clebsch", "schlaefli", "hoffman-singleton"]
    for K, name in [(9, "rook"), (25, "paley"), (16, "clebsch"),
                    (27, "schlaefli"), (50, "hoffman-singleton")]:
        assert best(name, K, 3).classes == K
        assert best(name, K + 2, 3) is None and best(name, K, 1) is None
    assert best("paley", 13, 3) is None
    assert FAMILIES["petersen"].best is FAMILIES["kneser"].best is None  # triangular members
    table = threshold_table([16, 27], [4], library=names)
    assert [row.construction.label for row in table.rows] == ["clebsch", "schlaefli"]


def test_hoffman_and_singleton_s_graph_is_the_best_known_for_fifty_classes_in_two_layers():
    (row,) = threshold_table([50], [2]).rows
    assert row.construction.label == "hoffman-singleton"
    assert (row.verdict, row.evidence) == ("dnc beaten", "integers")
    rivals = [name for name in FAMILIES if name != "hoffman-singleton"]
    assert row.cost < threshold_table([50], [2], library=rivals).rows[0].cost - 0.1
    problem = Problem(classes=50, layers=2, weight_decay=1e-4)
    assert row.construction.loss(problem) < Orthogonal(classes=50).loss(problem)


# --- certificates ---

@pytest.mark.parametrize("text, layers", [
    ("rook:n=4", 3), ("rook:n=4", 5), ("paley:q=9", 3), ("paley:q=13", 3), ("petersen", 4),
    ("clebsch", 3), ("hoffman-singleton", 2)])
def test_certificates_of_integer_matrices_are_verified(text, layers):
    construction = construct(text)
    chain = construction.chain(layers)
    assert chain.least_layers == layers
    assert 0 <= chain.cost(layers) / construction.cost(layers) - 1 < 1e-9 or (
        chain.cost(layers) == pytest.approx(construction.cost(layers), rel=1e-13))
    made = Certificate("chain", {"K": chain.classes, "L": layers}, "integer matrices", {
        "matrices": [[list(map(int, row)) for row in matrix] for matrix in chain.matrices],
        "inverse trace": chain.inverse_trace}, "beaten")
    (result,) = check_file(to_json([made]).encode())
    assert result.verified, result.reason


def test_a_rational_chain_has_the_ranks_of_the_construction():
    for text in ("rook:n=4", "clebsch"):
        construction = construct(text)
        assert construction.chain(4).ranks(4)[0][1:] == construction.ranks(4)[0][1:]
        assert construction.chain(4).ranks(4)[1] == construction.ranks(4)[1]


def test_a_cell_that_a_strongly_regular_graph_wins_has_a_certificate():
    made = maker.cost(50, 2)
    # The factors are rounded to integers: the bound is a little above the cost.
    assert 0 < float(made.parameters["bound"]) - srg.of("hoffman-singleton").cost(2) < 1e-5
    (result,) = check_file(to_json([made]).encode())
    assert result.verified, result.reason


# --- what is refused ---

@pytest.mark.parametrize("call, message", [
    (lambda: StronglyRegular(graph=from_spec("triangular:r=4")),
     "graph must be strongly regular, and connected together with its complement, got 'tri"),
    (lambda: StronglyRegular(graph=from_spec("johnson:n=6,k=3")), "graph must be strongly"),
    (lambda: Rook(side=2), "side must be an integer at least 3, got 2"),
    (lambda: Rook(side=4, height=4), "height must be an integer between 1 and 3, got 4"),
    (lambda: construct("paley:q=12"), "q must be a prime power"),
    (lambda: construct("petersen:n=5"), "petersen must have the parameters of petersen, got"),
    (lambda: construct("rook"), "rook:n must be given, as in rook:n=.., got 'rook'"),
    (lambda: construct("srg:nothing"), "file must hold a graph in graph6 format"),
    (lambda: srg.of("paley:q=9").representation_cost(1),
     "layers must be an integer between 2 and 10000"),
    (lambda: Rook(side=20).shapes(3), "must have at most 100000000 matrix entries"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
