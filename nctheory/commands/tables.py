"""`nctheory thresholds`, `nctheory cost`, `nctheory graph`."""

from __future__ import annotations

from pathlib import Path

import click

from nctheory.commands.options import RANGE, activation_option, loss_option, output_option, write
from nctheory.errors import InputError


@click.command()
@click.option("--classes", type=RANGE, default="3:15", show_default=True,
              help="K, a number or an inclusive range a:b.")
@click.option("--layers", type=RANGE, default="2:5", show_default=True,
              help="L, a number or an inclusive range a:b.")
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=None,
              help="lam of every factor: adds losses, and zero solutions to the verdicts.")
@loss_option
@activation_option
@click.option("--library", default=None,
              help="Families to use, joined by commas, e.g. triangular; by default all.")
@click.option("--width", type=int, default=None,
              help="d: only constructions whose hidden layers fit; by default any width.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv", "latex"]),
              default="text", show_default=True)
@output_option
def thresholds(classes: range, layers: range, samples: int, weight_decay: float | None,
               loss: str, activation: str, library: str | None, width: int | None,
               format_: str, output: Path | None) -> None:
    """Which known construction beats deep neural collapse, by how much, certified or not."""
    from nctheory.report.table import FORMATS
    from nctheory.thresholds import threshold_table

    table = threshold_table(classes, layers, samples=samples, weight_decay=weight_decay,
                            loss=loss, activation=activation,
                            library=library.split(",") if library else None, width=width)
    write(FORMATS[format_](table), output)


@click.command()
@click.argument("construction")
@click.option("--layers", type=RANGE, default="2:8", show_default=True)
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=0.004, show_default=True)
@loss_option
@activation_option
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@output_option
def cost(construction: str, layers: range, samples: int, weight_decay: float, loss: str,
         activation: str, format_: str, output: Path | None) -> None:
    """Exact costs, ranks and losses of one CONSTRUCTION, e.g. triangular:r=5,s=3+dnc:K=1.

    With --loss ce also of pairs:K=10, groups:sizes=3/3/2, circle:K=10.
    """
    from nctheory.constructions import construct
    from nctheory.report.cost import LAYOUTS, Setting

    made = construct(construction)
    write(LAYOUTS[format_](made, layers, Setting(samples, weight_decay, loss, activation)),
          output)


@click.command()
@click.argument("graph", required=False)
@click.option("--table", "most", type=int, default=None, metavar="N",
              help="Strongly regular graphs up to N vertices, and from which L they beat DNC.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def graph(graph: str | None, most: int | None, format_: str) -> None:
    """Parameters, exact spectrum and feasibility of a GRAPH, e.g. triangular:r=5, or a table."""
    from nctheory.graphs import from_spec
    from nctheory.report import graph as report

    if (graph is None) == (most is None):
        raise InputError("graph must be one GRAPH, or --table N, got "
                         + ("neither" if graph is None else "both"))
    if most is not None:
        text = (report.table_to_json if format_ == "json" else report.table_to_text)(most)
    else:
        assert graph is not None
        text = (report.to_json if format_ == "json" else report.to_text)(from_spec(graph))
    write(text, None)
