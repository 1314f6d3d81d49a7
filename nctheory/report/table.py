"""A threshold table as text, JSON, CSV or LaTeX.

Every format writes the same records (`records`); text adds colour on a terminal and a legend.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from typing import Any

from rich.text import Text

from nctheory import __version__, activations, losses
from nctheory.files import envelope
from nctheory.terminal.grid import Grid, Justify, grid, render, span
from nctheory.thresholds import (
    BEATEN,
    NOT_BEATEN,
    OPTIMAL,
    UNDECIDED,
    ZERO,
    ZERO_OPTIMAL,
    Row,
    Table,
)

COLOURS = {BEATEN: "green", NOT_BEATEN: "default", OPTIMAL: "cyan", ZERO: "dim",
           ZERO_OPTIMAL: "cyan", UNDECIDED: "yellow"}
# Left out first where it is narrow.
LEAST = ("decided by", "rank σ(M_L)", "rank M", "width", "loss", "c", "loss/DNC")


def record(row: Row) -> dict[str, Any]:
    """One row as plain data, the same for every format."""
    return {
        "classes": row.classes,
        "layers": row.layers,
        "construction": row.construction.label,
        "cost": row.cost,
        "dnc_cost": row.dnc_cost,
        "ratio": row.ratio,
        "loss": row.loss,
        "dnc_loss": row.dnc_loss,
        "loss_ratio": row.loss_ratio,
        "verdict": row.verdict,
        "certified": row.certified,
        "evidence": row.evidence,
        "width": row.width,
        "ranks": {"before": list(row.ranks.before), "after": list(row.ranks.after)},
    }


def to_json(table: Table) -> str:
    """{"version", "parameters", "rows", "least_classes", "least_layers"}."""
    parameters = {"classes": list(table.classes), "layers": list(table.layers),
                  "samples": table.samples, "weight_decay": table.weight_decay,
                  "loss": table.loss, "activation": table.activation, "width": table.width}
    return envelope(parameters=parameters, rows=[record(row) for row in table.rows],
                    least_classes=table.least_classes(), least_layers=table.least_layers())


def to_csv(table: Table) -> str:
    """One line a row; ranks as "5 5 5 / 5 10", before and after sigma."""
    rows = [{**record(row), "ranks": _ranks(row)} for row in table.rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_latex(table: Table) -> str:
    r"""A `tabular` (booktabs) with one line a row."""
    with_loss = table.weight_decay is not None
    heads = ["$K$", "$L$", "construction", f"$c/{_dnc(table)}$", *["loss ratio"] * with_loss,
             r"rank $M_l$", r"rank $\sigma(M_L)$", "verdict", "certified by"]
    lines = [f"% nctheory {__version__}, samples {table.samples}, "
             f"weight decay {table.weight_decay}",
             rf"\begin{{tabular}}{{rrl{'r' * (3 + with_loss)}ll}}",
             r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    for row in table.rows:
        ratio = [f"{row.loss_ratio:.4f}"] if with_loss else []
        cells = [str(row.classes), str(row.layers), _tex(row.construction.label),
                 f"{row.ratio:.4f}", *ratio, span(row.ranks.before),
                 _last(row.ranks.after), row.verdict, _tex(row.evidence)]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def to_text(table: Table) -> str:
    """Aligned columns, one colour a verdict on a terminal, a summary and a legend below."""
    return render(_grid(table)) + "\n" + _summary(table)


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
        cells = [str(row.classes), str(row.layers), row.construction.label,
                 f"{row.cost:.4f}", f"{row.ratio:.4f}", *loss, str(row.width),
                 span(row.ranks.before),
                 _last(row.ranks.after), row.verdict, row.evidence.split(":")[0]]
        last_of_group = row.layers == table.layers[-1] and len(table.layers) > 1
        lines.add_row(*(Text(cell, style=COLOURS[row.verdict]) for cell in cells),
                      end_section=last_of_group)
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


def _ranks(row: Row) -> str:
    return " / ".join(" ".join(map(str, side)) for side in row.ranks)


def _last(ranks: tuple[int, ...]) -> str:
    return str(ranks[-1]) if ranks else "-"


def _tex(text: str) -> str:
    return text.replace("&", r"\&").replace("_", r"\_")


FORMATS: dict[str, Callable[[Table], str]] = {
    "text": to_text, "json": to_json, "csv": to_csv, "latex": to_latex}
