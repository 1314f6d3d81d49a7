"""The commands sweep, store, figure and report: output, exit status, files."""

import csv

import pytest

from nctheory.commands.report import KINDS as NAMES
from nctheory.report.figures import KINDS

PLAN = """\
task = "thresholds"
[grid]
classes = { range = [4, 12] }
layers = [3, 4]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def test_from_plan_to_paper(run, folder):
    sweep = ("sweep", "plan.toml", "--store", "results.db", "--executor", "inline")
    status, out, err = run(*sweep, "--dry-run")
    assert status == 0 and "18 points, 0 of them in the store" in out and " MB" in out
    assert not (folder / "results.db").exists()
    status, out, err = run(*sweep)
    assert (status, err) == (0, "")  # no bar where nobody looks
    assert out.startswith("18 points: 0 found in the store, 18 computed (0 failed)")
    assert "18 points of thresholds" in (folder / "results.db.log").read_text()
    assert run(*sweep)[1].startswith("18 points: 18 found in the store, 0 computed")
    assert "18 points, 18 of them in the store" in run(*sweep, "--dry-run")[1]
    exported = run("store", "export", "results.db")[1]
    assert run("store", "export", "results.db", "--output", "results.csv") == (0, "", "")
    assert (folder / "results.csv").read_text() == exported
    with (folder / "results.csv").open() as file:
        assert [int(row["classes"]) for row in csv.DictReader(file)] == [
            K for K in range(4, 13) for _ in (3, 4)]
    status, out, _ = run("store", "show", "results.db")
    assert status == 0 and "thresholds" in out and "18" in out and "2 sweeps" in out
    assert "thresholds: 9 values of classes: 4, 5, 6, 7, 8, 9, .., 12\n" in out
    assert "thresholds: 2 values of layers: 3, 4\n" in out
    assert "as it was written" in run("store", "check", "results.db")[1]
    assert "given back" in run("store", "compact", "results.db")[1]
    pytest.importorskip("matplotlib")
    assert run("figure", "threshold-map", "results.db", "--output", "map.pdf")[:2] == (
        0, "map.pdf\nmap.csv\n")
    page = run("report", "results.db")[1]
    assert page.startswith("<!DOCTYPE html>")
    assert run("report", "results.db", "--output", "results.html") == (0, "", "")
    assert (folder / "results.html").read_text() == page
    status, _, err = run("store", "export", "results.db", "--format", "parquet")
    assert status == 2 and "output must name a file for parquet" in err


def test_failed_points(run, folder):
    (folder / "plan.toml").write_text('task = "loss"\n[fixed]\nlayers = 1\n'
                                      'construction = "triangular:r=5,s=3"\n')
    sweep = ("sweep", "plan.toml", "--store", "results.db", "--executor", "inline")
    status, out, err = run(*sweep)
    assert status == 1 and "1 computed (1 failed)" in out
    assert "nctheory store show results.db --failed" in err
    assert "layers must be" in (folder / "results.db.log").read_text()
    out = run("store", "show", "results.db", "--failed")[1]
    assert "Traceback" in out and "InputError: layers must be" in out
    assert run(*sweep)[0] == 0  # found, not tried again
    assert run(*sweep, "--retry-failed")[0] == 1


def test_damage_and_merging(run, folder):
    import sqlite3
    from contextlib import closing

    for name in ("one.db", "two.db"):
        run("sweep", "plan.toml", "--store", name, "--executor", "inline")
    assert run("store", "merge", "one.db", "two.db")[1] == "0 points taken over\n"
    with closing(sqlite3.connect(folder / "two.db")) as db, db:
        db.execute("UPDATE points SET result = '{}' WHERE id = 3")
    status, out, _ = run("store", "check", "two.db")
    assert status == 1 and "its result has changed" in out
    status, _, err = run("store", "merge", "one.db", "two.db")
    assert status == 2 and "store must be as it was written" in err
    status, out, err = run("store", "export", "two.db")
    assert status == 1 and len(out.splitlines()) == 1 + 17
    assert "left out what is damaged" in err and "its result has changed" in err
    status, out, err = run("report", "two.db")
    assert status == 1 and out.startswith("<!DOCTYPE") and "left out what is damaged" in err
    assert "1 damaged points forgotten" in run("store", "check", "two.db", "--forget")[1]
    assert run("store", "check", "two.db")[0] == 0


def test_kinds_of_figures_are_those_of_the_library():
    assert NAMES == tuple(KINDS)  # named twice, so that help needs no figures


@pytest.mark.parametrize("arguments, message", [
    (["sweep", "none.toml", "--store", "x.db"], "plan must be a readable file"),
    (["sweep", "plan.toml"], "Missing option"),
    (["sweep", "plan.toml", "--store", "none/x.db"], "log must be a writable file"),
    (["sweep", "plan.toml", "--store", "x.db", "--workers", "0"], "not in the range"),
    (["sweep", "plan.toml", "--store", "x.db", "--scheduler", "tcp://127.0.0.1:1"],
     "scheduler must be given with executor 'dask' alone"),
    (["store", "show", "none.db"], "store must be a file that exists"),
    (["store", "show", "plan.toml"], "file is not a database"),
    (["store", "export", "none.db"], "store must be a file that exists"),
    (["figure", "pie", "x.db", "--output", "a.png"], "'pie' is not one of"),
    (["figure", "rank", "none.db", "--output", "a.png"], "store must be a file that exists"),
    (["figure", "rank", "x.csv", "--output", "a.png", "--where", "K"], "--where must be NAME="),
    (["report", "none.db"], "store must be a file that exists")])
def test_refusals(run, folder, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nctheory: error: ") and err.count("\n") == 1 and message in err
