"""One construction in detail for cross-entropy: cost, scales and losses against collapse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nctheory.constructions import Logits, Orthogonal
from nctheory.cross_entropy.table import row_at
from nctheory.files import envelope
from nctheory.problem import Problem
from nctheory.report.cost import COMPARISONS, defined
from nctheory.terminal.grid import grid, render, span
from nctheory.thresholds import NOT_BEATEN


def records(logits: Logits, layers: Iterable[int], samples: int, weight_decay: float,
            activation: str) -> list[dict[str, Any]]:
    """A record for each number of layers that the construction is defined for."""
    values = defined(layers, logits.network(activation).least_layers, logits.label)
    return [_record(logits, Problem(classes=logits.classes, layers=L, samples=samples,
                                    weight_decay=weight_decay, loss="ce",
                                    activation=activation)) for L in values]


def _record(logits: Logits, problem: Problem) -> dict[str, Any]:
    L, activation = problem.layers, problem.activation
    row = row_at([Orthogonal(classes=problem.classes).logits(), logits], problem)
    scale, loss = logits.optimum(logits.kappa(problem), L)
    assert row.dnc_loss is not None
    comparison, ranks = logits.compare_with_dnc(L, activation), logits.ranks(L, activation)
    cost = logits.cost(L, activation)
    return {
        "layers": L,
        "cost": cost,
        "ratio": cost / row.dnc_cost,
        "comparison": COMPARISONS[comparison],
        "certified": comparison is not None,
        "scale": scale,
        "critical_scales": logits.critical_scales(problem),
        "loss": loss,
        "dnc_loss": row.dnc_loss,
        "loss_ratio": loss / row.dnc_loss,
        # The only other member of this library is DNC.
        "verdict": "dnc not beaten" if row.verdict == NOT_BEATEN else row.verdict,
        "verdict_certified": row.certified,
        "evidence": row.evidence,
        "width": logits.required_width(L, activation),
        "ranks": {"before": list(ranks.before), "after": list(ranks.after)},
    }


def to_json(logits: Logits, layers: Iterable[int], samples: int, weight_decay: float,
            activation: str) -> str:
    """{"version", "parameters", "rows"}."""
    rows = records(logits, layers, samples, weight_decay, activation)
    parameters = {"construction": logits.label, "classes": logits.classes, "samples": samples,
                  "weight_decay": weight_decay, "loss": "ce", "activation": activation}
    return envelope(parameters=parameters, rows=rows)


def to_text(logits: Logits, layers: Iterable[int], samples: int, weight_decay: float,
            activation: str) -> str:
    """A line for each number of layers."""
    table = grid({"L": "right", "c": "right", "c/(K-1)": "right", "scale": "right",
                  "loss": "right", "DNC": "right", "ratio": "right", "rank M": "left",
                  "rank σ(M_L)": "left", "width": "right", "verdict": "left"})
    for row in records(logits, layers, samples, weight_decay, activation):
        after = row["ranks"]["after"]
        table.add_row(str(row["layers"]), f"{row['cost']:.6f}", f"{row['ratio']:.6f}",
                      f"{row['scale']:.5f}", f"{row['loss']:.7f}", f"{row['dnc_loss']:.7f}",
                      f"{row['loss_ratio']:.6f}", span(row["ranks"]["before"]),
                      str(after[-1]) if after else "-", str(row["width"]),
                      row["verdict"] + ("" if row["verdict_certified"] else "*"))
    bound = " (with ReLU a lower bound)" if activation == "relu" else ""
    legend = (f"{logits.label}: K = {logits.classes} classes; cross-entropy, {activation}.  "
              "c < K-1 beats DNC at every weight decay\nwhere zero is not optimal.  Scale, loss "
              f"and DNC's loss{bound} at weight decay {weight_decay:g} and {samples} sample(s)\n"
              "a class; scale 0: zero output.  *: not decided by exact arithmetic.\n")
    return render(table) + "\n" + legend


LAYOUTS = {"json": to_json, "text": to_text}
