"""The strategies: a researcher's lemma in five lines."""

import subprocess
import sys

import networkx as nx
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nctheory import Problem, Triangular
from nctheory import strategies as ncs
from nctheory.network import check_parameters

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(ncs.triangulars(), ncs.layers(4))
def test_a_lemma_in_five_lines(construction, L):
    assert construction.compare_with_dnc(L) == -1


@QUICK
@given(ncs.constructions(), ncs.decays(), st.integers(2, 5))
def test_constructions_have_losses(construction, decay, L):
    if construction.classes >= 2 and L >= construction.least_layers:
        problem = Problem(classes=construction.classes, layers=L, weight_decay=float(decay))
        assert 0 < construction.loss(problem) <= 0.5


@QUICK
@given(st.data())
def test_parameters_fit_their_problem(data):
    problem = data.draw(ncs.problems())
    matrices = data.draw(ncs.parameters(problem))
    assert len(check_parameters(matrices, problem)) == problem.layers + 1


@QUICK
@given(ncs.problems(equal_decays=True, classes=5))
def test_problems_keep_what_is_fixed(problem):
    assert problem.classes == 5 and len(set(problem.decays)) == 1


@QUICK
@given(ncs.graphs())
def test_graphs_are_what_they_say(named):
    graph = named.graph()
    assert graph.number_of_nodes() == named.order
    values = np.linalg.eigvalsh(nx.to_numpy_array(graph))
    assert abs(values.sum()) < 1e-8


@QUICK
@given(ncs.orthogonals(), ncs.direct_sums(), ncs.samples(), ncs.classes())
def test_the_others(frame, total, n, K):
    assert frame.classes <= 12 and total.classes >= 1 and 1 <= n <= 5 and 2 <= K <= 30


def test_without_hypothesis_one_clear_line():
    for module in ("nctheory.strategies", "nctheory.claims"):
        run = subprocess.run(
            [sys.executable, "-c", "import sys; sys.modules['hypothesis'] = None; "
             f"import {module}"], capture_output=True, text=True)
        assert run.returncode != 0
        assert "InputError: nctheory.strategies needs Hypothesis" in run.stderr.splitlines()[-1]


def test_triangulars_reach_their_bounds():
    seen = set()

    @settings(max_examples=200, deadline=None)
    @given(ncs.triangulars(4, 5))
    def collect(construction):
        assert isinstance(construction, Triangular)
        seen.add((construction.vertices, construction.subset))

    collect()
    assert seen == {(4, 2), (5, 2), (5, 3)}
