"""`nctheory reproduce`: files, the list, interruption, refusals."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import nctheory
from nctheory.reproduce import EXPERIMENTS, experiment, slm24_few
from nctheory.reproduce.dufm import draw_ranks

SMALL = {"classes": [3], "widths": [6, 8], "runs": 2, "steps": 300}


@pytest.fixture
def small(monkeypatch):
    """[SLM24] Fig 5 at a size of milliseconds, with one panel of its figure."""
    whole = slm24_few.FIGURE_5
    found = replace(whole, quick=whole.quick | SMALL, draw=lambda figure, tables, parameters:
                    draw_ranks(figure.subplots(), tables["runs"]))
    monkeypatch.setattr(slm24_few, "FIGURE_5", found)
    return found


def test_writes_tables_figures_and_the_sentence(run, small, tmp_path):
    status, out, err = run("reproduce", "slm24-fig5", "--quick", "--seed", "7", "--directory",
                           str(tmp_path))
    assert (status, err) == (0, "")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"slm24-fig5{end}" for end in (
        "-runs.csv", "-known.csv", "-curves.csv", "-matrices.csv", ".png", ".pdf", ".txt",
        ".json.gz", "-runs")}
    again = small.run(quick=True, seed=7)
    text = (tmp_path / "slm24-fig5.txt").read_text()
    assert text == (f"[SLM24] Fig 5: {again.verdict}\nThe paper: {small.claim}.\n"
                    f"Here: {again.sentence}\n")
    assert out.endswith(text)
    with open(tmp_path / "slm24-fig5-runs.csv", newline="") as file:
        lines = list(file)
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    assert head["nctheory"].strip() == nctheory.__version__ and head["seed"].strip() == "7"
    assert json.loads(head["parameters"]) == small.quick
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(row["loss"]) for row in rows] == [row.loss for row in again.tables["runs"]]
    assert [int(row["seed"]) for row in rows] == [7, 8, 7, 8]
    for path in tmp_path.glob("slm24-fig5.p*"):
        assert path.stat().st_size > 5000


def test_equal_seeds_write_equal_files(run, small, tmp_path):
    for name in "ab":
        run("reproduce", "slm24-fig5", "--quick", "--directory", str(tmp_path / name))
    for path in filter(Path.is_file, (tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_list_names_all(run):
    _, out, _ = run("reproduce", "--list")
    assert [line.split()[0] for line in out.splitlines()] == list(EXPERIMENTS)


def test_names_agree():
    assert all(experiment(name).name == name for name in EXPERIMENTS)


def test_ctrl_c_leaves_nothing(run, small, monkeypatch, tmp_path):
    def measure(parameters, seed, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(slm24_few, "FIGURE_5", replace(small, measure=measure))
    status, out, err = run("reproduce", "slm24-fig5", "--directory", str(tmp_path))
    assert (status, out, err.strip()) == (130, "", "nctheory: interrupted")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_solve_interrupts_the_experiment(small, monkeypatch):
    from nctheory.reproduce import dufm

    real = dufm.solve
    monkeypatch.setattr(dufm, "solve", lambda *args, **options: replace(
        real(*args, **options), interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        small.run(quick=True)


def test_what_is_done_is_kept(small, monkeypatch, tmp_path):
    """Interrupted in the second job: the first is not computed again, and all is as if never
    interrupted."""
    from nctheory.reproduce import dufm

    whole = small.run(quick=True).tables
    real, solved = dufm.solve, []

    def solve(problem, width, *args, **options):
        kept = options["checkpoint"]
        if kept is not None and not kept.exists() and options["trace_every"] is None:
            solved.append(width)
        result = real(problem, width, *args, **options)
        return replace(result, interrupted=solved == [6, 8])

    monkeypatch.setattr(dufm, "solve", solve)
    with pytest.raises(KeyboardInterrupt):
        small.run(quick=True, keep=tmp_path / "runs")
    assert solved == [6, 8]
    solved.append(0)
    again = small.run(quick=True, keep=tmp_path / "runs")
    assert solved == [6, 8, 0] and again.tables == whole
    assert len(list((tmp_path / "runs").iterdir())) == 3  # two widths, and the best run's trace
    assert small.run(quick=True, seed=1, keep=tmp_path / "runs").tables != whole


def test_missing_matplotlib_names_the_extra(run, small, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, _, err = run("reproduce", "slm24-fig5", "--quick", "--directory", str(tmp_path))
    assert status == 2 and "pip install nctheory[plot]" in err
    assert not list(tmp_path.iterdir())  # said before anything is computed


@pytest.mark.parametrize("arguments, message", [
    (["slm24-fig9"], "name must be one of 'slm24-fig1'"),
    ([], "NAME must be given; --list names all experiments"),
    (["slm24-fig5", "--seed", "-1"], "seed must be an integer at least 0, got -1"),
    (["slm24-fig5", "--directory", "setup.cfg"], "directory must be a directory for new files"),
    (["slm24-fig5", "--quick", "--size", "3"], "No such option")])
def test_refusals_are_one_line(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").touch()
    status, out, err = run("reproduce", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nctheory: error: ") and err.count("\n") == 1 and message in err
