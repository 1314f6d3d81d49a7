"""The command line: parse, call the library, print.  Errors are one line and exit status 2."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from nctheory import __version__
from nctheory.errors import InputError
from nctheory.problem import ACTIVATIONS, LOSSES


class IntegerRange(click.ParamType[range]):
    """"a:b" (inclusive) or a single number, as a Python range."""

    name = "a:b"

    def convert(self, value: Any, param: Any, ctx: Any) -> range:
        if isinstance(value, range):
            return value
        first, colon, last = str(value).partition(":")
        try:
            low = int(first)
            high = int(last) if colon else low
        except ValueError:
            self.fail(f"must be a range a:b of integers, got {value!r}")
        if high < low:
            self.fail(f"must be a range a:b with a <= b, got {value!r}")
        return range(low, high + 1)


RANGE = IntegerRange()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nctheory")
def cli() -> None:
    """Neural collapse theory: certified thresholds, closed-form losses, graphs."""


@cli.command()
@click.option("--classes", type=RANGE, default="3:15", show_default=True,
              help="K, a number or an inclusive range a:b.")
@click.option("--layers", type=RANGE, default="2:5", show_default=True,
              help="L, a number or an inclusive range a:b.")
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=None,
              help="lam of every factor: adds losses, and zero solutions to the verdicts.")
@click.option("--loss", type=click.Choice(LOSSES), default="mse", show_default=True)
@click.option("--activation", type=click.Choice(ACTIVATIONS), default="relu", show_default=True,
              help="sigma; linear is for --loss ce.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv", "latex"]),
              default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), default=None,
              help="Write to this file instead of the terminal.")
def thresholds(classes: range, layers: range, samples: int, weight_decay: float | None,
               loss: str, activation: str, format_: str, output: Path | None) -> None:
    """Which known construction beats deep neural collapse, by how much, certified or not."""
    from nctheory.report.table import FORMATS, to_text
    from nctheory.thresholds import threshold_table

    table = threshold_table(classes, layers, samples=samples, weight_decay=weight_decay,
                            loss=loss, activation=activation)
    if format_ == "text" and output is None and sys.stdout.isatty():
        text = to_text(table, colour="NO_COLOR" not in os.environ)
    else:
        text = FORMATS[format_](table)
    _write(text, output)


@cli.command()
@click.argument("construction")
@click.option("--layers", type=RANGE, default="2:8", show_default=True)
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=0.004, show_default=True)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option("--output", type=click.Path(path_type=Path), default=None)
def cost(construction: str, layers: range, samples: int, weight_decay: float, format_: str,
         output: Path | None) -> None:
    """Exact costs, ranks and losses of one CONSTRUCTION, e.g. triangular:r=5,s=3+dnc:K=1."""
    from nctheory.constructions import Construction, construct
    from nctheory.report.cost import to_json, to_text

    made = construct(construction)
    if not isinstance(made, Construction):
        raise InputError(f"construction must be one for the MSE loss, got {construction!r}")
    write = to_json if format_ == "json" else to_text
    _write(write(made, layers, samples, weight_decay), output)


@cli.command()
@click.argument("graph")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def graph(graph: str, format_: str) -> None:
    """Parameters, exact spectrum and feasibility of a GRAPH, e.g. triangular:r=5."""
    from nctheory.graphs import from_spec
    from nctheory.report.graph import to_json, to_text

    write = to_json if format_ == "json" else to_text
    _write(write(from_spec(graph)), None)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--output must be a writable file, got {str(output)!r}: "
                               f"{error.strerror}") from None


def main() -> None:
    """Run the command line; every refusal is one line on stderr and exit status 2."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except InputError as error:
        _refuse(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.ctx.get_help() if error.ctx else "")
        sys.exit(2)
    except click.ClickException as error:
        _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        print("nctheory: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader (head, less) has gone: nobody to tell
        os._exit(0)


def _refuse(message: str) -> None:
    print("nctheory: error: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(2)
