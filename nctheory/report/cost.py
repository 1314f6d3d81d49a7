"""One construction in detail: exact cost, ranks and loss for a range of layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nctheory.constructions import Block, Construction
from nctheory.errors import InputError
from nctheory.files import envelope
from nctheory.problem import Problem
from nctheory.terminal.grid import grid, render, span

COMPARISONS = {-1: "beats DNC", 0: "ties with DNC", 1: "does not beat DNC", None: "undecided"}


def records(construction: Construction, layers: Iterable[int], samples: int,
            weight_decay: float, activation: str) -> list[dict[str, Any]]:
    """A record for each number of layers that the construction is defined for."""
    values = defined(layers, construction.least_layers, construction.label)
    return [_record(construction, L, Problem(classes=construction.classes, layers=L,
                                             samples=samples, weight_decay=weight_decay,
                                             activation=activation))
            for L in values]


def defined(layers: Iterable[int], least: int, label: str) -> list[int]:
    """Those of the `layers` that are at least `least`; an `InputError` where none is."""
    values = [L for L in layers if L >= least]
    if not values:
        raise InputError(f"layers must be at least {least} for {label}, got {list(layers)}")
    return values


def _record(construction: Construction, L: int, problem: Problem) -> dict[str, Any]:
    exact = (str(construction.representation_cost(L).expression)
             if isinstance(construction, Block) else None)
    comparison = construction.compare_with_dnc(L)
    ranks = construction.ranks(L)
    return {
        "layers": L,
        "exact": exact,
        "cost": construction.cost(L),
        "ratio": construction.cost(L) / construction.classes,
        "loss": construction.loss(problem),
        "comparison": COMPARISONS[comparison],
        "certified": comparison is not None,
        "width": construction.required_width(L),
        "ranks": {"before": list(ranks.before), "after": list(ranks.after)},
    }


def to_json(construction: Construction, layers: Iterable[int], samples: int,
            weight_decay: float, activation: str = "relu") -> str:
    """{"version", "parameters", "rows"}."""
    rows = records(construction, layers, samples, weight_decay, activation)
    parameters = {"construction": construction.label, "classes": construction.classes,
                  "samples": samples, "weight_decay": weight_decay, "loss": "mse",
                  "activation": activation}
    return envelope(parameters=parameters, rows=rows)


def to_text(construction: Construction, layers: Iterable[int], samples: int,
            weight_decay: float, activation: str = "relu") -> str:
    """A line for each number of layers, with the exact P."""
    table = grid({"L": "right", "c": "right", "c/K": "right", "loss": "right",
                  "rank M": "left", "rank σ(M_L)": "left", "width": "right", "DNC": "left",
                  "P": "left"})
    for row in records(construction, layers, samples, weight_decay, activation):
        after = row["ranks"]["after"]
        table.add_row(str(row["layers"]), f"{row['cost']:.6f}", f"{row['ratio']:.6f}",
                      f"{row['loss']:.7f}", span(row["ranks"]["before"]),
                      str(after[-1]) if after else "-", str(row["width"]), row["comparison"],
                      row["exact"] or "(a sum)")
    legend = (f"{construction.label}: K = {construction.classes} classes.  P = c^(L+1) is exact; "
              f"the comparison with DNC (c = K) is decided\nby exact arithmetic.  loss: minimal, "
              f"at weight decay {weight_decay:g} and {samples} sample(s) a class.\n")
    return render(table) + "\n" + legend


LAYOUTS = {"json": to_json, "text": to_text}
