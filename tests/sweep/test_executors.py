"""Executors: every batch once, back-pressure, lost workers replaced, threads pinned."""

import operator
import os
import time

import pytest

from nctheory.errors import InputError
from nctheory.sweep import executors
from nctheory.sweep.executors import ATTEMPTS, Dask, Lost, inline, processes


@pytest.mark.parametrize("execute", [inline, processes])
def test_every_batch_once(execute):
    found = list(execute(operator.neg, range(20), 2))
    assert sorted(found) == [(i, -i) for i in range(20)]


def test_batches_are_drawn_as_workers_come_free():
    drawn = []

    def source():
        for i in range(30):
            drawn.append(i)
            yield 0.001

    for finished, _ in enumerate(processes(time.sleep, source(), 2), start=1):
        assert len(drawn) <= finished + 2  # never more under way than there are workers


def test_a_worker_that_dies_is_replaced_and_its_batch_given_up():
    # The work is os._exit: every batch kills its worker, with the status it names.
    found = dict(processes(os._exit, [3, 4], 1))
    assert set(found) == {3, 4} and all(isinstance(lost, Lost) for lost in found.values())
    assert f"ended with status 3 ({ATTEMPTS} times)" in found[3].reason


def test_errors_of_the_work_itself_come_back():
    with pytest.raises(TypeError, match="bad operand"):
        list(processes(operator.neg, ["text"], 1))


def test_workers_have_one_thread_and_end_with_the_loop():
    names = ["NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    assert [value for _, value in processes(os.getenv, names, 1)] == ["1"] * 3
    results = processes(operator.methodcaller("__call__"), [os.getpid] * 50, 2)
    pids = {next(results)[1] for _ in range(4)}
    assert os.getpid() not in pids
    results.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_dask_refuses_what_is_no_scheduler():
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="scheduler must be the address"):
        list(Dask("nonsense://x")(operator.neg, [1]))
    assert list(Dask("nonsense://x")(operator.neg, [])) == []  # nothing to do, nobody to ask


def test_a_scheduler_without_workers(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "PATIENCE", 0.5)
    with distributed.LocalCluster(n_workers=0, processes=False, protocol="tcp://",
                                  dashboard_address="127.0.0.1:0") as cluster:
        with pytest.raises(InputError, match="scheduler must have a worker within"):
            list(Dask(cluster.scheduler_address)(operator.neg, range(5)))


@pytest.mark.parametrize("place, error", [
    ("scheduler_info", OSError("closed")), ("get_executor", RuntimeError("shut down"))])
def test_a_scheduler_lost_at_any_moment_is_one_line(monkeypatch, place, error):
    distributed = pytest.importorskip("distributed")

    def fail(*_, **__):
        raise error

    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False,
                                  protocol="tcp://", dashboard_address="127.0.0.1:0") as cluster:
        monkeypatch.setattr(distributed.Client, place, fail)
        with pytest.raises(InputError, match=f"stay reachable.*is kept, got .*{error}") as found:
            list(Dask(cluster.scheduler_address)(operator.neg, range(5)))
    assert "\n" not in str(found.value)


def test_dask_workers_with_several_threads():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=3, processes=False,
                                  protocol="tcp://", dashboard_address="127.0.0.1:0") as cluster:
        found = list(Dask(cluster.scheduler_address)(operator.neg, range(50)))
    assert sorted(found) == [(i, -i) for i in range(50)]
