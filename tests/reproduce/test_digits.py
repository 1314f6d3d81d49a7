"""The experiments on data run, agree with their own tables, and say no where it is no."""

from dataclasses import replace

import numpy as np
import pytest

from nctheory import InputError, metrics
from nctheory.reproduce import experiment, hbn22, z24
from nctheory.reproduce.hbn22 import LastLayer, LayerCollapse, Transfer

NAMES = ("train-collapse-without-test-collapse", "cascading-collapse",
         "longer-training-worse-transfer", "rank-against-weight-decay")
SMALL = {"samples": 100, "width": 16, "epochs": 12, "seeds": 2, "polish": 10}


def tiny(name):
    found = experiment(name)
    return replace(found, quick={key: SMALL.get(key, value)
                                 for key, value in found.quick.items()})


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_finite_and_progress_is_whole(name):
    steps = []
    result = tiny(name).run(quick=True, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] == len(steps)
    (rows,) = result.tables.values()
    assert all(np.isfinite(float(v)) for row in rows for k, v in row._asdict().items()
               if k not in ("singular_values", "data"))
    assert result.sentence.startswith("On scikit-learn's 8x8 digits (100 ")
    assert result.verdict != "value"


@pytest.mark.parametrize("name", NAMES)
def test_any_feature_file_serves_as_data(name, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b", "c", "d"])[np.arange(240) % 4]
    x = np.eye(4, 7)[np.arange(240) % 4] + 0.3 * rng.standard_normal((240, 7))
    metrics.save(tmp_path / "blobs.npz", features=x, labels=labels)
    result = tiny(name).run(quick=True, data=str(tmp_path / "blobs.npz"))
    assert result.sentence.startswith("On blobs.npz (100 ")
    assert result.parameters["data"] == str(tmp_path / "blobs.npz")


def test_data_is_refused_where_there_is_none(run, tmp_path):
    status, _, err = run("reproduce", "slm24-fig5", "--quick", "--data", "mnist", "--directory",
                         str(tmp_path))
    assert status == 2 and "data must not be given for slm24-fig5" in err
    with pytest.raises(InputError, match="data must have more than two classes"):
        hbn22._coarse(hbn22.dataset("digits").relabelled(np.arange(10) % 2))


def test_verdict_is_no_where_the_effect_is_absent():
    """Twelve epochs of a narrow network do not fit the train set."""
    test = tiny("train-collapse-without-test-collapse").run(quick=True)
    assert test.verdict == "no match" and "is not fitted" in test.sentence


EPOCHS = [0, 1, 2, 4, 10, 30, 100, 300, 1000]


def collapse(train, strong, weak=None, noise=0.05):
    """NC1 ~ epoch^p on three seeds, p jittered; fitted from epoch 4 on."""
    rng = np.random.default_rng(0)
    rows = []
    for seed in range(3):
        p, q, r = np.array([train, strong, strong if weak is None else weak]
                           ) + noise * rng.standard_normal(3)
        rows += [LastLayer(seed, e, max(e, 1)**p, max(e, 1)**q, max(e, 1)**r,
                           float(e >= 4), 0.9) for e in EPOCHS]
    return rows


@pytest.mark.parametrize("rates, verdict, words", [
    ((-1, 0), "trend", "the train set collapses and the test set does not"),
    ((-1, -0.4), "trend", "the test set falls behind: it still contracts"),
    ((-1, -1), "no match", "test collapse is not clearly slower"),
    ((-1, 0, -1), "no match", "test collapse is not clearly slower"),
    ((0, 0), "no match", "the train set does not clearly collapse")])
def test_train_collapse_is_judged_by_rates(rates, verdict, words):
    found = experiment("train-collapse-without-test-collapse")
    finding = found.judge({"epochs": collapse(*rates)}, found.quick)
    assert finding.verdict == verdict and words in finding.sentence
    assert "(median 4)" in finding.sentence


@pytest.mark.parametrize("size", ["quick", "full"])
def test_the_judge_does_not_turn_on_the_size(size):
    found = experiment("train-collapse-without-test-collapse")
    finding = found.judge({"epochs": collapse(-1, -0.2)}, getattr(found, size))
    assert finding.sentence.split(") ", 1)[1].startswith("the train set collapses and the test")


def layers(times):
    """Layers whose NC1 is 8 up to epoch t and 8 t/e afterwards, then constant."""
    rows = []
    for seed in range(3):
        for layer, t in enumerate(times, start=1):
            rows += [LayerCollapse(seed, e, layer, 8 * min(1.0, t / (e + 1)), 1.0)
                     for e in EPOCHS]
    return rows


def test_collapse_times_by_hand():
    """8 t / (epoch + 1) is log-linear, so interpolation is exact: level v is met at 8 t / v."""
    run = [row for row in layers([5]) if row.seed == 0]
    assert hbn22._crossing(run, 8 * 5 / 64) == pytest.approx(64 - 1)
    assert hbn22._crossing(run, 1e-9) == pytest.approx(1000)
    rising = [row._replace(train=1.0 + row.epoch) for row in run]
    assert hbn22._crossing(rising, 1001.0) == pytest.approx(1000)


@pytest.mark.parametrize("times, verdict, sign", [
    ([100, 50, 20, 5], "trend", -1), ([5, 20, 50, 100], "no match", 1)])
def test_cascade_is_judged_by_the_order_of_times(times, verdict, sign):
    found = experiment("cascading-collapse")
    finding = found.judge({"epochs": layers(times)}, {**found.quick, "epochs": 1000})
    assert finding.verdict == verdict
    assert f"rank correlation with depth {sign} [{sign}, {sign}]" in finding.sentence
    assert ("unlike [HBN22]" in finding.sentence) == (sign > 0)


def test_no_order_is_said_where_seeds_disagree():
    found = experiment("cascading-collapse")
    rows = [row for times, seed in (([100, 50, 20], 0), ([20, 50, 100], 1), ([50, 20, 100], 2))
            for row in layers(times) if row.seed == seed]
    finding = found.judge({"epochs": rows}, {**found.quick, "epochs": 1000})
    assert finding.verdict == "no match" and "no order" in finding.sentence


@pytest.mark.parametrize("fall, verdict", [(0.1, "trend"), (0.0, "no match"), (-0.1, "no match")])
def test_transfer_is_judged_from_the_fit_on(fall, verdict):
    found = experiment("longer-training-worse-transfer")
    rng = np.random.default_rng(1)
    rows = [Transfer(seed, e, 0.8 - fall * (e > 4) + 0.01 * rng.standard_normal(), 0.1,
                     float(e >= 4), 0.9) for seed in range(4) for e in EPOCHS]
    assert found.judge({"epochs": rows}, found.quick).verdict == verdict


@pytest.mark.parametrize("a, b, verdict, words", [
    (-0.2, 1.0, "trend", "falls as weight decay grows, and is in proportion to"),
    (-0.2, 0.3, "no match", "falls as weight decay grows, and is not in proportion to"),
    (0.0, 1.0, "no match", "does not clearly fall as weight decay grows")])
def test_rank_is_judged_by_exponents(a, b, verdict, words):
    """Rank and variability written in: rank ~ decay^a and rank ~ V^b, up to noise."""
    found = experiment("rank-against-weight-decay")
    rows, rng = tiny("rank-against-weight-decay").run(quick=True).tables["layers"], \
        np.random.default_rng(0)
    rows = [row._replace(seed=seed) for seed in range(4) for row in rows if row.seed == 0]
    moved = []
    for row in rows:
        rank = 20 * (row.weight_decay * 1e4)**a * np.exp(0.01 * rng.standard_normal())
        if a == 0:  # V moves by chance, and the rank with it
            rank *= np.exp(rng.standard_normal())
        moved.append(row._replace(rank=rank, cluster_variation=(
            rank * np.exp(0.003 * rng.standard_normal()))**(1 / b)))
    finding = found.judge({"layers": moved}, found.quick)
    assert finding.verdict == verdict and words in finding.sentence


def test_a_failing_bound_is_a_defect_and_no_row():
    class Broken:
        holds, layer, distance, bounds = False, 2, 1.0, {"moment": 0.5}

    with pytest.raises(RuntimeError, match="a rank bound fails at layer 2"):
        z24._row("digits", 0, 0.1, 1.0, Broken())


def test_same_seed_same_table():
    first, again = (tiny("cascading-collapse").run(quick=True, seed=4) for _ in range(2))
    assert first.tables == again.tables and first.sentence == again.sentence


@pytest.mark.parametrize("name", [NAMES[1], NAMES[3]])
def test_what_is_done_is_kept(name, tmp_path):
    """Interrupted after the first cell: it is not trained again, and all is as if never
    interrupted."""
    whole = tiny(name).run(quick=True)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiny(name).run(quick=True, keep=tmp_path, progress=stop)
    first, = tmp_path.iterdir()
    made = first.stat().st_mtime_ns
    again = tiny(name).run(quick=True, keep=tmp_path)
    assert first.stat().st_mtime_ns == made
    assert again.tables == whole.tables and again.sentence == whole.sentence
    assert tiny(name).run(quick=True, seed=1, keep=tmp_path).tables != whole.tables


@pytest.mark.slow
@pytest.mark.parametrize("name, quick, data, verdict", [
    *((name, False, "digits", "trend") for name in NAMES[:3]),
    *((name, True, "mnist", "trend") for name in NAMES[:2]),
    (NAMES[2], True, "mnist", "no match"), (NAMES[3], True, "digits", "no match"),
    ("slm24-end-to-end", True, "digits", "trend"), ("gk25-end-to-end", True, "digits", "trend")])
def test_what_was_found(name, quick, data, verdict):
    """Observed, not derived: what these sizes gave; the criteria are in the judges."""
    assert experiment(name).run(quick, data=data).verdict == verdict
