"""`nctheory cite`: BibTeX for the tool and for what was used of the literature."""

from __future__ import annotations

from pathlib import Path

import click

from nctheory.citations import cite as entries
from nctheory.commands.options import output_option, write


@click.command()
@click.argument("names", nargs=-1)
@output_option
def cite(names: tuple[str, ...], output: Path | None) -> None:
    """BibTeX for nctheory and the papers behind NAMES.

    NAMES are keys of the bibliography, or constructions.

    \b
    Example: nctheory cite SLM24 triangular:r=5,s=3
    """
    write(entries(*names), output)
