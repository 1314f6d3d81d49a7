"""What all commands share: lists of integers, formats, columns, targets, suggestions."""

import csv
import io
import json
import re

import pytest

from nctheory.cli import COMMANDS, cli
from nctheory.commands.options import RANGE
from nctheory.terminal.screen import SCREEN, Screen

SMALL = {
    "thresholds": ("--classes", "9:10", "--layers", "3"),
    "cost": ("triangular:r=5,s=3", "--layers", "3"),
    "graph": ("--table", "16"),
    "phases": ("--classes", "4", "--layers", "2:3", "--weight-decay", "1e-3:1e-2:3"),
    "verify-ranks": ("--classes", "3", "--layers", "2", "--seeds", "none"),
    "solve": ("--classes", "3", "--layers", "2", "--width", "4", "--steps", "9", "--seeds", "0"),
    "metrics": ("--explain",),
}


@pytest.mark.parametrize("text, values", [
    ("5", [5]), ("3:5", [3, 4, 5]), ("3,5,8:10", [3, 5, 8, 9, 10]), ("4,3:5", [3, 4, 5]),
    ("-1:1", [-1, 0, 1])])
def test_integers(text, values):
    assert list(RANGE.convert(text, None, None)) == values


@pytest.mark.parametrize("name", SMALL)
def test_every_format_holds_the_same_rows(run, name):
    """CSV and LaTeX were there for some commands alone."""
    shown = {kind: run(name, *SMALL[name], "--format", kind)
             for kind in ("text", "json", "csv", "latex")}
    assert [status for status, _, _ in shown.values()] == [0] * 4
    data = json.loads(shown["json"][1])
    rows = next(data[key] for key in ("rows", "graphs", "layers") if key in data)
    lines = list(csv.DictReader(io.StringIO(shown["csv"][1])))
    assert len(lines) == len(rows) > 0
    tex = shown["latex"][1].splitlines()
    assert tex[0].endswith(r"needs \usepackage{booktabs,graphicx}")
    columns = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", tex[2])[1]
    body = [line for line in tex if line.endswith(r"\\")]
    assert len(body) > 1
    for line in body:  # one cell a column, no sign that LaTeX would trip over
        assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1
        assert not re.search(r"(?<!\\)[%#]", line) and line.isascii()
        assert len(re.findall(r"(?<!\\)\$", line)) % 2 == 0
        assert not re.search(r"[_^~]", re.sub(r"\\_|\$[^$]*\$|\\text\w+\{\}", "", line))


def test_columns_are_chosen_by_the_names_of_the_format(run):
    table = ("thresholds", "--classes", "9:10", "--layers", "3")
    head = run(*table, "--columns", "K,verdict,c/K")[1].splitlines()[0]
    assert head.split() == ["K", "verdict", "c/K"]
    assert run(*table, "--columns", "ratio,classes", "--format", "csv")[1].splitlines()[0] == (
        "ratio,classes")
    rows = json.loads(run(*table, "--columns", "classes", "--format", "json")[1])["rows"]
    assert rows == [{"classes": 9}, {"classes": 10}]
    latex = run(*table, "--columns", "K,c/K", "--format", "latex")[1]
    assert "$K$ & $c/K$ \\\\" in latex and r"\begin{tabular}{rr}" in latex
    status, out, err = run(*table, "--columns", "K,colour")
    assert (status, out) == (2, "") and "columns must be among K, L, construction" in err


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", SMALL)
def test_no_row_is_broken_at_any_width(run, monkeypatch, name, width):
    """Rows and legends fit; what is left out is named."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    token = SCREEN.set(Screen())
    try:
        status, shown, _ = run(name, *SMALL[name])
    finally:
        SCREEN.reset(token)
    lines = shown.splitlines()
    rule = next(i for i, line in enumerate(lines) if set(line.strip()) == {"─"})
    assert status == 0 and rule > 0 and max(map(len, lines)) <= width  # the legend, too


def test_minus_is_standard_output(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (("thresholds", "--classes", "3"), ("cost", "dnc:K=3"),
                    ("certify", "threshold:K=6,L=4")):
        assert run(*command, "--output", "-") == run(*command)
    assert list(tmp_path.iterdir()) == []


def test_several_models_at_once(run):
    command = ("solve", "--classes", "3,4", "--layers", "2", "--width", "4", "--steps", "9",
               "--seeds", "0:1")
    rows = json.loads(run(*command, "--format", "json")[1])
    assert [(row["classes"], row["seed"]) for row in rows["rows"]] == [
        (3, 0), (3, 1), (4, 0), (4, 1)]
    assert [model["parameters"]["classes"] for model in rows["models"]] == [3, 4]
    single = json.loads(run("solve", "--classes", "4", *command[3:], "--format", "json")[1])
    assert [row["loss"] for row in single["rows"]] == [row["loss"] for row in rows["rows"][2:]]
    text = run(*command)[1]
    assert text.split()[:3] == ["K", "L", "seed"] and "K=4 L=2: least loss" in text
    status, _, err = run(*command, "--save", "a.npz")
    assert status == 2 and "--save must be for one model" in err


def test_solve_says_what_stationarity_is(run):
    assert "stationarity: norm of the gradient; at kinks" in run("solve", *SMALL["solve"])[1]


@pytest.mark.parametrize("arguments, suggestion", [
    (["threshold"], "(did you mean thresholds?)"), (["solv"], "(did you mean solve?)"),
    (["thresholds", "--class", "3"], "--classes"), (["cost", "trianglar:r=5,s=3"], "triangular"),
    (["store", "exprt", "x"], "export"), (["atlas", "gage", "x"], "gauge")])
def test_a_wrong_word_suggests_the_right_one(run, arguments, suggestion):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and err.count("\n") == 1 and suggestion in err


def test_completion_is_told_and_works(run, monkeypatch):
    assert "_NCTHEORY_COMPLETE=bash_source nctheory" in run("--help")[1]
    from click.shell_completion import BashComplete

    complete = BashComplete(cli, {}, "nctheory", "_NCTHEORY_COMPLETE")
    assert [item.value for item in complete.get_completions([], "thr")] == ["thresholds"]
    assert "--columns" in [item.value for item in complete.get_completions(["cost"], "--co")]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen_and_has_an_example(run, name):
    status, out, _ = run(name, "--help")
    lines = out.splitlines()
    assert status == 0 and len(lines) <= 60 and max(map(len, lines)) <= 80
    if name not in ("store", "atlas"):  # groups: their commands have them
        assert "Example: " in out or "\n    nctheory" in out
