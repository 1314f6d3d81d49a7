"""`nctheory figure` and `nctheory report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nctheory.commands.options import force_option, forced, left_out, output_option

if TYPE_CHECKING:
    from nctheory.report.figures import KindName

FILE = click.Path(path_type=Path)
KINDS = ("threshold-map", "cost-curves", "loss-ratio", "decay-curves", "rank",
         "dnc-probability",
         "singular-values", "matrices", "loss-curves", "collapse")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("source", type=FILE)
@click.option("--output", type=FILE, required=True,
              help="A .png, .pdf or .svg file; the data go beside it as .csv.")
@force_option
@click.option("--where", multiple=True, metavar="NAME=VALUE",
              help="Only points with this value; may be repeated.")
@click.option("--task", default=None, help="Points of this task.")
@click.option("--version", default=None, help="Points of this nctheory.")
@click.option("--size", type=(float, float), default=None, metavar="WIDTH HEIGHT",
              help="In inches.")
@click.option("--font-size", type=float, default=None, help="In points.")
def figure(kind: KindName, source: Path, output: Path, where: tuple[str, ...], task: str | None,
           version: str | None, size: tuple[float, float] | None,
           font_size: float | None) -> None:
    """Draw a figure of KIND from a store or a CSV table SOURCE.

    \b
    Example: nctheory figure threshold-map results.db --output map.pdf
    """
    from nctheory.report.figures import make_figure
    from nctheory.report.source import Source

    chosen = dict(_assignment(item) for item in where)
    for path in make_figure(kind, Source(source, chosen, task, version), output,
                            force=forced(), size=size, font_size=font_size):
        click.echo(str(path))


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"--where must be NAME=VALUE, got {text!r}")
    return name, value


@click.command()
@click.argument("store", type=FILE)
@output_option
def report(store: Path, output: Path | None) -> None:
    """One HTML page of a store: tables, heat maps, versions.

    Exit status 1 where damaged points are left out.

    \b
    Example: nctheory report results.db --output results.html
    """
    from nctheory.report.page import page, write_page

    if output is None:
        text, damage = page(store)
        click.echo(text, nl=False)
    else:
        damage = write_page(store, output, force=forced())
    left_out(damage)
