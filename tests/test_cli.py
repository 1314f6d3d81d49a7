"""The command line as its users meet it: output, exit status, one line for every refusal."""

import subprocess
import sys

import pytest

from nctheory import cli


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
