"""Every --output obeys one rule: never a source, a store, a device; others' files on --force."""

import os

import pytest

from nctheory import cli
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store
from nctheory.terminal.screen import SCREEN, Screen


@pytest.fixture
def run(monkeypatch, capsys):
    token = SCREEN.set(Screen())

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["nctheory", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code or 0
        out, err = capsys.readouterr()
        return status, out, err
    yield run
    SCREEN.reset(token)


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "a.db"
    run_plan(Plan("thresholds", fixed={"samples": 1}, grid={"classes": [10], "layers": [3, 4]}),
             path, executor="inline")
    return path


def whole(path):
    with Store(path) as opened:
        return len(list(opened.table())) == 2


COMMANDS = [("thresholds", "--classes", "10"), ("cost", "dnc:K=3"),
            ("thresholds", "--classes", "10", "--format", "json"),
            ("thresholds", "--classes", "10", "--format", "csv"),
            ("thresholds", "--classes", "10", "--format", "latex"),
            ("certify", "threshold:K=6,L=4"), ("atlas", "--classes", "3:4", "--layers", "2:3")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_text_outputs(run, tmp_path, store, command):
    status, shown, _ = run(*command)
    assert status == 0
    out = tmp_path / "out"
    assert run(*command, "--output", out)[:2] == (0, "")
    assert out.read_text() == shown
    assert run(*command, "--output", out)[0] == 0  # its own, once more
    out.write_text("my own notes\n")
    status, printed, err = run(*command, "--output", out)
    assert (status, printed) == (2, shown)  # nothing computed is lost
    assert "--output must be a new file, or one that nctheory wrote" in err
    assert out.read_text() == "my own notes\n"
    assert run(*command, "--output", out, "--force")[0] == 0
    assert out.read_text() == shown


@pytest.mark.parametrize("command", COMMANDS[:1], ids=" ".join)
def test_what_no_force_replaces(run, tmp_path, store, command):
    for path in (store, tmp_path, "/dev/null", tmp_path / "none" / "x"):
        status, shown, err = run(*command, "--force", "--output", path)
        assert (status, shown) == (2, "") and err.count("\n") == 1, path
    assert whole(store)


def test_exports_never_replace_the_store(run, tmp_path, store):
    assert run("store", "export", store, "--output", store, "--force")[0] == 2
    assert run("report", store, "--output", store, "--force")[0] == 2
    assert run("sweep", tmp_path / "none.toml", "--store", "/dev/null")[0] == 2
    assert not os.path.isfile("/dev/null")


@pytest.mark.parametrize("form", ["csv", "parquet", "netcdf"])
def test_exports_know_their_own(run, tmp_path, store, form):
    pytest.importorskip({"csv": "csv", "parquet": "pyarrow", "netcdf": "xarray"}[form])
    out = tmp_path / "out"
    command = ("store", "export", store, "--format", form, "--output", out)
    for _ in range(2):
        assert run(*command)[0] == 0
    out.write_bytes(b"something else entirely\n")
    assert run(*command)[0] == 2
    assert run(*command, "--force")[0] == 0


def test_a_figure_takes_no_table_of_others(run, tmp_path, store):
    pytest.importorskip("matplotlib")
    (tmp_path / "results.csv").write_text("name,grade\nme,1\n")
    command = ("figure", "threshold-map", store, "--output", tmp_path / "results.png")
    status, _, err = run(*command)
    assert status == 2 and "nctheory wrote" in err
    assert (tmp_path / "results.csv").read_text() == "name,grade\nme,1\n"
    assert run(*command, "--force")[0] == 0
    assert run(*command)[0] == 0


@pytest.mark.parametrize("path", ["/nowhere/x.png", "x.exe"])
@pytest.mark.parametrize("command", [
    ("atlas", "--classes", "3:4", "--layers", "2:3"), ("atlas", "show", "3", "2"),
    ("phases", "--layers", "2:3", "--weight-decay", "1e-3:1e-2:2")], ids=" ".join)
def test_a_figure_that_cannot_be_is_refused_before_the_work(run, command, path):
    status, shown, err = run(*command, "--figure", path)
    assert (status, shown) == (2, "") and err.count("\n") == 1
    assert "figure must" in err


def test_train_into_a_file(run, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = run("train", "--directory", tmp_path / "file", "--epochs", "1")
    assert status == 2 and "directory must be a directory for new files" in err


def test_tables_fit_the_terminal(run, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    status, shown, _ = run("thresholds", "--classes", "10:12", "--layers", "2:3")
    table = shown.split("\n\n")[0].splitlines()
    assert status == 0 and max(map(len, table)) <= 60 and "verdict" in table[0]
    # What goes to a file has all columns.
    run("thresholds", "--classes", "10:12", "--layers", "2:3", "--output", tmp_path / "t")
    assert "decided by" in (tmp_path / "t").read_text().splitlines()[0]
