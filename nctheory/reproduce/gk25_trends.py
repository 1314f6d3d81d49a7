"""Figures 2 and 5 of [GK25]: probability of DNC and rank, against the width and the weight decay.

The scale of the random start is not known to us, and it matters: probabilities are measured for
two scales (entries of variance scale^2 / d).

In full, runs go on until the gradient's norm is below 10^-7, which takes 18 to 55 times
1 / (rate lam): on the plateaus on the way it stays above 10^-5. 10 runs in each cell are enough,
for trends are tested over the single runs of all cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.gk25 import SETTING, problem_of
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.tables import BRACKETS, counted, group


def _sweep(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs for every scale, width and weight decay."""
    jobs = [dufm.descent(problem_of(parameters, 2.0**exponent), width, parameters["times"],
                         parameters["learning_rate"], scale, parameters["tol"])
            for scale in parameters["scales"] for width in parameters["widths"]
            for exponent in parameters["log2_weight_decays"]]
    rows: list[dufm.Run] = []
    for job, result in dufm.trained(jobs, range(seed, seed + parameters["runs"]), progress):
        rows += dufm.run_rows(job, result)
    return {"runs": rows}


def _trends(tables: Tables, column: str, sign: int, word: str) -> tuple[bool, list[str]]:
    """Whether rank and probability of DNC both move with a column for one of the scales, and
    neither the other way for any: the paper's scale is not known to us."""
    words, shown, opposed = [], False, False
    for scale, rows in group(tables["runs"], "scale").items():
        groups = group(rows, column)
        ranks = [dufm.mean_rank(runs)[0] for runs in groups.values()]
        shares = [counted(runs, dufm.is_dnc) for runs in groups.values()]
        moves, against = ((dufm.rank_moves(rows, column, way),
                           dufm.share_moves(rows, "dnc", column, way)) for way in (sign, -sign))
        shown |= all(moves)
        opposed |= any(against)
        verdict = {(True, True): f"both {word}", (True, False): f"the rank {word}",
                   (False, True): f"DNC {word}"}.get(moves, "no clear trend")
        words.append(f"from starts of scale {scale:g} the mean rank of M_2 goes from "
                     f"{ranks[0]:.2f} to {ranks[-1]:.2f}, and DNC from {shares[0]} to "
                     f"{shares[-1]} runs: {'the other way' if any(against) else verdict}")
    return shown and not opposed, words


def _finding(parameters: Parameters, span: str, fine: bool, words: Sequence[str]) -> Finding:
    return Finding("trend" if fine else "no match", (
        f"{dufm.setting(parameters)}, {span}: {'; '.join(words)}. A trend is a rank correlation "
        f"over the single runs that chance gives with probability 0.01 at most; the scale of the "
        f"paper's starts is not known to us, so one scale is enough for the verdict if none goes "
        f"the other way (a rule made after these runs were seen). {BRACKETS}"))


def _judge_2(tables: Tables, parameters: Parameters) -> Finding:
    widths, exponents = parameters["widths"], parameters["log2_weight_decays"]
    return _finding(parameters, f"lam = 2^{exponents[0]:g}, widths {widths[0]} to {widths[-1]}",
                    *_trends(tables, "width", 1, "rising"))


def _judge_5(tables: Tables, parameters: Parameters) -> Finding:
    widths, decays = parameters["widths"], parameters["log2_weight_decays"]
    return _finding(parameters, f"d = {widths[0]}, lam from 2^{decays[0]:g} to 2^{decays[-1]:g}",
                    *_trends(tables, "weight_decay", -1, "falling"))


def _draw_sweep(figure: Any, tables: Tables, label: str,
                groups: Callable[[Sequence[Any]], dict[float, list[Any]]]) -> None:
    left, right = figure.subplots(1, 2)
    for scale, rows in group(tables["runs"], "scale").items():
        dufm.draw_share(left, groups(rows), dufm.is_dnc, f"start of scale {scale:g}")
        dufm.draw_mean_rank(right, groups(rows), f"start of scale {scale:g}")
    classes = tables["runs"][0].classes
    drawing.level(right, classes - 1, "DNC")
    drawing.level(right, classes // 2, "pairs")
    left.set(xlabel=label, ylabel="probability of DNC")
    right.set(xlabel=label, ylabel="mean rank of $M_2$")
    left.legend()


def _draw_2(figure: Any, tables: Tables, parameters: Parameters) -> None:
    _draw_sweep(figure, tables, "width $d$", lambda rows: group(rows, "width"))


def _draw_5(figure: Any, tables: Tables, parameters: Parameters) -> None:
    _draw_sweep(figure, tables, r"$\log_2\lambda$", dufm.by_log2_decay)


FIGURE_2 = Experiment(
    name="gk25-fig2", source="[GK25] Fig 2",
    claim="linear model: DNC grows more likely, and the rank larger, with the width (Theorem 5: "
          "its set of parameters gains in dimension)",
    quick={**SETTING, "widths": [10, 50, 90], "log2_weight_decays": [-10], "scales": [1.0, 2.0],
           "runs": 16, "times": 20, "tol": 0.0},
    full={**SETTING, "widths": [10, 20, 30, 50, 70, 100], "log2_weight_decays": [-10],
          "scales": [1.0, 2.0], "runs": 10, "times": 100, "tol": 1e-7},
    measure=_sweep, judge=_judge_2, draw=_draw_2)

FIGURE_5 = Experiment(
    name="gk25-fig5", source="[GK25] Fig 5",
    claim="linear model: DNC grows less likely, and the rank smaller, with the weight decay",
    quick={**SETTING, "widths": [70], "log2_weight_decays": [-10, -9, -8, -7], "scales": [2.0],
           "runs": 16, "times": 20, "tol": 0.0},
    full={**SETTING, "widths": [70], "log2_weight_decays": [-12, -11, -10, -9, -8, -7],
          "scales": [1.0, 2.0], "runs": 10, "times": 100, "tol": 1e-7},
    measure=_sweep, judge=_judge_5, draw=_draw_5)
