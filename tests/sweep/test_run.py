"""Running plans: resumed, extended, retried, interrupted; the same numbers everywhere."""

import signal
import time

import pytest

import nctheory
from nctheory.errors import InputError
from nctheory.sweep import run
from nctheory.sweep.export import export
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import estimate, run_plan
from nctheory.sweep.store import Store

LOSS = Plan("loss", fixed={"construction": "triangular:r=5,s=3"},
            grid={"layers": range(3, 13), "weight_decay": [1e-4, 1e-3]})


def exported(path):
    with Store(path) as store:
        export(store, path.with_suffix(".csv"), "csv")
    return path.with_suffix(".csv").read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.db"


def test_a_finished_plan_does_nothing_and_an_extended_one_what_is_new(path):
    first = run_plan(LOSS, path, executor="inline")
    assert (first.points, first.found, first.computed, first.failed) == (20, 0, 20, 0)
    before = exported(path)
    again = run_plan(LOSS, path, executor="inline")
    assert (again.found, again.computed) == (20, 0) and exported(path) == before
    wider = Plan("loss", fixed=LOSS.fixed, grid={"layers": range(3, 14),
                                                 "weight_decay": [1e-4, 1e-3, 1e-2]})
    more = run_plan(wider, path, executor="inline")
    assert (more.found, more.computed) == (20, 13)
    with Store(path) as store:
        assert len(store.sweeps()) == 3 and store.sweeps()[0]["plan"]["task"] == "loss"


def test_found_are_those_held_also_while_others_are_on_their_way(path):
    """Whatever was looked at ahead counted as found: "306 found, 12 computed" of 24 held."""
    held = Plan("loss", fixed=LOSS.fixed, grid={"layers": range(3, 9), "weight_decay": [1e-3]})
    run_plan(held, path, executor="inline")
    states = []

    def stop(state):
        states.append(state)
        if len(states) == 1:
            signal.raise_signal(signal.SIGINT)

    summary = run_plan(LOSS, path, executor="inline", progress=stop)
    assert summary.interrupted and summary.found <= 6 and summary.computed < 14
    assert states[0].finished <= 6 + summary.computed
    assert run_plan(LOSS, path, executor="inline").found == 6 + summary.computed


def test_another_version_is_another_point(path, monkeypatch):
    run_plan(LOSS, path, executor="inline")
    for module in ("plan", "run", "store", "tasks"):
        monkeypatch.setattr(f"nctheory.sweep.{module}.__version__", "9.9")
    assert run_plan(LOSS, path, executor="inline").computed == 20
    with Store(path) as store:
        assert {entry["version"] for entry in store.counts()} == {nctheory.__version__, "9.9"}
        both = f"version must be chosen among .* {nctheory.__version__}, 9.9"
        with pytest.raises(InputError, match=both):
            list(store.table())
        assert len(list(store.table(version="9.9"))) == 20


@pytest.mark.parametrize("executor", ["processes", "dask"])
@pytest.mark.parametrize("plan", [
    LOSS, Plan("thresholds", grid={"classes": range(2, 60), "layers": range(1, 8)})],
    ids=["loss", "thresholds"])
def test_the_same_numbers_on_every_executor(tmp_path, executor, plan):
    if executor == "dask":
        pytest.importorskip("distributed")
    run_plan(plan, tmp_path / "inline.db", executor="inline")
    run_plan(plan, tmp_path / "other.db", executor=executor, workers=2)
    assert exported(tmp_path / "inline.db") == exported(tmp_path / "other.db")


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_the_same_solver_runs_on_every_executor(tmp_path, executor):
    plan = Plan("solve", fixed={"layers": 4, "width": 12, "steps": 300},
                grid={"classes": [4, 6], "weight_decay": [1e-3, 4e-3], "seed": range(5)},
                keep=("means",))
    run_plan(plan, tmp_path / "inline.db", executor="inline")
    run_plan(plan, tmp_path / "other.db", executor=executor, workers=2)
    assert exported(tmp_path / "inline.db") == exported(tmp_path / "other.db")
    with Store(tmp_path / "inline.db") as one, Store(tmp_path / "other.db") as two:
        assert [row.arrays for row in one.rows()] == [row.arrays for row in two.rows()]
        assert two.check() == {}


def test_failed_points_are_kept_and_retried_on_request_alone(path, monkeypatch):
    plan = Plan("loss", fixed={"construction": "triangular:r=5,s=3"}, grid={"layers": [1, 2]})
    summary = run_plan(plan, path, executor="inline")
    assert (summary.computed, summary.failed) == (2, 1)
    with Store(path) as store:
        failed, sound = store.rows()
        assert "Traceback" in failed.error and failed.result is None and sound.error is None
        table = list(store.table())
        assert table[0]["error"].startswith("nctheory.errors.InputError: layers must be")
    assert run_plan(plan, path, executor="inline").computed == 0
    assert run_plan(plan, path, executor="inline", retry_failed=True).computed == 1


def test_asking_for_more_arrays_computes_again(path):
    fixed = {"classes": 3, "layers": 2, "width": 4, "steps": 20}
    run_plan(Plan("solve", fixed=fixed, keep=("means", "trace")), path, executor="inline")
    assert run_plan(Plan("solve", fixed=fixed, keep=("means",)), path,
                    executor="inline").computed == 0
    assert run_plan(Plan("solve", fixed=fixed, keep=("means", "weights")), path,
                    executor="inline").computed == 1
    with Store(path) as store:
        row, = store.rows()
        assert "weights_0" in store.arrays(row)


def test_lost_batches_go_out_again_a_point_at_a_time(path, monkeypatch):
    """A worker that dies with a batch costs no sound point; a deadly one stays missing."""
    from nctheory.sweep.executors import Lost

    def deadly(work, batches, workers):
        for item in batches:
            if any(point["layers"] == 5 for point in item.batch.points):
                yield item, Lost("killed")
            else:
                yield item, work(item)

    monkeypatch.setattr(run, "inline", deadly)
    summary = run_plan(LOSS, path, executor="inline")
    assert (summary.computed, summary.failed, summary.lost) == (18, 0, 2)
    monkeypatch.undo()
    assert run_plan(LOSS, path, executor="inline").computed == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_finished(path, number, monkeypatch):
    plan = Plan("thresholds", grid={"classes": range(2, 100), "layers": range(1, 40)})

    def interrupted(work, batches, workers):
        for count, item in enumerate(batches):
            if count == 3:
                signal.raise_signal(number)
            yield item, work(item)

    monkeypatch.setattr(run, "inline", interrupted)
    summary = run_plan(plan, path, executor="inline")
    assert summary.interrupted and 0 < summary.computed < len(plan)
    with Store(path) as store:
        assert sum(entry["finished"] for entry in store.counts()) == summary.computed
        assert store.check() == {}


def test_an_interruption_waits_for_the_write():
    with run._signals() as handler, pytest.raises(KeyboardInterrupt):
        with handler.held():
            signal.raise_signal(signal.SIGINT)
            written = True
    assert written
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_estimate_measures_and_stores_nothing(path):
    began = time.perf_counter()
    found = estimate(LOSS, path)
    assert time.perf_counter() - began < 10
    assert (found.points, found.missing) == (20, 20) and not path.exists()
    assert found.seconds > 0 and found.size > 20 * 100
    run_plan(LOSS, path, executor="inline")
    assert estimate(LOSS, path) == (20, 0, 0.0, 0)


def test_batches_follow_the_duration_of_points():
    batches = run._Batches(LOSS, iter(LOSS))
    sizes = []
    for item in batches:
        sizes.append(len(item.batch.points))
        batches.settle(item, [run.Outcome("{}", None, None, 1e-6)] * sizes[-1])
    assert sizes == [1, 2, 4, 8, 5]
    batches = run._Batches(LOSS, iter(LOSS))
    batches._size = 8
    batches.settle(next(batches), [run.Outcome("{}", None, None, 10.0)] * 8)
    assert len(next(batches).batch.points) == 4


def test_groups_that_share_their_work_stay_whole():
    plan = Plan("thresholds", grid={"classes": range(3, 10), "layers": [2, 3, 4]})
    sizes = []
    for item in (batches := run._Batches(plan, iter(plan))):
        sizes.append(len(item.batch.points))
        batches.settle(item, [run.Outcome("{}", None, None, 1e-6)] * sizes[-1])
    assert sizes == [7, 7, 7]  # one number of layers each


def test_refusals(path):
    with pytest.raises(InputError, match="executor must be one of"):
        run_plan(LOSS, path, executor="threads")
    with pytest.raises(InputError, match="scheduler must be given with executor 'dask' alone"):
        run_plan(LOSS, path, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="workers must be an integer at least 1"):
        run_plan(LOSS, path, workers=0)
