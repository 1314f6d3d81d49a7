"""Tasks give the library's numbers, one by one or together, and every error is a result."""

import io
import json

import numpy as np
import pytest

import nctheory
from nctheory.errors import InputError
from nctheory.sweep import tasks
from nctheory.sweep.plan import Plan
from nctheory.sweep.tasks import TASKS, Batch, run_batch


def results(plan, batch=None):
    """The results of a plan, worked through in batches of so many points."""
    step = batch or len(plan)
    outcomes = [outcome for i in range(0, len(plan), step) for outcome in run_batch(Batch(
        plan.task, nctheory.__version__, plan.keep, [p.values for p in plan[i:i + step]]))]
    assert [outcome.error for outcome in outcomes] == [None] * len(plan)
    found = [(json.loads(outcome.result), outcome.arrays) for outcome in outcomes]
    # In tables results stand beside parameters: no name may be both.
    assert not any(set(result) & set(TASKS[plan.task].parameters) for result, _ in found)
    return found


def test_thresholds_are_the_table():
    plan = Plan("thresholds", fixed={"weight_decay": 0.004, "samples": 2},
                grid={"classes": range(6, 17), "layers": [2, 3, 4]})
    table = nctheory.threshold_table(range(6, 17), [2, 3, 4], weight_decay=0.004, samples=2)
    rows = {(row.classes, row.layers): row for row in table.rows}
    for point, (found, _) in zip(plan, results(plan), strict=True):
        row = rows[point.values["classes"], point.values["layers"]]
        assert (found["construction"], found["verdict"], found["certified"]) == (
            row.construction.label, row.verdict, row.certified)
        assert (found["cost"], found["minimal_loss"], found["dnc_loss"]) == (
            row.cost, row.loss, row.dnc_loss)


def test_losses_are_the_closed_forms():
    plan = Plan("loss", fixed={"construction": "triangular:r=5,s=3+dnc:K=1", "samples": 2},
                grid={"layers": [3, 4], "weight_decay": [1e-3, 4e-3]})
    made = nctheory.construct("triangular:r=5,s=3+dnc:K=1")
    for point, (found, _) in zip(plan, results(plan), strict=True):
        problem = nctheory.Problem(classes=11, layers=point.values["layers"], samples=2,
                                   weight_decay=point.values["weight_decay"])
        assert found["minimal_loss"] == made.loss(problem)
        assert found["dnc_loss"] == nctheory.Orthogonal(classes=11).loss(problem)
        assert found["beats_dnc"] is True and found["least_rank"] == 6


def test_cross_entropy():
    """[GK25]: (K, L, n, lam) = (10, 2, 5, 2^-10): DNC 0.0906622, pairs 0.0800127."""
    setting = {"layers": 2, "samples": 5, "weight_decay": 2**-10, "loss": "ce",
               "activation": "linear"}
    (found, _), = results(Plan("loss", fixed={"construction": "pairs:K=10"} | setting))
    assert (round(found["minimal_loss"], 7), round(found["dnc_loss"], 7)) == (
        0.0800127, 0.0906622)
    assert found["beats_dnc"] is True and found["least_rank"] == 5
    (cell, _), = results(Plan("thresholds", fixed={"classes": 10} | setting))
    assert cell["dnc_loss"] == pytest.approx(found["dnc_loss"], rel=1e-12)
    assert cell["minimal_loss"] <= found["minimal_loss"] * (1 + 1e-12)


def test_a_chosen_library():
    plan = Plan("thresholds", fixed={"library": "triangular", "layers": 3},
                grid={"classes": [10, 12]})
    table = nctheory.threshold_table([10, 12], [3], library=["triangular"])
    assert [found["ratio"] for found, _ in results(plan)] == [row.ratio for row in table.rows]


SOLVE = {"classes": 4, "layers": 3, "width": 6, "steps": 60}


def test_solver_runs_and_their_arrays():
    plan = Plan("solve", fixed=SOLVE, grid={"seed": range(3)},
                keep=("trace", "means", "singular_values", "weights"))
    from nctheory.solver import solve
    result = solve(nctheory.Problem(classes=4, layers=3), 6, range(3), steps=60)
    for seed, (found, packed) in enumerate(results(plan)):
        assert found["end_loss"] == result.loss[seed] and found["label"] == result.label[seed]
        assert found["ranks_before"] == result.ranks[seed, :, 0].tolist()
        arrays = np.load(io.BytesIO(packed))
        assert np.array_equal(arrays["means"], result.means(seed))
        assert np.array_equal(arrays["weights_3"], result.parameters(seed)[3])
        assert np.allclose(arrays["singular_values"][1],
                           np.linalg.svd(result.means(seed)[1])[1], atol=1e-12)
        assert arrays["trace_loss"][-1] == pytest.approx(found["end_loss"], rel=1e-9)


def test_rank_bounds_hold_at_end_points():
    plan = Plan("ranks", fixed={"classes": 3, "layers": 2, "width": 5}, grid={"seed": [0, 1]})
    for found, _ in results(plan):
        assert found["holds"] is True and "margin_rank_of_weights" in found


def test_training_runs():
    pytest.importorskip("sklearn")
    from nctheory.trained import Architecture, Recipe, digits, fit

    plan = Plan("train", fixed={"epochs": 3, "width": 16}, grid={"seed": [0, 1]},
                keep=("trace",))
    for seed, (found, packed) in enumerate(results(plan)):
        training = fit(digits(seed), Architecture((64, 16, 16, 10)),
                       Recipe(epochs=3, seed=seed))
        assert np.load(io.BytesIO(packed))["trace_loss"].tolist() == training.losses
        assert found["objective"] == training.objective()
        assert found["bounds_hold"] is True and len(found["ranks"]) == 3
        assert 0.5 < found["test_accuracy"] <= 1


def test_certificates_are_made_and_verified(tmp_path):
    from nctheory.certify import check_file

    plan = Plan("certify", fixed={"claim": "threshold"}, grid={"classes": [5, 6], "layers": [4]})
    for (found, _), verdict in zip(results(plan), ("not beaten", "beaten"), strict=True):
        assert (found["verdict"], found["verified"], found["reason"]) == (verdict, True, "")
        assert all(result.verified for result in check_file(found["certificate"].encode()))
    plan = Plan("certify", fixed={"claim": "pairs", "classes": 10, "layers": 2, "samples": 5,
                                  "weight_decay": 2**-10})
    (found, _), = results(plan)
    assert found["verdict"] == "below" and found["verified"]  # [GK25]: 0.0800127 < 0.0906622


@pytest.mark.parametrize("plan", [
    Plan("thresholds", grid={"classes": range(2, 30), "layers": [1, 2, 5]}),
    Plan("thresholds", fixed={"weight_decay": 0.01}, grid={"classes": range(2, 20),
                                                           "layers": [2, 4]}),
    Plan("solve", fixed=SOLVE, grid={"seed": range(6)}, keep=("weights",)),
    Plan("solve", fixed=SOLVE | {"method": "quasi-newton", "steps": 200},
         grid={"seed": range(4)})],
    ids=["thresholds", "thresholds with losses", "descent", "quasi-newton"])
def test_batches_never_change_the_numbers(plan):
    whole = results(plan)
    assert whole == results(plan, 1) == results(plan, 5)


def test_a_point_that_raises_is_alone_in_it():
    plan = Plan("loss", fixed={"construction": "triangular:r=5,s=3"}, grid={"layers": [1, 2]})
    first, second = run_batch(Batch("loss", nctheory.__version__, (), [
        point.values for point in plan]))
    assert first.result is None and "InputError: layers must be" in first.error
    assert "Traceback" in first.error
    assert json.loads(second.result)["classes"] == 10 and second.error is None


def test_the_culprit_of_a_group_is_found(monkeypatch):
    def odd(seed: list[int]):
        if 3 in seed:
            raise RuntimeError("three")
        return [{"value": float(s)} for s in seed]

    monkeypatch.setitem(TASKS, "odd", tasks.Task(odd, lambda _: None, together="seed"))
    outcomes = run_batch(Batch("odd", nctheory.__version__, (), [{"seed": s} for s in range(5)]))
    assert [outcome.error is None for outcome in outcomes] == [True, True, True, False, True]
    assert [json.loads(o.result)["value"] for o in outcomes if o.result] == [0, 1, 2, 4]


def test_nan_is_no_result(monkeypatch):
    monkeypatch.setitem(TASKS, "nan", tasks.Task(lambda: {"value": float("nan")}, lambda _: None))
    outcome, = run_batch(Batch("nan", nctheory.__version__, (), [{}]))
    assert outcome.result is None and "ValueError" in outcome.error


def test_workers_of_another_version_are_refused():
    with pytest.raises(InputError, match="workers must run nctheory 0.0.0"):
        run_batch(Batch("loss", "0.0.0", (), []))


def test_tasks_without_their_module_are_not_offered(monkeypatch):
    gone = tasks.Task(lambda: {}, lambda _: None, needs="nctheory.nowhere")
    monkeypatch.setitem(TASKS, "gone", gone)
    assert "gone" not in tasks.offered() and "loss" in tasks.offered()
    with pytest.raises(InputError, match="task must be one of"):
        Plan("gone")
