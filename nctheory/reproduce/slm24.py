"""Figures of [SLM24]: gradient descent on the ReLU model with the squared loss."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory.constructions import Orthogonal, Triangular
from nctheory.problem import Problem
from nctheory.reproduce.drawing import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    curves,
    excess_curves,
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
    mean_rank,
    paths,
    rank_moves,
    run_rows,
    share,
    share_moves,
    trained,
)
from nctheory.reproduce.tables import group

CLOSE = 1e-3  # relative distance to a closed form that counts as its value


def _problem(parameters: Parameters, classes: int) -> Problem:
    return Problem(classes=classes, layers=parameters["layers"],
                   weight_decay=parameters["weight_decay"])


def _dnc(problem: Problem) -> float:
    return Orthogonal(classes=problem.classes).loss(problem)


def _triangular(problem: Problem) -> dict[int, float]:
    """{s: loss} of the family with K = r(r-1)/2; s and r - s are both listed."""
    r = round((1 + (1 + 8 * problem.classes) ** 0.5) / 2)
    return {s: Triangular(vertices=r, subset=s).loss(problem) for s in range(2, r - 1)}


def _curves(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Curves and ends of runs, for each number of classes."""
    jobs = [Job(_problem(parameters, K), parameters["width"], parameters["steps"],
                parameters["learning_rate"], trace_every=TRACE_EVERY)
            for K in parameters["classes"]]
    tables: dict[str, list[Any]] = {"runs": [], "curves": []}
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        tables["runs"] += run_rows(job, result, _dnc(job.problem))
        tables["curves"] += curve_rows(job, result)
    return tables


# Figures 2 and 6: between the closed forms, with low rank.

def _between(tables: Tables, parameters: Parameters) -> tuple[Verdict, str]:
    """Verdict and words on: the triangular loss <= losses <= DNC's, ranks below K."""
    runs: list[Run] = list(tables["runs"])
    K = runs[0].classes
    problem = _problem(parameters, K)
    dnc, family = _dnc(problem), _triangular(problem)
    s = min(family, key=lambda key: family[key])
    losses = np.array([run.loss for run in runs])
    inside = (losses >= family[s] * (1 - CLOSE)) & (losses <= dnc * (1 + CLOSE))
    below = int((losses < dnc).sum())
    low = sum(run.rank < K for run in runs)
    verdict: Verdict = "no match"
    if 2 * below > len(runs) and 2 * low > len(runs):
        verdict = "value" if inside.all() else "trend"
    middle, _ = mean_rank(runs)
    return verdict, (
        f"{inside.sum()} of {len(runs)} runs end between the triangular loss {family[s]:.5f} "
        f"(s = {s}) and DNC's {dnc:.5f} ({losses.min():.5f} to {losses.max():.5f}), {below} "
        f"below DNC, {low} with mean rank of M_2..M_L below K = {K} (average {middle:.2f})")


def _judge_2(tables: Tables, parameters: Parameters) -> Finding:
    verdict, words = _between(tables, parameters)
    return Finding(verdict, words + ".")


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    """No number of this figure is known to us: a trend at most."""
    verdict, words = _between(tables, parameters)
    return Finding("trend" if verdict == "value" else verdict,
                   words + f"; weight decay {parameters['weight_decay']:g} and learning rate "
                   f"{parameters['learning_rate']:g} are ours.")


def _draw_between(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    problem = _problem(parameters, parameters["classes"][0])
    # The family is symmetric neither in loss nor in s: its best two members say enough.
    best = sorted(_triangular(problem).items(), key=lambda item: item[1])[:2]
    curves(left, paths(tables["curves"]), {
        "DNC": _dnc(problem), **{f"triangular, $s={s}$": loss for s, loss in best}})
    left.set_title(rf"$K={problem.classes}$, $L={problem.layers}$, "
                   rf"$\lambda={parameters['weight_decay']:g}$, $d={parameters['width']}$")
    draw_ranks(right, tables["runs"])


FIGURE_2 = Experiment(
    name="slm24-fig2", source="[SLM24] Fig 2",
    claim="losses end between the triangular and the DNC values, ranks end below K",
    quick={"classes": [10], "layers": 4, "weight_decay": 0.004, "width": 30, "runs": 10,
           "learning_rate": 0.5, "steps": 20_000},
    full={"classes": [10], "layers": 4, "weight_decay": 0.004, "width": 30, "runs": 10,
          "learning_rate": 0.5, "steps": 200_000},
    measure=_curves, judge=_judge_2, draw=_draw_between)

FIGURE_6 = Experiment(
    name="slm24-fig6", source="[SLM24] Fig 6",
    claim="K = 15, L = 7: gradient descent ends below DNC with intermediate rank",
    quick={"classes": [15], "layers": 7, "weight_decay": 0.001, "width": 64, "runs": 4,
           "learning_rate": 0.2, "steps": 15_000},
    full={"classes": [15], "layers": 7, "weight_decay": 0.001, "width": 64, "runs": 10,
          "learning_rate": 0.1, "steps": 300_000},
    measure=_curves, judge=_judge_6, draw=_draw_between, size=(7.2, 2.6))


# Figure 5: few classes, where nothing below DNC is known.

def _judge_5(tables: Tables, parameters: Parameters) -> Finding:
    words, met, reached = [], True, True
    for K, runs in group(tables["runs"], "classes").items():
        excess = np.array([run.loss / run.dnc - 1 for run in runs])
        names = sum(run.label == "dnc" for run in runs)
        met &= bool((np.abs(excess) <= CLOSE).all()) and names == len(runs)
        reached &= 2 * names > len(runs)
        words.append(f"K = {K}: {names} of {len(runs)} runs are DNC, losses "
                     f"{excess.min():+.1e} to {excess.max():+.1e} relative to {runs[0].dnc:.5f}")
    verdict: Verdict = "value" if met else "trend" if reached else "no match"
    return Finding(verdict, "; ".join(words) + " (Theorem 5 begins at K = 6 for L = 4).")


def _draw_5(figure: Any, tables: Tables, parameters: Parameters) -> None:
    panels = figure.subplots(1, len(parameters["classes"]), sharex=True, sharey=True)
    for axes, (K, points) in zip(panels, group(tables["curves"], "classes").items(),
                                 strict=True):
        excess_curves(axes, paths(points), _dnc(_problem(parameters, K)))
        axes.set_title(rf"$K={K}$, $L={parameters['layers']}$, "
                       rf"$\lambda={parameters['weight_decay']:g}$")
    panels[0].set_ylabel("loss / DNC loss $- 1$")


FIGURE_5 = Experiment(
    name="slm24-fig5", source="[SLM24] Fig 5",
    claim="K = 3, 4, 5 at L = 4, below the classes where low rank is known to win",
    quick={"classes": [3, 4, 5], "layers": 4, "weight_decay": 0.004, "width": 30, "runs": 8,
           "learning_rate": 0.5, "steps": 40_000},
    full={"classes": [3, 4, 5], "layers": 4, "weight_decay": 0.004, "width": 30, "runs": 10,
          "learning_rate": 0.5, "steps": 100_000},
    measure=_curves, judge=_judge_5, draw=_draw_5)


# Figure 3: loss ratio against r; rank against weight decay; probability of DNC against width.

class Ratio(NamedTuple):
    """The best triangular construction over DNC, minimal losses in closed form."""

    vertices: int
    classes: int
    layers: int
    subset: int
    triangular: float
    dnc: float
    ratio: float


def _ratios(parameters: Parameters) -> list[Ratio]:
    rows = []
    for L in (3, 4, 5):
        for r in parameters["vertices"]:
            problem = Problem(classes=r * (r - 1) // 2, layers=L,
                              weight_decay=parameters["ratio_weight_decay"])
            family, dnc = _triangular(problem), _dnc(problem)
            s = min(family, key=lambda key: family[key])
            rows.append(Ratio(r, problem.classes, L, s, family[s], dnc, family[s] / dnc))
    return rows


def _measure_3(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    steps, rate = parameters["steps"], parameters["learning_rate"]
    L, K, d = parameters["layers"], parameters["classes"], parameters["width"]
    by_decay = [Job(Problem(classes=k, layers=L, weight_decay=2.0 ** exponent), d, steps, rate)
                for k in K for exponent in parameters["log2_weight_decays"]]
    by_width = [Job(Problem(classes=K[0], layers=L, weight_decay=parameters["weight_decay"]),
                    width, steps, rate) for width in parameters["widths"]]
    tables: dict[str, list[Any]] = {"ratio": _ratios(parameters), "decay": [], "width": []}
    found = trained(by_decay + by_width, range(seed, seed + parameters["runs"]), progress)
    for number, (job, result) in enumerate(found):
        table = "decay" if number < len(by_decay) else "width"
        tables[table] += run_rows(job, result, _dnc(job.problem))
    return tables


def _theorem_5(row: Ratio) -> bool:
    """Whether [SLM24] Theorem 5 says that DNC is not optimal."""
    return (row.layers >= 4 and row.classes >= 6) or (row.layers == 3 and row.classes >= 10)


def _judge_3(tables: Tables, parameters: Parameters) -> Finding:
    ratios = tables["ratio"]
    met = sum((row.ratio < 1) == _theorem_5(row) for row in ratios)
    words = [f"loss ratios: below 1 just where Theorem 5 says, in {met} of {len(ratios)} cells"]
    fine = [met == len(ratios)]
    for K, rows in group(tables["decay"], "classes").items():
        groups = group(rows, "weight_decay")
        ranks = [mean_rank(runs)[0] for runs in groups.values()]
        fine.append(rank_moves(rows, "weight_decay", -1))
        words.append(f"mean rank, K = {K}: {'falls' if fine[-1] else 'does not clearly fall'} "
                     f"with weight decay, {ranks[0]:.2f} at {min(groups):.1e} to {ranks[-1]:.2f} "
                     f"at {max(groups):.1e}")
    groups = group(tables["width"], "width")
    shares = [share(runs, "dnc")[0] for runs in groups.values()]
    fine.append(share_moves(tables["width"], "dnc", "width", 1))
    words.append(f"probability of DNC: {'rises' if fine[-1] else 'does not clearly rise'} with "
                 f"width, {shares[0]:.2f} at {min(groups)} to {shares[-1]:.2f} at {max(groups)}")
    return Finding("trend" if all(fine) else "no match", "; ".join(words) + ".")


def _draw_3(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, middle, right = figure.subplots(1, 3)
    marks = zip((BLACK, BLUE, ORANGE), ("o", "s", "^"), ("-", "--", ":"), strict=True)
    for (L, rows), (colour, marker, dashes) in zip(
            group(tables["ratio"], "layers").items(), marks, strict=True):
        left.plot([row.vertices for row in rows], [row.ratio for row in rows], color=colour,
                  marker=marker, linestyle=dashes, label=f"$L={L}$")
    left.axhline(1, color="0.5", linewidth=0.6)
    left.set(xticks=parameters["vertices"][::2],
             xlabel=r"$r$  ($K=r(r-1)/2$)", ylabel="loss ratio, triangular / DNC",
             title=rf"closed forms, $\lambda={parameters['ratio_weight_decay']:g}$")
    left.legend()
    for (K, rows), colour, marker in zip(group(tables["decay"], "classes").items(),
                                         (BLUE, ORANGE), ("o", "s"), strict=False):
        groups = group(rows, "weight_decay")
        ranks = [mean_rank(runs) for runs in groups.values()]
        with_interval(middle, np.log2(list(groups)).tolist(),
                      [(m, m - 2 * e, m + 2 * e) for m, e in ranks], colour, marker, f"$K={K}$")
        middle.axhline(K, color=colour, linewidth=0.6, linestyle=":")
        middle.annotate("DNC", (1, K), (0, -2), xycoords=("axes fraction", "data"), ha="right",
                        va="top", textcoords="offset points", color=colour, fontsize=7)
    middle.set(xlabel=r"$\log_2\lambda$", ylabel=r"mean rank of $M_2,\ldots,M_L$",
               title=f"$L={parameters['layers']}$, $d={parameters['width']}$",
               ylim=(None, max(parameters["classes"]) + 0.5))
    middle.legend(loc="center right", bbox_to_anchor=(1, 0.62))
    groups = group(tables["width"], "width")
    with_interval(right, list(groups), [share(runs, "dnc") for runs in groups.values()],
                  GREEN, "D", "DNC")
    right.set(xlabel="width $d$", ylabel="probability of DNC", ylim=(-0.03, 1.03),
              title=rf"$K={parameters['classes'][0]}$, $\lambda={parameters['weight_decay']:g}$")


FIGURE_3 = Experiment(
    name="slm24-fig3", source="[SLM24] Fig 3",
    claim="the triangular construction beats DNC as in Theorem 5; mean rank falls with weight "
          "decay; the probability of DNC depends on the width",
    quick={"vertices": [4, 5, 6, 7, 8], "ratio_weight_decay": 0.001, "layers": 4,
           "classes": [10], "width": 30, "log2_weight_decays": [-11, -9, -7], "runs": 8,
           "widths": [10, 30, 60], "weight_decay": 0.004, "learning_rate": 0.5,
           "steps": 40_000},
    full={"vertices": [4, 5, 6, 7, 8, 9, 10, 11, 12], "ratio_weight_decay": 0.001, "layers": 4,
          "classes": [10, 15], "width": 30,
          "log2_weight_decays": [-12 + k / 2 for k in range(12)], "runs": 24,
          "widths": [10, 15, 20, 25, 30, 35, 40, 50, 60, 80], "weight_decay": 0.004,
          "learning_rate": 0.5, "steps": 100_000},
    measure=_measure_3, judge=_judge_3, draw=_draw_3, size=(7.2, 2.5))
