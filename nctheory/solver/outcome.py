"""What a run became: ranks, balancedness, collapse measures, the nearest ideal structure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from nctheory.integers import triangular_root
from nctheory.network import Array, activate, check_parameters, class_means, forward
from nctheory.problem import Problem

RANK_TOLERANCE = 1e-3
LEAST_GAP = 10.0
SURVIVES = 1e-2  # least share of the largest class-mean output that a surviving class has
CLOSE = 0.1  # distance to an ideal structure below which a run is called by its name


@dataclass(frozen=True)
class Outcome:
    """
    Attributes
    ----------
    label : str
        "zero", "dropped classes", "dnc", "triangular", "direct sum", "pairs", "other low rank"
        (a rank below that of DNC, and no structure known here) or "other".
    distances : dict
        To each structure that exists for the surviving classes: the largest, over the layers it
        concerns, of |G/|G|_F - I/|I|_F|_F for Gram matrix G and ideal I, over permutations of
        classes.  Gram matrices do not see rotations of features.
    survivors : indices of classes whose mean output is not 0.
    ranks, gaps, gap_ranks : (L, 2) arrays
        Ranks of M_l before and after sigma by a relative tolerance, the ratio of the last
        singular value counted to the first that is not (inf at full rank; a rank with a small
        gap is doubtful), and the ranks by the largest gap: see `numerical_rank`.
    balancedness : float
        Largest |lam_{l+1} |W_{l+1}|_F^2 - lam_l |W_l|_F^2| (W_0 = H_1) over the largest
        lam_l |W_l|_F^2; 0 at critical points, as sigma is positively homogeneous.
    dnc1, dnc2, dnc3 : (L,) arrays
        tr Sigma_W / tr Sigma_B of H_l (Sigma_B around the global mean); distance of the
        normalised Gram matrix of sigma(M_l) to that of orthogonal frame (mse) or, centred,
        simplex (ce); share of W_l outside the span of the columns of sigma(M_l).
    """

    label: str
    distances: dict[str, float]
    survivors: Array
    ranks: Array
    gaps: Array
    gap_ranks: Array
    balancedness: float
    dnc1: Array
    dnc2: Array
    dnc3: Array


class Rank(NamedTuple):
    """Two numerical ranks of one matrix; `gap` says how clear-cut the first is."""

    rank: int
    gap: float
    by_gap: int


def numerical_rank(matrix: Array, relative: float = RANK_TOLERANCE) -> Rank:
    """Ranks by a relative tolerance and by the largest gap in the spectrum.

    `rank`: singular values above `relative` times the largest; `gap`: the ratio of the last of
    these to the next (inf if there is none).  `by_gap`: singular values before the largest
    ratio of neighbours, if it is at least 10, with everything below 1e-12 of the largest raised
    to that; without such a ratio all those above it.  A matrix below 1e-8 has rank 0.  Where the
    two ranks differ the run has not made up its mind, or small directions carry meaning.

    >>> numerical_rank(np.diag([4.0, 1.0, 2.0**-30]))
    Rank(rank=2, gap=1073741824.0, by_gap=2)
    >>> numerical_rank(np.diag([4.0, 1.0, 2.0**-7]))
    Rank(rank=3, gap=inf, by_gap=2)
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    if values[0] < 1e-8:
        return Rank(0, math.inf, 0)
    raised = np.maximum(values, 1e-12 * values[0])
    ratios = raised[:-1] / raised[1:]
    clear = ratios.size > 0 and ratios.max() >= LEAST_GAP
    by_gap = int(ratios.argmax()) + 1 if clear else int(np.sum(values > raised[0] * 1e-12))
    rank = int(np.sum(values > relative * values[0]))
    if rank == values.size or values[rank] == 0:
        return Rank(rank, math.inf, by_gap)
    return Rank(rank, float(values[rank - 1] / values[rank]), by_gap)


def ranks(parameters: Sequence[ArrayLike], problem: Problem) -> Array:
    """(L, 2) numerical ranks of M_1..M_L before and after sigma, by the relative tolerance."""
    features, _ = forward(parameters, problem)
    means = [class_means(h, problem) for h in features]
    return np.asarray(_rank_table(means, problem)[..., 0].astype(int))


def _rank_table(means: list[Array], problem: Problem) -> Array:
    return np.array([[numerical_rank(m), numerical_rank(a)]
                     for m, a in zip(means, _active(means, problem), strict=True)])


def _active(means: list[Array], problem: Problem) -> list[Array]:
    """What W_1, ..., W_L multiply, for collapsed features."""
    return [means[0], *(activate(m, problem) for m in means[1:])]


def outcome(parameters: Sequence[ArrayLike], problem: Problem) -> Outcome:
    """Measure a point, and say which structure its surviving classes form.

    The structures (for the surviving classes): "dnc", class means after sigma orthogonal (mse)
    or a simplex when centred (ce), in layers 2..L; "triangular", before sigma in layers
    2..L-1, Gram matrix B^T B = 2 I + A(T(r)); "direct sum", the same for several orthogonal
    blocks of classes, each at its own scale, one at least triangular and the others triangular
    or single classes (as DNC has them); "pairs", Gram matrix of the outputs
    blockdiag([[1,-1],[-1,1]]), for odd numbers with one class alone.

    Examples
    --------
    >>> frame = [np.eye(4)] * 4
    >>> outcome(frame, Problem(classes=4, layers=3)).label
    'dnc'
    """
    parameters = check_parameters(parameters, problem)
    features, outputs = forward(parameters, problem)
    means = [class_means(h, problem) for h in features]
    active = _active(means, problem)
    rank_gaps = _rank_table(means, problem)
    mean_outputs = class_means(outputs, problem)
    size = np.linalg.norm(mean_outputs, axis=0)
    survivors = np.flatnonzero(size > SURVIVES * max(float(size.max()), SURVIVES))
    distances = _distances([m[:, survivors] for m in means],
                           [a[:, survivors] for a in active],
                           mean_outputs[:, survivors], problem)
    return Outcome(
        label=_label(distances, survivors, rank_gaps[1:, 0, 0], problem), distances=distances,
        survivors=survivors, ranks=rank_gaps[..., 0].astype(int), gaps=rank_gaps[..., 1],
        gap_ranks=rank_gaps[..., 2].astype(int),
        balancedness=_balancedness(parameters, problem),
        dnc1=np.array([_variability(h, problem) for h in features]),
        dnc2=np.array([_frame_distance(a, problem) for a in active]),
        dnc3=np.array([_outside(w, a) for w, a in zip(parameters[1:], active, strict=True)]))


def _label(distances: dict[str, float], survivors: Array, ranks: Array,
           problem: Problem) -> str:
    if survivors.size == 0:
        return "zero"
    if survivors.size < problem.classes:
        return "dropped classes"
    if distances:
        name = min(distances, key=lambda key: distances[key])
        if distances[name] < CLOSE:
            return name
    full = problem.classes - (problem.loss == "ce")
    return "other low rank" if ranks.size and ranks.min() < full else "other"


def _distances(means: list[Array], active: list[Array], outputs: Array,
               problem: Problem) -> dict[str, float]:
    count = outputs.shape[1]
    found: dict[str, float] = {}
    if count < 2:
        return found
    layers = active[1:] or [outputs]
    found["dnc"] = max(_frame_distance(a, problem) for a in layers)
    if problem.layers >= 3 and problem.activation == "relu":
        blocks = _blocks(means[1])
        if any(_vertices(len(block)) for block in blocks):
            name = "triangular" if len(blocks) == 1 else "direct sum"
            found[name] = max(_sum_distance(m, blocks) for m in means[1:-1])
    if count >= 4 and problem.loss == "ce":
        found["pairs"] = _pair_distance(outputs)
    return found


def _mismatch(gram: Array, ideal: Array) -> float:
    """|G/|G| - I/|I||_F, sqrt(2) at most for positive semi-definite matrices; 1 for G = 0."""
    norm = np.linalg.norm(gram)
    if norm < 1e-16:
        return 1.0
    return float(np.linalg.norm(gram / norm - ideal / np.linalg.norm(ideal)))


def _frame_distance(means: Array, problem: Problem) -> float:
    """Distance of the Gram matrix to I (mse) or, once centred, to the simplex (ce)."""
    count = means.shape[1]
    if problem.loss == "mse":
        return _mismatch(means.T @ means, np.eye(count))
    centred = means - means.mean(axis=1, keepdims=True)
    return _mismatch(centred.T @ centred, np.eye(count) - 1 / count)


def _vertices(count: int) -> int:
    """r >= 4 with r (r - 1) / 2 = count; 0 if there is none."""
    r = triangular_root(count)
    return r if r >= 4 and r * (r - 1) == 2 * count else 0


def _cosine_graph(means: Array) -> nx.Graph[int]:
    """Classes whose means have a cosine above 1/4 (in the triangular family it is 1/2 or 0)."""
    gram = means.T @ means
    sizes = np.sqrt(np.maximum(gram.diagonal(), 1e-300))
    return nx.from_numpy_array((gram / np.outer(sizes, sizes) > 0.25)
                               & ~np.eye(len(gram), dtype=bool))


def _blocks(means: Array) -> list[list[int]]:
    """Classes that hang together by large cosines."""
    return [sorted(block) for block in nx.connected_components(_cosine_graph(means))]


def _sum_distance(means: Array, blocks: list[list[int]]) -> float:
    """Distance to orthogonal blocks: 2 I + A(T(r)) at the block's own scale where its size is
    triangular, else orthogonal classes."""
    gram = means.T @ means
    wanted = np.zeros(gram.shape)
    for block in blocks:
        where = np.ix_(block, block)
        ideal = _block_ideal(means[:, block])
        wanted[where] = ideal * (np.trace(gram[where]) / np.trace(ideal))
    return _mismatch(gram, wanted)


def _block_ideal(means: Array) -> Array:
    """2 I + A(T(r)); classes are matched by an isomorphism of the graphs of large cosines, or,
    where these differ, left as they are."""
    count = means.shape[1]
    r = _vertices(count)
    if not r:
        return np.eye(count)
    graph = _cosine_graph(means)
    ideal = nx.convert_node_labels_to_integers(nx.line_graph(nx.complete_graph(r)))
    wanted = 2 * np.eye(count) + nx.to_numpy_array(ideal, nodelist=range(count))
    if sorted(d for _, d in graph.degree) == sorted(d for _, d in ideal.degree):
        matcher = nx.isomorphism.GraphMatcher(graph, ideal)
        if matcher.is_isomorphic():
            order = [matcher.mapping[i] for i in range(count)]
            wanted = wanted[np.ix_(order, order)]
    return np.asarray(wanted)


def _pair_distance(outputs: Array) -> float:
    """Distance of the outputs' Gram matrix to antipodal pairs, matched for least inner product
    (with an odd number of classes, one alone)."""
    gram, count = outputs.T @ outputs, outputs.shape[1]
    graph = nx.from_numpy_array(gram.max() - gram)
    pairs = nx.max_weight_matching(graph, maxcardinality=True)
    ideal = np.eye(count)
    for i, j in pairs:
        ideal[[i, j], [i, j]] = 2.0
        ideal[[i, j], [j, i]] = -2.0
    return _mismatch(gram, ideal)


def _balancedness(parameters: list[Array], problem: Problem) -> float:
    cost = np.array([decay * np.sum(p * p)
                     for decay, p in zip(problem.decays, parameters, strict=True)])
    return float(np.abs(np.diff(cost)).max() / max(cost.max(), 1e-300))


def _variability(features: Array, problem: Problem) -> float:
    """tr Sigma_W / tr Sigma_B."""
    means = class_means(features, problem)
    within = features - np.repeat(means, problem.class_sizes, axis=1)
    between = means - means.mean(axis=1, keepdims=True)
    return float(np.sum(within**2) / features.shape[1]
                 / max(float(np.sum(between**2)) / problem.classes, 1e-300))


def _outside(weight: Array, means: Array) -> float:
    """|W (I - P)|_F / |W|_F, P the projection on the span of the columns of `means`."""
    rank = numerical_rank(means).rank
    basis = np.linalg.svd(means, full_matrices=False)[0][:, :rank]
    rest = weight - weight @ basis @ basis.T
    return float(np.linalg.norm(rest) / max(float(np.linalg.norm(weight)), 1e-300))
