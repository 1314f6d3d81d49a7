"""End points counted: against the solver's own result, and on made-up losses."""

from collections import Counter

import pytest

from nctheory.problem import Problem
from nctheory.solver import solve
from nctheory.sweep.ends import _counted, end_points
from nctheory.sweep.store import Store

PLAN = """\
task = "solve"
[fixed]
classes = 4
layers = 3
width = 7
weight_decay = 0.01
method = "quasi-newton"
[grid]
seed = { range = [0, 11] }
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ends")
    (folder / "plan.toml").write_text(PLAN)
    return folder


def test_counts_are_those_of_the_solver(run, swept, monkeypatch):
    monkeypatch.chdir(swept)
    assert run("sweep", "plan.toml", "--store", "runs.db", "--executor", "inline")[0] == 0
    with Store("runs.db") as store:
        found = list(end_points(store))
    direct = solve(Problem(classes=4, layers=3, weight_decay=0.01), 7, range(12),
                   method="quasi-newton")
    assert sum(end["runs"] for end in found) == 12
    by_label = Counter()
    for end in found:
        by_label[end["label"]] += end["runs"]
        assert end["low"] < end["share"] == end["runs"] / 12 < end["high"]
        assert min(abs(direct.loss - end["loss"])) < 1e-9
    assert by_label == Counter(direct.label.tolist())
    assert [end["loss"] for end in found] == sorted(end["loss"] for end in found)
    status, out, _ = run("store", "ends", "runs.db")
    assert status == 0 and f"{found[0]['loss']:.10f}" in out
    assert len(out.splitlines()) >= len(found) + 1


def test_kinds_and_chains_of_losses():
    kind, other = ("dnc", "[4]"), ("dnc", "[3]")
    losses = {kind: [1.0 + 3e-9, 1.0, 1.0 + 7e-9, 1.1], other: [1.0], ("diverged", ""): [0.0]}
    found = list(_counted({"classes": 4}, losses))
    assert [(end["loss"], end["ranks"], end["runs"]) for end in found] == [
        (1.0, [3], 1), (1.0, [4], 3), (1.1, [4], 1), (None, None, 1)]
    assert all(end["classes"] == 4 for end in found)
