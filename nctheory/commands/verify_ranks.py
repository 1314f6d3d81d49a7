"""`nctheory verify-ranks`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from nctheory.commands.options import RANGE, activation_option, loss_option, output_option, write


@click.command("verify-ranks")
@click.option("--classes", type=RANGE, default="3:10", show_default=True)
@click.option("--layers", type=RANGE, default="2:5", show_default=True)
@click.option("--weight-decay", type=float, default=0.004, show_default=True)
@click.option("--width", type=int, default=20, show_default=True)
@click.option("--seeds", type=int, default=2, show_default=True,
              help="Solver runs for each problem; 0 checks constructions alone.")
@loss_option
@activation_option
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@output_option
def verify_ranks(classes: range, layers: range, weight_decay: float, width: int, seeds: int,
                 loss: str, activation: str, format_: str, output: Path | None) -> None:
    """Check the rank bounds at constructions and at solver end points; exit status 1 if one
    fails."""
    from nctheory import limits, losses
    from nctheory.problem import Problem
    from nctheory.rank_bounds import construction_points, solver_points, verify
    from nctheory.report.ranks import records, to_text
    from nctheory.terminal.progress import track

    K_values, L_values = limits.cells(classes, layers)
    problems = [Problem(classes=K, layers=L, weight_decay=weight_decay, width=width, loss=loss,
                        activation=activation) for K in K_values for L in L_values]
    exact = not losses.get(loss).centred
    points = construction_points(classes, layers, weight_decay) if exact else []
    if seeds:
        for problem in track(problems, "solving"):
            points += solver_points(problem, width, range(seeds))
    found = verify(points)
    text = to_text(found) if format_ == "text" else json.dumps(records(found), indent=1) + "\n"
    write(text, output)
    if any(verification.counterexample is not None for verification in found):
        sys.exit(1)
