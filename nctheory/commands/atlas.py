"""The atlas on the command line: the table, `submit FILE`, `search` and `paths`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from nctheory.commands.options import RANGE, check_writable, output_option, write


@click.group(invoke_without_command=True)
@click.option("--classes", type=RANGE, default="3:16", show_default=True,
              help="K, a number or an inclusive range a:b.")
@click.option("--layers", type=RANGE, default="2:10", show_default=True,
              help="L, a number or an inclusive range a:b.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv", "latex"]),
              default="text", show_default=True)
@output_option
@click.option("--figure", type=click.Path(path_type=Path), default=None,
              help="Draw the phase diagram to this file (.png, .pdf, .svg).")
@click.pass_context
def atlas(context: click.Context, classes: range, layers: range, format_: str,
          output: Path | None, figure: Path | None) -> None:
    """Best known costs for every K and L, lower bounds, and which construction reaches them."""
    if context.invoked_subcommand is not None:
        return
    from nctheory.atlas.formats import FORMATS, phase_diagram
    from nctheory.atlas.table import atlas as table

    cells = table(classes, layers)
    write(FORMATS[format_](cells), output)
    if figure is not None:
        phase_diagram(cells, figure)


@atlas.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--layers", type=int, default=None, help="L; by default what the file implies.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def submit(file: Path, layers: int | None, format_: str) -> None:
    """Verify the matrices of FILE (.npz) exactly; do they improve a cell of the atlas?"""
    from nctheory.atlas.submit import submit as judge

    verdict = judge(file, layers)
    if format_ == "json":
        click.echo(json.dumps({**asdict(verdict), "improves": verdict.improves}))
    else:
        click.echo(f"{verdict.verdict}: {verdict.reason}")


@atlas.command()
@click.option("--classes", type=RANGE, default="3:10", show_default=True)
@click.option("--layers", type=RANGE, default="3:6", show_default=True)
@click.option("--seconds", type=float, default=5.0, show_default=True, help="A cell.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of the chains; by default the package's own.")
def search(classes: range, layers: range, seconds: float, seed: int, data: Path | None) -> None:
    """Search cells for cheaper chains; keep what improves on everything known."""
    import math

    from nctheory.atlas.discover import discover
    from nctheory.constructions.chain import DATA

    for step in discover(classes, layers, seconds=seconds, seed=seed, folder=data or DATA):
        before, after = (math.exp(v) / step.classes for v in (step.before, step.after))
        click.echo(f"K={step.classes} L={step.layers}  c/K {before:.6f} -> {after:.6f}  "
                   f"{step.starts} starts")


@atlas.command()
@click.option("--classes", type=RANGE, default="3:12", show_default=True)
@click.option("--layers", type=RANGE, default="2:10", show_default=True)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text",
              show_default=True)
@output_option
@click.option("--store", is_flag=True, help="Keep what is better than everything known.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder to keep it in; by default the package's own.")
def paths(classes: range, layers: range, format_: str, output: Path | None, store: bool,
          data: Path | None) -> None:
    """The best chain of named feature sets in each cell, beside the atlas's best."""
    from nctheory.atlas.formats import PATH_FORMATS
    from nctheory.atlas.paths import compare
    from nctheory.constructions.chain import DATA

    check_writable(output, "--output")
    rows = list(compare(classes, layers, (data or DATA) if store else None))
    write(PATH_FORMATS[format_](rows), output)
