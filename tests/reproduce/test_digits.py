"""The experiments on digits run, agree with their own tables, and say no where it is no."""

from dataclasses import replace

import numpy as np
import pytest

from nctheory.reproduce import experiment

NAMES = ("train-collapse-without-test-collapse", "cascading-collapse",
         "longer-training-worse-transfer", "rank-against-weight-decay")


def tiny(name):
    found = experiment(name)
    sizes = {"samples": 100, "width": 16, "epochs": 12, "seeds": 2, "polish": 10}
    return replace(found, quick={key: sizes.get(key, value) if key != "epochs" or
                                 "polish" not in found.quick else 2
                                 for key, value in found.quick.items()})


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_finite_and_progress_is_whole(name):
    steps = []
    result = tiny(name).run(quick=True, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] == len(steps)
    (rows,) = result.tables.values()
    assert all(np.isfinite(float(v)) for row in rows for k, v in row._asdict().items()
               if k != "singular_values")
    assert result.sentence.startswith("On digits (") and result.verdict != "value"


def test_verdict_is_no_where_the_effect_is_absent():
    """Twelve epochs of a narrow network collapse nothing: the verdicts must be negative."""
    test = tiny("train-collapse-without-test-collapse").run(quick=True)
    assert test.verdict == "no match" and "stays below tenfold" in test.sentence
    cascade = tiny("cascading-collapse").run(quick=True)
    assert cascade.verdict == "no match" and "unlike [HBN22]" in cascade.sentence


def test_verdicts_follow_the_tables():
    """The same rows with the effect written in, or out."""
    found = tiny("train-collapse-without-test-collapse")
    result = found.run(quick=True)
    rows = result.tables["epochs"]
    last = max(row.epoch for row in rows)
    strong = [row._replace(train=row.test_strong / 50) if row.epoch == last else row
              for row in rows]
    finding = found.judge({"epochs": strong}, found.quick)
    assert finding.verdict == "trend" and "50 times" in finding.sentence

    found = tiny("rank-against-weight-decay")
    rows = found.run(quick=True).tables["layers"]
    decays = sorted({row.weight_decay for row in rows})
    for sign, verdict in ((-1, "trend"), (1, "no match")):
        moved = [row._replace(rank=16 + sign * decays.index(row.weight_decay)) for row in rows]
        assert found.judge({"layers": moved}, found.quick).verdict == verdict


def test_same_seed_same_table():
    first, again = (tiny("cascading-collapse").run(quick=True, seed=4) for _ in range(2))
    assert first.tables == again.tables and first.sentence == again.sentence


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_full_size_on_digits(name):
    """What the full runs find on digits; the thresholds are the criteria of the judges."""
    assert experiment(name).run().verdict == "trend"
