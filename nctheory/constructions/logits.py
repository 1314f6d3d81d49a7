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
from nctheory.constructions.base import (
    Block,
    DirectSum,
    Factored,
    Matrix,
    Network,
    Ranks,
    padded,
)
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
    With mu the least margin of S, c = (P / mu^2)^(1/(L+1)) < K - 1 means that the construction
    beats deep neural collapse at every weight decay where zero is not optimal, since at equal
    least margins its fit is no worse, and c > K - 1 that it does not for small weight decay
    (ours).
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

    def least_margin(self) -> tuple[Fraction, Fraction]:
        """Rational bounds on mu, equal where mu is rational; 1 unless a family says otherwise."""
        return Fraction(1), Fraction(1)

    def relu(self) -> Network:
        """The ReLU network that makes S, where there is one."""
        raise InputError(f"activation must be 'linear' for {self.label}, got 'relu'")

    def network(self, activation: str) -> Network:
        """The factors in the model with that activation."""
        return Aligned(self) if activation == "linear" else self.relu()

    # --- costs ---

    def cost(self, layers: int, activation: str = "linear") -> float:
        """c = (P / mu^2)^(1/(L+1)); deep neural collapse has K - 1 in the linear model."""
        margin = math.log(self.margins().least) * 2 / (layers + 1)
        return math.exp(self.network(activation).log_cost(layers) - margin)

    def compare_with_dnc(self, layers: int, activation: str = "linear") -> int | None:
        """The sign of c - (K-1), exact: -1 where every weight decay makes deep neural collapse
        worse (in the ReLU model: worse than its lower bound, see `nctheory.cross_entropy.relu`).
        """
        network, (low, high) = self.network(activation), self.least_margin()
        if low == high == 1:
            return network.compare(layers, self.classes - 1)
        for bits in PRECISIONS:
            below, above = network.cost_bounds(layers, bits)
            bound = self.classes - 1
            if below > bound * root_bounds(high**2, layers + 1, bits)[1]:
                return 1
            if above < bound * root_bounds(low**2, layers + 1, bits)[0]:
                return -1
        return None

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

        For deep neural collapse, pairs of an even number of classes and the circle they are
        critical points of the linear model in all its factors ([GK25, Theorem 4] for the first),
        whether or not zero is better; for others, along the scale alone.
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
class Parallel(Network):
    """Factored networks side by side, of one output scale but each with its own factor scales.

    With L+1 factors each of squared norm c_b z^(2/(L+1)) in every block, the factors of the whole
    have the squared norm sum_b c_b z^(2/(L+1)), and no other scales do better: costs c add up
    (ours).
    """

    blocks: tuple[Factored, ...]

    @property
    def least_layers(self) -> int:
        return max(block.least_layers for block in self.blocks)

    def costs(self, layers: int) -> list[RepresentationCost]:
        """The exact P of each block."""
        return [block.representation_cost(layers) for block in self.blocks]

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

    def split(self, layers: int) -> tuple[int, list[RepresentationCost]]:
        """c as the sum of those c_b that are integers, and the P of the other blocks."""
        whole, rest = 0, []
        for cost in self.costs(layers):
            root = round(math.exp(cost.log / (layers + 1)))
            if cost.surd is not None and cost.compare(root ** (layers + 1)) == 0:
                whole += root
            else:
                rest.append(cost)
        return whole, rest

    def decided_by_integers(self, layers: int) -> bool:
        """Whether one root at most is left to compare, and that of a + b sqrt(d)."""
        rest = self.split(layers)[1]
        return not rest or len(rest) == 1 and rest[0].surd is not None

    def compare(self, layers: int, number: int) -> int | None:
        whole, rest = self.split(layers)
        if not rest or number <= whole:
            return sign(whole - number) if not rest else 1
        if len(rest) == 1:
            return rest[0].compare((number - whole) ** (layers + 1))
        for bits in PRECISIONS:
            low, high = self.cost_bounds(layers, bits)
            if low > number or high < number:
                return sign(low - number)
        return None

    def ranks(self, layers: int) -> Ranks:
        ranks = [block.ranks(layers) for block in self.blocks]
        return Ranks(*(tuple(map(sum, zip(*side, strict=True)))
                       for side in zip(*ranks, strict=True)))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        sizes = (block.hidden_sizes(layers) for block in self.blocks)
        return tuple(map(sum, zip(*sizes, strict=True)))

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        blocks = []
        for block, cost in zip(self.blocks, self.costs(layers), strict=True):
            matrices, log_norms = block.unit_factors(layers)
            # In `Centred` the last norm is what is missing from P.
            log_norms[-1] = cost.log - math.fsum(log_norms[:-1])
            blocks.append([math.exp((cost.log / (layers + 1) - norm) / 2) * matrix
                           for matrix, norm in zip(matrices, log_norms, strict=True)])
        return ([np.asarray(block_diag(*layer)) for layer in zip(*blocks, strict=True)],
                [self.log_cost(layers)] * (layers + 1))


@dataclass(frozen=True)
class Centred(Parallel):
    """The blocks of an MSE construction with the mean taken off its outputs: I - J/K for I.

    Cross-entropy does not see the same number added to all logits of a sample, so W_L may be
    replaced by (I - J/K) W_L, which takes |1^T W_L|^2 / K off its squared norm: K_b/K times
    `common_norm` for a block of K_b classes (ours).
    """

    blocks: tuple[Block, ...]

    @property
    def classes(self) -> int:
        """K."""
        return sum(block.classes for block in self.blocks)

    def costs(self, layers: int) -> list[RepresentationCost]:
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

    def ranks(self, layers: int) -> Ranks:
        return Ranks((self.classes - 1,), ()) if layers == 1 else super().ranks(layers)

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self.classes - 1,) if layers == 1 else super().hidden_sizes(layers)

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        if layers == 1:
            return Aligned(Simplex(self.blocks[0])).unit_factors(1)
        factors, log_norms = super().unit_factors(layers)
        factors[-1] = factors[-1] - factors[-1].mean(axis=0)
        return factors, log_norms


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
