"""Figures of [GK25]: gradient descent on the cross-entropy model, linear and with ReLU.

The scale of the random start is not known to us, and it matters: probabilities are measured for
two scales (entries of variance scale^2 / d).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import network
from nctheory.constructions import Orthogonal, Pairs, Triangular
from nctheory.constructions.edge_code import EdgeCode
from nctheory.cross_entropy.collapse import definition_1
from nctheory.problem import Problem
from nctheory.reproduce.drawing import (
    BLUE,
    MARKS,
    ORANGE,
    curves,
    matrix_panel,
    spectrum_panel,
    with_interval,
)
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
    entry_rows,
    is_below,
    is_dnc,
    matrix_of,
    mean_rank,
    paths,
    rank_moves,
    run_rows,
    share,
    share_moves,
    singular_rows,
    trained,
)
from nctheory.reproduce.tables import group
from nctheory.solver import Result

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


# Figure 1: a run that ends at DNC, one that ends at pairs, and their logits.

def _measure_1(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs of each start scale; curves and logits of the best run, and of the best at DNC."""
    problem = _problem(parameters, parameters["weight_decay"])
    jobs = [Job(problem, parameters["width"], parameters["steps"], parameters["learning_rate"],
                scale, trace_every=TRACE_EVERY) for scale in parameters["scales"]]
    tables: dict[str, list[Any]] = {"runs": [], "curves": [], "logits": []}
    chosen: dict[str, tuple[float, Job, Result, int]] = {}
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        tables["runs"] += run_rows(job, result, _dnc(problem))
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
    problem = _problem(parameters, parameters["weight_decay"])
    dnc, pairs, half = _dnc(problem), _pairs(problem), problem.classes // 2
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


def _title(parameters: Parameters) -> str:
    return (rf"$K={parameters['classes']}$, $L={parameters['layers']}$, "
            rf"$n={parameters['samples']}$, "
            rf"$\lambda=2^{{{np.log2(parameters['weight_decay']):g}}}$, "
            rf"$d={parameters['width']}$")


def _draw_1(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, *panels = figure.subplots(1, 3, width_ratios=(1.6, 1, 1))
    problem = _problem(parameters, parameters["weight_decay"])
    curves(left, {name: [(row.step, row.loss) for row in rows]
                  for name, rows in group(tables["curves"], "run").items()},
           {"DNC": _dnc(problem), "pairs": _pairs(problem)})
    left.set_title(_title(parameters))
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


# Figure 6: with ReLU, against the paper's line and against a DNC that can be written down.

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
    found = [Known("DNC with ReLU", _dnc(problem), problem.classes, "closed form"),
             Known("the paper's line", _dnc(line), problem.classes - 1,
                   "bound for DNC under Assumption 1")]
    best = min((Triangular(vertices=5, subset=s) for s in (2, 3)),
               key=lambda member: member.loss(problem))
    for name, made in (("simplex on triangular features", best.logits()),
                       ("pairs", Pairs(classes=problem.classes)),
                       ("edge code", EdgeCode(vertices=5))):
        found.append(Known(name, made.loss(problem), made.ranks(problem.layers, "relu").before[1],
                           "closed form"))
    return found


def _measure_6(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Descents from random starts and from DNC with noise, then quasi-Newton runs."""
    problem = _problem(parameters, parameters["weight_decay"])
    width, steps, rate = parameters["width"], parameters["steps"], parameters["learning_rate"]
    random = [Job(problem, width, steps, rate, scale, trace_every=TRACE_EVERY)
              for scale in parameters["scales"]]
    near = Job(problem, width, steps, rate, trace_every=TRACE_EVERY, start="dnc",
               noise=parameters["noise"])
    newton = Job(problem, parameters["newton_width"], 20_000, rate, method="quasi-newton",
                 collapsed=True)
    tables: dict[str, list[Any]] = {"runs": [], "curves": [], "spectra": [], "assumption": [],
                                    "near": [], "newton": [], "known": list(_known(problem))}
    best = np.inf
    seeds = range(seed, seed + parameters["runs"])
    for job, result in trained([*random, near, newton], seeds, progress):
        table = "newton" if job is newton else "near" if job is near else "runs"
        tables[table] += run_rows(job, result, _dnc(problem))
        if job is not newton:
            tables["assumption"] += _ratios(job, result)
        if job in random and np.nanmin(result.loss) < best:
            best = float(np.nanmin(result.loss))
            tables["curves"], tables["spectra"] = curve_rows(job, result), singular_rows(result)
    return tables


def _ratios(job: Job, result: Result) -> list[Ratio]:
    rows = []
    for i in filter(result.sound, range(len(result))):
        if result.label[i] != "zero":
            layers = definition_1(result.parameters(i), job.problem)
            rows += [Ratio(job.start, job.scale, int(result.seeds[i]), *layer)
                     for layer in layers]
    return rows


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    dnc, line, *structures = tables["known"]
    runs: list[Run] = list(tables["runs"])
    newton: list[Run] = list(tables["newton"])
    structure = min(structures, key=lambda row: row.loss)
    best = min(newton, key=lambda run: run.loss)
    beaten = sum(run.loss < line.loss for run in runs)
    verdict: Verdict = "no match"
    if min(structure.loss, best.loss) < line.loss or beaten:
        verdict = "value" if beaten else "trend"
    near = [run.loss for run in tables["near"]]
    return Finding(verdict, (
        f"the paper's line is the bound for DNC under its Assumption 1, {line.loss:.6f}; a DNC "
        f"with ReLU that can be written down has {dnc.loss:.6f}. Of {len(runs)} descents {beaten} "
        f"end below the line and {sum(run.loss < dnc.loss for run in runs)} below that DNC (least "
        f"{min(run.loss for run in runs):.6f}, mean rank {mean_rank(runs)[0]:.2f}); of "
        f"{len(newton)} quasi-Newton runs {sum(run.loss < line.loss for run in newton)} end "
        f"below the line, the best at {best.loss:.6f} with ranks {best.before}; the least closed "
        f"form is that of {structure.name}, {structure.loss:.6f}, with rank {structure.rank} from "
        f"M_2 on. {'Nothing beats the line' if verdict == 'no match' else 'The line is beaten'}. "
        f"Descents from DNC with noise end at {min(near):.6f} to {max(near):.6f}. "
        + _assumption(tables["assumption"])))


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
    return ("Assumption 1, that ReLU does not lower the ratio of mean to simplex part, holds on "
            + " and on ".join(words) + ".")


def _draw_6(figure: Any, tables: Tables, parameters: Parameters) -> None:
    (loss, spectra), (ranks, ratios) = figure.subplots(2, 2, width_ratios=(1.2, 1))
    known = {row.name: row.loss for row in tables["known"]}
    curves(loss, paths(tables["curves"]), {
        "DNC with ReLU": known["DNC with ReLU"], "bound for DNC": known["the paper's line"],
        "edge code": known["edge code"]})
    loss.set_title(_title(parameters))
    layers = range(2, parameters["layers"] + 1)
    best = min(tables["curves"], key=lambda row: row.loss).seed
    shown = [row for row in tables["spectra"] if row.seed == best]
    spectrum_panel(spectra, {
        ("$M_{}$" if name == "M" else r"$\sigma(M_{})$").format(l):
            [[row.value for row in shown if (row.matrix, row.layer) == (name, l)]]
        for l in layers for name in ("M", "sigma(M)")})
    spectra.set_title("best descent")
    draw_ranks(ranks, sorted(tables["runs"], key=lambda run: run.loss)[:10])
    for (start, rows), (colour, marker) in zip(
            group([row for row in tables["assumption"] if row.layer > 1], "start").items(),
            MARKS[1:], strict=False):
        ratios.plot([row.mean for row in rows], [row.mean_after for row in rows], color=colour,
                    marker=marker, linestyle="", fillstyle="none",
                    label="from DNC" if start == "dnc" else "from random starts")
    high = max(max(row.mean, row.mean_after) for row in tables["assumption"])
    ratios.plot([0, high], [0, high], color="0.5", linewidth=0.6)
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
