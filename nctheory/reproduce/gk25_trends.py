"""Figures 2 and 5 of [GK25]: probability of DNC and rank, against the width and the weight decay.

The scale of the random start is not known to us, and it matters: probabilities are measured for
two scales (entries of variance scale^2 / d).

In full, runs go on until the gradient's norm is below 10^-7, which takes 18 to 55 times
1 / (rate lam): on the plateaus on the way it stays above 10^-5. 16 runs in each cell are enough,
for trends are tested over the single runs of all cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nctheory.reproduce.drawing import BLUE, ORANGE, with_interval
from nctheory.reproduce.gk25 import SETTING, problem_of
from nctheory.reproduce.reproduction import Experiment, Finding, Parameters, Progress, Tables
from nctheory.reproduce.runs import (
    Run,
    descent,
    dnc_loss,
    is_dnc,
    mean_rank,
    rank_moves,
    run_rows,
    share,
    share_moves,
    trained,
)
from nctheory.reproduce.tables import group


def _sweep(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs for every scale, width and weight decay."""
    jobs = [descent(problem_of(parameters, 2.0**exponent), width, parameters["times"],
                    parameters["learning_rate"], scale, parameters["tol"])
            for scale in parameters["scales"] for width in parameters["widths"]
            for exponent in parameters["log2_weight_decays"]]
    rows: list[Run] = []
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        rows += run_rows(job, result, dnc_loss(job.problem))
    return {"runs": rows}


def _trends(tables: Tables, column: str, sign: int, word: str) -> tuple[bool, list[str]]:
    """Whether rank and probability of DNC move with a column, for every scale."""
    fine, words = True, []
    for scale, rows in group(tables["runs"], "scale").items():
        groups = group(rows, column)
        ranks = [mean_rank(runs)[0] for runs in groups.values()]
        shares = [share(runs, is_dnc)[0] for runs in groups.values()]
        moves = rank_moves(rows, column, sign)
        # Where no run is DNC anywhere, its probability says nothing.
        moves &= not any(shares) or share_moves(rows, "dnc", column, sign)
        fine &= moves
        verdict = f"both {word}" if moves and any(shares) else word if moves else "no trend"
        words.append(f"start of scale {scale:g}: mean rank {ranks[0]:.2f} to {ranks[-1]:.2f}, "
                     f"probability of DNC {shares[0]:.2f} to {shares[-1]:.2f}, {verdict}")
    return fine and any(row.label == "dnc" for row in tables["runs"]), words


def _judge_2(tables: Tables, parameters: Parameters) -> Finding:
    fine, words = _trends(tables, "width", 1, "rising")
    widths = parameters["widths"]
    return Finding("trend" if fine else "no match",
                   f"widths {widths[0]} to {widths[-1]}: " + "; ".join(words) + ".")


def _judge_5(tables: Tables, parameters: Parameters) -> Finding:
    fine, words = _trends(tables, "weight_decay", -1, "falling")
    decays = parameters["log2_weight_decays"]
    return Finding("trend" if fine else "no match",
                   f"weight decays 2^{decays[0]:g} to 2^{decays[-1]:g}: "
                   + "; ".join(words) + ".")


def _draw_sweep(figure: Any, tables: Tables, column: str, label: str) -> None:
    left, right = figure.subplots(1, 2)
    for (scale, rows), colour, marker in zip(group(tables["runs"], "scale").items(),
                                             (BLUE, ORANGE), ("o", "s"), strict=False):
        groups = group(rows, column)
        x = list(groups) if column == "width" else np.log2(list(groups)).tolist()
        with_interval(left, x, [share(runs, is_dnc) for runs in groups.values()], colour, marker,
                      f"start of scale {scale:g}")
        ranks = [mean_rank(runs) for runs in groups.values()]
        with_interval(right, x, [(m, m - 2 * e, m + 2 * e) for m, e in ranks], colour, marker,
                      f"start of scale {scale:g}")
    classes = tables["runs"][0].classes
    for rank, name in ((classes - 1, "DNC"), (classes // 2, "pairs")):
        right.axhline(rank, color="0.4", linestyle="--", linewidth=0.6)
        right.annotate(name, (1, rank), (0, -2), xycoords=("axes fraction", "data"), va="top",
                       textcoords="offset points", ha="right", fontsize=7, color="0.3")
    left.set(xlabel=label, ylabel="probability of DNC", ylim=(-0.03, 1.03))
    right.set(xlabel=label, ylabel="mean rank of $M_2$")
    left.legend()


def _draw_2(figure: Any, tables: Tables, parameters: Parameters) -> None:
    _draw_sweep(figure, tables, "width", "width $d$")


def _draw_5(figure: Any, tables: Tables, parameters: Parameters) -> None:
    _draw_sweep(figure, tables, "weight_decay", r"$\log_2\lambda$")


FIGURE_2 = Experiment(
    name="gk25-fig2", source="[GK25] Fig 2",
    claim="linear model: DNC grows more likely, and the rank larger, with the width (Theorem 5: "
          "its set of parameters gains in dimension)",
    quick={**SETTING, "widths": [10, 50, 90], "log2_weight_decays": [-10], "scales": [1.0, 2.0],
           "runs": 16, "times": 20, "tol": 0.0},
    full={**SETTING, "widths": [10, 15, 20, 30, 40, 50, 60, 70, 85, 100],
          "log2_weight_decays": [-10], "scales": [1.0, 2.0], "runs": 16, "times": 100,
          "tol": 1e-7},
    measure=_sweep, judge=_judge_2, draw=_draw_2)

FIGURE_5 = Experiment(
    name="gk25-fig5", source="[GK25] Fig 5",
    claim="linear model: DNC grows less likely, and the rank smaller, with the weight decay",
    quick={**SETTING, "widths": [70], "log2_weight_decays": [-10, -9, -8, -7], "scales": [2.0],
           "runs": 16, "times": 20, "tol": 0.0},
    full={**SETTING, "widths": [70], "log2_weight_decays": [-12, -11, -10, -9, -8, -7],
          "scales": [1.0, 2.0], "runs": 16, "times": 100, "tol": 1e-7},
    measure=_sweep, judge=_judge_5, draw=_draw_5)
