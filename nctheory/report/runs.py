"""Runs of the solver as text and as plain data: what each became, and how good it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from nctheory.constructions import Orthogonal
from nctheory.errors import InputError
from nctheory.files import envelope
from nctheory.problem import Problem
from nctheory.solver import Result
from nctheory.terminal.grid import Justify, grid, render, span
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
    rows = []
    for i in map(int, np.flatnonzero(result.finished)):
        sound = result.sound(i)
        loss = float(result.loss[i])
        row: dict[str, Any] = {"seed": int(result.seeds[i]), "loss": loss if sound else None}
        for name, (_, least) in known.items():
            row[f"excess_over_{name}"] = loss - least if sound else None
        ranks = result.ranks[i].tolist()
        rows.append(row | {
            "stationarity": float(result.stationarity[i]) if sound else None,
            "ranks": {"before": [before for before, _ in ranks],
                      "after": [after for _, after in ranks[1:]]} if sound else None,
            "label": str(result.label[i]),
            "steps": int(result.steps[i]),
            "advice": result.advice(i) or None,
        })
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often runs became what, and the least loss with its seed."""
    sound = [row for row in rows if row["loss"] is not None]
    best = min(sound, key=lambda row: float(row["loss"]), default=None)
    return {"labels": dict(Counter(row["label"] for row in rows).most_common()),
            "least_loss": best and best["loss"], "least_loss_seed": best and best["seed"]}


def to_json(result: Result, parameters: dict[str, Any]) -> str:
    """{"version", "parameters", "closed_forms", "rows", "summary", "interrupted"}."""
    known = closed_forms(result.problem)
    rows = records(result, known)
    return envelope(
        parameters=parameters,
        closed_forms={name: {"construction": label, "loss": loss}
                      for name, (label, loss) in known.items()},
        rows=rows,
        summary=summary(rows),
        interrupted=result.interrupted)


def to_text(result: Result) -> str:
    """A line a run, advice for those that diverged, and a summary."""
    known = closed_forms(result.problem)
    rows = records(result, known)
    # The best construction may be DNC itself: then one column says it all.
    columns = [name for name in known if name == "dnc" or known[name] != known["dnc"]]
    excesses: dict[str, Justify] = {f"- {known[name][0]}": "right" for name in columns}
    table = grid({"seed": "right", "loss": "right", **excesses, "stationarity": "right",
                  "rank M": "left", "rank σ(M)": "left", "label": "left", "steps": "right"},
                 least=("steps", "rank M", "rank σ(M)", "stationarity"))
    for row in rows:
        cells = [str(row["seed"]), _number(row["loss"], ".7f"),
                 *(_number(row[f"excess_over_{name}"], "+.7f") for name in columns),
                 _number(row["stationarity"], ".1e")]
        ranks = row["ranks"] or {"before": [], "after": []}
        table.add_row(*cells, *(span(ranks[side]) if ranks[side] else "-"
                                for side in ("before", "after")),
                      row["label"], str(row["steps"]))
    advice = [row["advice"] for row in rows if row["advice"]]
    return "\n".join([render(table), *advice, *_summary_lines(result, rows, known)]) + "\n"


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
    return [*lines, "rank M: of the class means before sigma, rank σ(M) after it (layers 2..L); "
            "stationarity: see nctheory.solver"]


def _number(value: float | None, style: str) -> str:
    return "-" if value is None else format(value, style)
