"""Transitions, shapes, and chains of named feature sets as shortest paths."""

import json
import math
from itertools import product

import numpy as np
import pytest
from click.testing import CliRunner

from nctheory import InputError, Triangular
from nctheory.atlas.paths import Library, Node, library
from nctheory.atlas.search import evaluate, rounded
from nctheory.cli import cli
from nctheory.constructions import Chain
from nctheory.feature_sets.hamming import hamming
from nctheory.feature_sets.johnson import johnson
from nctheory.feature_sets.simplex import simplex


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
