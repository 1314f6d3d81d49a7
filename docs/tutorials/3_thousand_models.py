"""
Train a thousand small models
=============================

Deep neural collapse is not optimal, and yet descent often ends there.  How often?  Trained by the
thousand in one compiled kernel, small models answer by statistics.
"""

# %%
# A thousand starts of the same problem, 4 classes and 4 layers, by gradient descent as in the
# papers.  (The first call compiles the kernel.)

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

import nctheory

problem = nctheory.Problem(classes=4, layers=4, weight_decay=0.004)
result = nctheory.solve(problem, width=8, seeds=range(1000), method="gd", learning_rate=0.5,
                        steps=3000)
print(Counter(result.label.tolist()).most_common())

# %%
# Against the closed form of DNC: some runs end below it.  Those are not collapsed to a frame.

dnc = nctheory.Orthogonal(classes=4).loss(problem)
below = result.loss < dnc * (1 - 1e-4)
print(f"DNC {dnc:.7f}; {below.sum()} of {len(result.loss)} runs end below, "
      f"the best at {result.loss.min():.7f}")

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.hist(result.loss[result.loss < 0.2], bins=120)
axes.axvline(dnc, color="C1", label="DNC")
axes.set(xlabel="loss at the end", ylabel="runs")
axes.legend()

# %%
# Width decides, too: the wider, the fewer runs end below DNC.

shares = []
for width in (5, 8, 12, 16):
    runs = nctheory.solve(problem, width=width, seeds=range(50), method="gd", learning_rate=0.5,
                          steps=3000)
    shares.append((width, float(np.mean(runs.loss < dnc * (1 - 1e-4)))))
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.plot(*zip(*shares, strict=True), "o-")
axes.set(xlabel="width", ylabel="share of runs below DNC")

# %%
# The best run to the end
# -----------------------
#
# A quasi-Newton method goes on where descent is slow.  With ReLU minima lie on kinks, where no
# gradient vanishes: ``stationarity`` is the distance of 0 to Clarke's subdifferential.

best = nctheory.solve(problem, width=8, seeds=range(24), method="quasi-newton")
order = np.argsort(best.loss)[:3]
for run in order:
    print(f"loss {best.loss[run]:.9f}  {best.label[run]:10}  "
          f"stationarity {best.stationarity[run]:.1e}")
row = nctheory.threshold_table([4], [4], weight_decay=0.004).rows[0]
print(f"best known exact fit: {row.loss:.9f}, {row.construction.label}")

# %%
# What runs become is *observed*: statistics of a solver, no theorem.  On the command line:
# ``nctheory solve --classes 4 --layers 4 --seeds 0:999``; more than one setting: a sweep.
