"""The search for counterexamples, and the public strategies."""

import math
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nctheory import InputError, Problem, Triangular
from nctheory import strategies as ncs
from nctheory.claims import CLAIMS, load
from nctheory.network import check_parameters
from nctheory.refute import assume, claim, refute

FALSE = {"dnc-optimal-with-two-layers": {"r": 6, "s": 3}}


@pytest.mark.parametrize("name", CLAIMS)
def test_registered_claims(name):
    found = refute(CLAIMS[name], examples=40)
    if name not in FALSE:
        assert found.counterexample is None and found.examples > 20, str(found)


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("seed", [0, 1])
def test_false_claims_are_refuted_by_the_simplest_counterexample(name, seed):
    found = refute(CLAIMS[name], examples=300, seed=seed)
    assert found.counterexample == FALSE[name]
    assert "REFUTED by r=6, s=3" in str(found)


def test_the_same_seed_is_the_same_hunt():
    first, second = (refute(CLAIMS["gk25-theorem-7"], examples=60, seed=7) for _ in range(2))
    assert first == second


def test_margins_lead_to_a_needle():
    """One failing point in 10^6: found with the margin, which random search would not."""
    @claim(x=range(1000), y=range(1000))
    def far(x, y):
        "(x, y) is not (789, 321)."
        return abs(x - 789) + abs(y - 321) - 0.5

    found = refute(far, examples=4000)
    assert found.counterexample == {"x": 789, "y": 321}


def test_nearest_to_equality_is_reported():
    @claim(n=range(1, 1000))
    def positive(n):
        return 1 / n

    found = refute(positive, examples=200)
    margin, where = found.closest
    assert found.counterexample is None and margin == 1 / where["n"] and where["n"] > 900
    assert "least margin" in str(found)


def test_any_strategy_and_nan():
    @claim(problem=ncs.problems(loss="mse", activation="relu"))
    def few_classes(problem):
        return problem.classes < 4

    assert refute(few_classes).counterexample["problem"].classes == 4

    @claim(x=st.floats(allow_nan=False))
    def logarithm(x):
        return math.nan if x < 0 else 1.0

    assert refute(logarithm).counterexample["x"] < 0


def test_errors_are_not_counterexamples():
    @claim(n=range(10))
    def broken(n):
        return 1 / (n - n)

    with pytest.raises(InputError, match="must not raise, got ZeroDivisionError"):
        refute(broken)

    @claim(n=range(10))
    def empty(n):
        assume(n > 10)
        return True

    with pytest.raises(InputError, match="must have parameters that it accepts"):
        refute(empty, examples=20)
    with pytest.raises(InputError, match="examples must be"):
        refute(empty, examples=0)


def test_command(run, tmp_path):
    assert run("refute")[1].count("\n") == len(CLAIMS)
    status, out, _ = run("refute", "gk25-theorem-7", "--examples", "30")
    assert status == 0 and "no counterexample among" in out
    path = tmp_path / "mine.py"
    path.write_text("from nctheory import Triangular\n"
                    "from nctheory.refute import assume, claim\n\n"
                    "@claim(r=range(4, 30), s=range(2, 28), L=range(3, 8))\n"
                    "def always(r, s, L):\n    'Beaten by every member, L >= 3.'\n"
                    "    assume(s <= r - 2)\n"
                    "    return Triangular(vertices=r, subset=s).compare_with_dnc(L) < 0\n")
    status, out, _ = run("refute", f"{path}:always")
    assert status == 1 and "REFUTED by r=4, s=2, L=3" in out and "Beaten by every" in out


@pytest.mark.parametrize("text", ["fermat", "nowhere.py:x", f"{__file__}:math"])
def test_unknown_claims(run, text, monkeypatch):
    if text.startswith("/"):
        monkeypatch.chdir("/")
    status, out, err = run("refute", text)
    assert status == 2 and out == "" and len(err.splitlines()) == 1 and "must" in err
    with pytest.raises(InputError):
        load(text)


# --- strategies ---

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
