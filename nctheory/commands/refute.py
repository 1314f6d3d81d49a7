"""`nctheory refute`."""

from __future__ import annotations

import sys

import click


@click.command()
@click.argument("claim", required=False)
@click.option("--examples", type=int, default=1000, show_default=True,
              help="How many examples to try.")
@click.option("--seed", type=int, default=0, show_default=True)
def refute(claim: str | None, examples: int, seed: int) -> None:
    """Hunt for a counterexample to CLAIM.

    CLAIM is a registered one, or FILE.py:NAME.  FILE.py is a program, and runs: name only files
    that you trust.

    Without CLAIM, list the registered ones.  Exit status 0: none found, 1: refuted.

    \b
    Example: nctheory refute two-layers-below-15-classes --examples 200
    """
    from nctheory.claims import CLAIMS, load
    from nctheory.refute import refute as hunt
    from nctheory.terminal.progress import waiting

    if claim is None:
        for name, registered in CLAIMS.items():
            print(f"{name}: {registered.text}")
        return
    with waiting("hunting"):
        found = hunt(load(claim), examples=examples, seed=seed)
    print(found)
    if found.counterexample is not None:
        sys.exit(1)
