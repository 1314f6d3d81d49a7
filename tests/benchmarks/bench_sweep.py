"""What a sweep costs beside the computation: points per second for the executors.

    python tests/benchmarks/bench_sweep.py [--million] [--scheduler]

Rivals in the same process: the bare loop over the same points, and joblib's process pool (loky)
over single points, where joblib is there.  One thread a process; two processes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nctheory.sweep import tasks
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.tasks import TASKS, Task


def nothing(*, index: int) -> dict[str, Any]:
    """A point that takes no time: what is left is the sweep itself."""
    return {"value": index}


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def run(plan: Plan, executor: str, workers: int | None = None) -> float:
    with tempfile.TemporaryDirectory() as folder:
        summary = run_plan(plan, Path(folder) / "results.db", executor=executor, workers=workers)
    if summary.computed < len(plan):
        raise SystemExit(f"stopped before its end: {summary}")
    return summary.seconds


def resume(plan: Plan) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.db"
        run_plan(plan, path, executor="inline")
        return seconds(lambda: run_plan(plan, path, executor="inline"))


def overhead(points: int) -> None:
    TASKS["nothing"] = Task(nothing, lambda _: None)
    plan = Plan("nothing", grid={"index": range(points)})
    before = time.process_time()
    took = run(plan, "inline")
    busy = time.process_time() - before
    print(f"overhead in this process: {took / points * 1e6:.0f} microseconds a point, "
          f"{busy / points * 1e6:.0f} of processor time ({points} points that take no time)")
    print(f"looking up finished points: {resume(plan) / points * 1e6:.0f} microseconds a point")
    del TASKS["nothing"]


def executors(points: int) -> None:
    plan = Plan("loss", fixed={"construction": "triangular:r=6,s=3+dnc:K=2", "layers": 4},
                grid={"samples": range(1, points + 1)})
    bare = seconds(lambda: [tasks.loss(**point.values) for point in plan])
    rows = [("bare loop, nothing stored", bare)]
    rows.append(("inline", run(plan, "inline")))
    for workers in (1, 2):
        rows.append((f"processes, {workers}", run(plan, "processes", workers)))
    try:
        import distributed  # noqa: F401
        rows.append(("dask, 2 local workers", run(plan, "dask", 2)))
    except ImportError:
        pass
    try:
        from joblib import Parallel, delayed
        rows.append(("joblib, 2 processes, nothing stored", seconds(
            lambda: Parallel(n_jobs=2)(delayed(tasks.loss)(**point.values) for point in plan))))
    except ImportError:
        pass
    print(f"\n{points} closed-form losses, start of processes included")
    for name, took in rows:
        print(f"  {name:36} {took:7.2f} s {points / took:9.0f} points/s"
              f"   {bare / took:5.2f} of the bare loop's rate")


def million() -> None:
    plan = Plan("thresholds", grid={"classes": range(2, 1002), "layers": range(1, 51),
                                    "samples": range(1, 21)})
    took = run(plan, "processes", 2)
    print(f"\n{len(plan)} threshold cells (K to 1001, L to 50, n to 20) through the store, "
          f"2 processes: {took:.0f} s, {len(plan) / took:.0f} points/s")


def scheduler(points: int) -> None:
    """Most batches that the scheduler knows of, and its memory, under many points."""
    import distributed
    import psutil

    from nctheory.sweep.run import Progress

    TASKS["nothing"] = Task(nothing, lambda _: None)
    plan = Plan("nothing", grid={"index": range(points)})
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False,
                                  protocol="tcp://", dashboard_address="127.0.0.1:0") as cluster, \
            tempfile.TemporaryDirectory() as folder:
        most = 0

        def look(_: Progress) -> None:
            nonlocal most
            most = max(most, len(cluster.scheduler.tasks))

        took = seconds(lambda: run_plan(plan, Path(folder) / "results.db", executor="dask",
                                        scheduler=cluster.scheduler_address, progress=look))
        memory = psutil.Process().memory_info().rss / 1e6
    print(f"\nDask, {points} points that take no time: {took:.1f} s, "
          f"{points / took:.0f} points/s, at most {most} tasks in the scheduler, "
          f"{memory:.0f} MB with scheduler, workers and client in one process")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--scheduler", action="store_true")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    overhead(50_000)
    executors(60_000)
    if chosen.scheduler:
        scheduler(100_000)
    if chosen.million:
        million()


if __name__ == "__main__":
    main()
