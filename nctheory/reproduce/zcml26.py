"""Optimisers and collapse [ZCML26]: NC0 over training, and what runs became.

The paper trains networks; here it is the unconstrained features model.  Rates, decays and sizes
are ours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nctheory import network
from nctheory.metrics.classifier import nc0
from nctheory.problem import Problem
from nctheory.reproduce.drawing import LINE
from nctheory.reproduce.kept import Parameters, Progress, Tables
from nctheory.reproduce.reproduction import Experiment, Finding
from nctheory.reproduce.tables import group
from nctheory.solver.solve import solve

FLAT = 0.9  # DNC: the K-1 singular values of centred logits are that near to each other
VANISHED = 1e-3


class Row(NamedTuple):
    """A run after so many steps: `excess` is its largest spectral norm times the decay."""

    optimiser: str
    decay: str
    weight_decay: float
    seed: int
    steps: int
    nc0: float
    dnc: bool
    rank: int
    excess: float


def _measure(parameters: Parameters, seed: int, progress: Progress | None) -> Tables:
    """The same runs, ended after each number of steps."""
    rows, settings = [], parameters["settings"]
    total = len(settings) * len(parameters["steps"])
    for index, (optimiser, decay, rate, weight_decay) in enumerate(settings):
        problem = Problem(classes=parameters["classes"], layers=parameters["layers"], loss="ce",
                          activation="linear", weight_decay=weight_decay)
        for done, steps in enumerate(parameters["steps"], start=1):
            seeds = range(seed, seed + parameters["runs"])
            result = solve(problem, parameters["width"], seeds, method=optimiser, decay=decay,
                           learning_rate=rate, steps=steps)
            rows += [Row(optimiser, decay, weight_decay, one, steps, *_outcome(found, problem))
                     for one, found in zip(seeds, result.solutions, strict=True)]
            if progress is not None:
                progress(index * len(parameters["steps"]) + done, total)
    return {"runs": rows}


def _outcome(found: list[Any], problem: Problem) -> tuple[float, bool, int, float]:
    Z = network.forward(found, problem)[1]
    s = np.linalg.svd(Z - Z.mean(axis=0), compute_uv=False)[: problem.classes - 1]
    norms = [np.linalg.norm(matrix, 2) * decay
             for matrix, decay in zip(found, problem.decays, strict=True)]
    return (nc0(found[-1]), bool(s[-1] > FLAT * s[0]), int((s > 0.05 * s[0]).sum()),
            float(max(norms)))


def _ends(tables: Tables) -> dict[Any, list[Row]]:
    last = max(row.steps for row in tables["runs"])
    return group([row for row in tables["runs"] if row.steps == last], "optimiser", "decay")


def _judge(tables: Tables, parameters: Parameters) -> Finding:
    """By the median run: a few decoupled ones come to NC0 = 0 by chance of their signs."""
    words, fine = [], True
    for (optimiser, decay), rows in _ends(tables).items():
        least, middle, largest = np.quantile([row.nc0 for row in rows], [0, 0.5, 1])
        if optimiser != "muon":
            fine &= bool((middle > VANISHED) == (decay == "decoupled"))
        words.append(f"{optimiser} {decay}: NC0 {middle:.1e} ({least:.1e} to {largest:.1e}), DNC "
                     f"{sum(row.dnc for row in rows)} of {len(rows)}, mean rank "
                     f"{np.mean([row.rank for row in rows]):.2f}"
                     + (f", spectral norms at most {max(row.excess for row in rows):.3f}/lam"
                        if (optimiser, decay) == ("muon", "decoupled") else ""))
    return Finding("trend" if fine else "no match",
                   f"K={parameters['classes']}, L={parameters['layers']}, linear, after "
                   f"{max(parameters['steps'])} steps: {'; '.join(words)}.  Muon is not in the "
                   "claim: its decoupled decay is the budget at which DNC is optimal "
                   "(`python -m proofs spectral-budget`).")


def _draw(figure: Any, tables: Tables, parameters: Parameters) -> None:
    axes = figure.subplots()
    for (optimiser, decay), rows in group(tables["runs"], "optimiser", "decay").items():
        steps = group(rows, "steps")
        medians = [float(np.median([row.nc0 for row in runs])) for runs in steps.values()]
        look = LINE | {"linestyle": "-" if decay == "coupled" else "--"}
        axes.plot(list(steps), medians, **look, label=f"{optimiser}, {decay}")
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="NC0, median")
    axes.legend()


SIZES: dict[str, Any] = {
    "classes": 6, "layers": 2, "width": 12,
    # Optimiser, decay, learning rate, weight decay.
    "settings": [["gd", "coupled", 0.5, 2e-3], ["adam", "coupled", 3e-3, 2e-3],
                 ["adam", "decoupled", 2e-3, 0.5], ["signgd", "coupled", 2e-3, 2e-3],
                 ["signgd", "decoupled", 2e-3, 2.0], ["muon", "coupled", 5e-3, 2e-3],
                 ["muon", "decoupled", 5e-3, 0.5]]}

OPTIMISERS = Experiment(
    name="zcml26-optimisers", source="[ZCML26] abstract",
    claim="decoupled decay of AdamW and sign descent prevents collapse, coupled decay of SGD and "
          "Adam does not: NC0 must vanish for collapse",
    quick=SIZES | {"runs": 12, "steps": [100, 1000, 6000]},
    full=SIZES | {"runs": 48, "steps": [30, 100, 300, 1000, 3000, 10000]},
    measure=_measure, judge=_judge, draw=_draw, size=(4.5, 3.0))
