"""Experiments on unconstrained features models: reproducible, and judged by their tables alone."""

from dataclasses import replace

import numpy as np
import pytest

from nctheory import Orthogonal, Problem, Triangular
from nctheory.constructions import Pairs
from nctheory.reproduce import EXPERIMENTS, experiment
from nctheory.reproduce.runs import Run, mean_rank, share
from nctheory.reproduce.tables import clear, trend

NAMES = [name for name in EXPERIMENTS if name.startswith(("slm24", "gk25"))]
TINY = {"runs": 2, "steps": 200, "times": 0.1, "width": 16, "widths": [10, 16],
        "log2_weight_decays": [-9, -8], "vertices": [4, 5]}


def tiny(name):
    found = experiment(name)
    return replace(found, quick=found.quick | {k: v for k, v in TINY.items()
                                               if k in found.quick})


@pytest.mark.parametrize("name", NAMES)
def test_runs_are_reproducible_and_counted(name):
    steps = []
    first = tiny(name).run(quick=True, seed=3, progress=lambda *counts: steps.append(counts))
    again = tiny(name).run(quick=True, seed=3)
    assert first.tables == again.tables and first.finding == again.finding
    assert steps[-1][0] == steps[-1][1] and [d for d, _ in steps] == sorted(d for d, _ in steps)
    other = tiny(name).run(quick=True, seed=4)
    assert other.tables != first.tables
    assert first.figure().axes


def a_run(**changes):
    """A run at the size of [SLM24] Fig 2 that ended with rank 7 in all layers."""
    problem = Problem(classes=10, layers=4)
    values = {"classes": 10, "layers": 4, "width": 30, "weight_decay": 0.004, "scale": 1.0,
              "seed": 0, "loss": 0.09, "dnc": Orthogonal(classes=10).loss(problem),
              "label": "other low rank", "rank": 7.0, "before": "7 7 7 7", "after": "7 7 10"}
    return Run(**(values | changes))


def judged(name, rows, **more):
    found = experiment(name)
    return found.judge({"runs": rows, **more}, found.full)


@pytest.mark.parametrize("name, best", [("slm24-fig2", "value"), ("slm24-fig6", "trend")])
def test_between_the_closed_forms(name, best):
    parameters = experiment(name).full
    classes = parameters["classes"][0]
    problem = Problem(classes=classes, layers=parameters["layers"],
                      weight_decay=parameters["weight_decay"])
    low = Triangular(vertices=5 if classes == 10 else 6, subset=3).loss(problem)
    high = Orthogonal(classes=classes).loss(problem)
    inside = [a_run(classes=classes, loss=loss, rank=7.0)
              for loss in np.linspace(low, high, 11)[:-1]]
    finding = judged(name, inside)
    assert finding.verdict == best and "10 of 10 runs end between" in finding.sentence
    assert f"{low:.5f}" in finding.sentence and f"{high:.5f}" in finding.sentence
    outside = [inside[0]._replace(loss=0.9 * low), *inside[1:]]
    finding = judged(name, outside)
    assert finding.verdict == "trend" and "9 of 10 runs end between" in finding.sentence
    above = [run._replace(loss=1.1 * high) for run in inside]
    assert judged(name, above).verdict == "no match"
    full_rank = [run._replace(rank=float(classes)) for run in inside]
    assert judged(name, full_rank).verdict == "no match"


def test_few_classes_end_in_collapse():
    def rows(excess, label="dnc"):
        return [a_run(classes=K, dnc=d, loss=d * (1 + excess), label=label)
                for K, d in ((3, 0.03), (4, 0.04))]

    assert judged("slm24-fig5", rows(1e-5)).verdict == "value"
    assert judged("slm24-fig5", rows(1e-2)).verdict == "trend"
    assert judged("slm24-fig5", rows(-1e-2)).verdict == "trend"
    assert judged("slm24-fig5", rows(1e-5, "other")).verdict == "no match"


def test_three_panels_are_judged_each():
    found = tiny("slm24-fig3")
    ratios = found.run(quick=True).tables["ratio"]
    assert [(row.layers, row.vertices) for row in ratios if row.ratio > 1] == [(3, 4)]
    decay = [a_run(weight_decay=2.0**-e, rank=float(e)) for e in (9, 8, 7)] * 3
    width = [a_run(width=d, label="dnc" if d > 20 else "other") for d in (10, 20, 30, 40)] * 3

    def verdict(ratio=ratios, decay=decay, width=width):
        return found.judge({"ratio": ratio, "decay": decay, "width": width},
                           found.full).verdict

    assert verdict() == "trend"
    assert verdict(ratio=[row._replace(ratio=1.2) for row in ratios]) == "no match"
    assert verdict(decay=[row._replace(rank=8.0) for row in decay]) == "no match"
    assert verdict(decay=[row._replace(rank=-row.rank) for row in decay]) == "no match"
    assert verdict(width=[row._replace(label="dnc") for row in width]) == "no match"


def test_pairs_below_collapse():
    problem = Problem(classes=10, layers=2, samples=5, weight_decay=2.0**-10, loss="ce",
                      activation="linear")
    pairs = Pairs(classes=10).loss(problem)
    at_pairs = [a_run(loss=pairs, rank=5.0)] * 4
    finding = judged("gk25-fig1", at_pairs)
    assert finding.verdict == "value" and "0.0800127, below DNC's 0.0906622" in finding.sentence
    assert judged("gk25-fig1", [r._replace(rank=9.0) for r in at_pairs]).verdict == "trend"
    assert judged("gk25-fig1", [r._replace(loss=1.02 * pairs) for r in at_pairs]
                  ).verdict == "trend"
    assert judged("gk25-fig1", [r._replace(loss=2 * pairs) for r in at_pairs]
                  ).verdict == "no match"


def test_relu_runs():
    low = [a_run(loss=0.155, rank=7.0)] * 3
    assert judged("gk25-fig6", low).verdict == "trend"
    assert judged("gk25-fig6", [r._replace(rank=10.0) for r in low]).verdict == "no match"
    assert judged("gk25-fig6", [r._replace(loss=0.16) for r in low]).verdict == "no match"


@pytest.mark.parametrize("name, column, values, sign", [
    ("gk25-fig2", "width", (10, 20, 40, 80), 1),
    ("gk25-fig5", "weight_decay", (2**-11, 2**-10, 2**-9, 2**-8), -1)])
def test_trends_of_probability_and_rank(name, column, values, sign):
    def rows(rank_sign, share_sign):
        found = []
        for k, value in enumerate(values):
            share_of_dnc = (k if share_sign > 0 else 3 - k) if share_sign else 0
            found += [a_run(**{column: value}, rank=6.0 + rank_sign * k / 2,
                            label="dnc" if i < 2 * share_of_dnc else "pairs")
                      for i in range(8)]
        return found

    assert judged(name, rows(sign, sign)).verdict == "trend"
    assert judged(name, rows(-sign, sign)).verdict == "no match"
    assert judged(name, rows(sign, -sign)).verdict == "no match"
    assert judged(name, rows(sign, 0)).verdict == "no match"  # no DNC anywhere


def test_a_diverged_run_does_not_count_as_a_rank():
    rows = [a_run(rank=4.0), a_run(rank=6.0),
            a_run(rank=float("nan"), loss=float("nan"), label="diverged")]
    assert mean_rank(rows) == (5.0, 1.0)
    assert share(rows, "diverged")[0] == pytest.approx(1 / 3)
    assert np.isnan(mean_rank(rows[2:])[0])


def test_trends_are_those_that_chance_does_not_make():
    assert trend([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)  # 1 - 6*2/(4*15)
    few, many = [1, 2, 3, 4], [1, 2, 3, 4] * 5
    assert not clear(few, [1, 3, 2, 4], 1)  # 4 of 24 orders do as well
    assert clear(many, [1, 3, 2, 4] * 5, 1) and not clear(many, [1, 3, 2, 4] * 5, -1)
    assert clear(many, [4, 2, 3, 1] * 5, -1)
    assert not clear(many, [7] * 20, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name, verdict", [
    ("slm24-fig2", "trend"), ("slm24-fig3", "trend"), ("slm24-fig5", "value"),
    ("slm24-fig6", "trend"), ("gk25-fig1", "value"), ("gk25-fig2", "trend"),
    ("gk25-fig5", "trend"), ("gk25-fig6", "trend")])
def test_quick_runs_find_this(name, verdict):
    assert experiment(name).run(quick=True).verdict == verdict
