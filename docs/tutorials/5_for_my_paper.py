"""
A figure and a table for my paper
=================================

From a question to a figure in the paper's style, its data beside it, a LaTeX table, and what to
cite.
"""

# %%
# The commands write files; here they run from Python, in a folder of their own.

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import nctheory
from nctheory.report.figures import STYLE

folder = Path(tempfile.mkdtemp())


def run(command):
    """One command as in a terminal."""
    done = subprocess.run([sys.executable, "-m", *command.split()], cwd=folder, text=True,
                          capture_output=True, check=True)
    return done.stdout


# %%
# The table
# ---------
#
# ``--format latex`` writes a ``tabular`` for booktabs; the verdicts are decided in exact
# arithmetic, at a weight decay and for every decay alike.

print(run("nctheory thresholds --classes 9:12 --layers 3:4 --library triangular --format latex"))

# %%
# The figure
# ----------
#
# ``nctheory figure KIND SOURCE`` draws from a CSV table or from a store of a sweep, and writes the
# numbers that are drawn beside it: ``map.png`` and ``map.csv``.

run("nctheory thresholds --classes 3:24 --layers 2:8 --format csv --output table.csv")
run("nctheory figure threshold-map table.csv --output map.png")
figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
axes.imshow(plt.imread(folder / "map.png"))
axes.set_axis_off()
print("".join((folder / "map.csv").read_text().splitlines(keepends=True)[:4]))

# %%
# A figure of one's own in the same style:

with plt.style.context(STYLE):
    figure, axes = plt.subplots()
    for name in ("triangular:r=5,s=3", "rook:n=4", "pairs:K=10"):
        made = nctheory.construct(name)
        layers = range(max(3, made.least_layers), 11)
        dnc = nctheory.losses.get(made.home[0]).dnc_cost(made.classes)
        axes.plot(layers, [made.cost(L) / dnc for L in layers], "o-", label=made.label)
    axes.axhline(1, color="0.5", lw=0.8)
    axes.set(xlabel="$L$", ylabel="$c$ over that of DNC")
    axes.legend()

# %%
# What to cite
# ------------
#
# The tool, and the papers behind what you used.  What is ours says so: nothing is credited to a
# paper that does not have it.

print(run("nctheory cite triangular:r=5,s=3 GK25"))

# %%
# And the evidence
# ----------------
#
# Certificates that a referee can check with Python's standard library alone:

run("nctheory certify thresholds --classes 9:12 --layers 3:4 --output certificates.json")
print(run("nctheory check certificates.json"))
