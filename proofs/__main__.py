"""`python -m proofs [NAME] [--output DIRECTORY]`: run the proofs, report, write certificates.

Exit status 0: every proof is verified, 1: one is not, 2: no such theorem.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from nctheory.certify import to_json
from proofs import THEOREMS, Outcome, prove


@click.command()
@click.argument("name", required=False)
@click.option("--output", type=click.Path(path_type=Path), default=None,
              help="Write each theorem's certificates into this directory, NAME.json.")
def main(name: str | None, output: Path | None) -> None:
    """Run all proofs, or one by NAME, step by step."""
    if name is not None and name not in THEOREMS:
        raise click.UsageError(f"name must be one of {', '.join(THEOREMS)}, got {name!r}")
    outcomes = []
    for theorem in [THEOREMS[name]] if name else THEOREMS.values():
        outcomes.append(prove(theorem))
        print(in_full(outcomes[-1]) if name else summary(outcomes[-1]), flush=True)
    if output is not None:
        write(outcomes, output)
    proved = sum(outcome.proved for outcome in outcomes)
    if name is None:
        print(f"{proved} of {len(outcomes)} theorems verified, "
              f"{sum(outcome.verified for outcome in outcomes)} certificates, "
              f"{sum(outcome.seconds for outcome in outcomes):.1f} s")
    sys.exit(0 if proved == len(outcomes) else 1)


def verdict(outcome: Outcome) -> str:
    return "verified" if outcome.proved else "NOT VERIFIED"


def summary(outcome: Outcome) -> str:
    """Name, statement, method, certificates, time and verdict."""
    theorem = outcome.theorem
    return (f"{verdict(outcome):12}  {theorem.name}  [{theorem.source}]\n"
            f"    {theorem.statement}\n"
            f"    {len(outcome.steps)} steps: {outcome.method}; certificates: "
            f"{outcome.verified} of {len(outcome.certificates)}; {outcome.seconds:.2f} s\n"
            + "".join(f"    cited: {lemma}\n" for lemma in theorem.cited))


def in_full(outcome: Outcome) -> str:
    """`summary`, with domain, LaTeX and every step."""
    theorem = outcome.theorem
    lines = [summary(outcome).rstrip(), f"    domain: {theorem.domain}",
             f"    LaTeX: {theorem.latex}"]
    lines += [f"    {'ok' if holds else 'FAILS'}  ({step.kind}) {step.text}"
              for step, holds in outcome.steps]
    return "\n".join(lines)


def write(outcomes: Sequence[Outcome], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for outcome in outcomes:
        if outcome.certificates:
            path = directory / f"{outcome.theorem.name}.json"
            path.write_text(to_json(outcome.certificates), encoding="utf-8")


if __name__ == "__main__":
    main()
