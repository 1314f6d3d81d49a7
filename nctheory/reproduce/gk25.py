"""Figure 1 of [GK25], and what its figures share: cross-entropy, K = 10."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import network
from nctheory.constructions import Pairs
from nctheory.problem import Problem
from nctheory.reproduce.drawing import curves, matrix_panel
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
    dnc_loss,
    entry_rows,
    is_below,
    is_dnc,
    matrix_of,
    run_rows,
    trained,
)
from nctheory.reproduce.tables import group
from nctheory.solver import Result

VALUE = 1e-3  # relative distance to a closed form that counts as its value
SETTING = {"classes": 10, "layers": 2, "samples": 5, "activation": "linear",
           "learning_rate": 0.5}


def problem_of(parameters: Parameters, weight_decay: float) -> Problem:
    """The experiment's problem, cross-entropy, at one weight decay."""
    return Problem(classes=parameters["classes"], layers=parameters["layers"],
                   samples=parameters["samples"], weight_decay=weight_decay, loss="ce",
                   activation=parameters["activation"])


def _pairs(problem: Problem) -> float:
    return Pairs(classes=problem.classes).loss(problem)


# Figure 1: a run that ends at DNC, one that ends at pairs, and their logits.

def _measure_1(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs of each start scale; curves and logits of the best run, and of the best at DNC."""
    problem = problem_of(parameters, parameters["weight_decay"])
    jobs = [Job(problem, parameters["width"], parameters["steps"], parameters["learning_rate"],
                scale, trace_every=TRACE_EVERY) for scale in parameters["scales"]]
    tables: dict[str, list[Any]] = {"runs": [], "curves": [], "logits": []}
    chosen: dict[str, tuple[float, Job, Result, int]] = {}
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        tables["runs"] += run_rows(job, result, dnc_loss(problem))
        for i in filter(result.sound, range(len(result))):
            name = "DNC" if result.label[i] == "dnc" else "low rank"
            loss = float(result.loss[i])
            if loss < chosen.get(name, (np.inf,))[0]:
                chosen[name] = loss, job, result, i
    for name, (_, job, result, i) in chosen.items():
        tables["curves"] += [Curve(name, row.step, row.loss) for row in curve_rows(job, result)
                             if row.seed == int(result.seeds[i])]
        outputs = network.forward(result.parameters(i), problem)[1]
        means = network.class_means(outputs, problem)
        tables["logits"] += entry_rows(problem.classes, name, means[:, _paired(means)])
    return tables


class Curve(NamedTuple):
    """The loss of the run of that name at one step."""

    run: str
    step: int
    loss: float


def _paired(logits: NDArray[np.float64]) -> list[int]:
    """The classes, each followed by the one that its logits stand against most."""
    order: list[int] = []
    for c in range(len(logits)):
        if c not in order:
            rest = [j for j in range(len(logits)) if j not in (*order, c)]
            order += [c, min(rest, key=lambda j: logits[j, c])] if rest else [c]
    return order


def _judge_1(tables: Tables, parameters: Parameters) -> Finding:
    problem = problem_of(parameters, parameters["weight_decay"])
    dnc, pairs, half = dnc_loss(problem), _pairs(problem), problem.classes // 2
    runs: list[Run] = list(tables["runs"])
    low = [run for run in runs if abs(run.loss / pairs - 1) < VALUE and run.rank == half]
    high = [run for run in runs if is_dnc(run) and abs(run.loss / dnc - 1) < VALUE]
    below = sum(map(is_below, runs))
    verdict: Verdict = "no match"
    if pairs < dnc and below:
        verdict = "value" if low and high else "trend"
    by_scale = group(runs, "scale")
    ends = "; ".join(
        f"start of scale {scale:g}: {sum(run in low for run in rows)} at pairs, "
        f"{sum(run in high for run in rows)} at DNC, of {len(rows)}"
        for scale, rows in by_scale.items())
    return Finding(verdict, (
        f"pairs have the loss {pairs:.7f}, {'below' if pairs < dnc else 'not below'} DNC's "
        f"{dnc:.7f}, and {below} of {len(runs)} runs end below DNC (least "
        f"{min(run.loss for run in runs):.7f}); at the closed forms to {VALUE:.0e} with rank "
        f"{half} and DNC's logits: {ends}."))


def title_of(parameters: Parameters) -> str:
    """The settings as [GK25]'s captions write them, in LaTeX."""
    return (rf"$K={parameters['classes']}$, $L={parameters['layers']}$, "
            rf"$n={parameters['samples']}$, "
            rf"$\lambda=2^{{{np.log2(parameters['weight_decay']):g}}}$, "
            rf"$d={parameters['width']}$")


def _draw_1(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, *panels = figure.subplots(1, 3, width_ratios=(1.6, 1, 1))
    problem = problem_of(parameters, parameters["weight_decay"])
    curves(left, {name: [(row.step, row.loss) for row in rows]
                  for name, rows in group(tables["curves"], "run").items()},
           {"DNC": dnc_loss(problem), "pairs": _pairs(problem)})
    left.set_title(title_of(parameters))
    for axes, (name, rows) in zip(panels, sorted(group(tables["logits"], "matrix").items()),
                                  strict=False):
        logits = matrix_of(rows)
        # Columns stand in the order of `_paired`; rows follow them.
        matrix_panel(axes, logits[np.argmax(logits, axis=0)], f"{name}: mean logits")
    for axes in panels[len(group(tables["logits"], "matrix")):]:
        axes.set_axis_off()  # no run ended at DNC


FIGURE_1 = Experiment(
    name="gk25-fig1", source="[GK25] Fig 1",
    claim="linear model, L = 2: runs end at DNC or at pairs, whose loss is lower (Theorem 1)",
    quick={**SETTING, "width": 70, "weight_decay": 2.0**-10, "scales": [1.0, 2.0], "runs": 4,
           "steps": 40_000},
    full={**SETTING, "width": 70, "weight_decay": 2.0**-10, "scales": [1.0, 2.0], "runs": 10,
          "steps": 100_000},
    measure=_measure_1, judge=_judge_1, draw=_draw_1)
