"""`nctheory figure` and `nctheory report`."""

from __future__ import annotations

from pathlib import Path

import click

from nctheory.commands.options import force_option, forced, left_out

FILE = click.Path(path_type=Path)
KINDS = ("threshold-map", "cost-curves", "loss-ratio", "rank", "dnc-probability",
         "singular-values", "matrices", "loss-curves")


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
def figure(kind: str, source: Path, output: Path, where: tuple[str, ...], task: str | None,
           version: str | None) -> None:
    """Draw a figure of KIND from SOURCE, a store or a CSV table."""
    from nctheory.report.figures import Source, make_figure

    chosen = dict(_assignment(item) for item in where)
    for path in make_figure(kind, Source(source, chosen, task, version), output,
                            force=forced()):
        click.echo(str(path))


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"--where must be NAME=VALUE, got {text!r}")
    return name, value


@click.command()
@click.argument("store", type=FILE)
@click.option("--output", type=FILE, default=None, help="By default STORE with ending .html.")
@force_option
def report(store: Path, output: Path | None) -> None:
    """Write one self-contained HTML page: tables, heat maps, certificates, versions.

    Exit status 1 where damaged points are left out.
    """
    from nctheory.report.page import write_page

    target = output or store.with_suffix(".html")
    damage = write_page(store, target, force=forced())
    click.echo(str(target))
    left_out(damage)
