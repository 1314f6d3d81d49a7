"""Sweeps that are killed, starved of disk, or locked out lose nothing and repeat nothing."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nctheory.errors import InputError
from nctheory.sweep.export import export
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store

ROOT = Path(__file__).parent.parent.parent
PLAN = """\
task = "loss"
[grid]
construction = ["triangular:r=5,s=3", "triangular:r=6,s=3+dnc:K=2", "dnc:K=10"]
layers = [3, 4, 5]
samples = {{ range = [1, {last}] }}
weight_decay = {{ log = [1e-5, 1e-2, 40] }}
"""


def exported(path, name="out.csv"):
    target = path.with_name(name)
    with Store(path) as store:
        export(store, target, "csv")
    return target.read_bytes()


def start(folder, executor):
    return subprocess.Popen(
        [sys.executable, "-m", "nctheory", "sweep", "plan.toml", "--store", "killed.db",
         "--workers", "2", "--executor", executor], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def descendants(pid):
    """All processes below `pid`, from Linux's process table."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found[1:]


def finished(path):
    if not path.exists():
        return 0
    with Store(path) as store:
        return sum(entry["finished"] for entry in store.counts())


def kill_often(folder, kills, executor, last):
    """Sweep until the parent or a worker was killed so often, at random moments.

    What was finished must never go, and what comes out is what an undisturbed sweep gives.
    """
    (folder / "plan.toml").write_text(PLAN.format(last=last))
    plan = Plan.read(folder / "plan.toml")
    run_plan(plan, folder / "undisturbed.db", executor="inline")
    wanted = exported(folder / "undisturbed.db")
    choose, killed, store = random.Random(kills), {"parent": 0, "worker": 0}, folder / "killed.db"
    while sum(killed.values()) < kills:
        for former in folder.glob("killed.db*"):
            former.unlink()
        done, process = 0, start(folder, executor)
        while True:
            while not (workers := descendants(process.pid)) and process.poll() is None:
                time.sleep(0.02)
            time.sleep(choose.uniform(0.0, 1.2))
            if process.poll() is not None:
                break
            if sum(killed.values()) >= kills:
                continue  # let it come to an end
            if choose.random() < 0.5:
                try:
                    os.kill(choose.choice(workers), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed["worker"] += 1
                continue
            process.kill()
            process.communicate()
            killed["parent"] += 1
            now = finished(store)
            assert now >= done
            done, process = now, start(folder, executor)
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert "(0 failed)" in out
        assert finished(store) == len(plan)  # no point twice: keys are unique
        with Store(store) as opened:
            assert opened.check() == {}
        assert exported(store) == wanted
    return killed


LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")


@LINUX
def test_a_few_kills(tmp_path):
    kill_often(tmp_path, 2, "processes", 15)


@LINUX
@pytest.mark.slow
def test_fifty_kills(tmp_path):
    killed = kill_often(tmp_path, 50, "processes", 150)
    assert min(killed.values()) >= 10


@LINUX
@pytest.mark.slow
def test_kills_under_dask(tmp_path):
    pytest.importorskip("distributed")
    kill_often(tmp_path, 10, "dask", 100)


@pytest.mark.slow
def test_a_lost_scheduler_is_one_line(tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "plan.toml").write_text(PLAN.format(last=2000))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = ("import sys; from distributed.cli.dask_{0} import main; main(sys.argv[1:])")
    scheduler = subprocess.Popen(
        [sys.executable, "-c", script.format("scheduler"), "--port", "0", "--no-dashboard",
         "--host", "127.0.0.1", "--scheduler-file", "scheduler.json"], cwd=tmp_path,
        stderr=subprocess.DEVNULL)
    while not (tmp_path / "scheduler.json").exists():
        time.sleep(0.1)
    address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
    worker = subprocess.Popen(
        [sys.executable, "-c", script.format("worker"), address, "--no-dashboard", "--no-nanny",
         "--nthreads", "1"], cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL)
    process = subprocess.Popen(
        [sys.executable, "-m", "nctheory", "sweep", "plan.toml", "--store", "killed.db",
         "--executor", "dask", "--scheduler", address], cwd=tmp_path, env=environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not finished(tmp_path / "killed.db"):
            time.sleep(0.1)
        scheduler.kill()
        _, err = process.communicate(timeout=300)
    finally:
        for child in (scheduler, worker, process):
            child.kill()
            child.wait()
    assert process.returncode == 2 and finished(tmp_path / "killed.db") > 0, err
    assert err.startswith("nctheory: error: scheduler must stay reachable")
    assert err.count("\n") == 1


@LINUX
def test_workers_end_with_their_parent(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN.format(last=2000))
    process = start(tmp_path, "processes")
    while len(workers := descendants(process.pid)) < 2:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "workers outlive their parent"
        time.sleep(0.05)


def test_ctrl_c_says_how_to_resume(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN.format(last=2000))
    process = start(tmp_path, "processes")
    while not finished(tmp_path / "killed.db"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "nctheory sweep plan.toml --store killed.db" in err and "Traceback" not in err
    count = int(re.search(r"(\d+) computed", out)[1])
    assert count == finished(tmp_path / "killed.db") > 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own: a function that mounts it again with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
                              capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a file system here: {done.stderr.strip()}")

    def remount(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    try:
        mount("size=400k")
    except FileNotFoundError:
        pytest.skip("cannot mount a file system here: no mount command")
    yield folder, remount
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("plan", [
    Plan("loss", fixed={"construction": "dnc:K=6", "layers": 3},
         grid={"samples": range(1, 3000)}),
    Plan("solve", fixed={"classes": 3, "layers": 2, "width": 40, "steps": 2},
         grid={"seed": range(60)}, keep=("weights",))], ids=["rows", "arrays"])
def test_a_full_disk(tmp_path, small_disk, plan):
    folder, remount = small_disk
    with pytest.raises(InputError, match="full|No space left.*finished before is kept"):
        run_plan(plan, folder / "results.db", executor="inline")
    remount("size=50m")
    kept = finished(folder / "results.db")
    assert 0 < kept < len(plan)
    assert run_plan(plan, folder / "results.db", executor="inline").found == kept
    run_plan(plan, tmp_path / "whole.db", executor="inline")
    assert exported(folder / "results.db") == exported(tmp_path / "whole.db")
    with Store(folder / "results.db") as store:
        assert store.check() == {}


def limited(size):
    """Files of this process end at so many bytes, as those on a full disk do."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@LINUX
def test_a_file_that_cannot_grow(tmp_path):
    """As a full disk, where no file system can be mounted."""
    (tmp_path / "plan.toml").write_text(PLAN.format(last=4))
    line = [sys.executable, "-m", "nctheory", "sweep", "plan.toml", "--store", "killed.db",
            "--executor", "inline"]
    options = {"cwd": tmp_path, "capture_output": True, "text": True,
               "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    stopped = subprocess.run(line, preexec_fn=lambda: limited(200_000), **options)
    assert stopped.returncode == 2 and stopped.stderr.count("\n") == 1, stopped.stderr
    kept = finished(tmp_path / "killed.db")
    resumed = subprocess.run(line, **options)
    assert resumed.returncode == 0 and f"{kept} found in the store" in resumed.stdout
    run_plan(Plan.read(tmp_path / "plan.toml"), tmp_path / "whole.db", executor="inline")
    assert exported(tmp_path / "killed.db") == exported(tmp_path / "whole.db")


def test_two_writers(tmp_path):
    """The second is refused in a line, and the first does not notice."""
    (tmp_path / "plan.toml").write_text(PLAN.format(last=40))
    first = start(tmp_path, "inline")
    while not finished(tmp_path / "killed.db"):
        time.sleep(0.02)
    second = start(tmp_path, "inline")
    _, err = second.communicate()
    assert second.returncode == 2 and "one writer at a time" in err and err.count("\n") == 1
    _, err = first.communicate()
    assert first.returncode == 0, err
    run_plan(Plan.read(tmp_path / "plan.toml"), tmp_path / "whole.db", executor="inline")
    assert exported(tmp_path / "killed.db") == exported(tmp_path / "whole.db")


@pytest.mark.slow
def test_flipped_bytes(tmp_path, run):
    """A store with any byte changed exports what it held, or less with a word, or nothing."""
    path, out = tmp_path / "a.db", tmp_path / "out.csv"
    run_plan(Plan("loss", fixed={"construction": "dnc:K=6"},
                  grid={"layers": [3, 4, 5], "samples": range(1, 30)}), path, executor="inline")
    sound, wanted = path.read_bytes(), exported(path).splitlines()
    choose, statuses = random.Random(14), set()
    for _ in range(400):
        changed = bytearray(sound)
        changed[choose.randrange(len(sound))] ^= choose.randrange(1, 256)
        path.write_bytes(changed)
        out.unlink(missing_ok=True)
        status, _, err = run("store", "export", str(path), "--output", str(out))
        rows = out.read_bytes().splitlines() if out.exists() else []
        statuses.add(status)
        assert "Traceback" not in err and (status == 0) == (err == "")
        assert rows == wanted if status == 0 else set(rows) <= set(wanted)
    assert statuses == {0, 1, 2}


def test_a_read_only_disk(small_disk):
    folder, remount = small_disk
    plan = Plan("loss", fixed={"construction": "dnc:K=6"}, grid={"layers": [3, 4]})
    run_plan(plan, folder / "results.db", executor="inline")
    before = exported(folder / "results.db")
    remount("ro")
    with pytest.raises(InputError, match="store .*(read-?only|unable to open)"):
        run_plan(plan, folder / "results.db", executor="inline")
    with pytest.raises(InputError, match="store .*(read-?only|unable to open)"):
        run_plan(plan, folder / "new.db", executor="inline")
    with Store(folder / "results.db") as store:
        assert len(list(store.rows())) == 2 and store.check() == {}
    assert (folder / "out.csv").read_bytes() == before
    with Store(folder / "results.db") as store:
        with pytest.raises(InputError, match="output must be in a writable folder"):
            export(store, folder / "other.csv", "csv")


def test_a_plan_changed_half_way(tmp_path):
    """The plan is read once; another plan goes on from what is common to both."""
    path = tmp_path / "results.db"
    before = Plan("loss", fixed={"construction": "dnc:K=6"}, grid={"layers": range(3, 9)})
    after = Plan("loss", fixed={"construction": "dnc:K=6"},
                 grid={"layers": range(6, 12), "samples": [1, 2]})
    run_plan(before, path, executor="inline")
    summary = run_plan(after, path, executor="inline")
    assert (summary.found, summary.computed) == (3, 9)
    with Store(path) as store:
        assert len(list(store.rows())) == 15
