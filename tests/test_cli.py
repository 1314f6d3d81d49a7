"""The command line as its users meet it: output, exit status, one line for every refusal."""

import re
import shlex
import subprocess
import sys

import click
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
