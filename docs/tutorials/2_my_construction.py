"""
A construction of my own, certified
===================================

From an idea about features to a family in all tables, and a certificate that the independent
checker accepts.
"""

# %%
# The triangular construction has a class for each *pair* of :math:`n` points.  What about triples?
# Features: the incidence of points and triples.  Last hidden rows: for each :math:`s`-set of
# points, 1 inside and -2 outside, so that a triple is marked where it lies inside.

import itertools
import math

import matplotlib.pyplot as plt
import numpy as np

import nctheory
from nctheory import certify


def triples(points, size):
    """Features on the triples of `points` points, rows on sets of `size` points."""
    sets = list(itertools.combinations(range(points), 3))
    features = [[int(v in triple) for triple in sets] for v in range(points)]
    rows = [[1 if v in chosen else -2 for v in range(points)]
            for chosen in itertools.combinations(range(points), size)]
    return nctheory.Features(features=features, rows=rows, name=f"triples n={points} s={size}")


mine = triples(9, 5)
print(mine.label, "has", mine.classes, "classes; ranks", mine.ranks(4))

# %%
# Its cost is exact, and so is the comparison with deep neural collapse (-1: costs less).

for layers in (3, 4, 5):
    print(f"L={layers}: c/K = {mine.cost(layers) / mine.classes:.4f}, "
          f"sign of c - K: {mine.compare_with_dnc(layers)}")

# %%
# A family
# --------
#
# A family says how to build a member from text, and which member is the cheapest for so many
# classes.  Registered, it stands beside all others: in tables, on direct sums, in certificates.

BY_CLASSES = {math.comb(points, 3): points for points in (7, 8, 9)}


def best(classes, layers, loss, activation):
    """The cheapest size s, or None where there are no such triples."""
    if classes not in BY_CLASSES or layers < 3 or (loss.word, activation.word) != ("mse", "relu"):
        return None
    points = BY_CLASSES[classes]
    return min((triples(points, size) for size in range(4, points - 2)),
               key=lambda made: made.cost(layers))


nctheory.register("triples", nctheory.Family(
    triples, {"n": ("points", int), "s": ("size", int)}, ("triples:n=9,s=5",), best=best))

print(nctheory.construct("triples:n=9,s=5 + dnc:K=1").cost(4))

# %%
# Does it win a cell against everything that is known?

layers = range(3, 8)
cells = nctheory.threshold_table([84], layers).rows
without = nctheory.threshold_table([84], layers, library=["triangular", "rook", "chain"]).rows
for new, old in zip(cells, without, strict=True):
    print(f"L={new.layers}  {old.ratio:.4f} -> {new.ratio:.4f}  {new.construction.label}")

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.plot(layers, [row.ratio for row in without], "o-", label="without triples")
axes.plot(layers, [row.ratio for row in cells], "s-", label="with triples")
axes.set(xlabel="layers L", ylabel="c/K", title="84 classes")
axes.legend()

# %%
# The certificate
# ---------------
#
# It carries integer matrices and a rational bound on the cost.  The checker shares no code with
# what made it: it needs Python's standard library alone (or JavaScript: drop the file on the page
# "Check a certificate").

certificate = certify.cost(84, 4)
text = certify.to_json([certificate])
print(f"{len(text) / 1e3:.0f} kB: K = 84, L = 4 is reached at cost "
      f"{float(certificate.parameters['bound']):.6f}, c/K = "
      f"{float(certificate.parameters['bound']) / 84:.4f}")
for result in certify.check_file(text.encode()):
    print(result.verified, result.statement)

# %%
# A network on these features, at its best scale:

problem = nctheory.Problem(classes=84, layers=4, weight_decay=1e-4)
weights = mine.weights(problem)
print(f"loss {nctheory.network.loss(weights, problem):.7f}, in closed form "
      f"{mine.loss(problem):.7f}, DNC {nctheory.Orthogonal(classes=84).loss(problem):.7f}")
print("rank of the first features:", np.linalg.matrix_rank(weights[1] @ weights[0]))

# %%
# A better one?  ``nctheory atlas submit FILE.npz`` verifies matrices of yours and says which cell
# they improve.
