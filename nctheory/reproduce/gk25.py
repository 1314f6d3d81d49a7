"""Figures of [GK25]: gradient descent on the cross-entropy model, linear and with ReLU.

The scale of the random start is not known to us, and it matters: probabilities are measured for
two scales (entries of variance scale^2 / d).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nctheory.constructions import Orthogonal, Pairs, Triangular
from nctheory.problem import Problem
from nctheory.reproduce.drawing import BLUE, ORANGE, curves, with_interval
from nctheory.reproduce.reproduction import (
    Experiment,
    Finding,
    Parameters,
    Progress,
    Tables,
    Verdict,
)
from nctheory.reproduce.runs import (
    TRACE_EVERY,
    Job,
    Run,
    curve_rows,
    draw_ranks,
    mean_rank,
    paths,
    rank_moves,
    run_rows,
    share,
    share_moves,
    trained,
)
from nctheory.reproduce.tables import group

VALUE = 1e-3  # relative distance to a closed form that counts as its value
SETTING = {"classes": 10, "layers": 2, "samples": 5, "activation": "linear",
           "learning_rate": 0.5}


def _problem(parameters: Parameters, weight_decay: float) -> Problem:
    return Problem(classes=parameters["classes"], layers=parameters["layers"],
                   samples=parameters["samples"], weight_decay=weight_decay, loss="ce",
                   activation=parameters["activation"])


def _dnc(problem: Problem) -> float:
    return Orthogonal(classes=problem.classes).loss(problem)


def _pairs(problem: Problem) -> float:
    return Pairs(classes=problem.classes).loss(problem)


def _triangular(problem: Problem) -> float:
    """The simplex made by the features of the best triangular construction (K = 10)."""
    return min(Triangular(vertices=5, subset=s).loss(problem) for s in (2, 3))


# Figures 1 and 6: loss curves against the closed forms.

def _curves(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    problem = _problem(parameters, parameters["weight_decay"])
    job = Job(problem, parameters["width"], parameters["steps"], parameters["learning_rate"],
              trace_every=TRACE_EVERY)
    seeds = range(seed, seed + parameters["runs"])
    (_, result), = trained([job], seeds, progress)
    return {"runs": run_rows(job, result, _dnc(problem)), "curves": curve_rows(job, result)}


def _judge_1(tables: Tables, parameters: Parameters) -> Finding:
    problem = _problem(parameters, parameters["weight_decay"])
    dnc, pairs = _dnc(problem), _pairs(problem)
    runs: list[Run] = list(tables["runs"])
    losses = np.array([run.loss for run in runs])
    below = int((losses < dnc).sum())
    reached = sum(abs(run.loss / pairs - 1) < VALUE and run.rank == problem.classes // 2
                  for run in runs)
    verdict: Verdict = "no match"
    if pairs < dnc and 2 * below > len(runs):
        verdict = "value" if 2 * reached > len(runs) else "trend"
    return Finding(verdict, (
        f"pairs have the loss {pairs:.7f}, {'below' if pairs < dnc else 'not below'} DNC's "
        f"{dnc:.7f}; of {len(runs)} runs (least loss {losses.min():.7f}) {below} end below DNC "
        f"and {reached} at the loss of pairs (to {VALUE:.0e}) with rank "
        f"{problem.classes // 2}."))


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    problem = _problem(parameters, parameters["weight_decay"])
    dnc, full, best = _dnc(problem), problem.classes - 1, _triangular(problem)
    runs: list[Run] = list(tables["runs"])
    losses = np.array([run.loss for run in runs])
    low = sum(run.rank < full for run in runs)
    below = int((losses < dnc).sum())
    middle, _ = mean_rank(runs)
    return Finding("trend" if 2 * min(low, below) > len(runs) else "no match", (
        f"with ReLU {low} of {len(runs)} runs end with mean rank of M_2..M_L below that of the "
        f"simplex, {full} (average {middle:.2f}), and {below} below DNC's loss {dnc:.5f} "
        f"({losses.min():.5f} to {losses.max():.5f}; the simplex on triangular features has "
        f"{best:.5f})."))


def _draw_curves(figure: Any, tables: Tables, parameters: Parameters) -> None:
    linear = parameters["activation"] == "linear"
    left, right = figure.subplots(1, 2, width_ratios=(2 if linear else 1.2, 1))
    problem = _problem(parameters, parameters["weight_decay"])
    other = {"pairs": _pairs(problem)} if linear else {
        "simplex, triangular features": _triangular(problem)}
    curves(left, paths(tables["curves"]), {"DNC": _dnc(problem), **other})
    left.set_title(rf"$K={problem.classes}$, $L={problem.layers}$, $n={problem.samples}$, "
                   rf"$\lambda=2^{{{np.log2(parameters['weight_decay']):g}}}$, "
                   rf"$d={parameters['width']}$")
    draw_ranks(right, tables["runs"], after=not linear)


FIGURE_1 = Experiment(
    name="gk25-fig1", source="[GK25] Fig 1",
    claim="linear model, L = 2: the loss of pairs lies below that of DNC (Theorem 1)",
    quick={**SETTING, "width": 70, "weight_decay": 2.0**-10, "runs": 8, "steps": 60_000},
    full={**SETTING, "width": 70, "weight_decay": 2.0**-10, "runs": 20, "steps": 200_000},
    measure=_curves, judge=_judge_1, draw=_draw_curves)

RELU = {**SETTING, "layers": 3, "activation": "relu"}
FIGURE_6 = Experiment(
    name="gk25-fig6", source="[GK25] Fig 6",
    claim="ReLU model, L = 3: low-rank solutions appear as in the linear model",
    quick={**RELU, "width": 70, "weight_decay": 2.0**-9, "runs": 2, "steps": 10_000},
    full={**RELU, "width": 70, "weight_decay": 2.0**-9, "runs": 10, "steps": 100_000},
    measure=_curves, judge=_judge_6, draw=_draw_curves)


# Figures 2 and 5: probability of DNC and rank, against the width and the weight decay.

def _sweep(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs for every scale, width and weight decay; steps are so many 1 / (rate lam)."""
    rate, jobs = parameters["learning_rate"], []
    for scale in parameters["scales"]:
        for width in parameters["widths"]:
            for exponent in parameters["log2_weight_decays"]:
                decay = 2.0**exponent
                jobs.append(Job(_problem(parameters, decay), width,
                                round(parameters["times"] / (rate * decay)), rate, scale))
    rows: list[Run] = []
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        rows += run_rows(job, result, _dnc(job.problem))
    return {"runs": rows}


def _trends(tables: Tables, column: str, sign: int, word: str) -> tuple[bool, list[str]]:
    """Whether rank and probability of DNC move with a column, for every scale."""
    fine, words = True, []
    for scale, rows in group(tables["runs"], "scale").items():
        groups = group(rows, column)
        ranks = [mean_rank(runs)[0] for runs in groups.values()]
        shares = [share(runs, "dnc")[0] for runs in groups.values()]
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
        with_interval(left, x, [share(runs, "dnc") for runs in groups.values()], colour, marker,
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
           "runs": 16, "times": 20},
    full={**SETTING, "widths": [10, 15, 20, 30, 40, 50, 60, 70, 85, 100],
          "log2_weight_decays": [-10], "scales": [1.0, 2.0], "runs": 24, "times": 50},
    measure=_sweep, judge=_judge_2, draw=_draw_2)

FIGURE_5 = Experiment(
    name="gk25-fig5", source="[GK25] Fig 5",
    claim="linear model: DNC grows less likely, and the rank smaller, with the weight decay",
    quick={**SETTING, "widths": [70], "log2_weight_decays": [-10, -9, -8, -7], "scales": [2.0],
           "runs": 16, "times": 20},
    full={**SETTING, "widths": [70], "log2_weight_decays": [-12 + k / 2 for k in range(11)],
          "scales": [1.0, 2.0], "runs": 16, "times": 20},
    measure=_sweep, judge=_judge_5, draw=_draw_5)
