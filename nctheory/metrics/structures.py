r"""Which ideal structure a trained network is near: recognisers, one a family.

A recogniser says how far the surviving class means of a run are from its family's geometry, or
None where the family does not apply (another loss, too few layers, no such K). Distances are
those of `geometry.gram_distance`: Gram matrices scaled to norm 1, so that neither rotations of
features nor scales matter; classes are matched where the structure is not symmetric under
permutations. A family of one's own brings its recogniser along as `Family(recognise=...)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from nctheory import activations, losses
from nctheory.metrics.geometry import gram, gram_distance
from nctheory.metrics.triangular import (
    best_assignment,
    triangular_distance,
    triangular_gram,
    vertices,
)

if TYPE_CHECKING:
    from nctheory.problem import Problem

Array = NDArray[np.float64]

VANISHES = 1e-16  # norm of a Gram matrix that has no geometry
ADJACENT = 0.25  # cosine; in the triangular family it is 1/2 or 0


class Recognition(Protocol):
    """How near a run is to a family's structure.

    Parameters
    ----------
    means : [M_1, ..., M_L]
        Means of the surviving classes (d_l x K'), before sigma.
    active : [M_1, sigma(M_2), ..., sigma(M_L)]
        What W_1, ..., W_L multiply where features are collapsed.
    outputs : (K, K') array
        Mean outputs of the surviving classes.
    problem : Problem
        For its loss, activation and layers; its K counts the classes that did not survive too.

    Returns
    -------
    float or None
        The largest, over the layers it concerns, of the distance to the ideal Gram matrix, in
        [0, sqrt 2]; None where the family does not apply.
    """

    def __call__(self, means: Sequence[Array], active: Sequence[Array], outputs: Array,
                 problem: Problem) -> float | None: ...


def dnc(means: Sequence[Array], active: Sequence[Array], outputs: Array,
        problem: Problem) -> float | None:
    """Deep neural collapse: sigma(M_l), l = 2..L, orthogonal; for L = 1 the outputs.

    For centred losses (cross-entropy): once centred, a simplex.
    """
    return max(_frame_distance(a, problem) for a in active[1:] or [outputs])


def triangular(means: Sequence[Array], active: Sequence[Array], outputs: Array,
               problem: Problem) -> float | None:
    """M_l, l = 2..L-1, with Gram matrix B^T B = 2 I + A(T(r)), r >= 4, all classes one block."""
    if not _bent(problem) or not _large(outputs.shape[1]) or len(_blocks(means[1])) > 1:
        return None
    return max(1.0 if _vanishes(m) else triangular_distance(gram(m.T)) for m in means[1:-1])


def direct_sum(means: Sequence[Array], active: Sequence[Array], outputs: Array,
               problem: Problem) -> float | None:
    """M_l, l = 2..L-1, orthogonal blocks of classes, each at its own scale.

    At least one block is triangular; the others are that or single classes, as DNC has them.
    """
    if not _bent(problem):
        return None
    blocks = _blocks(means[1])
    if len(blocks) == 1 or not any(_large(len(block)) for block in blocks):
        return None
    return max(_sum_distance(m, blocks) for m in means[1:-1])


def pairs(means: Sequence[Array], active: Sequence[Array], outputs: Array,
          problem: Problem) -> float | None:
    """Outputs in antipodal pairs, Gram matrix blockdiag([[1,-1],[-1,1]]) [GK25].

    For centred losses.  Classes are matched for least inner product; with an odd number one is
    alone, at half the squared norm.
    """
    count = outputs.shape[1]
    if not losses.get(problem.loss).centred or count < 4:
        return None
    g, ideal = gram(outputs.T), np.eye(count)
    for i, j in nx.max_weight_matching(nx.from_numpy_array(g.max() - g), maxcardinality=True):
        ideal[[i, j], [i, j]] = 2.0
        ideal[[i, j], [j, i]] = -2.0
    return _distance(g, ideal)


def _vanishes(means: Array) -> bool:
    return float(np.linalg.norm(gram(means.T))) < VANISHES


def _distance(g: Array, ideal: Array) -> float:
    """`gram_distance`, but 1 for G = 0."""
    return 1.0 if float(np.linalg.norm(g)) < VANISHES else gram_distance(g, ideal)


def _frame_distance(means: Array, problem: Problem) -> float:
    count = means.shape[1]
    if not losses.get(problem.loss).centred:
        return _distance(gram(means.T), np.eye(count))
    centred = means - means.mean(axis=1, keepdims=True)
    return _distance(gram(centred.T), np.eye(count) - 1 / count)


def _bent(problem: Problem) -> bool:
    """Whether there are layers before sigma whose geometry is not that of the next."""
    return problem.layers >= 3 and not activations.homogeneous(problem.activation).linear


def _large(count: int) -> bool:
    """Whether a block of so many classes may be a triangular one: r (r-1)/2 with r >= 4."""
    return (vertices(count) or 0) >= 4


def _blocks(means: Array) -> list[NDArray[np.intp]]:
    """Classes that hang together by large cosines."""
    g = gram(means.T)
    sizes = np.sqrt(np.maximum(g.diagonal(), 1e-300))
    adjacent = g / np.outer(sizes, sizes) > ADJACENT
    count, block_of = connected_components(adjacent, directed=False)
    return [np.flatnonzero(block_of == block) for block in range(count)]


def _sum_distance(means: Array, blocks: Sequence[NDArray[np.intp]]) -> float:
    g = gram(means.T)
    ideal = np.zeros(g.shape)
    for block in blocks:
        where, r = np.ix_(block, block), vertices(len(block)) or 0
        wanted = np.eye(len(block))
        if r >= 4:
            edges = best_assignment(g[where], r)
            wanted = triangular_gram(r)[np.ix_(edges, edges)]
        ideal[where] = wanted * (np.trace(g[where]) / np.trace(wanted))
    return _distance(g, ideal)
