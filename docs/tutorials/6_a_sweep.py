"""
A sweep on a cluster
====================

A plan in a file, a store that survives whatever happens, and the same command on a laptop and on
a cluster.
"""

# %%
# The plan says which points: everything that is fixed, a grid, lists that go in step.

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

folder = Path(tempfile.mkdtemp())
(folder / "plan.toml").write_text("""
task = "solve"
[fixed]
layers = 4
steps = 2000
[grid]
classes = [4, 6]
width = [6, 9, 12]
weight_decay = [0.002, 0.004]
seed = { range = [0, 9] }
""")


def run(command):
    """One command as in a terminal."""
    done = subprocess.run([sys.executable, "-m", *command.split()], cwd=folder, text=True,
                          capture_output=True, check=True)
    return done.stdout


# %%
# How much is it?  A dry run counts, times a few points, and says how much space.

print(run("nctheory sweep plan.toml --store results.db --dry-run"))

# %%
# Then in earnest.  Ctrl-C, a crash or a full disk lose nothing that is finished: the same command
# goes on, and a second time nothing is left to do.

print(run("nctheory sweep plan.toml --store results.db --executor inline"))
print(run("nctheory sweep plan.toml --store results.db --executor inline"))

# %%
# On a cluster
# ------------
#
# One process writes the store; workers hand their results to it.  With Dask, on any scheduler:
#
# .. code-block:: sh
#
#    dask scheduler --port 8786 &                     # on the node that you start from
#    srun --ntasks 64 dask worker tcp://head:8786 &   # the workers
#    nctheory sweep plan.toml --store results.db --executor dask --scheduler tcp://head:8786
#
# The store is one SQLite file: keep it on a disk of the node that writes it, not on a network
# file system.

# %%
# Results
# -------
#
# As CSV for everything else, as figures, and as one page of HTML (``nctheory report``).

run("nctheory store export results.db --format csv --output results.csv")
print("\n".join((folder / "results.csv").read_text().splitlines()[:3]))
run("nctheory figure dnc-probability results.db --output dnc.png --where classes=6")
figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
axes.imshow(plt.imread(folder / "dnc.png"))
axes.set_axis_off()

# %%
# A point's key says task, version, seed and every parameter: what has changed is computed again,
# what has not never is.  All keys of a plan: the page "Formats".
