"""Transitions, shapes, and chains of named feature sets as shortest paths."""

import json
import math
from itertools import product

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nctheory import InputError, Triangular
from nctheory.atlas import shapes
from nctheory.atlas.paths import Library, Node, library
from nctheory.atlas.search import evaluate, rounded
from nctheory.atlas.transitions import first_means, transition
from nctheory.cli import cli
from nctheory.constructions import Chain, stored
from nctheory.feature_sets.edges import edges, near_regular
from nctheory.feature_sets.hamming import hamming
from nctheory.feature_sets.johnson import johnson
from nctheory.feature_sets.simplex import simplex

SEEDS = st.integers(0, 10**6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
@example(408)  # a column of zeros, which no W can make negative
def test_a_transition_makes_its_target_and_costs_least(seed):
    """Feasible by construction; against a general solver for one row."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 4, (4, 6)) + 0.0
    given_weights = rng.normal(size=(3, 4))
    target = np.maximum(given_weights @ source, 0)
    w = transition(source, target)
    assert w is not None and np.maximum(w @ source, 0) == pytest.approx(target, abs=1e-6)
    assert np.linalg.norm(w) <= np.linalg.norm(given_weights) * (1 + 1e-9)
    on = target[0] > 0
    slow = minimize(lambda x: x @ x, given_weights[0], jac=lambda x: 2 * x, method="SLSQP",
                    constraints=[{"type": "eq", "fun": lambda x: x @ source[:, on]
                                  - target[0, on]},
                                 {"type": "ineq", "fun": lambda x: -x @ source[:, ~on]}],
                    options={"maxiter": 500, "ftol": 1e-12})
    if slow.success:
        assert w[0] @ w[0] <= slow.fun * (1 + 1e-6) + 1e-9


def test_the_span_is_kept_for_its_rank():
    """Where every row's support spans, W is the projection; a four-cycle's rows can do less."""
    full = simplex(3, 3).floats
    assert np.sum(transition(full, full) ** 2) == pytest.approx(3)
    path = edges(near_regular(6, 6), "two paths").floats
    assert np.sum(transition(path, path) ** 2) < np.linalg.matrix_rank(path) - 0.1


def test_signs_make_first_features_cheaper():
    """min over t of |M|_* for three edges of a path, -t where the ends are apart."""
    F = np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
    norms = [np.linalg.norm(F - t * np.array([[0, 0, 1], [0] * 3, [0] * 3, [1, 0, 0]]), "nuc")
             for t in np.linspace(0, 1, 201)]
    best = first_means(F)
    assert np.maximum(best, 0) == pytest.approx(F, abs=1e-9)
    assert np.linalg.norm(best, "nuc") == pytest.approx(min(norms), rel=1e-4)


def test_gradient_of_shapes_by_differences():
    rng = np.random.default_rng(3)
    F, V = rng.random((3, 5)), rng.normal(size=(9, 3))
    _, by_F, by_V = shapes._log_cost(F, V, 0.1)
    for matrix, slopes in ((F, by_F), (V, by_V)):
        for index in np.ndindex(matrix.shape):
            was, values = matrix[index], []
            for step in (1e-6, -1e-6):
                matrix[index] = was + step
                values.append(shapes._log_cost(F, V, 0.1)[0])
            matrix[index] = was
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(slopes[index], abs=1e-6)


def test_entries_that_a_symmetry_exchanges_share_a_value():
    """T(5) has one class; points and edges of K_4 two; zeros none."""
    assert set(shapes.entry_classes(johnson(5, 2).matrix).flat) == {-1, 0}
    assert set(shapes.entry_classes(simplex(4, 2).matrix).flat) == {-1, 0, 1}


def test_a_better_shape():
    """Three classes, from four layers on: the search's chain of rank 2 (c/K = 0.9785)."""
    node = Node(simplex(2, 2))
    better = Node(shapes.shaped(node.features, node.rows))
    assert better.alone(4) < node.alone(4)
    assert better.alone(4) == pytest.approx(stored.chain(3, 4).log_cost(4), abs=1e-5)


@pytest.mark.parametrize("L", range(3, 7))
def test_the_triangular_family_is_a_path(L):
    path = Library([johnson(5, 2)]).best([L])[L]
    assert path.log_cost == pytest.approx(Triangular(vertices=5, subset=3).log_cost(L), abs=1e-5)


@pytest.mark.parametrize("found", [johnson(5, 2), simplex(3, 3), hamming(3, 2)],
                         ids=lambda found: found.name)
def test_uniform_neurons_cost_what_many_random_ones_cost(found):
    """The arc-cosine kernel against a sample of neurons, and above C2."""
    node = Node(found)
    basis = np.linalg.svd(found.floats, full_matrices=False)[0][:, :found.rank]
    v = np.random.default_rng(5).normal(size=(200000, found.rank))
    marks = np.maximum(v @ basis.T @ found.floats, 0)
    sampled = math.log(found.rank * np.trace(np.linalg.inv(marks.T @ marks / len(v))))
    assert node.uniform == pytest.approx(sampled, abs=0.03)
    assert node.end < node.uniform and node.alone(5) < node.at_most(5)


@pytest.fixture(scope="module")
def four():
    return Library([johnson(4, 1), hamming(2, 2), simplex(2, 3), simplex(3, 2).without(
        [4, 5], "simplex(3,2)-2")])


@pytest.mark.parametrize("L", [2, 3, 4, 5])
def test_no_sequence_of_sets_is_cheaper(four, L):
    """Against all sequences, one by one."""
    costs = []
    for at in (at for count in (L - 2, L - 1) for at in product(range(4), repeat=count) if at):
        last = four.nodes[at[-1]]
        steps = list(zip(at[:-1], at[1:], strict=True))
        if last.full == (len(at) == L - 1) and all(step in four.weights for step in steps):
            log = 2 * math.log(np.linalg.norm(four.nodes[at[0]].means, "nuc")) + last.end
            log += sum(2 * math.log(np.linalg.norm(four.weights[step])) for step in steps)
            costs.append(log)
    costs += [2 * math.log(np.linalg.norm(n.cuts, "nuc")) + n.end
              for n in four.nodes if L == 2 and not n.full]
    path = four.best([L])[L]
    assert (L + 1) * path.log_cost == pytest.approx(min(costs), abs=1e-6)
    assert evaluate(path.factors) == pytest.approx(min(costs), abs=1e-6)


def test_a_path_is_certified_by_its_integers(four):
    """The four-cycle at K = 4, L = 4: DNC is beaten, exactly."""
    path = four.best([4])[4]
    assert path.label == "H(2,2) x2 -> C2"
    chain = Chain(matrices=rounded(path.factors, 5))
    assert chain.compare_with_dnc(4) == -1
    assert chain.log_cost(4) == pytest.approx(path.log_cost, abs=1e-6)


def test_libraries_of_different_classes_are_refused():
    with pytest.raises(InputError, match="sets must have one number of classes"):
        Library([johnson(4, 1), johnson(5, 1)])
    with pytest.raises(InputError, match="sets must have one number of classes"):
        Library([])
    with pytest.raises(InputError, match="layers must be an integer at least 2"):
        library(3, [1])


def test_the_command(tmp_path):
    run = CliRunner().invoke
    asked = ["atlas", "paths", "--classes", "3", "--layers", "3:4"]
    out = run(cli, [*asked, "--format", "json", "--store", "--data", str(tmp_path)])
    rows = json.loads(out.output)["rows"]
    assert [row["layers"] for row in rows] == [3, 4]
    assert rows[1]["path"][-1] == "C2" and rows[1]["ratio"] < 0.9786
    assert "2 cells: " in run(cli, asked).output
    assert isinstance(run(cli, ["atlas", "paths", "--classes", "2"]).exception, InputError)
