"""The atlas on the command line: `nctheory atlas`, and its `show`, `submit`, `gauge`, ..."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from nctheory.commands.options import (
    classes_option,
    forced,
    layers_option,
    output_option,
    rows_options,
    tell,
    write,
)
from nctheory.files import check_figure


@click.group(invoke_without_command=True)
@classes_option("3:16")
@layers_option("2:10")
@rows_options
@click.option("--figure", type=click.Path(path_type=Path), default=None,
              help="Draw the phase diagram to this file (.png, .pdf, .svg).")
@click.pass_context
def atlas(context: click.Context, classes: Sequence[int], layers: Sequence[int],
          figure: Path | None) -> None:
    """The best known cost for every K and L, and what has it.

    With lower bounds, and the construction that reaches the cost.

    \b
    Example: nctheory atlas --classes 3:4 --layers 4
    """
    if context.invoked_subcommand is not None:
        return
    from nctheory.atlas.table import atlas as table
    from nctheory.report.atlas import rows
    from nctheory.report.atlas_pictures import draw_phases
    from nctheory.terminal.progress import waiting

    if figure is not None:
        check_figure(figure, name="--figure", force=forced())
    with waiting("cells"):
        cells = table(classes, layers)
    tell(rows(cells))
    if figure is not None:
        draw_phases(cells, figure, force=forced())


@atlas.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@classes_option("2:64")
@layers_option("1:30")
def site(directory: Path, classes: Sequence[int], layers: Sequence[int]) -> None:
    """Write the atlas as a site: a map, and a page for each cell.

    Into DIRECTORY, which is new, empty or such a site.

    \b
    Example: nctheory atlas site pages --classes 3:8 --layers 2:5
    """
    from nctheory.report.atlas_site import write_site
    from nctheory.terminal.progress import progress

    with progress("cells") as count:
        first = write_site(directory, classes, layers, count)
    click.echo(first)


@atlas.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--layers", type=int, default=None, help="L; by default what the file implies.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def submit(file: Path, layers: int | None, format_: str) -> None:
    """Do the matrices of FILE improve a cell of the atlas?

    FILE (.npz) has H_1, W_1, ..., or features and rows.  Verified exactly; factors that improve
    their cell are kept in the user's data folder, which tables read.

    \b
    Example: nctheory atlas submit mine.npz --layers 4
    """
    from nctheory.atlas.submit import keep
    from nctheory.atlas.submit import submit as judge

    verdict = judge(file, layers)
    kept = keep(file, verdict)
    page = f"cells/{verdict.classes}-{verdict.layers}.html" if verdict.improves else None
    if format_ == "json":
        click.echo(json.dumps({**asdict(verdict), "improves": verdict.improves, "page": page}))
        return
    click.echo(f"{verdict.verdict}: {verdict.reason}")
    if page:
        click.echo(f"of the site (nctheory atlas site), {page} would change, and cells whose best "
                   "sum takes it up")
    if kept is not None:
        click.echo(f"kept in {kept}")


@atlas.command()
@classes_option("3:16")
@layers_option("2:3")
@click.option("--seconds", type=float, default=None,
              help="Search each cell so long first (the folder of --data is changed).")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of the partial fits; by default the user's own.")
@rows_options
def partial(classes: Sequence[int], layers: Sequence[int], seconds: float | None, seed: int,
            data: Path | None) -> None:
    """Weight decays at which partial fits beat DNC.

    \b
    Example: nctheory atlas partial --classes 4:6 --layers 2
    """
    from nctheory.atlas.partial import intervals, seek
    from nctheory.report.atlas import partial_rows

    if seconds is not None:
        for found in seek(classes, layers, seconds=seconds, seed=seed, folder=data):
            click.echo(f"K={found.classes} L={found.layers}  from {found.onset:.4f}  "
                       f"to {found.end:.4f}", err=True)
    tell(partial_rows(intervals(classes, layers, data)))


@atlas.command()
@classes_option("3:10")
@layers_option("2:4")
@click.option("--weight-decay", type=float, required=True, help="lam of every factor.")
@click.option("--samples", type=int, default=1, show_default=True, help="n a class.")
@rows_options
def relax(classes: Sequence[int], layers: Sequence[int], weight_decay: float,
          samples: int) -> None:
    """What training makes of each cell's best construction.

    At one weight decay; observed.

    \b
    Example: nctheory atlas relax --classes 6 --layers 3 --weight-decay 0.004
    """
    from nctheory import limits
    from nctheory.atlas.partial import relax as train
    from nctheory.problem import Problem
    from nctheory.report.atlas import relaxed_rows
    from nctheory.terminal.progress import track

    K_values, L_values = limits.cells(classes, layers)
    cells = [Problem(classes=K, layers=L, samples=samples, weight_decay=weight_decay)
             for K in K_values for L in L_values]
    tell(relaxed_rows([train(cell) for cell in track(cells, "cells")]))


@atlas.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--symmetric", is_flag=True,
              help="Find the symmetries of the features first, and use them.")
@click.option("--certify", is_flag=True, help="Prove both bounds in exact arithmetic.")
@click.option("--tolerance", type=float, default=1e-6, show_default=True,
              help="Stop where upper / lower - 1 is below.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def gauge(file: Path, symmetric: bool, certify: bool, tolerance: float, seed: int,
          format_: str) -> None:
    """Solve C2(F), the least cost of the last two layers.

    F is the array `features` of FILE (.npz).  With symmetries a neuron stands for its orbit.

    \b
    Example: nctheory atlas gauge features.npz --certify
    """
    import numpy as np

    from nctheory.atlas.certified import certified_gauge
    from nctheory.atlas.gauge import two_layer_gauge
    from nctheory.files import read_npz
    from nctheory.terminal.progress import waiting

    features = read_npz(file, need=["features"])["features"]
    with waiting("regions"):
        with np.errstate(all="ignore"):  # sizes that no float holds end in a refusal
            found = two_layer_gauge(features, tolerance=tolerance, seed=seed,
                                    symmetric=symmetric)
        proved = certified_gauge(features) if certify else None
    if format_ == "json":
        exact = proved and {"lower": str(proved.lower), "cones": proved.cones,
                            "upper squared": str(proved.upper_squared)}
        click.echo(json.dumps({
            "upper": found.upper, "lower": found.lower, "exhaustive": found.exhaustive,
            "neurons": found.rows.tolist(), "shares": found.shares.tolist(),
            "certified": exact}))
        return
    if proved:
        click.echo(f"certified: {float(proved.lower):.9g} <= C2 <= "
                   f"{float(proved.upper_squared)**0.5:.9g}, over {proved.cones} cones")
    search = "every region searched" if found.exhaustive else "by many starts, not certified"
    click.echo(f"C2 <= {found.upper:.9g}, C2^2 <= {found.upper**2:.9g}\n"
               f"C2 >= {found.lower:.9g}  ({search})\n"
               "C2: the least |U|_F |V|_F with U sigma(V F) = I, the last two layers on features F"
               f"\n{len(found.rows)} neurons v: their shares of C2, and v / |v|\n"
               f"{'share':>10}  " + " ".join(f"{f'v_{i}':>9}" for i in range(
                   1, found.rows.shape[1] + 1)))
    for share, row in zip(found.shares, found.rows, strict=True):
        click.echo(f"{share:10.6f}  " + " ".join(f"{value:9.6f}" for value in row))


@atlas.command()
@click.argument("classes", metavar="K", type=int)
@click.argument("layers", metavar="L", type=int)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text",
              show_default=True)
@output_option
@click.option("--figure", type=click.Path(path_type=Path), default=None,
              help="Draw the layers to this file (.png, .pdf, .svg).")
def show(classes: int, layers: int, format_: str, output: Path | None,
         figure: Path | None) -> None:
    """Explain the best known construction for K and L.

    \b
    Example: nctheory atlas show 9 6 --figure nine.png
    """
    from nctheory.atlas.explain import explain
    from nctheory.report.atlas_cell import FORMATS
    from nctheory.report.atlas_pictures import draw
    from nctheory.terminal.progress import waiting

    if figure is not None:
        check_figure(figure, name="--figure", force=forced())
    with waiting("explaining"):
        explanation = explain(classes, layers)
        text = FORMATS[format_](explanation)
    write(text, output)
    if figure is not None:
        draw(explanation, figure, force=forced())


@atlas.command()
@classes_option("3:10")
@layers_option("3:6")
@click.option("--seconds", type=float, default=5.0, show_default=True, help="A cell.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of the chains; by default the user's own.")
def search(classes: Sequence[int], layers: Sequence[int], seconds: float, seed: int,
           data: Path | None) -> None:
    """Search cells for cheaper chains; keep what improves.

    \b
    Example: nctheory atlas search --classes 3:5 --layers 4 --data mine
    """
    import math

    from nctheory.atlas.discover import discover

    for step in discover(classes, layers, seconds=seconds, seed=seed, folder=data):
        before, after = (math.exp(v) / step.classes for v in (step.before, step.after))
        click.echo(f"K={step.classes} L={step.layers}  c/K {before:.6f} -> {after:.6f}  "
                   f"{step.starts} starts")


@atlas.command()
@classes_option("3:64")
@layers_option("2:30")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of the chains; by default the user's own.")
def close(classes: Sequence[int], layers: Sequence[int], data: Path | None) -> None:
    """Close the stored chains under deletion of classes.

    No cell is then worse than its neighbour.

    \b
    Example: nctheory atlas close --classes 3:8 --data mine
    """
    from nctheory.atlas.closure import close as closed
    from nctheory.terminal.progress import progress

    with progress("chains") as count:
        found = list(closed(classes, layers, data, count))
    for one in found:
        click.echo(f"{one.chain.label}  best for L = {one.layers[0]}..{one.layers[-1]}, "
                   f"log c {-one.gain:+.1e}")
    click.echo(f"{len(found)} chains stored")


@atlas.command("explain")
@classes_option("3:12")
@layers_option("2:6")
@click.option("--store", is_flag=True, help="Replace chains by simpler ones, store names.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of the chains; by default the user's own.")
def explain_(classes: Sequence[int], layers: Sequence[int], store: bool,
             data: Path | None) -> None:
    """Make stored chains simple and name them.

    Symmetric, with few neurons, in small integers.

    \b
    Example: nctheory atlas explain --classes 3:5 --layers 4
    """
    from nctheory.atlas.simplify import explain_stored

    for step in explain_stored(classes, layers, store=store, folder=data):
        click.echo(f"{step.chain.label}  group of order {step.order}, numbers {step.before} -> "
                   f"{step.after}, log c {step.change:+.1e}")


@atlas.command()
@classes_option("3:12")
@layers_option("2:10")
@rows_options
@click.option("--store", is_flag=True, help="Keep what is better than everything known.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder to keep it in; by default the user's own.")
def paths(classes: Sequence[int], layers: Sequence[int], store: bool,
          data: Path | None) -> None:
    """The best chain of named feature sets in each cell.

    \b
    Example: nctheory atlas paths --classes 6 --layers 3
    """
    from nctheory.atlas.paths import compare
    from nctheory.constructions.stored import user_folder
    from nctheory.report.atlas import path_rows
    from nctheory.terminal.progress import progress

    with progress("sets") as count:
        found = list(compare(classes, layers, (data or user_folder()) if store else None,
                             progress=count))
    tell(path_rows(found))
