r"""The last layers of a trained network as a point of the deep unconstrained features model.

A head is the class means M_1 of the features that enter it and the weights W_1, ..., W_L behind
them. Its representation cost is the number that ranks constructions, taken where the network
stands:

    c = (P / mu^2)^(1/(L+1)),   P = |M_1|_F^2 |W_1|_F^2 ... |W_L|_F^2,

mu the scale of its outputs Z: under the squared loss the multiple of I nearest to Z, tr(Z)/K,
under cross-entropy the least margin (ours). Where Z is exactly z I it is at least the cost of the
construction with these shapes, and equal to it once |M_1|_F |W_1|_F is the nuclear norm of their
product, as it is at a minimum; scales between the factors do not matter. How far Z is from that
form is `Head.misfit`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import losses, metrics
from nctheory.errors import InputError, integer, nonnegative, require
from nctheory.metrics import Moments
from nctheory.metrics.arrays import check_matrix, whole
from nctheory.network import class_means, forward, loss
from nctheory.problem import Problem
from nctheory.solver.outcome import EndPoint, outcome
from nctheory.thresholds import threshold_table

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Head:
    """[M_1, W_1, ..., W_L] with a column a class, and the problem it is a point of.

    Attributes
    ----------
    parameters : list of arrays
        For `nctheory.network`: M_1 (d x K), W_l.
    problem : Problem
        Of one sample a class, with lam_H' = n lam_H (`nctheory.network.collapse`).
    """

    parameters: list[Array]
    problem: Problem

    @classmethod
    def of(cls, means: Moments | Any, weights: Sequence[Any], *,
           weight_decay: float | Sequence[float], feature_decay: float | None = None,
           samples: float | None = None, loss: str = "ce", activation: str = "relu") -> Head:
        """A head from the class means that enter it and its weights.

        Parameters
        ----------
        means : Moments, or array (K x d)
            Of the features that W_1 reads, a row a class.
        weights : sequence of arrays
            W_1, ..., W_L, as PyTorch's `Linear` has them, (d_{l+1} x d_l).
        weight_decay : float or sequence of L floats
            lam_l of the loss that was trained, (1/N) sum loss_i + 1/2 sum lam_l |W_l|^2.
        feature_decay : float, optional
            lam_H of 1/2 lam_H |H|^2 over all samples.  A network has none; by default the one
            at which features and W_1 would be balanced, lam_H n |M_1|^2 = lam_1 |W_1|^2 (ours).
        samples : float, optional
            n, samples a class; by default the mean of the moments' counts, else 1.
        loss, activation : str
            Words of `nctheory.losses` and `nctheory.activations`.

        Raises
        ------
        InputError
            Where shapes do not chain to one row a class, or a decay is not positive.
        """
        if isinstance(means, Moments):
            samples = means.samples / means.classes if samples is None else samples
            means = means.means
        features = whole(check_matrix("means", means)).T
        matrices = [whole(check_matrix(f"weights[{i}]", w)) for i, w in enumerate(weights)]
        require(len(matrices) >= 1, "weights", "be at least one", 0)
        decays = np.broadcast_to(np.asarray(weight_decay, float), len(matrices)).tolist()
        n = 1.0 if samples is None else nonnegative("samples", samples)
        size = float(np.sum(features**2))
        require(size > 0, "means", "not all be zero", 0)
        balanced = decays[0] * float(np.sum(matrices[0] ** 2)) / size
        first = balanced if feature_decay is None else n * nonnegative("feature_decay",
                                                                       feature_decay)
        problem = Problem(classes=features.shape[1], layers=len(matrices), loss=loss,
                          activation=activation, weight_decay=(first, *decays))
        head = cls([features, *matrices], problem)
        forward(head.parameters, problem)  # shapes that do not chain are refused here
        return head

    @property
    def outputs(self) -> Array:
        """Z (K x K), a column a class."""
        return np.asarray(forward(self.parameters, self.problem)[1], np.float64)

    @property
    def scale(self) -> float:
        """mu, the scale of the outputs; at most 0 where they do not tell the classes apart."""
        z, K = self.outputs, self.problem.classes
        if not losses.get(self.problem.loss).centred:
            return float(np.trace(z)) / K
        rivals = np.where(np.eye(K, dtype=bool), -np.inf, z).max(axis=0)
        return float(np.min(np.diag(z) - rivals))

    @property
    def cost(self) -> float:
        """c of the module; an `InputError` where the scale is not positive."""
        require(self.scale > 0, "head", "tell every class apart to have a cost: its outputs are "
                "at scale", self.scale)
        log_norms = sum(math.log(float(np.sum(p**2))) for p in self.parameters)
        return math.exp((log_norms - 2 * math.log(self.scale)) / (self.problem.layers + 1))

    @property
    def misfit(self) -> float:
        """Distance of the outputs to their ideal, both of norm 1: how far `cost` is exact.

        I under the squared loss; I - J/K, up to a shift of each column, under cross-entropy.
        """
        z, K = self.outputs, self.problem.classes
        ideal = np.eye(K)
        if losses.get(self.problem.loss).centred:
            z, ideal = z - z.mean(axis=0), ideal - 1 / K
        return float(np.linalg.norm(z / np.linalg.norm(z) - ideal / np.linalg.norm(ideal)))

    @property
    def loss(self) -> float:
        """The model's loss at this point: samples at their class means, with the decays."""
        return float(loss(self.parameters, self.problem))

    @cached_property
    def end_point(self) -> EndPoint:
        """What the solver would call it: label, ranks, distances (`nctheory.solver.outcome`)."""
        return outcome(self.parameters, self.problem)

    @property
    def negativity(self) -> list[float]:
        """`nctheory.metrics.negativity` of the class means before each sigma, M_2, ..., M_L."""
        features, _ = forward(self.parameters, self.problem)
        return [metrics.negativity(class_means(h, self.problem)) for h in features[1:]]

    def compare(self) -> Comparison:
        """Set the head beside DNC and the best known construction at its own decays.

        Raises
        ------
        InputError
            Where the outputs do not tell the classes apart, or the table has no such model.
        """
        problem = self.problem
        row = threshold_table(  # least losses depend on the decays' geometric mean alone
            [problem.classes], [problem.layers], loss=problem.loss,
            activation=problem.activation, weight_decay=math.exp(problem.log_decay)).rows[0]
        assert row.loss is not None and row.dnc_loss is not None
        return Comparison(
            cost=self.cost, dnc_cost=row.dnc_cost, best=row.construction.label,
            best_cost=row.cost, loss=self.loss, dnc_loss=row.dnc_loss, best_loss=row.loss,
            label=self.end_point.label, misfit=self.misfit)


@dataclass(frozen=True)
class Comparison:
    """A head beside deep neural collapse and the best known construction.

    Attributes
    ----------
    cost, dnc_cost, best_cost : float
        Representation costs, which rank exact fits at every decay.
    loss, dnc_loss, best_loss : float
        At the head's own decays. DNC's is a lower bound under cross-entropy with ReLU.
    best, label : str
        The best known construction, and what the solver calls the head.
    misfit : float
        `Head.misfit`: the larger, the less the head's cost says.
    """

    cost: float
    dnc_cost: int
    best: str
    best_cost: float
    loss: float
    dnc_loss: float
    best_loss: float
    label: str
    misfit: float

    def __str__(self) -> str:
        return (f"the head ({self.label}) costs {self.cost / self.dnc_cost:.3g} c(DNC); the best "
                f"known construction, {self.best}, has {self.best_cost / self.dnc_cost:.3g}. "
                f"Loss {self.loss:.4g}, DNC {self.dnc_loss:.4g}, best {self.best_loss:.4g}; "
                f"outputs are {self.misfit:.2g} from their ideal.")


def head_of_network(weights: Sequence[Array], layers: int) -> list[Array]:
    """The last `layers` of a network's weights, which must follow each other."""
    count = integer("layers", layers, 1, len(weights))
    chosen = list(weights[-count:])
    for before, after in zip(chosen, chosen[1:], strict=False):
        if after.shape[1] != before.shape[0]:
            raise InputError(f"layers must follow each other in the head, got weights of shapes "
                             f"{before.shape} and {after.shape}")
    return chosen
