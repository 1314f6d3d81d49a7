"""Figures of [SLM24]: gradient descent on the ReLU model with the squared loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nctheory import network
from nctheory.atlas.partial import relax
from nctheory.constructions import Orthogonal, Triangular
from nctheory.problem import Problem
from nctheory.reproduce.drawing import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
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
    SingularValue,
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
    variability_rows,
)
from nctheory.reproduce.tables import group
from nctheory.thresholds import threshold_table

CLOSE = 1e-3  # relative distance to a closed form that counts as its value


def _problem(parameters: Parameters, classes: int) -> Problem:
    """n samples a class have lam_H = lam / n: their minima are those of one with lam."""
    n, L, decay = parameters.get("samples", 1), parameters["layers"], parameters["weight_decay"]
    return Problem(classes=classes, layers=L, samples=n,
                   weight_decay=decay if n == 1 else (decay / n, *[decay] * L))


def _dnc(problem: Problem) -> float:
    return Orthogonal(classes=problem.classes).loss(problem)


def _triangular(problem: Problem) -> dict[int, float]:
    """{s: loss} of the family with K = r(r-1)/2; s and r - s are both listed."""
    r = round((1 + (1 + 8 * problem.classes) ** 0.5) / 2)
    return {s: Triangular(vertices=r, subset=s).loss(problem) for s in range(2, r - 1)}


def _best_subset(problem: Problem) -> int:
    family = _triangular(problem)
    return min(family, key=lambda s: family[s])


# Figure 1: the construction itself.

def _measure_1(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """The class means of the best triangular construction, and DNC's; nothing is trained."""
    K = parameters["classes"][0]
    problem = _problem(parameters, K)
    r = round((1 + (1 + 8 * K) ** 0.5) / 2)
    srg = Triangular(vertices=r, subset=_best_subset(problem))
    entries = []
    for name, weights in (("SRG", srg.weights(problem)),
                          ("DNC", Orthogonal(classes=K).weights(problem))):
        for l, M in enumerate(network.forward(weights, problem)[0], start=1):
            used = np.abs(M).max(axis=1) > 0  # the others pad the layer to the common width
            entries += entry_rows(K, f"{name} M_{l}", M[used])
    if progress is not None:
        progress(1, 1)
    return {"matrices": entries}


def _shown(tables: Tables) -> dict[str, NDArray[np.float64]]:
    return {name: matrix_of(rows) for name, rows in group(tables["matrices"], "matrix").items()}


def _judge_1(tables: Tables, parameters: Parameters) -> Finding:
    shown, L = _shown(tables), parameters["layers"]
    K = parameters["classes"][0]
    r = round((1 + (1 + 8 * K) ** 0.5) / 2)
    counts = {int(np.sum(np.abs(row) > 1e-9)) for row in shown[f"SRG M_{L - 1}"]}
    spread = max(float(np.ptp(row[np.abs(row) > 1e-9])) for row in shown[f"SRG M_{L - 1}"])
    last = shown[f"SRG M_{L}"]
    ranks = [int(np.linalg.matrix_rank(M)) for M in (last, np.maximum(last, 0))]
    dnc = {int(np.linalg.matrix_rank(f(shown[f"DNC M_{l}"]))) for l in range(2, L + 1)
           for f in (np.asarray, lambda M: np.maximum(M, 0))}
    met = counts == {r - 1} and spread < 1e-9 and ranks == [r, K] and dnc == {K}
    return Finding("value" if met else "no match", (
        f"K = {K}, r = {r}: the rows of M_{L - 1} have {_words(counts)} non-zeros of one value "
        f"(r - 1 = {r - 1}), rank M_{L} = {ranks[0]} and rank sigma(M_{L}) = {ranks[1]}; DNC has "
        f"rank {_words(dnc)} in all layers, before and after ReLU. The last layer's cuts have "
        f"s = {_best_subset(_problem(parameters, K))}, the cheapest; which the paper draws we do "
        f"not know."))


def _words(numbers: set[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))


def _draw_1(figure: Any, tables: Tables, parameters: Parameters) -> None:
    shown, L = _shown(tables), parameters["layers"]
    last, dnc = shown[f"SRG M_{L}"], shown[f"DNC M_{L}"]
    for axes, (matrix, title) in zip(figure.subplots(1, 4), (
            (shown[f"SRG M_{L - 1}"], f"SRG: $M_{L - 1}$"), (last, f"SRG: $M_{L}$"),
            (last.T @ last, f"SRG: $M_{L}^\\top M_{L}$"),
            (dnc.T @ dnc, f"DNC: $M_{L}^\\top M_{L}$")), strict=True):
        matrix_panel(axes, matrix, title)


FIGURE_1 = Experiment(
    name="slm24-fig1", source="[SLM24] Fig 1",
    claim="L = 4, K = 10, r = 5: rows of M_3 have r - 1 equal non-zeros, rank M_4 = r and rank "
          "sigma(M_4) = K; DNC has rank K throughout",
    quick={"classes": [10], "layers": 4, "weight_decay": 0.004},
    full={"classes": [10], "layers": 4, "weight_decay": 0.004},
    measure=_measure_1, judge=_judge_1, draw=_draw_1, size=(6.5, 1.9))


# Figures 2 and 6: between the closed forms, with low rank.

def _curves(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Curves, ends and singular values of runs, DNC1 over training for the first of them, and
    the class means of the best."""
    problem = _problem(parameters, parameters["classes"][0])
    job = Job(problem, parameters["width"], parameters["steps"], parameters["learning_rate"],
              trace_every=TRACE_EVERY)
    seeds = range(seed, seed + parameters["runs"])
    (_, result), = trained([job], seeds, progress)
    followed = variability_rows(job, seeds[:parameters["followed"]]) \
        if "followed" in parameters else []
    matrices = []
    for l, M in enumerate(result.means(int(np.nanargmin(result.loss)))[1:], start=2):
        matrices += entry_rows(problem.classes, f"M_{l}", M)
    return {"runs": run_rows(job, result, _dnc(problem)), "curves": curve_rows(job, result),
            "spectra": singular_rows(result), "matrices": matrices,
            **({"dnc1": followed} if followed else {})}


def _spectra(rows: Sequence[SingularValue], wanted: Mapping[str, tuple[str, int]]
             ) -> dict[str, list[list[float]]]:
    """{label: the singular values of each run}."""
    found = group(rows, "matrix", "layer")
    return {label: [[row.value for row in run] for run in group(found[key], "seed").values()]
            for label, key in wanted.items()}


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
    steps = group(tables["dnc1"], "step")
    first, last = (max(row.dnc1 for row in steps[step]) for step in (min(steps), max(steps)))
    if last > 0.01 * first and verdict == "value":
        verdict = "trend"
    return Finding(verdict, (
        f"{words}; DNC1 (tr Sigma_W / tr Sigma_B, the largest of all layers, "
        f"{parameters['samples']} samples a class) goes from {first:.1e} to {last:.1e} in "
        f"training."))


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    """No number of this figure is known to us: a trend at most."""
    verdict, words = _between(tables, parameters)
    L = parameters["layers"]
    best = min(tables["runs"], key=lambda run: run.loss)
    before, after = best.before.split(), best.after.split()
    return Finding("trend" if verdict == "value" else verdict, (
        f"{words}; of the best run rank M_2 = {before[1]}, rank M_{L - 1} = {before[-2]} and rank "
        f"sigma(M_{L - 1}) = {after[-2]}; weight decay {parameters['weight_decay']:g}, width "
        f"{parameters['width']} and learning rate {parameters['learning_rate']:g} are ours."))


def _loss_panel(axes: Any, tables: Tables, parameters: Parameters) -> None:
    problem = _problem(parameters, parameters["classes"][0])
    # The family is symmetric neither in loss nor in s: its best two members say enough.
    best = sorted(_triangular(problem).items(), key=lambda item: item[1])[:2]
    curves(axes, paths(tables["curves"]), {
        "DNC": _dnc(problem), **{f"triangular, $s={s}$": loss for s, loss in best}})
    axes.set_title(rf"$K={problem.classes}$, $L={problem.layers}$, "
                   rf"$\lambda={parameters['weight_decay']:g}$, $d={parameters['width']}$")


def _draw_2(figure: Any, tables: Tables, parameters: Parameters) -> None:
    (loss, dnc1), (spectra, ranks) = figure.subplots(2, 2)
    _loss_panel(loss, tables, parameters)
    for (layer, rows), (colour, marker) in zip(group(tables["dnc1"], "layer").items(), MARKS,
                                               strict=False):
        for number, run in enumerate(group(rows, "seed").values()):
            dnc1.plot([row.step for row in run], [row.dnc1 for row in run], color=colour,
                      marker=marker, markersize=2.5, linewidth=0.7,
                      label=None if number else f"$H_{layer}$")
    dnc1.set(xscale="log", yscale="log", xlabel="step", ylabel="DNC1")
    dnc1.legend()
    spectrum_panel(spectra, _spectra(tables["spectra"], {
        f"$M_{l}$": ("M", l) for l in range(2, parameters["layers"] + 1)}))
    draw_ranks(ranks, tables["runs"])


def _draw_6(figure: Any, tables: Tables, parameters: Parameters) -> None:
    above, below = figure.subfigures(2, 1)
    left, right = above.subplots(1, 2, width_ratios=(1, 1.6))
    _loss_panel(left, tables, parameters)
    draw_ranks(right, tables["runs"])
    l, shown = parameters["layers"] - 1, _shown(tables)
    spectra, *panels = below.subplots(1, 4, width_ratios=(1.6, 1, 1, 1))
    spectrum_panel(spectra, _spectra(tables["spectra"], {
        "$M_2$": ("M", 2), f"$M_{l}$": ("M", l), rf"$\sigma(M_{l})$": ("sigma(M)", l)}))
    last = shown[f"M_{l}"]
    for axes, (matrix, title) in zip(panels, (
            (shown["M_2"], "$M_2$"), (last, f"$M_{l}$"),
            (last.T @ last, rf"$M_{l}^\top M_{l}$")), strict=True):
        matrix_panel(axes, matrix, title)


FIGURE_2 = Experiment(
    name="slm24-fig2", source="[SLM24] Fig 2",
    claim="losses end between the triangular and the DNC values, DNC1 falls, ranks end below K",
    quick={"classes": [10], "layers": 4, "weight_decay": 0.004, "samples": 2, "width": 30,
           "runs": 10, "followed": 2, "learning_rate": 0.5, "steps": 20_000},
    full={"classes": [10], "layers": 4, "weight_decay": 0.004, "samples": 2, "width": 30,
          "runs": 10, "followed": 3, "learning_rate": 0.5, "steps": 200_000},
    measure=_curves, judge=_judge_2, draw=_draw_2, size=(6.5, 5.0))

FIGURE_6 = Experiment(
    name="slm24-fig6", source="[SLM24] Fig 6",
    claim="K = 15, L = 7: gradient descent ends below DNC with intermediate rank",
    quick={"classes": [15], "layers": 7, "weight_decay": 0.001, "width": 64, "runs": 4,
           "learning_rate": 0.2, "steps": 15_000},
    full={"classes": [15], "layers": 7, "weight_decay": 0.001, "width": 64, "runs": 10,
          "learning_rate": 0.1, "steps": 300_000},
    measure=_curves, judge=_judge_6, draw=_draw_6, size=(7.2, 4.6))


# Figure 5: few classes, where the width decides what descent finds.

class Known(NamedTuple):
    """A loss that runs are compared with; `width` is what it needs (0: not known)."""

    classes: int
    name: str
    loss: float
    width: int
    status: str


@cache
def _known(problem: Problem) -> tuple[Known, ...]:
    """DNC, the best exact fit of the atlas, and what training makes of that at this decay."""
    K, L = problem.classes, problem.layers
    row, = threshold_table([K], [L]).rows
    best: Any = row.construction
    return (Known(K, "DNC", _dnc(problem), K, "closed form"),
            Known(K, best.label, best.loss(problem), best.required_width(L),
                  "certified" if row.certified else "closed form"),
            Known(K, "atlas, trained on", relax(problem).loss, 0, "observed"))


def _measure_5(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """Runs at all widths; curves and class means of the best run of each K."""
    jobs = [Job(_problem(parameters, K), d, parameters["steps"], parameters["learning_rate"])
            for K in parameters["classes"] for d in parameters["widths"] if d >= K]
    tables: dict[str, list[Any]] = {"runs": [], "known": [], "curves": [], "matrices": []}
    best: dict[int, tuple[float, Job, int]] = {}
    for job, result in trained(jobs, range(seed, seed + parameters["runs"]), progress):
        K = job.problem.classes
        i = int(np.argmin(np.nan_to_num(result.loss, nan=np.inf)))  # nan: diverged
        tables["runs"] += run_rows(job, result, _dnc(job.problem))
        if result.loss[i] < best.get(K, (math.inf,))[0]:
            best[K] = float(result.loss[i]), job, int(result.seeds[i])
    for K, (_, job, number) in best.items():  # once more, with a trace
        job = replace(job, trace_every=TRACE_EVERY)
        (_, result), = trained([job], range(number, number + 1), None)
        tables["known"] += _known(job.problem)
        tables["curves"] += curve_rows(job, result)
        for l, M in enumerate(result.means(0)[1:], start=2):
            tables["matrices"] += entry_rows(K, f"M_{l}", M)
    return tables


def _judge_5(tables: Tables, parameters: Parameters) -> Finding:
    """No number of the figure is known to us, nor its width: a trend at most."""
    words, found = [], True
    known = group(tables["known"], "classes")
    for K, runs in group(tables["runs"], "classes").items():
        dnc, fit, relaxed = known[K]
        widths = group(runs, "width")
        shares = {d: share(rows, is_below) for d, rows in widths.items()}
        winners = [d for d, (p, _, _) in shares.items() if p > 0]
        best = min(runs, key=lambda run: run.loss)
        found &= bool(winners)
        tried = f"of the {len(widths)} widths tried, {min(widths)} to {max(widths)}"
        reach = f"below DNC at none {tried}"
        if winners:
            reach = (f"below DNC at {_widths(winners)} (most at {_most(shares)}), at no other "
                     f"{tried}")
        words.append(
            f"K = {K}: {reach}; best loss {best.loss / dnc.loss:.4f} of DNC's (width "
            f"{best.width}, ranks of M_2.. {' '.join(best.before.split()[1:])}), against "
            f"{fit.loss / dnc.loss:.4f} of {fit.name} ({fit.status}, needs width {fit.width}) and "
            f"{relaxed.loss / dnc.loss:.4f} of the atlas trained on at this decay (observed)")
    return Finding("trend" if found else "no match", (
        "the paper claims that DNC stops being optimal beyond two layers or two classes and "
        "shows K = 3, 4, 5 at L = 4, at a width that we do not know; descent, "
        f"{parameters['runs']} runs of {parameters['steps']} steps a width: "
        + "; ".join(words) + "."))


def _widths(widths: Sequence[int]) -> str:
    return f"width{'s' if len(widths) > 1 else ''} " + ", ".join(map(str, widths))


def _most(shares: Mapping[int, tuple[float, float, float]]) -> str:
    width = max(shares, key=lambda d: shares[d][0])
    p, low, high = shares[width]
    return f"{width}: share {p:.2f}, 95 % interval {low:.2f} to {high:.2f}"


def _draw_5(figure: Any, tables: Tables, parameters: Parameters) -> None:
    above, below = figure.subfigures(2, 1, height_ratios=(1, 2))
    left, right = above.subplots(1, 2)
    known = group(tables["known"], "classes")
    runs = group(tables["runs"], "classes")
    for (K, rows), (colour, marker) in zip(runs.items(), MARKS, strict=False):
        widths = group(rows, "width")
        with_interval(left, list(widths), [share(part, is_below) for part in widths.values()],
                      colour, marker, f"$K={K}$")
        right.plot(list(widths), [min(run.loss for run in part) / part[0].dnc
                                  for part in widths.values()], color=colour, marker=marker)
        for level, dashes in zip(known[K][1:], ("--", ":"), strict=True):
            right.axhline(level.loss / known[K][0].loss, color=colour, linestyle=dashes,
                          linewidth=0.7)
    for axes in (left, right):
        axes.set(xscale="log", xlabel="width $d$", xticks=parameters["widths"][::2],
                 xticklabels=parameters["widths"][::2])
        axes.minorticks_off()
    left.set(ylabel="share of runs below DNC", ylim=(-0.03, 1.03))
    left.legend()
    right.axhline(1, color=GREY, linewidth=0.7)
    right.set(ylabel="best loss / DNC", ylim=(0.92, 1.02),
              title="dashed: certified; dotted: atlas, trained on")
    panels = below.subplots(len(runs), 4, width_ratios=(1.8, 1, 1, 1), squeeze=False)
    for row, K in zip(panels, runs, strict=True):
        _draw_run(row, tables, K)
    panels[-1][0].set_xlabel("step")


def _draw_run(row: Sequence[Any], tables: Tables, K: int) -> None:
    """The best run for K: its loss and the parts of it, M_3, M_4 and the Gram matrix of M_3."""
    points = [point for point in group(tables["curves"], "classes")[K] if point.step > 0]
    steps = [point.step for point in points]
    for name, colour, dashes in (("loss", BLACK, "-"), ("fit", BLUE, "--"),
                                 ("regularisation", ORANGE, ":")):
        row[0].plot(steps, [getattr(point, name) for point in points], color=colour,
                    linestyle=dashes, label=name)
    row[0].set(xscale="log", yscale="log", ylabel=f"$K={K}$, best run")
    row[0].legend()
    shown = {e: matrix_of(rows) for e, rows in group(
        group(tables["matrices"], "classes")[K], "matrix").items()}
    for axes, (matrix, title) in zip(row[1:], (
            (shown["M_3"], "$M_3$"), (shown["M_4"], "$M_4$"),
            (shown["M_3"].T @ shown["M_3"], r"$M_3^\top M_3$")), strict=True):
        matrix_panel(axes, matrix, title)


FIGURE_5 = Experiment(
    name="slm24-fig5", source="[SLM24] Fig 5",
    claim="K = 3, 4, 5 at L = 4: low rank beats DNC there, too",
    quick={"classes": [3, 4, 5], "layers": 4, "weight_decay": 0.004, "runs": 16,
           "widths": [3, 4, 5, 6, 8, 12, 16, 64], "learning_rate": 0.5, "steps": 20_000},
    full={"classes": [3, 4, 5], "layers": 4, "weight_decay": 0.004, "runs": 32,
          "widths": [3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 30, 48, 64],
          "learning_rate": 0.5, "steps": 40_000},
    measure=_measure_5, judge=_judge_5, draw=_draw_5, size=(6.5, 7.2))


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
    shares = [share(runs, is_dnc)[0] for runs in groups.values()]
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
    with_interval(right, list(groups), [share(runs, is_dnc) for runs in groups.values()],
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
