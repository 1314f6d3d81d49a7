"""One construction in detail: exact cost, ranks, scales and losses against collapse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy

from nctheory import activations, limits, losses
from nctheory.constructions import Construction, Orthogonal
from nctheory.constructions.factors import Factored
from nctheory.errors import InputError, show
from nctheory.problem import Problem
from nctheory.report import table as threshold_rows
from nctheory.report.rows import Rows, whole
from nctheory.terminal.grid import Justify, grid, span
from nctheory.thresholds import NOT_BEATEN, Library
from nctheory.thresholds.table import Cell, row_at

COMPARISONS = {-1: "beats DNC", 0: "ties with DNC", 1: "does not beat DNC", None: "undecided"}

COLOURS = threshold_rows.COLOURS | {COMPARISONS[-1]: "green", COMPARISONS[None]: "yellow"}

# What is told of an exact fit, whose cost decides, and of outputs whose scale counts as well.
EXACT_FIT = ("layers", "exact", "cost", "ratio", "loss", "comparison", "certified", "width",
             "ranks")
AT_A_DECAY = ("layers", "cost", "ratio", "comparison", "certified", "scale", "critical_scales",
              "loss", "dnc_loss", "loss_ratio", "verdict", "verdict_certified", "evidence",
              "width", "ranks")


@dataclass(frozen=True)
class Setting:
    """What a construction is looked at under."""

    samples: int
    weight_decay: float
    loss: str
    activation: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a record."""
        return AT_A_DECAY if losses.get(self.loss).centred else EXACT_FIT


def records(construction: Construction, layers: Iterable[int],
            setting: Setting) -> list[dict[str, Any]]:
    """A record for each number of layers that the construction is defined for.

    Raises
    ------
    InputError
        Where it is defined for none of them, or not for that loss and activation.
    """
    network = construction.network(losses.get(setting.loss),
                                   activations.homogeneous(setting.activation))
    asked = limits.few("layers", layers)
    limits.affordable("layers", f"{len(asked)} numbers up to {max(asked)}",
                      work=100 * sum(L**2 for L in asked))  # digits of exact costs, and ranks
    values = [L for L in asked if L >= network.least_layers]
    if not values:
        raise InputError(f"layers must be at least {network.least_layers} for "
                         f"{construction.label}, got {show(asked)}")
    return [_record(construction, Problem(
        classes=construction.classes, layers=L, samples=setting.samples, loss=setting.loss,
        weight_decay=setting.weight_decay, activation=setting.activation), setting.fields)
        for L in values]


def _record(construction: Construction, problem: Problem,
            fields: tuple[str, ...]) -> dict[str, Any]:
    L, model = problem.layers, (problem.loss, problem.activation)
    cost, comparison = construction.cost(L, *model), construction.compare_with_dnc(L, *model)
    ranks = construction.ranks(L, *model)
    told: dict[str, Any] = {
        "layers": L, "cost": cost,
        "ratio": cost / losses.get(problem.loss).dnc_cost(problem.classes),
        "comparison": COMPARISONS[comparison], "certified": comparison is not None,
        "loss": construction.loss(problem), "width": construction.required_width(L, *model),
        "ranks": {"before": list(ranks.before), "after": list(ranks.after)}}
    if "exact" in fields:
        network = construction.network(losses.get(problem.loss),
                                       activations.homogeneous(problem.activation))
        told["exact"] = (_exact(network.representation_cost(L).expression)
                         if isinstance(network, Factored) else None)
    if "verdict" in fields:
        told |= _against_dnc(construction, problem)
    return {name: told[name] for name in fields}


def _exact(power: sympy.Expr) -> str:
    """P in full, or its size where Python does not print so long integers."""
    try:
        return str(power)
    except ValueError:
        return f"about 10^{sympy.log(power, 10).evalf(9)}"


def _against_dnc(construction: Construction, problem: Problem) -> dict[str, Any]:
    """The verdict of a table that knows DNC and this construction alone."""
    library = Library((), problem.loss, problem.activation, problem.layers)
    row = row_at(Cell(problem.classes, [Orthogonal(classes=problem.classes), construction],
                      [library.offer(construction)]), problem)
    assert row.dnc_loss is not None
    return {
        "scale": construction.scale(problem),
        "critical_scales": construction.critical_scales(problem),
        "dnc_loss": row.dnc_loss,
        "loss_ratio": construction.loss(problem) / row.dnc_loss,
        "verdict": "dnc not beaten" if row.verdict == NOT_BEATEN else row.verdict,
        "verdict_certified": row.certified,
        "evidence": row.evidence,
    }


def rows(construction: Construction, layers: Iterable[int], setting: Setting) -> Rows:
    """A row for each number of layers, with the exact P where there is one, and a legend."""
    told = records(construction, layers, setting)
    columns = _columns(setting)
    table = grid({name: justify for name, justify, _ in columns},
                 ("P", "width", "rank σ(M_L)", "rank M", "scale", "c"))
    for row in told:
        table.add_row(*(str(cell(row)) for _, _, cell in columns),
                      colour=COLOURS.get(row.get("verdict", row["comparison"]), "default"))
    parameters = {"construction": construction.label, "classes": construction.classes,
                  "samples": setting.samples, "weight_decay": setting.weight_decay,
                  "loss": setting.loss, "activation": setting.activation}
    return Rows(told, table, "\n" + _legend(construction, setting),
                before={"parameters": parameters})


def _columns(setting: Setting) -> list[tuple[str, Justify, Any]]:
    def last(row: dict[str, Any]) -> str:
        after = row["ranks"]["after"]
        return str(after[-1]) if after else "-"

    exact = "exact" in setting.fields
    columns: list[tuple[str, Justify, Any]] = [
        ("L", "right", lambda row: row["layers"]),
        ("c", "right", lambda row: f"{row['cost']:.6f}"),
        ("c/K" if exact else "c/(K-1)", "right", lambda row: f"{row['ratio']:.6f}")]
    if not exact:
        columns += [("scale", "right", lambda row: f"{row['scale']:.5f}")]
    columns += [("loss", "right", lambda row: f"{row['loss']:.7f}")]
    if not exact:
        columns += [("DNC", "right", lambda row: f"{row['dnc_loss']:.7f}"),
                    ("ratio", "right", lambda row: f"{row['loss_ratio']:.6f}")]
    columns += [("rank M", "left", lambda row: span(row["ranks"]["before"])),
                ("rank σ(M_L)", "left", last), ("width", "right", lambda row: whole(row["width"]))]
    if exact:
        return [*columns, ("DNC", "left", lambda row: row["comparison"]),
                ("P", "left", lambda row: row["exact"] or "(a sum)")]
    return [*columns, ("verdict", "left", lambda row: row["verdict"]
                       + ("" if row["verdict_certified"] else "*"))]


def _legend(construction: Construction, setting: Setting) -> str:
    at = f"weight decay {setting.weight_decay:g} and {setting.samples} sample(s)"
    head = f"{construction.label}: K = {construction.classes} classes"
    if "exact" in setting.fields:
        return (f"{head}.  P = c^(L+1) is exact; the comparison with DNC (c = K) is decided\nby "
                f"exact arithmetic.  loss: minimal, at {at} a class.\n")
    linear = activations.homogeneous(setting.activation).linear
    bound = "" if linear else " (with ReLU a lower bound)"
    return (f"{head}; {losses.get(setting.loss).title}, {setting.activation}.  "
            "c < K-1 beats DNC at every weight decay\nwhere zero is not optimal.  Scale, loss "
            f"and DNC's loss{bound} at {at}\n"
            "a class; scale 0: zero output.  *: not decided by exact arithmetic.\n")
