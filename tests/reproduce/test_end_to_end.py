"""Networks under a model's head: the model's loss, its collapse by hand, verdicts, the script."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from nctheory import InputError
from nctheory.constructions import Orthogonal
from nctheory.problem import Problem
from nctheory.reproduce import end_to_end, experiment
from nctheory.trained import Architecture, Recipe, Training, digits

NAMES = ("slm24-end-to-end", "gk25-end-to-end")
SMALL = {"samples": 4, "backbone": [8], "width": 12, "layers": 3, "epochs": 6, "seeds": 2}
SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "measure_my_run.py"


def tiny(name, **more):
    found = experiment(name)
    return replace(found, quick={**found.quick, **SMALL, **more})


@pytest.mark.parametrize("name", NAMES)
def test_tables_sentence_and_figure(name):
    steps = []
    result = tiny(name).run(quick=True, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    rows = result.tables["layers"]
    assert {row.layer for row in rows} == {1, 2, 3} and {row.epoch for row in rows} >= {0, 6}
    assert all(np.isfinite([row.dnc1, row.dnc2, row.dnc2_activated, row.dnc3]).all()
               for row in rows)
    assert "End to end on scikit-learn's 8x8 digits (4 samples a class" in result.sentence
    assert len(result.figure().axes) == 6


def collapsed(decay=0.004, K=4, L=4, n=3):
    """Deep neural collapse by hand: one-hot data, identity backbone, every factor a I."""
    best = minimize_scalar(lambda a: (1 - a**(L + 1))**2 / 2 + (L + 1) * decay * K * a**2 / 2,
                           bounds=(0.5, 1.5), method="bounded", options={"xatol": 1e-13})
    labels = np.repeat(np.arange(K), n)
    run = Training(np.eye(K)[labels], labels,
                   Architecture((K, *[K] * L, K), "relu", "mse", head=L),
                   Recipe(weight_decay=(0, *[decay] * L), feature_decay=decay / n))
    for w in run.network.weights:
        w[:] = best.x * np.eye(K)
    return run, best.fun


def test_the_objective_is_the_models_loss():
    """Scalar minimisation, the closed form and the network agree: lam_H counts n samples."""
    run, least = collapsed()
    problem = Problem(classes=4, layers=4, samples=3,
                      weight_decay=(0.004 / 3, *[0.004] * 4))
    assert run.objective() == pytest.approx(least, rel=1e-12)
    assert Orthogonal(classes=4).loss(problem) == pytest.approx(least, rel=1e-12)
    # ... and it is a critical point of everything above the backbone.
    assert max(np.abs(g).max() for g in run.network.weight_gradients[1:]) < 1e-8


def test_collapse_by_hand_is_measured_as_collapse():
    for layer, row in enumerate(end_to_end._head_layers(collapsed()[0], 7), start=1):
        assert (row.seed, row.layer, row.rank) == (7, layer, 4)
        assert [row.dnc1, row.dnc2, row.dnc2_activated, row.dnc3] == pytest.approx(
            [0, 0, 0, 0], abs=1e-12)
        assert len(row.singular_values.split()) == 4


def test_layers_against_a_plain_forward_pass():
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 3
    run = Training(rng.standard_normal((12, 5)), labels,
                   Architecture((5, 6, 7, 7, 7, 3), "relu", "ce", head=3), Recipe())
    (w0, w1, w2, w3, w4), (b0, b1) = run.network.weights, run.network.biases
    h1 = np.maximum(run.x @ w0.T + b0, 0) @ w1.T + b1
    h2 = h1 @ w2.T
    h3 = np.maximum(h2, 0) @ w3.T
    for h, w, row in zip((h1, h2, h3), (w2, w3, w4), end_to_end._head_layers(run, 0)):
        means = np.stack([h[labels == k].mean(axis=0) for k in range(3)])
        assert [float(v) for v in row.singular_values.split()] == pytest.approx(
            np.linalg.svd(means, compute_uv=False), rel=1e-5)
        centred = means - means.mean(axis=0)
        spread = np.sum((h - means[labels]) ** 2) / 12
        assert row.dnc1 == pytest.approx(spread / (np.sum(centred**2) / 3), rel=1e-10)
        g, target = centred @ centred.T, np.eye(3) - 1 / 3
        assert row.dnc2 == pytest.approx(np.linalg.norm(
            g / np.linalg.norm(g) - target / np.linalg.norm(target)), rel=1e-10)
        basis = np.linalg.qr((means if row.layer == 1 else np.maximum(means, 0)).T)[0]
        assert row.dnc3 == pytest.approx(
            np.linalg.norm(w - w @ basis @ basis.T) / np.linalg.norm(w), rel=1e-8)


def test_a_dead_layer_is_nan_and_no_crash():
    run, _ = collapsed()
    run.network.weights[1][:] = 0
    rows = list(end_to_end._head_layers(run, 0))
    assert np.isfinite(rows[0].dnc1) and np.isnan(rows[2].dnc1) and rows[2].rank == 0


@pytest.mark.parametrize("name, rank, accuracy, verdict", [
    ("slm24-end-to-end", 9, 1.0, "trend"), ("slm24-end-to-end", 10, 1.0, "no match"),
    ("slm24-end-to-end", 9, 0.9, "no match"), ("gk25-end-to-end", 8, 1.0, "trend"),
    ("gk25-end-to-end", 9, 1.0, "no match")])
def test_verdicts_turn_on_rank_and_fit(name, rank, accuracy, verdict):
    found = tiny(name)
    tables = found.run(quick=True).tables
    finding = found.judge({
        "runs": [row._replace(train_accuracy=accuracy) for row in tables["runs"]],
        "layers": [row._replace(rank=rank) for row in tables["layers"]]}, found.quick)
    assert finding.verdict == verdict
    assert ("structures emerge" in finding.sentence) == (rank < (10 if "slm" in name else 9))


def test_levels_name_the_triangular_construction_only_where_there_is_one():
    size = experiment("slm24-end-to-end").quick
    assert list(end_to_end._levels(size, 10)) == ["DNC", "triangular"]
    assert list(end_to_end._levels(size, 9)) == ["DNC"]
    # n samples and lam_H = lam/n are the model of one sample: [SLM24]'s 0.0991799.
    assert end_to_end._levels(size, 10)["DNC"] == pytest.approx(0.0991799, abs=5e-8)


def test_balanced_takes_equally_many_of_each_class():
    split = digits().balanced(7)
    assert np.bincount(split.labels).tolist() == [7] * 10
    with pytest.raises(InputError, match="samples must be an integer between 1 and"):
        digits().balanced(1000)


def test_the_script_measures_a_run_of_ones_own(tmp_path):
    run, _ = collapsed()
    for name in ("early.npz", "late.npz"):
        read = run.network.features(run.x)
        np.savez(tmp_path / name, labels=run.labels,
                 **{f"features_{l}": z for l, z in enumerate(read, start=1)},
                 **{f"weight_{l}": w for l, w in enumerate(run.network.weights[1:], start=1)})
    done = subprocess.run([sys.executable, str(SCRIPT), "early.npz", "late.npz"], cwd=tmp_path,
                          capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines() if line]
    table = [line for line in lines if line[0].startswith(("features", "1", "2", "3", "4"))]
    assert len(table) == 8
    for line in table:
        assert line[1] == "4" and all(float(v) < 1e-12 for v in line[2:6])
        assert line[6:] == ["1"] * 4
