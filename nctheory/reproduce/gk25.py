"""Figure 1 of [GK25], and what its figures share: cross-entropy, K = 10."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import network
from nctheory.constructions import Pairs
from nctheory.problem import Problem
from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding, Verdict
from nctheory.reproduce.tables import BRACKETS, counted, group
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
    jobs = [dufm.job_of(problem, parameters, scale=scale) for scale in parameters["scales"]]
    tables: dict[str, list[Any]] = {"runs": [], "curves": [], "logits": []}
    chosen: dict[str, tuple[float, dufm.Job, Result, int]] = {}
    for job, result in dufm.trained(jobs, range(seed, seed + parameters["runs"]), progress):
        tables["runs"] += dufm.run_rows(job, result)
        for i in filter(result.sound, range(len(result))):
            name = "DNC" if result.label[i] == "dnc" else "low rank"
            loss = float(result.loss[i])
            if loss < chosen.get(name, (np.inf,))[0]:
                chosen[name] = loss, job, result, i
    for name, (_, job, result, i) in chosen.items():
        curve = group(dufm.curve_rows(job, result), "seed")[result.seeds[i]]
        tables["curves"] += [Curve(name, row.step, row.loss) for row in curve]
        outputs = network.forward(result.parameters(i), problem)[1]
        means = network.class_means(outputs, problem)
        tables["logits"] += dufm.entry_rows(problem.classes, name, means[:, _paired(means)])
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
    dnc, pairs, half = dufm.dnc_loss(problem), _pairs(problem), problem.classes // 2
    runs: list[dufm.Run] = list(tables["runs"])

    def at_pairs(run: dufm.Run) -> bool:
        return abs(run.loss / pairs - 1) < VALUE and run.rank == half

    def at_dnc(run: dufm.Run) -> bool:
        return dufm.is_dnc(run) and abs(run.loss / dnc - 1) < VALUE

    verdict: Verdict = "no match"
    if pairs < dnc and any(map(dufm.is_below, runs)):
        verdict = "value" if any(map(at_pairs, runs)) and any(map(at_dnc, runs)) else "trend"
    ends = "; ".join(f"from starts of scale {scale:g}, {counted(rows, at_pairs)} at pairs, "
                     f"with rank {half}, and {counted(rows, at_dnc)} at DNC"
                     for scale, rows in group(runs, "scale").items())
    return Finding(verdict, (
        f"{dufm.setting(parameters)}: in closed form pairs have the loss {pairs:.7f}, "
        f"{'below' if pairs < dnc else 'not below'} DNC's {dnc:.7f}. Of the runs "
        f"{counted(runs, dufm.is_below)} end below DNC (least "
        f"{min(run.loss for run in runs):.7f}); at a closed form, to {VALUE:g} of it: {ends}; the "
        f"others at neither. The scale of the paper's starts is not known to us. "
        f"{BRACKETS}"))


def title_of(parameters: Parameters) -> str:
    """The settings as [GK25]'s captions write them, in LaTeX."""
    return (rf"$K={parameters['classes']}$, $L={parameters['layers']}$, "
            rf"$n={parameters['samples']}$, "
            rf"$\lambda=2^{{{np.log2(parameters['weight_decay']):g}}}$, "
            rf"$d={parameters['width']}$")


def _draw_1(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, *panels = figure.subplots(1, 3, width_ratios=(1.6, 1, 1))
    problem = problem_of(parameters, parameters["weight_decay"])
    drawing.curves(left, dufm.paths(tables["curves"], "run"),
                   {"DNC": dufm.dnc_loss(problem), "pairs": _pairs(problem)})
    left.set_title(title_of(parameters))
    shown = dufm.matrices(tables["logits"])
    for axes, (name, logits) in zip(panels, sorted(shown.items()), strict=False):
        # Columns stand in the order of `_paired`; rows follow them.
        drawing.matrix_panel(axes, logits[np.argmax(logits, axis=0)], f"{name}: mean logits")
    for axes in panels[len(shown):]:
        axes.set_axis_off()  # no run ended at DNC


PAIRS = {**SETTING, "width": 70, "weight_decay": 2.0**-10, "scales": [1.0, 2.0]}
FIGURE_1 = Experiment(
    name="gk25-fig1", source="[GK25] Fig 1",
    claim="linear model, L = 2: a run that ends at DNC and one that ends at pairs, with their "
          "logits; the loss of pairs is lower (Theorem 1)",
    quick={**PAIRS, "runs": 4, "steps": 40_000}, full={**PAIRS, "runs": 10, "steps": 100_000},
    measure=_measure_1, judge=_judge_1, draw=_draw_1)
