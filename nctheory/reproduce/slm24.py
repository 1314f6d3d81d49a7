"""Figures of [SLM24]: gradient descent on the ReLU model with the squared loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nctheory import network
from nctheory.constructions import Orthogonal, Triangular
from nctheory.integers import triangular_root
from nctheory.problem import Problem
from nctheory.reproduce import drawing, dufm
from nctheory.reproduce.kept import Parameters, Progress, Tables, over
from nctheory.reproduce.reproduction import Experiment, Finding, Verdict
from nctheory.reproduce.tables import BRACKETS, counted, group, share

CLOSE = 1e-3  # relative distance to a closed form that counts as its value


def problem_of(parameters: Parameters, classes: int) -> Problem:
    """n samples a class have lam_H = lam / n: their minima are those of one with lam."""
    n, L, decay = parameters.get("samples", 1), parameters["layers"], parameters["weight_decay"]
    return Problem(classes=classes, layers=L, samples=n,
                   weight_decay=decay if n == 1 else (decay / n, *[decay] * L))


def triangular_losses(problem: Problem) -> dict[int, float]:
    """{s: loss} of the family with K = r(r-1)/2; s and r - s are both listed."""
    r = triangular_root(problem.classes)
    return {s: Triangular(vertices=r, subset=s).loss(problem) for s in range(2, r - 1)}


def _best_subset(problem: Problem) -> int:
    family = triangular_losses(problem)
    return min(family, key=lambda s: family[s])


# Figure 1: the construction itself.

def _measure_1(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """The class means of the best triangular construction, and DNC's; nothing is trained."""
    K = parameters["classes"][0]
    problem = problem_of(parameters, K)
    r = triangular_root(K)
    srg = Triangular(vertices=r, subset=_best_subset(problem))
    entries = []
    for name, weights in (("SRG", srg.weights(problem)),
                          ("DNC", Orthogonal(classes=K).weights(problem))):
        for l, M in enumerate(network.forward(weights, problem)[0], start=1):
            used = np.abs(M).max(axis=1) > 0  # the others pad the layer to the common width
            entries += dufm.entry_rows(K, f"{name} M_{l}", M[used])
    if progress is not None:
        progress(1, 1)
    return {"matrices": entries}


def _judge_1(tables: Tables, parameters: Parameters) -> Finding:
    shown, L = dufm.matrices(tables["matrices"]), parameters["layers"]
    K = parameters["classes"][0]
    r = triangular_root(K)
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
        f"s = {_best_subset(problem_of(parameters, K))}, the cheapest; which the paper draws we "
        f"do not know."))


def _words(numbers: set[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))


def _draw_1(figure: Any, tables: Tables, parameters: Parameters) -> None:
    shown, L = dufm.matrices(tables["matrices"]), parameters["layers"]
    last, dnc = shown[f"SRG M_{L}"], shown[f"DNC M_{L}"]
    for axes, (matrix, title) in zip(figure.subplots(1, 4), (
            (shown[f"SRG M_{L - 1}"], f"SRG: $M_{L - 1}$"), (last, f"SRG: $M_{L}$"),
            (last.T @ last, f"SRG: $M_{L}^\\top M_{L}$"),
            (dnc.T @ dnc, f"DNC: $M_{L}^\\top M_{L}$")), strict=True):
        drawing.matrix_panel(axes, matrix, title)


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
    problem = problem_of(parameters, parameters["classes"][0])
    job = dufm.job_of(problem, parameters)
    seeds = range(seed, seed + parameters["runs"])
    (_, result), = dufm.trained([job], seeds, progress)
    followed = over(seeds[:parameters.get("followed", 0)],
                    lambda one: {"variability": dufm.variability_rows(job, one)}, job, None)
    matrices = []
    for l, M in enumerate(result.means(int(np.nanargmin(result.loss)))[1:], start=2):
        matrices += dufm.entry_rows(problem.classes, f"M_{l}", M)
    return {"runs": dufm.run_rows(job, result), "curves": dufm.curve_rows(job, result),
            "spectra": dufm.singular_rows(result), "matrices": matrices, **followed}


def _spectra(rows: Sequence[dufm.SingularValue], wanted: Mapping[str, tuple[str, int]]
             ) -> dict[str, list[list[float]]]:
    """{label: the singular values of each run}."""
    found = group(rows, "matrix", "layer")
    return {label: [[row.value for row in run] for run in group(found[key], "seed").values()]
            for label, key in wanted.items()}


def _between(tables: Tables, parameters: Parameters) -> tuple[Verdict, str]:
    """Verdict and words on: the triangular loss <= losses <= DNC's, ranks below K, of all runs
    ("value"), or losses below DNC's and ranks below K of most ("trend")."""
    runs: list[dufm.Run] = list(tables["runs"])
    K = runs[0].classes
    problem = problem_of(parameters, K)
    dnc, family = dufm.dnc_loss(problem), triangular_losses(problem)
    s = min(family, key=lambda key: family[key])

    def inside(run: dufm.Run) -> bool:
        return family[s] * (1 - CLOSE) <= run.loss <= dnc * (1 + CLOSE)

    def low(run: dufm.Run) -> bool:
        return run.rank < K

    holds = {what: share(runs, what)[0] for what in (inside, dufm.is_below, low)}
    verdict: Verdict = "no match"
    if min(holds[dufm.is_below], holds[low]) > 0.5:
        verdict = "value" if holds[inside] == holds[low] == 1 else "trend"
    losses = [run.loss for run in runs]
    return verdict, (
        f"{dufm.setting(parameters)}: {counted(runs, inside)} runs end between the "
        f"triangular loss {family[s]:.5f} (s = {s}) and DNC's {dnc:.5f} ({min(losses):.5f} to "
        f"{max(losses):.5f}), {counted(runs, dufm.is_below)} below DNC, "
        f"{sum(run.loss < family[s] * (1 - CLOSE) for run in runs)} below the triangular loss, "
        f"{counted(runs, low)} with mean rank of M_2..M_L below K (average "
        f"{dufm.mean_rank(runs)[0]:.2f})")


def _judge_2(tables: Tables, parameters: Parameters) -> Finding:
    verdict, words = _between(tables, parameters)
    steps = group(tables["variability"], "step")
    first, last = (max(row.trace_ratio for row in steps[step])
                   for step in (min(steps), max(steps)))
    if last > 0.01 * first and verdict == "value":
        verdict = "trend"
    return Finding(verdict, (
        f"{words}; DNC1 (tr Sigma_W / tr Sigma_B, the largest of all layers of "
        f"{parameters['followed']} runs) goes from {first:.1e} to {last:.1e} in training. "
        f"{BRACKETS}"))


def _judge_6(tables: Tables, parameters: Parameters) -> Finding:
    """No number of this figure is known to us: a trend at most."""
    verdict, words = _between(tables, parameters)
    L = parameters["layers"]
    best = min(tables["runs"], key=lambda run: run.loss)
    before, after = best.before.split(), best.after.split()
    return Finding("trend" if verdict == "value" else verdict, (
        f"{words}; of the best run rank M_2 = {before[1]}, rank M_{L - 1} = {before[-2]} and rank "
        f"sigma(M_{L - 1}) = {after[-2]}. Weight decay, width, rate and steps are ours; no number "
        f"of the figure is known to us. {BRACKETS}"))


def _loss_panel(axes: Any, tables: Tables, parameters: Parameters) -> None:
    problem = problem_of(parameters, parameters["classes"][0])
    # The family is symmetric neither in loss nor in s: its best two members say enough.
    best = sorted(triangular_losses(problem).items(), key=lambda item: item[1])[:2]
    drawing.curves(axes, dufm.paths(tables["curves"]), {
        "DNC": dufm.dnc_loss(problem), **{f"triangular, $s={s}$": loss for s, loss in best}})
    axes.set_title(rf"$K={problem.classes}$, $L={problem.layers}$, "
                   rf"$\lambda={parameters['weight_decay']:g}$, $d={parameters['width']}$")


def _draw_2(figure: Any, tables: Tables, parameters: Parameters) -> None:
    (loss, dnc1), (spectra, ranks) = figure.subplots(2, 2)
    _loss_panel(loss, tables, parameters)
    by_layer = group(tables["variability"], "layer")
    for (layer, rows), look in zip(by_layer.items(), drawing.looks(), strict=False):
        for number, run in enumerate(group(rows, "seed").values()):
            dnc1.plot([row.step for row in run], [max(row.trace_ratio, 1e-16) for row in run],
                      **look | {"markersize": 2.5, "linewidth": 0.7},
                      label=None if number else f"$H_{layer}$")
    dnc1.set(xscale="log", yscale="log", xlabel="step", ylabel="DNC1, from $10^{-16}$ on")
    dnc1.legend()
    drawing.spectrum_panel(spectra, _spectra(tables["spectra"], {
        f"$M_{l}$": ("M", l) for l in range(2, parameters["layers"] + 1)}))
    dufm.draw_ranks(ranks, tables["runs"])


def _draw_6(figure: Any, tables: Tables, parameters: Parameters) -> None:
    above, below = figure.subfigures(2, 1)
    left, right = above.subplots(1, 2, width_ratios=(1, 1.6))
    _loss_panel(left, tables, parameters)
    dufm.draw_ranks(right, tables["runs"])
    l, shown = parameters["layers"] - 1, dufm.matrices(tables["matrices"])
    spectra, *panels = below.subplots(1, 4, width_ratios=(1.6, 1, 1, 1))
    drawing.spectrum_panel(spectra, _spectra(tables["spectra"], {
        "$M_2$": ("M", 2), f"$M_{l}$": ("M", l), rf"$\sigma(M_{l})$": ("sigma(M)", l)}))
    last = shown[f"M_{l}"]
    for axes, (matrix, title) in zip(panels, (
            (shown["M_2"], "$M_2$"), (last, f"$M_{l}$"),
            (last.T @ last, rf"$M_{l}^\top M_{l}$")), strict=True):
        drawing.matrix_panel(axes, matrix, title)


TEN = {"classes": [10], "layers": 4, "weight_decay": 0.004, "samples": 2, "width": 30,
       "runs": 10, "learning_rate": 0.5}
FIGURE_2 = Experiment(
    name="slm24-fig2", source="[SLM24] Fig 2",
    claim="losses end between the triangular and the DNC values, DNC1 falls, ranks end below K",
    quick={**TEN, "followed": 2, "steps": 20_000}, full={**TEN, "followed": 3, "steps": 200_000},
    measure=_curves, judge=_judge_2, draw=_draw_2, size=(6.5, 5.0))

FIFTEEN = {"classes": [15], "layers": 7, "weight_decay": 0.001, "width": 64}
FIGURE_6 = Experiment(
    name="slm24-fig6", source="[SLM24] Fig 6",
    claim="K = 15, L = 7: gradient descent ends below DNC with intermediate rank",
    quick={**FIFTEEN, "runs": 4, "learning_rate": 0.2, "steps": 15_000},
    full={**FIFTEEN, "runs": 10, "learning_rate": 0.1, "steps": 300_000},
    measure=_curves, judge=_judge_6, draw=_draw_6, size=(7.2, 4.6))
