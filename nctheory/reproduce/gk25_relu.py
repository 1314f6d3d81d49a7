"""Figure 6 of [GK25]: ReLU, against the paper's line and a DNC that can be written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nctheory.constructions import Pairs, Triangular
from nctheory.constructions.edge_code import EdgeCode
from nctheory.cross_entropy.collapse import definition_1
from nctheory.problem import Problem
from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.gk25 import SETTING, problem_of, title_of
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding, Verdict
from nctheory.reproduce.tables import BRACKETS, counted, group
from nctheory.solver import Result


class Known(NamedTuple):
    """A loss that runs are compared with."""

    name: str
    loss: float
    rank: int
    status: str


class Ratio(NamedTuple):
    """Layer l of a run against Definition 1 and Assumption 1 of [GK25]."""

    start: str
    scale: float
    seed: int
    layer: int
    dnc1: float
    dnc2: float
    dnc3: float
    mean: float
    mean_after: float


def _known(problem: Problem) -> list[Known]:
    """DNC with ReLU, the paper's line, and low-rank structures in closed form."""
    line = replace(problem, activation="linear")
    found = [Known("DNC with ReLU", dufm.dnc_loss(problem), problem.classes, "closed form"),
             Known("the paper's line", dufm.dnc_loss(line), problem.classes - 1,
                   "bound for DNC under Assumption 1")]
    best = min((Triangular(vertices=5, subset=s) for s in (2, 3)),
               key=lambda member: member.loss(problem))
    for name, made in (("simplex on triangular features", best),
                       ("pairs", Pairs(classes=problem.classes)),
                       ("edge code", EdgeCode(vertices=5))):
        ranks = made.ranks(problem.layers, problem.loss, problem.activation)
        found.append(Known(name, made.loss(problem), ranks.before[1], "closed form"))
    return found


def _measure_6(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Descents from random starts and from DNC with noise, then quasi-Newton runs."""
    problem = problem_of(parameters, parameters["weight_decay"])
    random = [dufm.job_of(problem, parameters, scale=scale) for scale in parameters["scales"]]
    near = dufm.job_of(problem, parameters, start="dnc", noise=parameters["noise"])
    newton = dufm.Job(problem, parameters["newton_width"], 20_000, parameters["learning_rate"],
                      method="quasi-newton", collapsed=True)
    tables: dict[str, list[Any]] = {"runs": [], "curves": [], "spectra": [], "assumption": [],
                                    "near": [], "newton": [], "known": list(_known(problem))}
    best = np.inf
    seeds = range(seed, seed + parameters["runs"])
    for job, result in dufm.trained([*random, near, newton], seeds, progress):
        table = "newton" if job is newton else "near" if job is near else "runs"
        tables[table] += dufm.run_rows(job, result)
        if job is not newton:
            tables["assumption"] += _ratios(job, result)
        if job in random and np.nanmin(result.loss) < best:
            best = float(np.nanmin(result.loss))
            tables["curves"] = dufm.curve_rows(job, result)
            tables["spectra"] = dufm.singular_rows(result)
    return tables


def _ratios(job: dufm.Job, result: Result) -> list[Ratio]:
    rows = []
    for i in filter(result.sound, range(len(result))):
        if result.label[i] != "zero":
            layers = definition_1(result.parameters(i), job.problem)
            rows += [Ratio(job.start, job.scale, int(result.seeds[i]), *layer)
                     for layer in layers]
    return rows


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    dnc, line, *structures = tables["known"]
    runs: list[dufm.Run] = list(tables["runs"])
    newton: list[dufm.Run] = list(tables["newton"])
    structure = min(structures, key=lambda row: row.loss)
    best = min(newton, key=lambda run: run.loss)
    beaten = sum(run.loss < line.loss for run in runs)
    verdict: Verdict = "no match"
    if min(structure.loss, best.loss) < line.loss or beaten:
        verdict = "value" if beaten else "trend"
    near = [run.loss for run in tables["near"]]

    def below_line(run: dufm.Run) -> bool:
        return run.loss < float(line.loss)

    return Finding(verdict, (
        f"{dufm.setting(parameters)}: the paper's line is the bound for DNC under its Assumption "
        f"1, {line.loss:.6f}; a DNC with ReLU that can be written down has {dnc.loss:.6f}. Of the "
        f"descents {counted(runs, below_line)} end below the line and "
        f"{counted(runs, dufm.is_below)} below that DNC (least "
        f"{min(run.loss for run in runs):.6f}, mean rank {dufm.mean_rank(runs)[0]:.2f}); of the "
        f"quasi-Newton runs, width {newton[0].width}, {counted(newton, below_line)} end "
        f"below the line, the best at {best.loss:.6f} with ranks {best.before}; the least closed "
        f"form is that of {structure.name} (ours), {structure.loss:.6f}, with rank "
        f"{structure.rank} from M_2 on. "
        f"{'Nothing beats the line' if verdict == 'no match' else 'The line is beaten'}. "
        f"Descents from DNC with noise end at {min(near):.6f} to {max(near):.6f}. "
        f"{_assumption(tables['assumption'])} {BRACKETS}"))


def _assumption(rows: Sequence[Ratio]) -> str:
    """What trained runs say on Assumption 1, which is on DNC solutions."""
    words, names = [], {"gaussian": "random starts", "dnc": "DNC with noise"}
    for start, found in group([row for row in rows if row.layer > 1], "start").items():
        ratios = {key: min(row.mean_after / row.mean for row in layers)
                  for key, layers in group(found, "scale", "seed").items()}
        fine = sum(ratio >= 1 - 1e-9 for ratio in ratios.values())
        collapsed = max(max(row.dnc1, row.dnc2, row.dnc3) for row in found)
        words.append(f"{fine} of {len(ratios)} runs from {names[start]} (least ratio "
                     f"{min(ratios.values()):.3f}; largest of DNC1-3 {collapsed:.1e})")
    return ("Assumption 1 is on solutions with DNC1-3 = 0; what it says, that ReLU does not lower "
            "the ratio of mean to simplex part, is so on " + " and on ".join(words) + ".")


def _draw_6(figure: Any, tables: Tables, parameters: Parameters) -> None:
    (loss, spectra), (ranks, ratios) = figure.subplots(2, 2, width_ratios=(1.2, 1))
    known = {row.name: row.loss for row in tables["known"]}
    drawing.curves(loss, dufm.paths(tables["curves"]), {
        "DNC with ReLU": known["DNC with ReLU"], "bound for DNC": known["the paper's line"],
        "edge code": known["edge code"]})
    loss.set_title(title_of(parameters))
    layers = range(2, parameters["layers"] + 1)
    best = min(tables["curves"], key=lambda row: row.loss).seed
    shown = [row for row in tables["spectra"] if row.seed == best]
    drawing.spectrum_panel(spectra, {
        ("$M_{}$" if name == "M" else r"$\sigma(M_{})$").format(l):
            [[row.value for row in shown if (row.matrix, row.layer) == (name, l)]]
        for l in layers for name in ("M", "sigma(M)")})
    spectra.set_title("best descent")
    dufm.draw_ranks(ranks, sorted(tables["runs"], key=lambda run: run.loss)[:10])
    for (start, rows), marker in zip(
            group([row for row in tables["assumption"] if row.layer > 1], "start").items(), "o^",
            strict=False):
        ratios.plot([row.mean for row in rows], [row.mean_after for row in rows], marker=marker,
                    linestyle="", fillstyle="none",
                    label="from DNC" if start == "dnc" else "from random starts")
    high = max(max(row.mean, row.mean_after) for row in tables["assumption"])
    ratios.plot([0, high], [0, high], **drawing.LINE, color=drawing.GREY, linewidth=0.7)
    ratios.set(xlabel=r"mean / simplex part of $M_l$", ylabel=r"of $\sigma(M_l)$",
               title="Assumption 1: not below the line")
    ratios.legend()


RELU = {**SETTING, "layers": 3, "activation": "relu", "noise": 0.02, "newton_width": 16,
        "scales": [1.0, 0.5]}
FIGURE_6 = Experiment(
    name="gk25-fig6", source="[GK25] Fig 6",
    claim="ReLU model, L = 3: a low-rank solution has a lower loss than the bound for DNC",
    quick={**RELU, "width": 70, "weight_decay": 2.0**-9, "runs": 3, "steps": 10_000},
    full={**RELU, "width": 70, "weight_decay": 2.0**-9, "runs": 10, "steps": 60_000},
    measure=_measure_6, judge=_judge_6, draw=_draw_6, size=(6.5, 5.0))
