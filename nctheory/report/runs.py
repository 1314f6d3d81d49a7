"""Runs of the solver as text and as plain data: what each became, and how good it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from nctheory.constructions import Orthogonal
from nctheory.errors import InputError
from nctheory.problem import Problem
from nctheory.report.rows import Rows
from nctheory.solver import Result
from nctheory.terminal.grid import Justify, grid, span
from nctheory.thresholds import threshold_table


def closed_forms(problem: Problem) -> dict[str, tuple[str, float]]:
    """{"dnc": (name, loss), "best": (name, loss)}: minimal losses, those that are known.

    Best is the best construction that the threshold tables know.
    """
    found: dict[str, tuple[str, float]] = {}
    try:
        frame = Orthogonal(classes=problem.classes)
        found["dnc"] = (frame.label, frame.loss(problem))
        best = threshold_table(
            [problem.classes], [problem.layers], samples=problem.balanced_samples,
            weight_decay=float(np.exp(problem.log_decay)), loss=problem.loss,
            activation=problem.activation).rows[0].construction
        found["best"] = (best.label, best.loss(problem))
    except InputError:  # no closed form for this loss, activation or these class sizes
        pass
    return found


def records(result: Result, known: dict[str, tuple[str, float]]) -> list[dict[str, Any]]:
    """One record for each finished run, with its excess over the `known` closed forms.

    Numbers that a diverged run does not have are None.
    """
    found = []
    for record in result.records():
        loss = record["loss"]
        excess = {f"excess_over_{name}": None if loss is None else loss - least
                  for name, (_, least) in known.items()}
        found.append({"seed": record["seed"], "loss": loss, **excess, **record})
    return found


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often runs became what, and the least loss with its seed."""
    sound = [row for row in rows if row["loss"] is not None]
    best = min(sound, key=lambda row: float(row["loss"]), default=None)
    return {"labels": dict(Counter(row["label"] for row in rows).most_common()),
            "least_loss": best and best["loss"], "least_loss_seed": best and best["seed"]}


def rows(result: Result, parameters: dict[str, Any]) -> Rows:
    """A row a run, advice for those that diverged, and a summary."""
    known = closed_forms(result.problem)
    told = records(result, known)
    # The best construction may be DNC itself: then one column says it all.
    columns = [name for name in known if name == "dnc" or known[name] != known["dnc"]]
    excesses: dict[str, Justify] = {f"- {known[name][0]}": "right" for name in columns}
    table = grid({"seed": "right", "loss": "right", **excesses, "stationarity": "right",
                  "rank M": "left", "rank σ(M)": "left", "label": "left", "steps": "right"},
                 least=("steps", "rank M", "rank σ(M)", "stationarity", *excesses))
    for row in told:
        cells = [str(row["seed"]), _number(row["loss"], ".7f"),
                 *(_number(row[f"excess_over_{name}"], "+.7f") for name in columns),
                 _number(row["stationarity"], ".1e")]
        ranks = row["ranks"] or {"before": [], "after": []}
        table.add_row(*cells, *(span(ranks[side]) if ranks[side] else "-"
                                for side in ("before", "after")), row["label"],
                      str(row["steps"]), colour="red" if row["loss"] is None else "default")
    advice = [row["advice"] for row in told if row["advice"]]
    return Rows(
        told, table, "\n".join(["", *advice, *_summary_lines(result, told, known)]) + "\n",
        before={"parameters": parameters, "closed_forms": {
            name: {"construction": label, "loss": loss}
            for name, (label, loss) in known.items()}},
        after={"summary": summary(told), "interrupted": result.interrupted})


def _summary_lines(result: Result, rows: Sequence[dict[str, Any]],
                   known: dict[str, tuple[str, float]]) -> list[str]:
    counted = summary(rows)
    labels = ", ".join(f"{count} {label}" for label, count in counted["labels"].items())
    lines = [f"{len(rows)} runs of {len(result)}: {labels or 'none finished'}"]
    if counted["least_loss"] is not None:
        lines.append(f"least loss {counted['least_loss']:.7f} (seed "
                     f"{counted['least_loss_seed']})")
    if known:
        lines.append("closed forms: " + ", ".join(
            f"{label} {loss:.7f}" for label, loss in dict.fromkeys(known.values())))
    return [*lines,
            "rank M: of the class means before sigma, rank σ(M) after it (layers 2..L)",
            "stationarity: norm of the gradient; at kinks of sigma (pre-activation 0) of the",
            "least one that slopes between those of the two sides give.  0: a critical point "
            "(see nctheory.solver)"]


def _number(value: float | None, style: str) -> str:
    return "-" if value is None else format(value, style)
