r"""More classes than dimensions, and classes of unequal size: when no simplex can be.

For K > d + 1 the directions of class means cannot be a simplex. Generalised collapse [JZW24] asks
for a softmax code instead: unit vectors with the largest least one-vs-rest distance. With
classes of unequal size the small ones may come to share one direction, minority collapse
[FHLS21].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from nctheory.errors import require
from nctheory.metrics.classifier import check_weight
from nctheory.metrics.geometry import centred_means
from nctheory.metrics.moments import Array, Moments

MOST_CLASSES = 200  # for which K quadratic programs are a matter of seconds


def one_vs_rest(m: Moments) -> float:
    """GNC2: the least distance of a unit vector mu_c/|mu_c| to the convex hull of the others.

    In [0, K/(K-1)]; larger is more collapsed. Its largest value for K and d, that of a softmax
    code [JZW24], is K/(K-1) for d >= K-1 (the simplex), and 1 for an orthogonal frame with
    K >= 3 takes sqrt(K/(K-1)). Class means are not centred.

    Raises
    ------
    InputError
        For zero means, one class, or more than 200 classes.

    Examples
    --------
    >>> simplex = np.eye(3) - 1 / 3
    >>> round(one_vs_rest(Moments.of(simplex, [0, 1, 2])), 12)
    1.5
    """
    require(2 <= m.classes <= MOST_CLASSES, "labels",
            f"have 2 to {MOST_CLASSES} classes for one-vs-rest distances", m.classes)
    unit = _unit(m.means)
    return min(_distance_to_hull(np.delete(unit, c, axis=0) - unit[c])
               for c in range(m.classes))


def _distance_to_hull(points: Array) -> float:
    """Least norm in the convex hull of the rows: least distance programming [LH74, 23.4].

    The y of least norm with points . y >= 1 is x / |x|^2, x the nearest point of the hull.
    """
    system = np.vstack([points.T, np.ones(len(points))])
    target = np.zeros(len(system))
    target[-1] = 1
    residual = system @ nnls(system, target)[0] - target
    # residual_last = -|residual|^2, and y = -residual[:-1] / residual_last.
    slack = -residual[-1]
    return float(slack / np.linalg.norm(residual[:-1])) if slack > 1e-14 else 0.0


def largest_cosine(m: Moments) -> float:
    """max over pairs of cos(mu_c, mu_c'): -1/(K-1) for a simplex, 0 for a frame; in [-1, 1].

    For K > d + 1 the least possible is that of the best spherical code. Means are not centred.
    """
    require(m.classes >= 2, "labels", "have at least 2 classes", m.classes)
    unit = _unit(m.means)
    cosines = unit @ unit.T
    return float(np.max(cosines[np.triu_indices(m.classes, 1)]))


def _unit(vectors: Array) -> Array:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    require(bool(norms.min() > 0), "class means", "not be zero to have a direction", 0)
    return np.asarray(vectors / norms)


def minority_cosine(m: Moments, weight: ArrayLike | None = None) -> float:
    """Mean cosine between the minority classes' rows of W, or else their centred means.

    The minority: classes with fewer samples than the mean class. In [-1, 1]; 1 is minority
    collapse [FHLS21], -1/(K-1) the simplex of equal sizes.

    Raises
    ------
    InputError
        Where fewer than two classes are in the minority.

    Examples
    --------
    >>> m = Moments.of(np.eye(3)[[0, 0, 0, 0, 1, 2]], [0, 0, 0, 0, 1, 2])
    >>> minority_cosine(m, [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    1.0
    """
    few = minority(m)
    require(len(few) >= 2, "labels", "have at least 2 classes of less than the mean size",
            m.counts.tolist()[:10])
    rows = (centred_means(m) if weight is None
            else check_weight(weight, np.shape(weight)[1], m.classes))
    unit = _unit(rows[few])
    return float(np.mean((unit @ unit.T)[np.triu_indices(len(few), 1)]))


def minority(m: Moments) -> NDArray[np.intp]:
    """The indices of the classes that have fewer samples than the mean class."""
    return np.flatnonzero(m.counts * m.classes < m.samples)


def by_size(m: Moments, weight: ArrayLike | None = None) -> list[dict[str, Any]]:
    """A record for each class size: how many classes, mean norms, mean cosine, spread.

    "norm" is the mean of |mu_c - g|, "weight_norm" of |w_c|, "cosine" the mean over pairs of
    these classes of cos(mu_c - g, mu_c' - g), "within" the mean of spread_c / n_c.
    """
    means = centred_means(m)
    w = None if weight is None else check_weight(weight, np.shape(weight)[1], m.classes)
    found = []
    for size in np.unique(m.counts):
        at = np.flatnonzero(m.counts == size)
        norms = np.linalg.norm(means[at], axis=1)
        unit = means[at] / np.where(norms > 0, norms, 1)[:, None]
        pairs = (unit @ unit.T)[np.triu_indices(len(at), 1)]
        found.append({
            "size": int(size), "classes": len(at), "norm": float(norms.mean()),
            "cosine": float(pairs.mean()) if len(pairs) else None,
            "within": float(np.mean(m.spreads[at] / size)),
            "weight_norm": (None if w is None
                            else float(np.linalg.norm(w[at], axis=1).mean()))})
    return found
