"""`nctheory verify-ranks`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from nctheory.commands.options import (
    Integers,
    activation_option,
    classes_option,
    layers_option,
    loss_option,
    rows_options,
    tell,
    threads_option,
)


class Seeds(Integers):
    """Integers, or none."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Sequence[int]:
        return () if value == "none" else super().convert(value, param, ctx)


@click.command("verify-ranks")
@classes_option("3:10")
@layers_option("2:5")
@click.option("--weight-decay", type=float, default=0.004, show_default=True)
@click.option("--width", type=int, default=20, show_default=True)
@click.option("--seeds", type=Seeds(), default="0:1", show_default=True,
              help="Solver runs for each problem, e.g. 0:4; none checks constructions alone.")
@threads_option
@loss_option
@activation_option
@rows_options
def verify_ranks(classes: Sequence[int], layers: Sequence[int], weight_decay: float, width: int,
                 seeds: Sequence[int], threads: int | None, loss: str, activation: str) -> None:
    """Check the rank bounds at constructions and solver ends.

    Exit status 1 if one fails.

    \b
    Example: nctheory verify-ranks --classes 6 --layers 2:3 --seeds 0
    """
    from nctheory import limits, losses
    from nctheory.problem import Problem
    from nctheory.rank_bounds import construction_points, solver_points, verify
    from nctheory.report.ranks import rows
    from nctheory.terminal.progress import track

    K_values, L_values = limits.cells(classes, layers)
    problems = [Problem(classes=K, layers=L, weight_decay=weight_decay, width=width, loss=loss,
                        activation=activation) for K in K_values for L in L_values]
    exact = not losses.get(loss).centred
    points = construction_points(classes, layers, weight_decay, activation) if exact else []
    if seeds:
        for problem in track(problems, "solving"):
            points += solver_points(problem, width, seeds, threads=threads)
    found = verify(points)
    tell(rows(found))
    if any(verification.counterexample is not None for verification in found):
        sys.exit(1)
