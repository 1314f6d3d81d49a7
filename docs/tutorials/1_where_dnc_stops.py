"""
Where does deep neural collapse stop being optimal?
===================================================

A table of which construction is cheapest, what its cost means for the loss, and a look at the
solution that wins.
"""

# %%
# One number orders solutions at every weight decay: the cost :math:`c`.  Deep neural collapse
# (DNC) has :math:`c = K`.  So the question is where something costs less:

import matplotlib.pyplot as plt
import numpy as np

import nctheory

K, L = range(3, 31), range(2, 9)
table = nctheory.threshold_table(K, L)
ratio = np.array([[row.ratio for row in table.rows if row.layers == layers] for layers in L])

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
mesh = axes.pcolormesh(K, L, ratio, cmap="cividis", shading="nearest")
axes.plot(*zip(*[(row.classes, row.layers) for row in table.rows if row.verdict != "dnc beaten"],
               strict=True), "k.", label="DNC is not beaten by what is known")
axes.legend(loc="lower left", bbox_to_anchor=(0, 1.1))
axes.set(xlabel="classes K", ylabel="layers L", title="c/K of the best known construction")
figure.colorbar(mesh)

# %%
# Where there is no dot DNC is beaten.  That is no statement about floats: each verdict was
# decided in exact arithmetic, and says by which.

for row in table.rows:
    if (row.classes, row.layers) in {(3, 4), (7, 3), (10, 3), (15, 2)}:
        print(f"K={row.classes:2} L={row.layers}  {row.construction.label:34} "
              f"c/K={row.ratio:.4f}  {row.verdict}, by {row.evidence}")

# %%
# What the cost says of the loss
# ------------------------------
#
# With ten classes and four layers the triangular construction (features on the edges of the
# complete graph on five vertices) costs 18 % less.  Its loss lies below that of DNC at every
# weight decay up to the one where zero outputs are better than both:

triangular, dnc = nctheory.construct("triangular:r=5,s=3"), nctheory.construct("dnc:K=10")
decays = np.geomspace(1e-4, 0.03, 60)
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
for construction in (dnc, triangular):
    losses = [construction.loss(nctheory.Problem(classes=10, layers=4, weight_decay=decay))
              for decay in decays]
    axes.semilogx(decays, losses, label=construction.label)
axes.set(xlabel="weight decay", ylabel="least loss")
axes.legend()

# %%
# The solution that wins
# ----------------------
#
# Its rank before the activation is 5, and 10 after the last one: low rank is what weight decay
# pays for.

problem = nctheory.Problem(classes=10, layers=4, weight_decay=0.004)
weights = triangular.weights(problem)
print(triangular.ranks(4))
print(f"loss {nctheory.network.loss(weights, problem):.7f}, DNC {dnc.loss(problem):.7f}")

features = [weights[1] @ weights[0]]
for weight in weights[2:]:
    features.append(weight @ np.maximum(features[-1], 0))
figure, panels = plt.subplots(1, 4, figsize=(8, 2.6), layout="constrained")
for number, (panel, matrix) in enumerate(zip(panels, features, strict=True), start=2):
    panel.imshow(matrix[:20], cmap="RdBu", vmin=-np.abs(matrix).max(), vmax=np.abs(matrix).max())
    panel.set(title=f"$M_{number}$" if number < 5 else "$Z$", xticks=[], yticks=[])

# %%
# Next: the same on the command line is ``nctheory thresholds --classes 3:30 --layers 2:8``;
# ``--loss ce --activation linear`` asks for cross-entropy.  "Not beaten by this library" is no
# proof that DNC is optimal there: what is proved stands among the theorems.
