"""Plans: which points they hold, and the refusals, by file, line and key, of what is wrong."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory.errors import InputError
from nctheory.sweep.plan import LARGEST_PLAN, Plan

ISSUE = """\
task = "solve"                      # thresholds | loss | solve | ranks | train | certify
[fixed]
width = 30
method = "gd"
learning_rate = 0.5
steps = 2000
[grid]
classes = [6, 10]
layers = { range = [3, 4] }         # inclusive
weight_decay = { log = [1e-3, 1e-2, 4] }
seed = { range = [0, 4] }
"""

LOSS = """\
task = "loss"
[fixed]
construction = "dnc:K=6"
[grid]
layers = [3, 4]
"""


@pytest.fixture
def read(tmp_path):
    def call(text):
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return Plan.read(path)
    return call


def test_plan_of_the_issue(read):
    plan = read(ISSUE)
    assert len(plan) == 2 * 2 * 4 * 5 == len(set(plan[i].key for i in range(len(plan))))
    first, last = plan[0], plan[-1]
    assert first.seed == 0 and last.seed == 4  # seeds vary fastest: they are solved together
    assert first.values["weight_decay"] == 1e-3 and last.values["weight_decay"] == 1e-2
    assert sorted({point.values["weight_decay"] for point in plan}) == pytest.approx(
        list(np.geomspace(1e-3, 1e-2, 4)), rel=1e-11)
    assert json.loads(first.parameters)["samples"] == 1  # defaults are part of a point
    assert "seed" not in json.loads(first.parameters)


def test_zips_advance_together_and_multiply_the_grid(read):
    plan = read(LOSS + """[[zip]]\nsamples = [1, 2, 3]\nweight_decay = [1e-3, 2e-3, 3e-3]\n""")
    found = [(p.values["layers"], p.values["samples"], p.values["weight_decay"]) for p in plan]
    assert found == [(L, n, n * 1e-3) for L in (3, 4) for n in (1, 2, 3)]


@given(st.lists(st.integers(3, 9), min_size=1, max_size=4, unique=True),
       st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
       st.lists(st.floats(1e-6, 1), min_size=1, max_size=3, unique=True))
def test_points_are_the_product_at_any_index(layers, samples, decays):
    plan = Plan("loss", fixed={"construction": "dnc:K=6"},
                grid={"layers": layers, "samples": samples, "weight_decay": decays})
    wanted = list(itertools.product(layers, samples, decays))
    assert [(p.values["layers"], p.values["samples"], p.values["weight_decay"])
            for p in plan] == wanted
    assert plan[len(wanted) - 1] == plan[-1] and plan[:2] == list(plan)[:2]


def test_keys_tell_every_difference_and_nothing_else():
    def key(task="loss", **changes):
        fixed = {"construction": "dnc:K=6", "layers": 3} | changes
        return Plan(task, fixed=fixed)[0].key

    assert key() == key(samples=1) == key(weight_decay=0.004) == key(samples=np.int64(1))
    assert key(weight_decay=1) == key(weight_decay=1.0)
    others = [key(samples=2), key(weight_decay=0.005), key(layers=4),
              key(weight_decay=[0.004] * 4)]
    assert len({key(), *others}) == 5


@pytest.mark.parametrize("text, place, message", [
    ("task = 'los'\n", "line 1", "task must be one of thresholds, loss"),
    ("task = 3\n", "line 1", "task must be one of"),
    ("[grid]\nlayers = [3]\n", "plan.toml", "task must be given"),
    ("task = 'loss'\n[fixed\n", "line 2", "not a TOML file"),
    ("task = 'loss'\ngird = 3\n", "line 2", "gird must be one of the plan's entries"),
    ("task = 'loss'\n\n[girds]\n", "line 3", "girds must be one of the plan's entries"),
    ("task = 'loss'\ngrid = 3\n", "line 2", "grid must be a table"),
    ("task = 'loss'\nzip = 3\n", "line 2", "zip must be a list of tables"),
    ("task = 'loss'\nkeep = ['trace']\n" + LOSS[14:], "line 2", "keep must be a list out of"),
    (LOSS + "depth = [3]\n", "line 6", "grid.depth must be one of the parameters"),
    (LOSS + "samples = 3\n", "line 6", "grid.samples must be a list of values"),
    (LOSS + "samples = '3'\n", "line 6", "grid.samples must be a list of values"),
    (LOSS + "samples = []\n", "line 6", "grid.samples must be 1 to 1000000 values"),
    (LOSS + "samples = [1, 1.5]\n", "line 6", "grid.samples must be an integer, got 1.5"),
    (LOSS + "samples = [true]\n", "line 6", "grid.samples must be an integer, got True"),
    (LOSS + "samples = [1, 1]\n", "line 6", "grid.samples must not repeat a value"),
    (LOSS + "samples = [1, 0]\n", "line 6", "samples must be an integer at least 1, got 0"),
    (LOSS + "weight_decay = [nan]\n", "line 6", "grid.weight_decay must be a finite number"),
    (LOSS + "weight_decay = [-1.0]\n", "line 6", "weight_decay must be a finite number greater"),
    (LOSS + "samples = { range = [3, 1] }\n", "line 6", "a range of integers [first, last]"),
    (LOSS + "samples = { range = [1, 5, 0] }\n", "line 6", "a range of integers"),
    (LOSS + "samples = { range = [1, 1000000000000] }\n", "line 6", "1 to 1000000 values"),
    (LOSS + "weight_decay = { log = [0, 1, 4] }\n", "line 6", "a log range"),
    (LOSS + "weight_decay = { log = [1e-3, 1, 1000000000000] }\n", "line 6", "a log range"),
    (LOSS + "weight_decay = { linear = [1, 2, 3] }\n", "line 6", "{ log = [first, last, count]"),
    (LOSS + "construction = ['dnc:K=7']\n", "line 6", "construction must be given once"),
    (LOSS + "[[zip]]\nsamples = [1, 2]\nweight_decay = [1e-3]\n", "line 6", "of one length"),
    (LOSS + "[[zip]]\nsamples = [1]\n[[zip]]\nweight_decay = ['x']\n", "line 9",
     "zip[1].weight_decay must be a finite number"),
    ("task = 'loss'\n[grid]\nlayers = [3]\n", "plan.toml", "construction must be given"),
    (LOSS.replace("dnc:K=6", "../../etc/passwd"), "line 3", "construction must be one of"),
    (LOSS.replace("dnc:K=6", "features:file=/etc/passwd"), "line 3",
     "construction must be one of a registered family, not of a file"),
    (LOSS.replace("dnc:K=6", "dnc:K=10000000000"), "line 3", "have at most 1000000000 classes"),
    (LOSS.replace("[3, 4]", "[3, 100000]"), "line 5", "layers must be an integer between"),
    ("task = 'thresholds'\n[grid]\nclasses = [5, 1000000]\nlayers = [3]\n", "line 3",
     "classes must be an integer between 2 and 100000"),
    ("task = 'thresholds'\n[fixed]\nlibrary = 'dnc,x'\nclasses = 5\nlayers = 3\n", "line 3",
     "library must be one of"),
    (ISSUE.replace('"gd"', '"adagrad"'), "line 4", "method must be one of"),
    (ISSUE.replace("[0, 4]", "[-1, 4]"), "line 11", "seed must be an integer from 0"),
])
def test_refusals_name_line_and_key(read, text, place, message):
    with pytest.raises(InputError) as refusal:
        read(text)
    assert place in str(refusal.value) and message in str(refusal.value)


def test_a_grid_of_a_million_million_points_is_refused_at_once(read):
    axis = "{ range = [1, 1000000] }"
    with pytest.raises(InputError, match=f"at most {LARGEST_PLAN} points, got 1000000000000"):
        read(f"task = 'solve'\n[fixed]\nlayers = 3\n[grid]\nclasses = {axis}\nseed = {axis}\n")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * 2_000_000, b"x = " + b"[" * 100_000],
                         ids=["not text", "large", "deep"])
def test_files_that_are_no_plan(tmp_path, content):
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="plan"):
        Plan.read(path)
    with pytest.raises(InputError, match="readable file"):
        Plan.read(tmp_path / "none.toml")
    with pytest.raises(InputError, match="readable file"):
        Plan.read(tmp_path)
