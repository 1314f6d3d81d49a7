"""A threshold table as rows, with a summary and a legend below."""

from __future__ import annotations

import itertools

from nctheory import activations, losses
from nctheory.report.rows import Rows, whole
from nctheory.terminal.grid import Grid, Justify, grid, span
from nctheory.thresholds import (
    BEATEN,
    NOT_BEATEN,
    OPTIMAL,
    UNDECIDED,
    ZERO,
    ZERO_OPTIMAL,
    Table,
)

COLOURS = {BEATEN: "green", NOT_BEATEN: "default", OPTIMAL: "cyan", ZERO: "dim",
           ZERO_OPTIMAL: "cyan", UNDECIDED: "yellow"}
# Left out first where it is narrow.
LEAST = ("decided by", "rank σ(M_L)", "rank M", "width", "loss", "c", "loss/DNC")


def rows(table: Table) -> Rows:
    """A threshold table in every format; the colour of a row is its verdict's."""
    parameters = {"classes": list(table.classes), "layers": list(table.layers),
                  "samples": table.samples, "weight_decay": table.weight_decay,
                  "loss": table.loss, "activation": table.activation, "width": table.width}
    return Rows(table.records(), _grid(table), "\n" + _summary(table),
                before={"parameters": parameters},
                after={"least_classes": table.least_classes(),
                       "least_layers": table.least_layers()})


def _grid(table: Table) -> Grid:
    with_loss = table.weight_decay is not None
    columns: dict[str, Justify] = {"K": "right", "L": "right", "construction": "left",
                                   "c": "right", f"c/{_dnc(table)}": "right"}
    if with_loss:
        columns |= {"loss": "right", "loss/DNC": "right"}
    columns |= {"width": "right", "rank M": "left", "rank σ(M_L)": "left", "verdict": "left",
                "decided by": "left"}
    lines = grid(columns, LEAST)
    for row in table.rows:
        loss = [f"{row.loss:.7f}", f"{row.loss_ratio:.4f}"] if with_loss else []
        lines.add_row(
            str(row.classes), str(row.layers), row.construction.label, f"{row.cost:.4f}",
            f"{row.ratio:.4f}", *loss, whole(row.width), span(row.ranks.before),
            _last(row.ranks.after), row.verdict, row.evidence.split(":")[0],
            colour=COLOURS[row.verdict],
            end_section=row.layers == table.layers[-1] and len(table.layers) > 1)
    return lines


def _summary(table: Table) -> str:
    lines = [f"least K with DNC beaten:  {_runs('L', table.least_classes())}",
             f"least L with DNC beaten:  {_runs('K', table.least_layers())}"]
    return "\n".join(lines) + "\n\n" + _legend(table)


def _runs(name: str, values: dict[int, int | None]) -> str:
    """{3: None, 4: None, 5: 7} as "K=3..4 none, K=5: 7": equal neighbours share an entry."""
    runs = [(value, [key for key, _ in group]) for value, group in itertools.groupby(
        values.items(), key=lambda item: item[1])]
    spans = [f"{keys[0]}" if len(keys) == 1 else f"{keys[0]}..{keys[-1]}" for _, keys in runs]
    return ", ".join(f"{name}={span}: {value or 'none'}"
                     for (value, _), span in zip(runs, spans, strict=True))


def _legend(table: Table) -> str:
    loss, sigma = losses.get(table.loss), activations.homogeneous(table.activation)
    model = f"K classes, L layers; {loss.title}, {sigma.title}."
    legend = _centred_legend(table, model, sigma.linear) if loss.centred else [
        f"{model}  c: representation cost (DNC has c = K); c/K < 1 beats DNC "
        "at every weight decay",
        "where the zero solution is not optimal.  rank M: ranks of the class means M_1..M_L "
        "before the ReLU; σ(M_L) after it.",
        '"not beaten": by the families of this library and their direct sums; "decided by '
        'integers": exact arithmetic, certified.',
    ]
    legend.append("width: rows of the widest hidden layer that the construction needs" + (
        f"; at most {table.width} are allowed." if table.width else "."))
    if any(row.construction.label.startswith("partial fit") for row in table.rows):
        legend.append("partial fits leave outputs unfitted: they compare by loss, not by c.")
    if table.weight_decay is not None:
        legend.insert(0, f"weight decay {table.weight_decay:g} on every factor, "
                         f"{table.samples} sample(s) a class")
    for evidence in sorted({row.evidence for row in table.rows if ":" in row.evidence}):
        legend.append(evidence)
    return "\n".join(legend) + "\n"


def _centred_legend(table: Table, model: str, linear: bool) -> list[str]:
    legend = [
        f"{model}  c: representation cost of logits with least margin 1; c/(K-1) < 1 beats DNC",
        "at every weight decay where the zero solution is not optimal, c/(K-1) > 1 does not at "
        "small ones.  rank M: ranks of M_1..M_L.",
        '"not beaten": by the families of this library' + (
            " as the weight decay tends to 0" if table.weight_decay is None else "")
        + '; "decided by integers": exact arithmetic, certified.',
    ]
    if not linear:
        legend.append("DNC's c = K-1 is a lower bound if ReLU does not raise its quasi-norms "
                      "[GK25]; undecided: better than the features I_K, not than the bound.")
    return legend


def _dnc(table: Table) -> str:
    """The cost of DNC."""
    return "(K-1)" if losses.get(table.loss).centred else "K"


def _last(ranks: tuple[int, ...]) -> str:
    return str(ranks[-1]) if ranks else "-"
