"""`nctheory reproduce`."""

from __future__ import annotations

from pathlib import Path

import click

from nctheory.commands.options import force_option, forced


@click.command()
@click.argument("name", required=False)
@click.option("--list", "list_", is_flag=True, help="Name all experiments and what they claim.")
@click.option("--quick", is_flag=True, help="A small version, in seconds.")
@click.option("--directory", "output", type=click.Path(path_type=Path),
              default=Path("reproduced"), show_default=True, help="Where to put them.")
@force_option
@click.option("--seed", type=int, default=0, show_default=True,
              help="Of the first run; the others count up from it.")
@click.option("--data", help="digits, mnist or a feature file, in place of what an experiment on "
              "data trains on.")
def reproduce(name: str | None, list_: bool, quick: bool, output: Path, seed: int,
              data: str | None) -> None:
    """Repeat the experiment NAME of a paper and compare.

    Writes NAME-TABLE.csv, NAME.png, NAME.pdf, NAME.txt and NAME.json.gz (all of it); what is done
    is kept in NAME-runs/, and the same command goes on from there (delete the folder to start
    afresh).  The verdict is "value" where numbers of the paper, of a theorem or of a closed form
    are met, "trend" where only the direction is (or only that is known to us), else "no match":
    also where only some parts of what the paper states are found.  Bars in figures: 95 %
    intervals of probabilities (Wilson), two standard errors of means.

    \b
    Example: nctheory reproduce slm24-fig2 --quick
    """
    from nctheory.files import check_matplotlib, folder
    from nctheory.reproduce import EXPERIMENTS, experiment
    from nctheory.terminal.progress import progress

    if list_:
        for known in EXPERIMENTS:
            found = experiment(known)
            click.echo(f"{known:<40}{found.source}: {found.claim}")
        return
    if name is None:
        raise click.UsageError("NAME must be given; --list names all experiments")
    found = experiment(name)
    check_matplotlib()  # before anything is computed
    folder(output, "directory")
    with progress(name) as count:
        reproduction = found.run(quick, seed, count, output / f"{name}-runs", data)
    for path in reproduction.write(output, force=forced()):
        click.echo(f"wrote {path}")
    click.echo(reproduction.text)
