"""Compiled functions are cached where they can be, and run all the same where they cannot."""

import subprocess
import sys

import numba
import pytest
from numba.core.caching import CacheImpl

from nctheory.compiled import UncachedWarning, cached


def successor(x):
    return x + 1


def test_without_a_folder_it_compiles_and_warns(monkeypatch):
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator"):  # what Numba does
        numba.njit(cache=True)(successor)
    with pytest.warns(UncachedWarning, match="compiles them anew"):
        compiled = cached(numba.njit)(successor)
    assert compiled(1) == 2


def test_other_errors_pass():
    def compiler(cache):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        cached(compiler)(successor)


# As in a container whose package and home cannot be written: no place that Numba knows is one.
NOWHERE = """
import sys
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []
from nctheory.cli import main
sys.argv = ["nctheory", *sys.argv[1:]]
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("line", [
    "thresholds --classes 3:5 --layers 2:3", "cost dnc:K=3 --layers 2",
    "solve --classes 3 --layers 2 --width 4 --steps 3 --seeds 0:1", "atlas show 3 4",
    "sweep plan.toml --store a.db --workers 2"])
def test_commands_run_uncached_and_say_so_once(line, tmp_path):
    (tmp_path / "plan.toml").write_text(
        'task = "loss"\n[fixed]\nconstruction = "dnc:K=6"\n[grid]\nlayers = [3, 4]\n')
    done = subprocess.run([sys.executable, "-c", NOWHERE, *line.split()], text=True,
                          capture_output=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "arning" in line]
    assert len(warnings) == 1, done.stderr  # a slow machine shows progress, too
    assert warnings[0].startswith("nctheory: warning: compiled functions cannot be kept")
