"""Factors of collapsed solutions: exact squared norms, explicit matrices, and their product P.

A network of factors knows nothing of losses or data: for each number of layers it states what
its outputs of scale 1 cost.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from nctheory import limits
from nctheory.constructions.outputs import Simplex
from nctheory.constructions.schatten import SchattenCost
from nctheory.errors import integer
from nctheory.exact import RepresentationCost, Theta, decide, log, product, root_bounds, sign
from nctheory.losses.base import Outputs
from nctheory.problem import Problem

Matrix = NDArray[np.float64]


class Ranks(NamedTuple):
    """Ranks of the class means: M_1..M_L before sigma, sigma(M_2)..sigma(M_L) after it."""

    before: tuple[int, ...]
    after: tuple[int, ...]


class Network(ABC):
    """Factors [M_1, W_1, ..., W_L] of a collapsed solution, for each number of layers.

    P, the product of their squared norms at output scale 1, is the least that any scales of the
    factors give: by the inequality of arithmetic and geometric means the regularisation is
    1/2 (L+1) kappa z^(2/(L+1)) at output scale z, kappa = lam_eff (n P)^(1/(L+1)).
    """

    @property
    def least_layers(self) -> int:
        """The least L that the factors are defined for."""
        return 1

    @abstractmethod
    def log_cost(self, layers: int) -> float:
        """log c(L) = log P / (L+1) as a float."""

    @abstractmethod
    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        """Rationals lo <= c(L) <= hi, about 2^-bits apart relative to c."""

    @abstractmethod
    def compare(self, layers: int, number: int) -> int | None:
        """The sign of c(L) - number, exact, or None where no bound separates the two."""

    def compare_product(self, layers: int, number: Fraction) -> int | None:
        """The sign of P - number, exact, or None where no bound separates the two."""
        def bounds(bits: int) -> tuple[Fraction, Fraction]:
            low, high = self.cost_bounds(layers, bits)
            return low ** (layers + 1), high ** (layers + 1)

        return decide(bounds, number)

    def by_integers(self, layers: int) -> bool:
        """Whether `compare` needs no more than integers: one irrational root at most."""
        return False

    @abstractmethod
    def layer_ranks(self, layers: int) -> Ranks:
        """Ranks of M_1..M_L and of sigma(M_2)..sigma(M_L)."""

    @abstractmethod
    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        """The rows of M_1, ..., M_L."""

    @abstractmethod
    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        """[M_1, W_1, ..., W_L] with output scale 1, and the logarithms of their squared norms."""

    def balanced(self, problem: Problem, log_share: float) -> list[Matrix]:
        """`unit_factors` rescaled to lam_i |factor_i|_F^2 = e^log_share, M_1 standing for n
        columns a class."""
        matrices, log_norms = self.unit_factors(problem.layers)
        log_norms[0] += math.log(problem.balanced_samples)
        return [math.exp((log_share - math.log(decay) - log_norm) / 2) * matrix
                for decay, log_norm, matrix in zip(problem.decays, log_norms, matrices,
                                                   strict=True)]

    def _check_layers(self, layers: int) -> int:
        return integer("layers", layers, self.least_layers, limits.LAYERS)


class Factored(Network):
    """A network given by the spectrum of its first features and the norms of its weights."""

    @abstractmethod
    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        """{theta: multiplicity}: the non-zero eigenvalues of M_2^T M_2 (of Z^T Z for L = 1)."""

    @abstractmethod
    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        """(|W_2|_F^2, ..., |W_L|_F^2)."""

    @abstractmethod
    def shapes(self, layers: int) -> list[Matrix]:
        """[M_2, W_2, ..., W_L] with W_L sigma(... sigma(M_2)) the outputs of scale 1 ([Z] for
        L = 1)."""

    def representation_cost(self, layers: int) -> RepresentationCost:
        """P(L) as an exact number: `.expression` (sympy), `.log`, `.bounds`, `.compare`."""
        return _representation_cost(self, self._check_layers(layers))

    def log_cost(self, layers: int) -> float:
        return self.representation_cost(layers).log / (layers + 1)

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        low, high = self.representation_cost(layers).bounds(bits)
        return root_bounds(low, layers + 1, bits)[0], root_bounds(high, layers + 1, bits)[1]

    def compare(self, layers: int, number: int) -> int | None:
        return self.compare_product(layers, Fraction(number ** (layers + 1)))

    def compare_product(self, layers: int, number: Fraction) -> int | None:
        return self.representation_cost(layers).compare(number)

    def by_integers(self, layers: int) -> bool:
        return self.representation_cost(layers).surd is not None

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        first, *rest = self.shapes(layers)
        # M_2 = W_1 M_1 with both factors of squared norm |M_2|_*.
        u, s, vt = np.linalg.svd(first, full_matrices=False)
        rank = sum(self.gram_spectrum(layers).values())
        root = np.sqrt(s[:rank])
        nuclear = math.log(s[:rank].sum())
        return ([root[:, None] * vt[:rank], u[:, :rank] * root, *rest],
                [nuclear, nuclear, *map(log, self.squared_norms(layers))])


@lru_cache(maxsize=4096)
def _representation_cost(network: Factored, layers: int) -> RepresentationCost:
    # Tables ask for the same few constructions over and over.
    scale = product(network.squared_norms(layers))
    return RepresentationCost(scale, network.gram_spectrum(layers))


class Aligned(Network):
    """The best factors of S in the linear model: all with singular values s_i^(1/(L+1)).

    References
    ----------
    [GK25] Lemma 1.
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs

    def representation_cost(self, layers: int) -> SchattenCost:
        """P(L) as an exact number."""
        return SchattenCost(self._check_layers(layers) + 1, self._outputs.spectrum())

    def log_cost(self, layers: int) -> float:
        return self.representation_cost(layers).log / (layers + 1)

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        return self.representation_cost(layers).root_bounds(bits)

    def compare(self, layers: int, number: int) -> int | None:
        return self.representation_cost(layers).compare_root(number)

    def by_integers(self, layers: int) -> bool:
        return self.representation_cost(layers).decided_by_integers

    @property
    def _rank(self) -> int:
        return sum(self._outputs.spectrum().values())

    def layer_ranks(self, layers: int) -> Ranks:
        return Ranks((self._rank,) * layers, (self._rank,) * (layers - 1))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self._rank,) * layers

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        u, s, vt = np.linalg.svd(self._outputs.matrix())
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

    blocks: Sequence[Factored]

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

    def by_integers(self, layers: int) -> bool:
        rest = self.split(layers)[1]
        return not rest or len(rest) == 1 and rest[0].surd is not None

    def compare(self, layers: int, number: int) -> int | None:
        whole, rest = self.split(layers)
        if not rest or number <= whole:
            return sign(whole - number) if not rest else 1
        if len(rest) == 1:
            return rest[0].compare((number - whole) ** (layers + 1))
        return decide(lambda bits: self.cost_bounds(layers, bits), number)

    def layer_ranks(self, layers: int) -> Ranks:
        ranks = [block.layer_ranks(layers) for block in self.blocks]
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


class CentrableBlock(Factored):
    """Factors of outputs I_K, of which it is known what taking their mean off saves."""

    classes: int

    @abstractmethod
    def common_norm(self, layers: int) -> Fraction:
        """|1^T W_L|_F^2 / K: what taking the mean off all outputs takes off |W_L|_F^2."""


@dataclass(frozen=True)
class Centred(Parallel):
    """Blocks of outputs I with the mean of all K classes taken off: I - J/K.

    Cross-entropy does not see the same number added to all logits of a sample, so W_L may be
    replaced by (I - J/K) W_L, which takes |1^T W_L|^2 / K off its squared norm: K_b/K times
    `common_norm` for a block of K_b classes (ours).
    """

    blocks: Sequence[CentrableBlock]

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

    def layer_ranks(self, layers: int) -> Ranks:
        return Ranks((self.classes - 1,), ()) if layers == 1 else super().layer_ranks(layers)

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self.classes - 1,) if layers == 1 else super().hidden_sizes(layers)

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        if layers == 1:
            return Aligned(Simplex(self.classes)).unit_factors(1)
        factors, log_norms = super().unit_factors(layers)
        factors[-1] = factors[-1] - factors[-1].mean(axis=0)
        return factors, log_norms
