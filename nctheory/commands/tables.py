"""`nctheory thresholds`, `nctheory cost`, `nctheory graph`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nctheory.commands.options import (
    activation_option,
    classes_option,
    layers_option,
    loss_option,
    rows_options,
    tell,
)
from nctheory.errors import InputError

NORM_WORDS = ("frobenius", "spectral", "rows", "columns", "entries")  # those of nctheory.norms


@click.command()
@classes_option("3:15")
@layers_option("2:5")
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=None,
              help="lam of every factor: adds losses, and zero solutions to the verdicts.")
@loss_option
@activation_option
@click.option("--library", default=None,
              help="Families to use, joined by commas, e.g. triangular; by default all.")
@click.option("--width", type=int, default=None,
              help="d: only constructions whose hidden layers fit; by default any width.")
@click.option("--norm", type=click.Choice(NORM_WORDS), default=None,
              help="Measure the winners' factors in this norm instead of Frobenius's.")
@rows_options
def thresholds(classes: Sequence[int], layers: Sequence[int], samples: int,
               weight_decay: float | None, loss: str, activation: str, library: str | None,
               width: int | None, norm: str | None) -> None:
    """Which construction beats deep neural collapse (DNC), where.

    By how much, whether that is certified, and what decides it.

    \b
    Example: nctheory thresholds --classes 9:11 --layers 3,4 --weight-decay 0.004
    """
    from nctheory.report.table import rows
    from nctheory.terminal.progress import waiting
    from nctheory.thresholds import threshold_table

    if norm is not None:
        from nctheory.norms import norm_table
        from nctheory.report import norms

        tell(norms.rows(norm_table(classes, layers, norm, loss=loss, activation=activation)))
        return
    with waiting("cells"):
        table = threshold_table(classes, layers, samples=samples, weight_decay=weight_decay,
                                loss=loss, activation=activation,
                                library=library.split(",") if library else None, width=width)
    tell(rows(table))


@click.command()
@click.argument("construction")
@layers_option("2:8")
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@click.option("--weight-decay", type=float, default=0.004, show_default=True)
@loss_option
@activation_option
@rows_options
def cost(construction: str, layers: Sequence[int], samples: int, weight_decay: float, loss: str,
         activation: str) -> None:
    """Exact costs, ranks and losses of one CONSTRUCTION.

    For example triangular:r=5,s=3+dnc:K=1.

    With --loss ce also of pairs:K=10, groups:sizes=3/3/2, circle:K=10.

    \b
    Example: nctheory cost triangular:r=6,s=3 --layers 2:3
    """
    from nctheory.constructions import construct
    from nctheory.report.cost import Setting, rows

    made = construct(construction)
    tell(rows(made, layers, Setting(samples, weight_decay, loss, activation)))


@click.command()
@click.argument("graph", required=False)
@click.option("--table", "most", type=int, default=None, metavar="N",
              help="Strongly regular graphs up to N vertices, and from which L they beat DNC.")
@rows_options
def graph(graph: str | None, most: int | None) -> None:
    """Exact spectrum and parameters of a GRAPH, or a table.

    \b
    Example: nctheory graph johnson:n=7,k=3
    """
    from nctheory.graphs import from_spec
    from nctheory.report import graph as report

    if (graph is None) == (most is None):
        raise InputError("graph must be one GRAPH, or --table N, got "
                         + ("neither" if graph is None else "both"))
    if most is not None:
        tell(report.table(most))
    else:
        assert graph is not None
        tell(report.rows(from_spec(graph)))
