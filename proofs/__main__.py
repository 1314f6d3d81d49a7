"""`python -m proofs [NAME] [--output DIRECTORY]`: run the proofs, say what is known.

Without NAME a line a statement of the papers and of ours, with its status.  Exit status 0: every
proof is verified, 1: one is not, 2: no such theorem.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from nctheory.certify import to_json
from proofs import THEOREMS, Proof, prove
from proofs.statements import cited_by, status, table


@click.command()
@click.argument("name", required=False)
@click.option("--output", type=click.Path(path_type=Path), default=None,
              help="Write each theorem's certificates into this directory, NAME.json.")
def main(name: str | None, output: Path | None) -> None:
    """Run all proofs, or one by NAME, step by step."""
    if name is not None and name not in THEOREMS:
        raise click.UsageError(f"name must be one of {', '.join(THEOREMS)}, got {name!r}")
    outcomes = [prove(THEOREMS[name])] if name else in_lines()
    if name:
        print(in_full(outcomes[0]))
    else:
        print(f"{sum(outcome.proved for outcome in outcomes)} of {len(outcomes)} theorems "
              f"verified, {sum(outcome.verified for outcome in outcomes)} certificates, "
              f"{sum(outcome.seconds for outcome in outcomes):.1f} s")
    if output is not None:
        write(outcomes, output)
    sys.exit(0 if all(outcome.proved for outcome in outcomes) else 1)


def in_lines() -> list[Proof]:
    """Every statement in a line, as soon as its proof is through."""
    outcomes = []
    for statement in table(THEOREMS):
        word = status(statement, THEOREMS).partition(":")[0]
        see = statement.see
        if statement.proof:
            outcomes.append(prove(THEOREMS[statement.proof]))
            word = word if outcomes[-1].proved else "NOT VERIFIED"
            see = f"{statement.proof}, {outcomes[-1].seconds:.1f} s"
        print(f"{word:20} {statement.where}: {statement.text}  ({see})", flush=True)
    return outcomes


def in_full(outcome: Proof) -> str:
    """Verdict, statement, domain, LaTeX, every step, what it rests on."""
    theorem = outcome.theorem
    lines = [f"{'verified' if outcome.proved else 'NOT VERIFIED':12}  {theorem.name}  "
             f"[{theorem.source}]", f"    {theorem.statement}",
             f"    {len(outcome.steps)} steps: {outcome.method}; certificates: "
             f"{outcome.verified} of {len(outcome.certificates)}; {outcome.seconds:.2f} s",
             f"    domain: {theorem.domain}", f"    LaTeX: {theorem.latex}"]
    lines += [f"    {'ok' if holds else 'FAILS'}  ({step.kind}) {step.text.replace('`', '')}"
              for step, holds in outcome.steps]
    lines += [f"    MISSING  {gap}" for gap in outcome.gaps]
    lines += [f"    rests on: {other}" for other in theorem.rests_on]
    lines += [f"    cited: {lemma}" for lemma in cited_by(theorem.name, THEOREMS)]
    return "\n".join(lines)


def write(outcomes: Sequence[Proof], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for outcome in outcomes:
        if outcome.certificates:
            path = directory / f"{outcome.theorem.name}.json"
            path.write_text(to_json(outcome.certificates), encoding="utf-8")


if __name__ == "__main__":
    main()
