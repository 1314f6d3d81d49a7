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
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from scipy.linalg import block_diag

from nctheory import losses
from nctheory.constructions.base import Block, DirectSum, Matrix, Network, Ranks, padded
from nctheory.constructions.schatten import SchattenCost
from nctheory.errors import InputError, require
from nctheory.exact import PRECISIONS, RepresentationCost, root_bounds, sign
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
        return self.network(activation).compare(layers, self.classes - 1)

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


class Aligned(Network):
    """The best factors of S in the linear model: all with singular values s_i^(1/(L+1)).

    References
    ----------
    [GK25] Lemma 1.
    """

    def __init__(self, logits: Logits) -> None:
        self._logits = logits

    def representation_cost(self, layers: int) -> SchattenCost:
        """P(L) as an exact number."""
        return SchattenCost(self._check_layers(layers) + 1, self._logits.spectrum())

    def log_cost(self, layers: int) -> float:
        return self.representation_cost(layers).log / (layers + 1)

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        return self.representation_cost(layers).root_bounds(bits)

    def compare(self, layers: int, number: int) -> int | None:
        return self.representation_cost(layers).compare_root(number)

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
class Centred(Network):
    """The blocks of an MSE construction with the mean taken off its outputs: I - J/K for I.

    Cross-entropy does not see the same number added to all logits of a sample, so W_L may be
    replaced by (I - J/K) W_L, which takes |1^T W_L|^2 / K off its squared norm: K_b/K times
    `common_norm` for a block of K_b classes.  Blocks share one scale, so their costs add up
    (ours).
    """

    blocks: tuple[Block, ...]

    @property
    def classes(self) -> int:
        """K."""
        return sum(block.classes for block in self.blocks)

    @property
    def least_layers(self) -> int:
        return max(block.least_layers for block in self.blocks)

    def costs(self, layers: int) -> list[RepresentationCost]:
        """The exact P of each block."""
        layers, costs = self._check_layers(layers), []
        for block in self.blocks:
            if layers == 1:  # only deep neural collapse has one layer: Z = I - J/K itself
                costs.append(RepresentationCost(Fraction(1), {Fraction(1): self.classes - 1}))
                continue
            *others, last = block.squared_norms(layers)
            last -= Fraction(block.classes, self.classes) * block.common_norm(layers)
            costs.append(RepresentationCost(math.prod(others, start=last),
                                            block.gram_spectrum(layers)))
        return costs

    def log_cost(self, layers: int) -> float:
        return math.log(math.fsum(math.exp(cost.log / (layers + 1))
                                  for cost in self.costs(layers)))

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        low = high = Fraction(0)
        for cost in self.costs(layers):
            below, above = cost.bounds(bits)
            low += root_bounds(below, layers + 1, bits)[0]
            high += root_bounds(above, layers + 1, bits)[1]
        return low, high

    def compare(self, layers: int, number: int) -> int | None:
        if len(self.blocks) == 1:
            return self.costs(layers)[0].compare(number ** (layers + 1))
        for bits in PRECISIONS:
            low, high = self.cost_bounds(layers, bits)
            if low > number or high < number:
                return sign(low - number)
        return None

    def ranks(self, layers: int) -> Ranks:
        if layers == 1:
            return Ranks((self.classes - 1,), ())
        ranks = [block.ranks(layers) for block in self.blocks]
        return Ranks(*(tuple(map(sum, zip(*side, strict=True)))
                       for side in zip(*ranks, strict=True)))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        if layers == 1:
            return (self.classes - 1,)
        sizes = (block.hidden_sizes(layers) for block in self.blocks)
        return tuple(map(sum, zip(*sizes, strict=True)))

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        if layers == 1:
            factors, norms = Aligned(Simplex(self.blocks[0])).unit_factors(1)
            return factors, norms
        blocks = []
        for block, cost in zip(self.blocks, self.costs(layers), strict=True):
            matrices, log_norms = block.unit_factors(layers)
            # The centred last norm is what is missing from P.
            log_norms[-1] = cost.log - math.fsum(log_norms[:-1])
            blocks.append([math.exp((cost.log / (layers + 1) - norm) / 2) * matrix
                           for matrix, norm in zip(matrices, log_norms, strict=True)])
        factors = [np.asarray(block_diag(*layer)) for layer in zip(*blocks, strict=True)]
        factors[-1] = factors[-1] - factors[-1].mean(axis=0)
        return factors, [self.log_cost(layers)] * (layers + 1)


@dataclass(frozen=True)
class Simplex(Logits):
    """Logits alpha (I - J/K), all margins equal: what any MSE construction becomes.

    References
    ----------
    [GK25] for deep neural collapse; with other features (ReLU) ours.
    """

    origin: Block | DirectSum
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", self.origin.classes)
        require(self.classes >= 2, "classes", "be at least 2 for cross-entropy", self.classes)

    @property
    def label(self) -> str:
        return self.origin.label

    def matrix(self) -> Matrix:
        return np.eye(self.classes) - 1 / self.classes

    def margins(self) -> Margins:
        return Margins(np.ones(1), np.ones((1, 1)), np.full((1, 1), self.classes - 1.0))

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction(1): self.classes - 1}

    def network(self, activation: str) -> Network:
        if activation not in self.origin.activations:
            raise InputError(f"activation must be 'relu' for {self.label}, got 'linear'")
        return super().network(activation)

    def relu(self) -> Network:
        return Centred(self.origin.blocks if isinstance(self.origin, DirectSum)
                       else (self.origin,))

    def optimum(self, kappa: float, layers: int) -> tuple[float, float]:
        from nctheory import losses_ce  # loads six kernels: only where a loss is asked for

        return (float(losses_ce.collapse_scale(kappa, layers, self.classes)),
                float(losses_ce.collapse_loss(kappa, layers, self.classes)))
