"""The plan and the cluster script that we hand out, run."""

import os
import subprocess
import sys
from pathlib import Path

from nctheory.sweep import Plan, Store
from nctheory.sweep.tasks import TASKS

SCRIPT = Path(__file__).parents[2] / "docs" / "sweep.sbatch"


def test_the_example_is_a_plan_that_explains_every_key(run, tmp_path):
    status, text, _ = run("sweep", "--example")
    (tmp_path / "plan.toml").write_text(text)
    plan = Plan.read(tmp_path / "plan.toml")
    assert status == 0 and len(plan) == 2**5 and plan.keep == ("trace",)
    for key in (*TASKS, "task =", "keep =", "[fixed]", "[grid]", "[[zip]]", "range =", "log ="):
        assert key in text
    for line, before in zip(text.splitlines()[1:], text.splitlines(), strict=False):
        if line.startswith(("task", "keep", "[")):
            assert before.startswith("#"), line


def test_an_array_of_jobs_fills_one_store(tmp_path):
    """As Slurm would call it: two tasks, the second interrupted by nothing and sent twice."""
    (tmp_path / "plan.toml").write_text(
        'task = "solve"\n[fixed]\nclasses = 3\nlayers = 2\nwidth = 4\nsteps = 5\n'
        '[grid]\nseed = { range = [FIRST, LAST] }\n')
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "nctheory").write_text(f'#!/bin/sh\nexec {sys.executable} -m nctheory "$@"\n')
    (tools / "nctheory").chmod(0o755)
    path = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    for task in ("0", "1", "1"):
        done = subprocess.run(
            ["bash", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True,
            env={**path, "SLURM_ARRAY_TASK_ID": task, "SLURM_CPUS_PER_TASK": "1"})
    assert done.stdout.startswith("10 points: 10 found in the store, 0 computed")
    merge = 'for part in part-*.db; do nctheory store merge results.db "$part"; done'
    assert merge in SCRIPT.read_text()
    subprocess.run(["bash", "-c", merge], cwd=tmp_path, env=path, check=True,
                   capture_output=True)
    with Store(tmp_path / "results.db") as store:
        assert [row["seed"] for row in store.table()] == list(range(20))
