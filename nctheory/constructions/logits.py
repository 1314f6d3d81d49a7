"""What a construction is for cross-entropy: logits up to scale, and a network that makes them.

A construction states its geometry once: class-mean logits S (K x K, least margin 1), the exact
spectrum of S^T S and the margins of its columns.  In the linear model that is all: the best
factors of S are aligned and balanced.  In the ReLU model it also states its factors.  Cost,
scales, loss, weights and the comparison with deep neural collapse are derived here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nctheory import losses
from nctheory.constructions.base import Block, Factored, Matrix, Network, Ranks, padded
from nctheory.constructions.schatten import SchattenCost
from nctheory.errors import InputError, require
from nctheory.exact import RepresentationCost
from nctheory.margins import Margins
from nctheory.problem import Problem


class Logits(ABC):
    r"""Class-mean logits Z = beta S of a collapsed solution of the cross-entropy DUFM.

    With g(beta) the cross-entropy of beta S and P the least product of squared norms of L+1
    factors of S, the loss at scale beta is

        g(beta) + 1/2 (L+1) kappa beta^(2/(L+1)),   kappa = lam_eff (n P)^(1/(L+1)).

    In the linear model P^(1/(L+1)) = sum_i s_i^(2/(L+1)), s_i the singular values of S [GK25].
    S has least margin 1: then c = P^(1/(L+1)) < K - 1 means that the construction beats deep
    neural collapse at every weight decay where zero is not optimal, since at equal scale its
    fit is no worse, and c > K - 1 that it does not for small weight decay (ours).
    """

    classes: int

    @property
    @abstractmethod
    def label(self) -> str:
        """The construction in words, as tables print it."""

    @abstractmethod
    def matrix(self) -> Matrix:
        """S (K x K): column c holds the logits of class c."""

    @abstractmethod
    def margins(self) -> Margins:
        """The margins of S's columns."""

    @abstractmethod
    def spectrum(self) -> Mapping[Fraction, int]:
        """{theta: multiplicity}: the non-zero eigenvalues of S^T S."""

    def relu(self) -> Network:
        """The ReLU network that makes S, where there is one."""
        raise InputError(f"activation must be 'linear' for {self.label}, got 'relu'")

    def network(self, activation: str) -> Network:
        """The factors in the model with that activation."""
        return Aligned(self) if activation == "linear" else self.relu()

    # --- costs ---

    def cost(self, layers: int, activation: str = "linear") -> float:
        """c = P^(1/(L+1)); deep neural collapse has K - 1 in the linear model."""
        return math.exp(self.network(activation).log_cost(layers))

    def compare_with_dnc(self, layers: int, activation: str = "linear") -> int | None:
        """The sign of c - (K-1), exact: -1 where every weight decay makes deep neural collapse
        worse (in the ReLU model: worse than its lower bound, see `nctheory.cross_entropy.relu`).
        """
        return compare(self.network(activation).representation_cost(layers), self.classes - 1,
                       layers)

    def ranks(self, layers: int, activation: str = "linear") -> Ranks:
        """Ranks of M_1..M_L, and after the activation those of M_2..M_L."""
        return self.network(activation).ranks(layers)

    def required_width(self, layers: int, activation: str = "linear") -> int:
        """The least width d that the explicit matrices fit into."""
        return max(self.network(activation).hidden_sizes(layers))

    # --- losses ---

    def kappa(self, problem: Problem) -> float:
        """lam_eff (n P)^(1/(L+1))."""
        self._check(problem)
        L = problem.layers
        log_cost = self.network(problem.activation).log_cost(L)
        return float(losses.kappa((L + 1) * log_cost, problem.balanced_samples, L,
                                  problem.log_decay))

    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        """(scale, loss) of the global minimum over the scale, (0, log K) where it is zero."""
        return self.margins().optimum(kappa, layers)

    def loss(self, problem: Problem) -> float:
        """The least loss over the scale, at most log K, that of zero output."""
        return self.optimum(self.kappa(problem), problem.layers)[1]

    def scale(self, problem: Problem) -> float:
        """The scale of least loss; 0 where zero output is optimal."""
        return self.optimum(self.kappa(problem), problem.layers)[0]

    def critical_scales(self, problem: Problem) -> list[float]:
        """All scales beta > 0 at which the loss is stationary, in increasing order.

        They are critical points of the model, too, in all factors (linear model, Theorem 4 of
        [GK25] for deep neural collapse), whether or not zero is better.
        """
        return self.margins().critical_scales(self.kappa(problem), problem.layers)

    def is_zero(self, problem: Problem) -> bool:
        """Whether no scale beta > 0 has a loss below log K (decided in floats)."""
        return self.scale(problem) == 0

    def weights(self, problem: Problem) -> list[Matrix]:
        """[H_1, W_1, ..., W_L] at the optimal scale, as `Construction.weights` gives them."""
        kappa, beta = self.kappa(problem), self.scale(problem)
        return self._weights(problem, kappa, beta)

    def weights_at(self, problem: Problem, scale: float) -> list[Matrix]:
        """[H_1, W_1, ..., W_L] at a scale of one's own choice, balanced."""
        return self._weights(problem, self.kappa(problem), scale)

    def _weights(self, problem: Problem, kappa: float, beta: float) -> list[Matrix]:
        network, L = self.network(problem.activation), problem.layers
        if beta == 0:
            matrices = [np.zeros_like(matrix) for matrix in network.unit_factors(L)[0]]
        else:
            matrices = network.balanced(problem, math.log(kappa) + 2 / (L + 1) * math.log(beta))
        return padded(matrices, max(network.hidden_sizes(L)), problem, self.label)

    def _check(self, problem: Problem) -> None:
        require(problem.classes == self.classes, "classes", f"be {self.classes} for {self.label}",
                problem.classes)
        require(problem.loss == "ce", "loss", f"be 'ce' for {self.label}", problem.loss)


def compare(cost: RepresentationCost | SchattenCost, number: int, layers: int) -> int | None:
    """The sign of P^(1/(L+1)) - number, exact."""
    if isinstance(cost, SchattenCost):
        return cost.compare_root(number)
    return cost.compare(number ** (layers + 1))


class Aligned(Network):
    """The best factors of S in the linear model: all with singular values s_i^(1/(L+1)).

    References
    ----------
    [GK25] Lemma 1.
    """

    def __init__(self, logits: Logits) -> None:
        self._logits = logits

    def representation_cost(self, layers: int) -> SchattenCost:
        return SchattenCost(self._check_layers(layers) + 1, self._logits.spectrum())

    @property
    def _rank(self) -> int:
        return sum(self._logits.spectrum().values())

    def ranks(self, layers: int) -> Ranks:
        return Ranks((self._rank,) * layers, (self._rank,) * (layers - 1))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self._rank,) * layers

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        u, s, vt = np.linalg.svd(self._logits.matrix())
        rank = self._rank
        roots = s[:rank] ** (1 / (layers + 1))
        factors = [roots[:, None] * vt[:rank], *[np.diag(roots)] * (layers - 1),
                   u[:, :rank] * roots]
        return factors, [math.log(np.sum(roots**2))] * (layers + 1)


@dataclass(frozen=True)
class Centred(Factored):
    """An MSE construction with the mean taken off its outputs: I - J/K instead of I.

    Cross-entropy does not see the same number added to all logits of a sample, so W_L may be
    replaced by (I - J/K) W_L, which takes |1^T W_L|^2 / K off its squared norm (ours).
    """

    block: Block

    @property
    def least_layers(self) -> int:
        return self.block.least_layers

    def gram_spectrum(self, layers: int) -> Mapping[Fraction, int]:
        if layers == 1:
            return {Fraction(1): self.block.classes - 1}
        return self.block.gram_spectrum(layers)

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        if layers == 1:
            return ()
        *others, last = self.block.squared_norms(layers)
        return (*others, last - self.block.common_norm(layers))

    def shapes(self, layers: int) -> list[Matrix]:
        *others, last = self.block.shapes(layers)
        return [*others, last - last.mean(axis=0)]

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        if layers == 1:
            return (self.block.classes - 1,)
        return self.block.hidden_sizes(layers)

    def ranks(self, layers: int) -> Ranks:
        if layers == 1:
            return Ranks((self.block.classes - 1,), ())
        return self.block.ranks(layers)


@dataclass(frozen=True)
class Simplex(Logits):
    """Logits alpha (I - J/K), all margins equal: what any MSE construction becomes.

    In the linear model it is deep neural collapse whatever the block; in the ReLU model its
    features are those of the block.

    References
    ----------
    [GK25] for deep neural collapse; with other blocks ours.
    """

    block: Block

    def __post_init__(self) -> None:
        require(self.block.classes >= 2, "classes", "be at least 2 for cross-entropy",
                self.block.classes)

    @property
    def classes(self) -> int:  # type: ignore[override]
        return self.block.classes

    @property
    def label(self) -> str:
        return self.block.label

    def matrix(self) -> Matrix:
        return np.eye(self.classes) - 1 / self.classes

    def margins(self) -> Margins:
        return Margins(np.ones(1), np.ones((1, 1)), np.full((1, 1), self.classes - 1.0))

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction(1): self.classes - 1}

    def network(self, activation: str) -> Network:
        if activation == "linear" and "linear" not in self.block.activations:
            raise InputError(f"activation must be 'relu' for {self.label}, got 'linear'")
        return super().network(activation)

    def relu(self) -> Network:
        return Centred(self.block)

    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        from nctheory import losses_ce

        return (float(losses_ce.collapse_scale(kappa, layers, self.classes)),
                float(losses_ce.collapse_loss(kappa, layers, self.classes)))
