"""Figure 3 of [SLM24]: loss ratio against r, rank against weight decay, DNC against width.

Every run takes so many times 1 / (rate lam): with equally many steps, runs at small decays would
be stopped at a tenth of the time that those at large ones have. After 100 of these times no loss
moved by more than 0.2 % (12 runs, K = 10, to 300 times); what remains is the step's own
oscillation at the kinks of ReLU, so that no gradient's norm can say when to stop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nctheory.problem import Problem
from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.slm24 import triangular_losses
from nctheory.reproduce.tables import BRACKETS, counted, group


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
            family, dnc = triangular_losses(problem), dufm.dnc_loss(problem)
            s = min(family, key=lambda key: family[key])
            rows.append(Ratio(r, problem.classes, L, s, family[s], dnc, family[s] / dnc))
    return rows


def _measure_3(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    times, rate = parameters["times"], parameters["learning_rate"]
    L, K, d = parameters["layers"], parameters["classes"], parameters["width"]
    by_decay = [dufm.descent(Problem(classes=k, layers=L, weight_decay=2.0**exponent), d,
                             times, rate)
                for k in K for exponent in parameters["log2_weight_decays"]]
    at_width = Problem(classes=K[0], layers=L, weight_decay=parameters["weight_decay"])
    by_width = [dufm.descent(at_width, width, times, rate) for width in parameters["widths"]]
    tables: dict[str, list[Any]] = {"ratio": _ratios(parameters), "decay": [], "width": []}
    found = dufm.trained(by_decay + by_width, range(seed, seed + parameters["runs"]), progress)
    for number, (job, result) in enumerate(found):
        table = "decay" if number < len(by_decay) else "width"
        tables[table] += dufm.run_rows(job, result)
    return tables


def _theorem_5(row: Ratio) -> bool:
    """Whether [SLM24] Theorem 5 says that DNC is not optimal."""
    return (row.layers >= 4 and row.classes >= 6) or (row.layers == 3 and row.classes >= 10)


def _judge_3(tables: Tables, parameters: Parameters) -> Finding:
    ratios = tables["ratio"]
    met = sum((row.ratio < 1) == _theorem_5(row) for row in ratios)
    words = [f"{dufm.setting(parameters)}: the loss ratios in closed form are below 1 just where "
             f"Theorem 5 says, in {met} of {len(ratios)} cells"]
    fine = [met == len(ratios)]
    for K, rows in group(tables["decay"], "classes").items():
        groups = group(rows, "weight_decay")
        ranks = [dufm.mean_rank(runs)[0] for runs in groups.values()]
        fine.append(dufm.rank_moves(rows, "weight_decay", -1))
        falls = "falls" if fine[-1] else "does not clearly fall"
        words.append(f"at K = {K} the mean rank {falls} with weight decay, {ranks[0]:.2f} at "
                     f"{min(groups):.1e} to {ranks[-1]:.2f} at {max(groups):.1e}")
    groups = group(tables["width"], "width")
    shares = [counted(runs, dufm.is_dnc) for runs in groups.values()]
    fine.append(dufm.share_moves(tables["width"], "dnc", "width", 1))
    words.append(f"at K = {parameters['classes'][0]} DNC {'is' if fine[-1] else 'is not clearly'} "
                 f"more probable in wider models, {shares[0]} runs at d = {min(groups)} and "
                 f"{shares[-1]} at {max(groups)}")
    return Finding("trend" if all(fine) else "no match", (
        f"{'; '.join(words)}: {sum(fine)} of {len(fine)} parts are found again. {BRACKETS}"))


def _draw_3(figure: Any, tables: Tables, parameters: Parameters) -> None:
    left, middle, right = figure.subplots(1, 3)
    for L, rows in group(tables["ratio"], "layers").items():
        left.plot([row.vertices for row in rows], [row.ratio for row in rows], label=f"$L={L}$")
    left.axhline(1, color=drawing.GREY, linewidth=0.7)
    left.set(xticks=parameters["vertices"][::2],
             xlabel=r"$r$  ($K=r(r-1)/2$)", ylabel="loss ratio, triangular / DNC",
             title=rf"closed forms, $\lambda={parameters['ratio_weight_decay']:g}$")
    left.legend()
    for (K, rows), look in zip(group(tables["decay"], "classes").items(), drawing.looks(),
                               strict=False):
        dufm.draw_mean_rank(middle, dufm.by_log2_decay(rows), f"$K={K}$")
        drawing.level(middle, K, "DNC", look["color"])
    middle.set(xlabel=r"$\log_2\lambda$", ylabel=r"mean rank of $M_2,\ldots,M_L$",
               title=f"$L={parameters['layers']}$, $d={parameters['width']}$",
               ylim=(None, max(parameters["classes"]) + 0.5))
    middle.legend(loc="center right", bbox_to_anchor=(1, 0.62))
    dufm.draw_share(right, group(tables["width"], "width"), dufm.is_dnc, "DNC")
    right.set(xlabel="width $d$", ylabel="probability of DNC",
              title=rf"$K={parameters['classes'][0]}$, $\lambda={parameters['weight_decay']:g}$")


FIGURE_3 = Experiment(
    name="slm24-fig3", source="[SLM24] Fig 3",
    claim="the triangular construction beats DNC as in Theorem 5; mean rank falls with weight "
          "decay; the probability of DNC depends on the width",
    quick={"vertices": [4, 5, 6, 7, 8], "ratio_weight_decay": 0.001, "layers": 4,
           "classes": [10], "width": 30, "log2_weight_decays": [-11, -9, -7], "runs": 8,
           "widths": [10, 30, 60], "weight_decay": 0.004, "learning_rate": 0.5, "times": 40},
    full={"vertices": [4, 5, 6, 7, 8, 9, 10, 11, 12], "ratio_weight_decay": 0.001, "layers": 4,
          "classes": [10, 15], "width": 30,
          "log2_weight_decays": [-12, -11, -10, -9, -8, -7, -6.5], "runs": 16,
          "widths": [10, 15, 20, 25, 30, 35, 40, 50, 60, 80], "weight_decay": 0.004,
          "learning_rate": 0.5, "times": 100},
    measure=_measure_3, judge=_judge_3, draw=_draw_3, size=(7.2, 2.5))
