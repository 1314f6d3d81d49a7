"""`nctheory solve`: rows, excesses, files, interruption, refusals."""

import importlib
import json

import numpy as np
import pytest

from nctheory import Orthogonal, Problem, Triangular, network

SMALL = ("solve", "--classes", "3", "--layers", "2", "--width", "6", "--seeds", "2:4",
         "--steps", "60")


def test_text_has_a_line_a_run_and_a_summary(run):
    status, out, _ = run(*SMALL)
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["2", "3", "4"]
    assert "3 runs of 3: " in out and "least loss" in out
    frame = Orthogonal(classes=3).loss(Problem(classes=3, layers=2))
    assert f"closed forms: DNC 3 {frame:.7f}\n" in out


def test_json_is_what_the_library_finds(run):
    from nctheory.solver import solve

    _, out, _ = run(*SMALL, "--format", "json")
    data = json.loads(out)
    result = solve(Problem(classes=3, layers=2), 6, range(2, 5), steps=60)
    assert set(data) >= {"version", "parameters", "rows"}
    assert data["parameters"]["steps"] == 60 and data["parameters"]["seeds"] == [2, 4]
    assert [row["loss"] for row in data["rows"]] == result.loss.tolist()
    assert [row["label"] for row in data["rows"]] == result.label.tolist()
    frame = Orthogonal(classes=3).loss(Problem(classes=3, layers=2))
    for row in data["rows"]:
        assert row["excess_over_dnc"] == row["loss"] - frame
    assert data["summary"]["least_loss"] == min(row["loss"] for row in data["rows"])
    again = run(*SMALL, "--format", "json", "--threads", "1")[1]
    assert again == out


def test_excess_over_the_best_construction(run):
    """Started exactly at the triangular construction, the excess over it is 0 before a step."""
    _, out, _ = run("solve", "--init", "triangular:r=5,s=3", "--seeds", "0", "--steps", "1",
                    "--learning-rate", "1e-12", "--format", "json", "--samples", "2",
                    "--weight-decay", "0.001,0.002,0.002,0.001,0.003")
    row = json.loads(out)["rows"][0]
    problem = Problem(classes=10, layers=4, samples=2,
                      weight_decay=(0.001, 0.002, 0.002, 0.001, 0.003))
    best = Triangular(vertices=5, subset=3).loss(problem)
    assert row["loss"] == pytest.approx(best, abs=1e-9)
    assert row["excess_over_best"] == pytest.approx(0, abs=1e-9)
    assert row["excess_over_dnc"] == pytest.approx(
        best - Orthogonal(classes=10).loss(problem), abs=1e-9)
    assert row["label"] == "triangular" and row["ranks"]["after"] == [5, 5, 10]


def test_save_holds_the_parameters(run, tmp_path):
    path = tmp_path / "runs.npz"
    _, out, _ = run(*SMALL, "--samples", "2", "--collapsed", "--save", str(path),
                    "--format", "json")
    with np.load(path) as file:
        problem = Problem(classes=3, layers=2, samples=2)
        losses = [float(network.loss([file[name][i] for name in ("H_1", "W_1", "W_2")],
                                     problem)) for i in range(3)]
        assert file["seeds"].tolist() == [2, 3, 4] and file["H_1"].shape == (3, 6, 6)
        assert json.loads(str(file["parameters"]))["samples"] == 2
    assert losses == [row["loss"] for row in json.loads(out)["rows"]]


def test_a_run_that_diverges_is_reported_and_the_others_go_on(run, tmp_path):
    """A learning rate at the edge: of these 16 seeds some blow up, and some do not."""
    status, out, _ = run("solve", "--classes", "3", "--layers", "4", "--width", "6", "--seeds",
                         "0:15", "--steps", "60", "--scale", "2", "--learning-rate", "1.4",
                         "--format", "json")
    rows = json.loads(out)["rows"]
    blown = [row for row in rows if row["label"] == "diverged"]
    assert status == 0 and 0 < len(blown) < 16
    for row in blown:
        assert row["loss"] is None and row["ranks"] is None
        assert f"seed {row['seed']} diverged at step " in row["advice"]
        assert "use a smaller learning_rate" in row["advice"]
    assert all(np.isfinite(row["loss"]) for row in rows if row["label"] != "diverged")


@pytest.fixture
def interrupting(monkeypatch):
    """Ctrl-C as soon as the first group of eight runs is done."""
    module = importlib.import_module("nctheory.solver.batch")
    waits, real = [], module.wait

    def wait(pending, **options):
        done, rest = real(pending, **options)
        if done and rest and not waits:
            waits.append(1)
            raise KeyboardInterrupt
        return done, rest

    monkeypatch.setattr(module, "wait", wait)


LONG = ("solve", "--classes", "3", "--layers", "2", "--width", "6", "--seeds", "0:23",
        "--steps", "40000", "--threads", "1", "--format", "json")


def test_ctrl_c_writes_what_is_finished_and_resumes(run, interrupting, tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    status, out, err = run(*LONG, "--checkpoint", str(checkpoint))
    first = json.loads(out)
    assert status == 130 and first["interrupted"] is True
    assert 8 <= len(first["rows"]) < 24
    assert err.count("\n") == 1 and "of 24 runs finished" in err
    assert f"goes on from {checkpoint}" in err
    status, out, err = run(*LONG, "--checkpoint", str(checkpoint))
    assert (status, err) == (0, "")
    rows = json.loads(out)["rows"]
    assert len(rows) == 24 and rows[:len(first["rows"])] == first["rows"]
    assert rows == json.loads(run(*LONG)[1])["rows"]


def test_a_run_that_fails_is_a_row_that_says_so(run, monkeypatch):
    from nctheory.solver import batch

    def broken(self, rows):
        self.state.fail(rows[0], ValueError("a reason"))
        for row in rows[1:]:
            whole(self, [row])

    whole = batch.Batch.attempt
    monkeypatch.setattr(batch.Batch, "attempt", broken)
    status, out, _ = run(*SMALL)
    assert status == 0 and "seed 2 failed: ValueError: a reason" in out
    assert "1 failed" in out and "3 runs of 3" in out
    row = json.loads(run(*SMALL, "--format", "json")[1])["rows"][0]
    assert (row["label"], row["loss"], row["ranks"]) == ("failed", None, None)


@pytest.mark.parametrize("arguments", [
    ("solve", "--classes", "10", "--layers", "4", "--weight-decay", "0.5", "--seeds", "0:2",
     "--method", "quasi-newton"),
    ("solve", "--classes", "2", "--layers", "2", "--samples", "2", "--width", "2", "--seeds",
     "0:1", "--method", "quasi-newton"),
    ("solve", "--classes", "3", "--layers", "3", "--weight-decay", "1e300", "--seeds", "0:1"),
    ("solve", "--classes", "3", "--layers", "2", "--learning-rate", "1e300", "--seeds", "0:1",
     "--loss", "ce", "--method", "nesterov"),
    ("verify-ranks", "--classes", "3", "--layers", "3", "--weight-decay", "0.5", "--seeds",
     "1"),
])
def test_runs_that_collapse_or_blow_up_do_not_end_the_command(run, arguments):
    """Each crashed, or warned, before; warnings are errors here."""
    status, out, err = run(*arguments)
    assert (status, err) == (0, "") and "failed" not in out


def test_ctrl_c_stops_verify_ranks(run, monkeypatch):
    module = importlib.import_module("nctheory.solver.batch")
    real = module.wait

    def wait(*arguments, **options):
        monkeypatch.setattr(module, "wait", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "wait", wait)
    status, out, err = run("verify-ranks", "--classes", "3", "--layers", "2", "--seeds", "1")
    assert (status, out, err.strip()) == (130, "", "nctheory: interrupted")


def test_ctrl_c_without_a_checkpoint_names_the_seeds_left(run, interrupting):
    status, _, err = run(*LONG)
    assert status == 130 and "to 23 hold the rest; --checkpoint FILE" in err


@pytest.mark.parametrize("arguments, message", [
    (["--steps", "0"], "steps must be an integer at least 1, got 0"),
    (["--classes", "1"], "classes must be an integer at least 2, got 1"),
    (["--weight-decay", "0.1,0.2"], "layers + 1 = 5 numbers"),
    (["--weight-decay", "x"], "must be a number or numbers with commas, got 'x'"),
    (["--samples", "1,2"], "classes = 10 numbers"),
    (["--seeds", "5:3"], "ranges a:b with a <= b"),
    (["--seeds", "-3:1"], "seeds must be an integer at least 0"),
    (["--init", "random"], "init must be one of gaussian, orthogonal, small or a construction"),
    (["--init", "triangular:r=6,s=3"], "classes must be 15"),
    (["--init", "triangular:r=5,s=3", "--width", "4"], "width must be at least 10"),
    (["--width", "10000000"], "GB of memory"),
    (["--collapsed", "--samples", "1,1,1,1,1,1,1,1,1,2"], "samples must be one number here"),
    (["--method", "adagrad"], "'adagrad' is not one of"),
    (["--output", "/nowhere/x"], "--output must be a writable file"),
    (["--save", "/nowhere/x"], "--save must be a writable file"),
    (["--checkpoint", "setup.cfg"], "checkpoint must be a file written by solve")])
def test_refusals_are_one_line(run, arguments, message):
    status, out, err = run("solve", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nctheory: error: ") and err.count("\n") == 1 and message in err
