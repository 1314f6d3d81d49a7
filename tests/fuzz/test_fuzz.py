"""The command line under attack: a sample always, more where there is time.

Thousands by hand: `python -m tests.fuzz --cases 5000 --seed 7`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.attack import Attack, _changed, _fault

ROOT = Path(__file__).parent.parent.parent
FORKS = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="forks and reads /proc")


def attacked(*arguments):
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", *arguments], cwd=ROOT,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@FORKS
def test_a_sample():
    status, text = attacked("--every", "26", "--first", "26", "--cases", "6")
    assert status == 0, text


@FORKS
@pytest.mark.hunt
def test_all_that_ever_got_through_and_200_more():
    status, text = attacked("--cases", "200")
    assert status == 0, text


@pytest.mark.parametrize("status, err, words", [
    (None, "", "blocked"),
    (-9, "", "too much processor time"),
    (1, "Traceback (most recent call last):\nKeyError: 'x'\n", "traceback: KeyError: 'x'"),
    (1, "numpy._ArrayMemoryError: Unable to allocate 74.5 GiB\n", "too much memory"),
    (0, "a.py:3: RuntimeWarning: overflow\n", "warning"),
    (5, "", "status 5"),
    (2, "one\ntwo\n", "a refusal of 2 lines"),
    (0, "\x1b[31mred\n", "control characters")])
def test_faults_are_seen(status, err, words):
    assert words in _fault(Attack(("cost",)), status, "", err)


def test_sound_ends_and_changed_files_are_told_apart(tmp_path):
    attack = Attack(("cost",), {"a": b"1"}, keeps=("a", "b"), says="done")
    assert _fault(attack, 0, "done\n", "") == ""
    assert "does not say" in _fault(attack, 0, "", "")
    (tmp_path / "a").write_bytes(b"1")
    assert _changed(attack, tmp_path) == ""
    (tmp_path / "b").touch()
    assert _changed(attack, tmp_path) == "b appeared"
    (tmp_path / "a").write_bytes(b"2")
    assert _changed(attack, tmp_path) == "a was changed"
