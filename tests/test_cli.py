"""The command line as its users meet it: output, exit status, one line for every refusal."""

import csv
import io
import json
import re
import shlex
import subprocess
import sys

import click
import pytest

from nctheory import cli, construct


def test_default_table(run):
    status, out, _ = run("thresholds")
    assert status == 0
    assert "triangular r=6 s=3" in out
    assert "least K with DNC beaten:  L=2: 15, L=3: 7, L=4..5: 3" in out
    assert "\x1b" not in out  # no colour but on a terminal


def test_json_rows(run):
    status, out, _ = run("thresholds", "--classes", "9:11", "--layers", "3", "--format", "json",
                         "--weight-decay", "0.004", "--samples", "2")
    data = json.loads(out)
    assert status == 0 and set(data) >= {"parameters", "version", "rows"}
    assert data["parameters"]["weight_decay"] == 0.004 and data["parameters"]["samples"] == 2
    assert [row["classes"] for row in data["rows"]] == [9, 10, 11]
    row = data["rows"][1]
    assert row["construction"] == "triangular r=5 s=3"
    assert row["cost"] == pytest.approx(9.23437, abs=1e-5) and row["dnc_cost"] == 10
    assert row["ratio"] == row["cost"] / 10 and row["loss_ratio"] < 1
    assert row["verdict"] == "dnc beaten" and row["certified"] is True
    assert row["ranks"] == {"before": [5, 5, 5], "after": [5, 10]}


def test_csv_and_latex_hold_the_same_rows(run, tmp_path):
    path = tmp_path / "table.csv"
    status, out, _ = run("thresholds", "--classes", "10", "--layers", "3:4", "--format", "csv",
                         "--output", str(path))
    assert (status, out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["layers"] for row in rows] == ["3", "4"]
    assert rows[0]["ranks"] == "5 5 5 / 5 10"
    _, out, _ = run("thresholds", "--classes", "10", "--layers", "3:4", "--format", "latex")
    lines = out.splitlines()
    columns = lines[1].split("}{")[1].rstrip("}")
    body = [line for line in lines if line.startswith("10 &")]
    assert len(body) == 2 and all(line.count("&") == len(columns) - 1 for line in body)


def test_cost_of_a_construction(run):
    status, out, _ = run("cost", "triangular:r=6,s=3", "--layers", "2:3")
    assert status == 0 and "3250" in out and "beats DNC" in out
    _, out, _ = run("cost", "triangular:r=5,s=3+dnc:K=1", "--layers", "3", "--format", "json")
    row = json.loads(out)["rows"][0]
    assert row["ratio"] == pytest.approx(0.9304, abs=5e-5) and row["certified"] is True


def cross_entropy_row(run, construction, *arguments):
    status, out, err = run("cost", construction, "--loss", "ce", "--format", "json", *arguments)
    assert (status, err) == (0, "")
    row, = json.loads(out)["rows"]
    return row


def test_cost_for_cross_entropy(run):
    """THEORY.md section 4: (10, 2, 5, 2^-10) and (4, 2, 1, 1e-3)."""
    row = cross_entropy_row(run, "pairs:K=10", "--activation", "linear", "--layers", "2",
                            "--samples", "5", "--weight-decay", str(2**-10))
    assert row["loss"] == pytest.approx(0.0800127, abs=5e-8)
    assert row["dnc_loss"] == pytest.approx(0.0906622, abs=5e-8)
    assert row["loss_ratio"] == row["loss"] / row["dnc_loss"]
    assert row["cost"] == pytest.approx(5 * 4 ** (1 / 3))  # m 4^(1/(L+1))
    assert row["ranks"] == {"before": [5, 5], "after": [5]} and row["width"] == 5
    assert (row["verdict"], row["verdict_certified"], row["certified"]) == (
        "dnc beaten", True, True)
    assert len(row["critical_scales"]) == 2
    assert row["critical_scales"][1] == pytest.approx(row["scale"], rel=1e-9)
    row = cross_entropy_row(run, "pairs:K=4", "--activation", "linear", "--layers", "2",
                            "--weight-decay", "1e-3")
    assert row["loss"] == pytest.approx(0.0192415, abs=5e-8)
    assert (row["verdict"], row["comparison"], row["certified"]) == (
        "dnc not beaten", "does not beat DNC", True)


@pytest.mark.parametrize("construction, activation, layers, verdict", [
    ("groups:sizes=3/3/2", "linear", 3, "dnc beaten"), ("circle:K=10", "linear", 4, "dnc beaten"),
    ("dnc:K=6", "linear", 3, "dnc not beaten"), ("dnc:K=6", "linear", 1, "dnc optimal"),
    ("triangular:r=6,s=3", "relu", 3, "dnc beaten"), ("pairs:K=10", "relu", 4, "undecided")])
def test_cost_of_the_cross_entropy_families(run, construction, activation, layers, verdict):
    arguments = ["--activation", activation, "--layers", str(layers), "--weight-decay", "1e-4"]
    row = cross_entropy_row(run, construction, *arguments)
    assert row["verdict"] == verdict
    assert row["certified"] is True
    _, out, _ = run("cost", construction, "--loss", "ce", *arguments)
    assert f"{row['loss']:.7f}" in out and verdict in out and f"cross-entropy, {activation}" in out


def test_cost_says_where_zero_is_optimal(run):
    row = cross_entropy_row(run, "pairs:K=6", "--activation", "linear", "--layers", "3",
                            "--weight-decay", "0.2")
    assert (row["verdict"], row["scale"]) == ("zero not beaten by this library", 0)


def test_graph(run):
    status, out, _ = run("graph", "triangular:r=5")
    assert status == 0
    for line in ("10, 6, 3, 4", "6", "-2", "realised here"):
        assert line in out


def test_the_table_of_strongly_regular_graphs_is_that_of_their_costs(run):
    status, out, _ = run("graph", "--table", "16", "--format", "json")
    rows = {row["construction"]: row for row in json.loads(out)["graphs"]}
    assert status == 0 and rows["clebsch"]["least_layers"] == 3
    assert rows["clebsch"]["ratios"]["3"] == pytest.approx(construct("clebsch").cost(3) / 16)
    _, text, _ = run("graph", "--table", "16")
    assert all(label in text for label in rows)


def test_help_names_every_command(run):
    _, out, _ = run("--help")
    assert all(name in out for name in cli.COMMANDS)


@pytest.mark.parametrize("arguments, message", [
    (["thresholds", "--classes", "1:3"], "classes must be an integer at least 2, got 1"),
    (["thresholds", "--classes", "5:3"], "must have ranges a:b with a <= b, got '5:3'"),
    (["thresholds", "--classes", "x"],
     "must be numbers or ranges a:b of integers, with commas between them, got 'x'"),
    (["thresholds", "--layers", "0:3"], "layers must be an integer between 1 and 10000, got 0"),
    (["thresholds", "--weight-decay", "-1"], "weight_decay must be a finite number greater"),
    (["thresholds", "--weight-decay", "nan"], "weight_decay must be a finite number greater"),
    (["thresholds", "--samples", "0"], "samples must be an integer at least 1, got 0"),
    (["thresholds", "--format", "xml"], "'xml' is not one of"),
    (["thresholds", "--output", "/nowhere/x"], "--output must be a writable file"),
    (["thresholds", "--colour"], "No such option"),
    (["cost", "triangular:r=3,s=2"], "vertices must be an integer at least 4, got 3"),
    (["cost", "triangular:r=6,s=5"], "subset must be an integer between 2 and 4, got 5"),
    (["cost", "pyramid:r=6"], "construction must be one of dnc"),
    (["cost", "triangular:r=6,s=3", "--layers", "1"], "layers must be at least 2"),
    (["cost"], "Missing argument"),
    (["cost", "pairs:K=10"], "loss must be 'ce' for pairs 10, got 'mse'"),
    (["cost", "groups:sizes=3/3", "--loss", "ce"], "activation must be 'linear' for groups 2x3"),
    (["cost", "triangular:r=5,s=3", "--loss", "ce", "--activation", "linear"],
     "activation must leave sigma(M_L) of rank 10 for triangular r=5 s=3"),
    (["cost", "pairs:K=3", "--loss", "ce"], "classes must be at least 4 for pairs with ReLU"),
    (["cost", "pairs:K=6", "--loss", "ce", "--layers", "1"], "layers must be at least 2"),
    (["cost", "circle:K=3", "--loss", "ce"], "classes must be an integer at least 4, got 3"),
    (["cost", "dnc:K=1", "--loss", "ce"], "classes must be at least 2 for cross-entropy"),
    (["cost", "pairs:K=6", "--loss", "ce", "--weight-decay", "0"], "weight_decay must be a"),
    (["graph", "pyramid:r=6"], "triangular"),
    (["graph", "triangular:r=1"], "r"),
    (["graph"], "graph must be one GRAPH, or --table N, got neither"),
    (["graph", "petersen", "--table", "9"], "graph must be one GRAPH, or --table N, got both"),
    (["graph", "srg:nothing.g6"], "file must hold a graph in graph6 format"),
    (["collapse"], "No such command")])
def test_every_refusal_is_one_line_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nctheory: error: ") and err.count("\n") == 1 and message in err


def test_module_and_import(tmp_path):
    """`python -m nctheory` works anywhere, and `import nctheory` loads nothing heavy."""
    done = subprocess.run([sys.executable, "-m", "nctheory", "--version"], capture_output=True,
                          text=True, check=True)
    assert done.stdout.startswith("nctheory, version ")
    heavy = "import nctheory, sys; print([m for m in ('numba', 'sympy', 'scipy', 'numpy') " \
            "if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True,
                          check=True)
    assert done.stdout == "[]\n"


def helps():
    """(command, what its --help prints on a terminal of 80 columns), of all commands."""
    def walk(command, context):
        yield context.command_path, command.get_help(context)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                yield from walk(inner, click.Context(inner, info_name=name, parent=context,
                                                     terminal_width=78))
    return list(walk(cli.cli, click.Context(cli.cli, info_name="nctheory", terminal_width=78)))


@pytest.mark.parametrize("command, text", helps(), ids=lambda text: text.splitlines()[0])
def test_help_fits_a_screen_and_has_an_example_that_is_a_command(command, text):
    lines = text.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 80
    assert "..." not in text.partition("Commands:")[2]  # summaries are whole
    told = text.partition("Example:")[2].partition("\n\n")[0].partition("Completion:")[0]
    examples = re.findall(r" (nctheory .*)", told)
    assert examples, command
    for example in examples:
        words = shlex.split(example.partition(" > ")[0])[1:]
        found, context, rest = cli.cli, click.Context(cli.cli), words
        while isinstance(found, click.Group) and rest and not rest[0].startswith("-"):
            found, rest = found.get_command(context, rest[0]), rest[1:]
            context = click.Context(found, parent=context)
        # Options that there are, with values that they take.
        found.make_parser(context).parse_args(list(rest))
        assert example.startswith(command)
