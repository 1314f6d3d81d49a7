"""`nctheory margins`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from nctheory.commands.options import (
    activation_default,
    classes_option,
    forced,
    layers_option,
    rows_options,
    tell,
)
from nctheory.files import check_figure, write_figure


@click.command()
@classes_option("3:12")
@layers_option("1:8")
@activation_default("linear")
@click.option("--starts", type=int, default=0, show_default=True,
              help="Random codes to search from at each rank (linear); 0: families alone.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--figure", "picture", type=click.Path(path_type=Path), default=None,
              help="Draw the best ranks to this file (.pdf, .png, .svg) as well.")
@rows_options
def margins(classes: Sequence[int], layers: Sequence[int], activation: str, starts: int,
            seed: int, picture: Path | None) -> None:
    """Largest known margins of cross-entropy without decay.

    Per norm of the factors, at each rank, and where ranks take over.

    \b
    Example: nctheory margins --classes 4:6 --layers 1:6 --starts 8
    """
    from nctheory.margins import margin_table
    from nctheory.report.margins import figure, rows

    if picture is not None:
        check_figure(picture, name="--figure", force=forced())
    if activation != "linear":
        layers = [L for L in layers if L >= 2]
    table = margin_table(classes, layers, activation=activation, starts=starts, seed=seed)
    if picture is not None:
        write_figure(picture, figure(table), name="--figure", force=forced())
    tell(rows(table))
