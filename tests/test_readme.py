"""The README's shell examples print what they say, its picture holds, CI runs its command."""

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
EXAMPLES = re.findall(r"```console\n\$ nctheory (.*)\n((?:.*\n)*?)```", README)


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
