"""The reproductions run, agree with their own tables, and write what they found."""

import csv

import numpy as np
import pytest

from nctheory import InputError
from nctheory.trained import REPRODUCTIONS, collapse_runs, rank_runs

TINY = {"samples": 100, "width": 16, "epochs": 12, "seeds": 2}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(collapse_runs, "QUICK", TINY)
    monkeypatch.setattr(rank_runs, "QUICK", rank_runs.QUICK | {"epochs": 2, "polish": 10})


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_reproduction_writes_table_figure_and_sentence(name, tiny, tmp_path):
    pytest.importorskip("matplotlib")
    steps = []
    result = REPRODUCTIONS[name](quick=True, progress=lambda done, total: steps.append(
        (done, total)))
    assert result.name == name and steps[-1][0] == steps[-1][1] == len(steps)
    table, figure, text = result.write(tmp_path, ".png")
    with open(table, newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(result.rows) and set(read[0]) == set(result.rows[0]._fields)
    assert figure.stat().st_size > 5000
    assert text.read_text().strip() == result.sentence
    assert all(np.isfinite(float(v)) for row in read for k, v in row.items()
               if k != "singular_values")


def test_sentence_says_no_where_the_effect_is_absent(tiny):
    """Twelve epochs of a narrow network collapse nothing: the verdicts must be negative."""
    test = collapse_runs.collapse_on_train_not_test(quick=True)
    assert not test.shown and "stays below tenfold" in test.sentence
    cascade = collapse_runs.cascading_collapse(quick=True)
    assert not cascade.shown and "unlike [HBN22]" in cascade.sentence


def test_same_seed_same_table(tiny):
    first, again = (collapse_runs.cascading_collapse(quick=True, seed=4) for _ in range(2))
    assert first.rows == again.rows and first.sentence == again.sentence


def test_missing_matplotlib_names_the_extra(tiny, monkeypatch, tmp_path):
    result = collapse_runs.cascading_collapse(quick=True)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"pip install nctheory\[plot\]"):
        result.write(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_full_size_on_digits():
    """What the full runs find on digits; the thresholds are the criteria of the docstrings."""
    for name, run in REPRODUCTIONS.items():
        result = run()
        assert result.shown, (name, result.sentence)
