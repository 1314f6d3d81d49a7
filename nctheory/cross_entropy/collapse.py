r"""Deep neural collapse as [GK25] defines it, all three parts around the global mean.

Layer l = 1..L has class means M_l of H_l, before sigma, and ~M_l of sigma(H_l) (the same for
l = 1, and in the linear model); mu_G is the mean of the columns, S = I - J/K.  Definition 1:

* DNC1: H_l = M_l kron 1_n^T, and the same after sigma;
* DNC2: (M_l - mu_G 1^T)^T (M_l - mu_G 1^T) is a multiple of S, and the same after sigma;
* DNC3: the rows of W_l, without their component along ~mu_G, are combinations of the columns of
  ~M_l - ~mu_G 1^T ("after global centering": that this is what it means for rows is our reading;
  it depends neither on the width nor on rotations).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import ortho_group

from nctheory import network
from nctheory.constructions import Orthogonal
from nctheory.cross_entropy.direct import RANK_TOLERANCE
from nctheory.errors import require
from nctheory.metrics.geometry import gram_distance
from nctheory.metrics.spectrum import counted
from nctheory.problem import Problem

Array = NDArray[np.float64]

ROUNDING = 1e-9


class Layer(NamedTuple):
    """One layer against Definition 1; 0 is collapse.

    dnc1 : |H_l - M_l kron 1^T|_F / |H_l - mu_G 1^T|_F, the larger of before and after sigma.
    dnc2 : |G/|G|_F - S/|S|_F|_F of the centred Gram matrix G, the larger of both.
    dnc3 : the part of the centred W_l outside the span, as a share of its norm.
    mean, mean_after : r_l and ~r_l, |mu_G 1^T|_F over |M_l - mu_G 1^T|_F, before and after sigma.
    """

    layer: int
    dnc1: float
    dnc2: float
    dnc3: float
    mean: float
    mean_after: float


class Assumption(NamedTuple):
    """Assumption 1 on one set of parameters: r_l <= ~r_l for l = 2..L.

    `layers` are those of Definition 1, `least` is the least ~r_l / r_l over l = 2..L, and `holds`
    says whether it is at least 1.  The paper assumes it for DNC solutions: see their dnc1..dnc3.
    """

    holds: bool
    least: float
    layers: list[Layer]


def definition_1(parameters: Sequence[ArrayLike], problem: Problem) -> list[Layer]:
    """Each layer of [H_1, W_1, ..., W_L] against Definition 1.

    Raises
    ------
    InputError
        Where the parameters do not fit the problem, or all class means of a layer are equal.

    Examples
    --------
    With ReLU the features of DNC are an orthogonal frame: only centred rows of W_l lie in the span
    of its centred columns.

    >>> problem = Problem(classes=4, layers=3, weight_decay=1e-3, loss="ce")
    >>> last = definition_1(Orthogonal(classes=4).weights(problem), problem)[-1]
    >>> max(last[1:4]) < 1e-12, round(last.mean ** 2, 9)                      # 1/(K - 1)
    (True, 0.333333333)
    """
    matrices = network.check_parameters(parameters, problem)
    features, _ = network.forward(matrices, problem)
    return [_layer(l, H, H if l == 1 else network.activate(H, problem), W, problem)
            for l, (H, W) in enumerate(zip(features, matrices[1:], strict=True), start=1)]


def _layer(l: int, before: Array, after: Array, weight: Array, problem: Problem) -> Layer:
    sides = [_side(H, problem) for H in (before, after)]
    mean, centred = sides[1][3:]
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    basis = u[:, :counted(s, centred.shape, RANK_TOLERANCE)]  # the span in DNC3
    rows = weight
    if sides[1][2] > ROUNDING:  # else the mean has no direction
        rows = weight - weight @ mean @ mean.T / float(np.sum(mean**2))
    outside = float(np.linalg.norm(rows - rows @ basis @ basis.T))
    return Layer(l, max(sides[0][0], sides[1][0]), max(sides[0][1], sides[1][1]),
                 outside / max(float(np.linalg.norm(rows)), 1e-300), sides[0][2], sides[1][2])


def _side(H: Array, problem: Problem) -> tuple[float, float, float, Array, Array]:
    """(dnc1, dnc2, norm of the mean part over that of the rest, global mean, centred means)."""
    means = network.class_means(H, problem)
    mean = means.mean(axis=1, keepdims=True)
    centred = means - mean
    size = float(np.linalg.norm(centred))
    require(size > 0, "parameters", "have different class means in every layer", 0)
    within = float(np.linalg.norm(H - np.repeat(means, problem.class_sizes, axis=1)))
    K = problem.classes
    return (within / float(np.linalg.norm(H - mean)),
            gram_distance(centred.T @ centred, np.eye(K) - 1 / K),
            float(np.sqrt(K) * np.linalg.norm(mean)) / size, mean, centred)


def assumption_1(parameters: Sequence[ArrayLike], problem: Problem) -> Assumption:
    """Assumption 1 of [GK25, Theorem 7]: ReLU does not lower the ratio of the norm of the global
    mean to that of the simplex component of the class means.

    ReLU alone does not give it: M_2 = 2 I - 3/2 J, K = 4, with ~M_2 = I/2 and W_2 on S, is DNC and
    violates it (ours; it costs more than M_2 = I/2 does).

    Examples
    --------
    >>> problem = Problem(classes=10, layers=4, weight_decay=1e-4, loss="ce")
    >>> check = assumption_1(Orthogonal(classes=10).weights(problem), problem)
    >>> check.holds, check.least
    (True, 1.0)
    """
    layers = definition_1(parameters, problem)
    require(problem.layers >= 2, "layers", "be at least 2", problem.layers)
    # Where the mean is 0 before sigma there is nothing to lower.
    least = min(layer.mean_after / layer.mean if layer.mean else np.inf for layer in layers[1:])
    return Assumption(bool(least >= 1 - ROUNDING), float(least), layers)


class CollapseCheck(NamedTuple):
    """Proposition 1: `worst` is the largest of all dnc1, dnc2, dnc3 and mean over the layers."""

    holds: bool
    worst: float
    layers: list[Layer]


def proposition_1(problem: Problem, seed: int = 0) -> CollapseCheck:
    """Proposition 1: in the linear model, factors aligned as in Lemma 1 with logits alpha S have
    DNC1-3 in every layer l = 1..L, with mu_G = 0.

    Lemma 1 leaves the rotation of each hidden space free: here they are random.

    Examples
    --------
    >>> proposition_1(Problem(classes=5, layers=3, samples=2, weight_decay=1e-4, width=7,
    ...                       loss="ce", activation="linear")).holds
    True
    """
    matrices = Orthogonal(classes=problem.classes).weights(problem)
    rng = np.random.default_rng(seed)
    for i in range(problem.layers):
        d = matrices[i].shape[0]
        Q = ortho_group.rvs(d, random_state=rng) if d > 1 else np.eye(1)
        matrices[i], matrices[i + 1] = Q @ matrices[i], matrices[i + 1] @ Q.T
    layers = definition_1(matrices, problem)
    worst = max(max(layer.dnc1, layer.dnc2, layer.dnc3, layer.mean, layer.mean_after)
                for layer in layers)
    return CollapseCheck(worst < ROUNDING, worst, layers)
