"""What a construction is: a collapsed solution given by the shapes of its factors.

A construction states three things once and exactly, for each number of layers: the spectrum of
the Gram matrix of its first features M_2, the squared norms of W_2..W_L, and the explicit
matrices, all normalised so that the output is the identity.  Cost, loss, balanced weights and
certificates are derived here, for every construction alike.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from nctheory import losses
from nctheory.errors import choice, integer, require
from nctheory.exact import PRECISIONS, RepresentationCost, log, root_bounds, sign
from nctheory.problem import Problem

if TYPE_CHECKING:
    import sympy

    from nctheory.constructions.logits import Logits

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

    @abstractmethod
    def ranks(self, layers: int) -> Ranks:
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
        return integer("layers", layers, self.least_layers)


class Factored(Network):
    """A ReLU network given by the spectrum of its first features and the norms of its weights."""

    @abstractmethod
    def gram_spectrum(self, layers: int) -> Mapping[Any, int]:
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
        return self.representation_cost(layers).compare(number ** (layers + 1))

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
    scale = math.prod(network.squared_norms(layers), start=Fraction(1))
    return RepresentationCost(scale, network.gram_spectrum(layers))


def padded(matrices: Sequence[Matrix], needed: int, problem: Problem,
           label: str) -> list[Matrix]:
    """[M_1, W_1, ..., W_L] as [H_1, W_1, ..., W_L] of width d, n equal columns a class."""
    width = needed if problem.width is None else problem.width
    require(width >= needed, "width", f"be at least {needed} for {label} with {problem.layers} "
            "layers", width)
    first, *rest = matrices
    features = np.zeros((width, problem.classes * problem.balanced_samples))
    features[: len(first)] = np.repeat(first, problem.balanced_samples, axis=1)
    whole = [features]
    for layer, matrix in enumerate(rest, start=1):
        rows = problem.classes if layer == problem.layers else width
        weight = np.zeros((rows, width))
        weight[: matrix.shape[0], : matrix.shape[1]] = matrix
        whole.append(weight)
    return whole


class Construction(ABC):
    """A collapsed solution of the MSE DUFM with exact output z I_K, for any number of layers.

    Subclasses are either a `Block`, whose cost is one exact number, or a `DirectSum` of blocks.
    """

    classes: int
    activations: tuple[str, ...] = ("relu",)

    @property
    def least_layers(self) -> int:
        """The least L that the construction is defined for."""
        return 1

    @property
    @abstractmethod
    def label(self) -> str:
        """The construction in words, as tables print it: "triangular r=5 s=3"."""

    @abstractmethod
    def log_cost(self, layers: int) -> float:
        """log c(L) as a float."""

    @abstractmethod
    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        """Rationals lo <= c(L) <= hi, about 2^-bits apart relative to c."""

    @abstractmethod
    def compare_with_dnc(self, layers: int) -> int | None:
        """The sign of c(L) - K, decided exactly: -1 where the construction beats deep neural
        collapse, 0 for a tie, None where no bound separates the two."""

    @abstractmethod
    def ranks(self, layers: int) -> Ranks:
        """Ranks of M_1..M_L and of sigma(M_2)..sigma(M_L)."""

    @abstractmethod
    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        """The rows of M_1, ..., M_L."""

    @abstractmethod
    def scaled(self, problem: Problem) -> list[Matrix]:
        """[M_1, W_1, ..., W_L] of `weights`, with one column a class and no padding.

        `problem` may have more classes than the construction, which is then one of its blocks.
        """

    @abstractmethod
    def loss(self, problem: Problem) -> float:
        """The minimal loss over all scales of the factors, at most that of the zero solution:
        1/2 for MSE, log K for cross-entropy."""

    @abstractmethod
    def logits(self) -> Logits:
        """What the construction is for cross-entropy: the simplex, made by these features."""

    def cost(self, layers: int) -> float:
        """c(L), which ranks constructions for every weight decay: DNC has c = K."""
        return math.exp(self.log_cost(layers))

    def required_width(self, layers: int) -> int:
        """The least width d that the explicit matrices fit into."""
        return max(self.hidden_sizes(self._check_layers(layers)))

    def weights(self, problem: Problem) -> list[Matrix]:
        """[H_1, W_1, ..., W_L] at the optimal scale, balanced: lam_i |factor_i|_F^2 is equal.

        Shapes d x N, d x d (L-1 times), K x d, where d is `problem.width`, or just what the
        construction needs where that is None.  All zero where the zero solution is optimal.

        Raises
        ------
        InputError
            Where `problem` is not one of this construction's, or too narrow for it.
        """
        if problem.loss == "ce":
            return self.logits().weights(problem)
        self._check(problem)
        return padded(self.scaled(problem), self.required_width(problem.layers), problem,
                      self.label)

    def _check(self, problem: Problem) -> None:
        require(problem.classes == self.classes, "classes",
                f"be {self.classes} for {self.label}", problem.classes)
        choice("activation", problem.activation, self.activations)
        self._check_layers(problem.layers)

    def _check_layers(self, layers: int) -> int:
        return integer("layers", layers, self.least_layers)


class Block(Factored, Construction):
    r"""A construction whose factors share one output scale z.

    With the shapes fixed and their scales free, the arithmetic-geometric mean inequality over
    the L+1 regularised factors gives, for lam_eff = (lam_H lam_1 ... lam_L)^(1/(L+1)),

        loss(z) = 1/2 (1-z)^2 + 1/2 (L+1) kappa z^(2/(L+1)),
        kappa = lam_eff n^(1/(L+1)) c,  c = P^(1/(L+1)),  P = |M_2|_*^2 prod_{l>=2} |W_l|_F^2.

    Source: ours (THEORY: "one number, the representation cost").
    """

    def factors(self, layers: int) -> list[sympy.Expr]:
        """Exact squared norms of H_1, W_1, ..., W_L at output scale 1; their product is P.

        The pair (W_1, H_1) costs |W_1|_F^2 = |H_1|_F^2 = |M_2|_*, the nuclear norm.
        """
        import sympy

        norm = self.representation_cost(layers).nuclear_norm
        norms = self.squared_norms(layers)
        return [norm, norm, *(sympy.Rational(q.numerator, q.denominator) for q in norms)]

    @abstractmethod
    def common_norm(self, layers: int) -> Fraction:
        """|1^T W_L|_F^2 / K: what taking the mean off all outputs takes off |W_L|_F^2."""

    def logits(self) -> Logits:
        from nctheory.constructions.logits import Simplex

        return Simplex(self)

    def compare_with_dnc(self, layers: int) -> int | None:
        return self.compare(layers, self.classes)

    def kappa(self, problem: Problem) -> float:
        """lam_eff n^(1/(L+1)) c K/K_b: with L, all that the minimal loss depends on.

        K is the number of classes of `problem`, K_b that of the block: equal, unless the block
        is part of a direct sum.
        """
        if problem.loss == "ce":
            return self.logits().kappa(problem)
        L = problem.layers
        return float(losses.kappa((L + 1) * self.log_cost(L), problem.balanced_samples, L,
                                  problem.log_decay + math.log(problem.classes / self.classes)))

    def scale(self, problem: Problem) -> float:
        """The optimal output scale (0 where the zero solution is optimal)."""
        if problem.loss == "ce":
            return self.logits().scale(problem)
        return float(losses.optimal_scale(self.kappa(problem), problem.layers))

    def loss(self, problem: Problem) -> float:
        if problem.loss == "ce":
            return self.logits().loss(problem)
        self._check(problem)
        return float(losses.minimal_loss(self.kappa(problem), problem.layers))

    def is_zero(self, problem: Problem) -> bool | None:
        """Whether the zero solution is optimal, decided exactly.

        lam_eff^(L+1) n P (K/K_b)^(L+1) >= (L-1)^(L-1) / L^(2L), with the weight decays as the
        rational numbers that the floats are.  None where P could not be separated from the bound.
        """
        if problem.loss == "ce":
            return self.logits().is_zero(problem)
        L = problem.layers
        decay = math.prod(map(Fraction, problem.decays), start=Fraction(1))
        bound = Fraction((L - 1) ** (L - 1), L ** (2 * L))
        bound *= Fraction(self.classes, problem.classes) ** (L + 1)
        comparison = self.representation_cost(L).compare(
            bound / (decay * problem.balanced_samples))
        return None if comparison is None else comparison >= 0

    def scaled(self, problem: Problem) -> list[Matrix]:
        kappa, z = self.kappa(problem), self.scale(problem)
        if z == 0:
            return [np.zeros_like(matrix) for matrix in self.unit_factors(problem.layers)[0]]
        # lam_i t_i^2 |factor_i|^2 K/K_b = kappa z^(2/(L+1)) for every factor.
        log_share = (math.log(kappa) + 2 / (problem.layers + 1) * math.log(z)
                     - math.log(problem.classes / self.classes))
        return self.balanced(problem, log_share)


@dataclass(frozen=True)
class DirectSum(Construction):
    r"""Blocks on disjoint classes, K = sum K_b; classes are ordered block by block.

    With one common output scale the cost is exactly c = sum_b c_b.  Each block chooses its own
    scale, which can only lower the loss:

        loss = sum_b (K_b/K) f*(kappa_b, L),   kappa_b = lam_eff n^(1/(L+1)) c_b K/K_b,

    where a block with kappa_b >= kappa_c(L) drops out.  Source: ours.

    Examples
    --------
    >>> from nctheory import DirectSum, Orthogonal, Triangular
    >>> eleven = DirectSum([Triangular(vertices=5, subset=3), Orthogonal(classes=1)])
    >>> eleven.label, eleven.classes, eleven.compare_with_dnc(3)
    ('triangular r=5 s=3 + DNC 1', 11, -1)
    """

    blocks: tuple[Block, ...]
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        blocks = tuple(self.blocks)
        require(len(blocks) > 0, "blocks", "be at least one construction", self.blocks)
        for block in blocks:
            require(isinstance(block, Block), "blocks",
                    "be constructions, none itself a direct sum", block)
        object.__setattr__(self, "blocks", blocks)
        object.__setattr__(self, "classes", sum(block.classes for block in blocks))

    @property
    def least_layers(self) -> int:
        return max(block.least_layers for block in self.blocks)

    @property
    def label(self) -> str:
        return " + ".join(block.label for block in self.blocks)

    def log_cost(self, layers: int) -> float:
        return math.log(math.fsum(block.cost(layers) for block in self.blocks))

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        lows, highs = zip(*(b.cost_bounds(layers, bits) for b in self.blocks), strict=True)
        return sum(lows, Fraction(0)), sum(highs, Fraction(0))

    def compare_with_dnc(self, layers: int) -> int | None:
        signs = [block.compare_with_dnc(layers) for block in self.blocks]
        known = [s for s in signs if s is not None]
        if len(known) == len(signs):
            # Block against block is exact, and enough where none points the other way.
            if max(known) <= 0:
                return min(known)
            if min(known) >= 0:
                return max(known)
        for bits in PRECISIONS:
            low, high = self.cost_bounds(layers, bits)
            if low > self.classes or high < self.classes:
                return sign(low - self.classes)
        return None

    def ranks(self, layers: int) -> Ranks:
        ranks = [block.ranks(layers) for block in self.blocks]
        return Ranks(*(tuple(map(sum, zip(*side, strict=True)))
                       for side in zip(*ranks, strict=True)))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        sizes = (block.hidden_sizes(layers) for block in self.blocks)
        return tuple(map(sum, zip(*sizes, strict=True)))

    def logits(self) -> Logits:
        from nctheory.constructions.logits import Simplex

        return Simplex(self)

    def loss(self, problem: Problem) -> float:
        if problem.loss == "ce":
            return self.logits().loss(problem)
        self._check(problem)
        kappas = [block.kappa(problem) for block in self.blocks]
        shares = [block.classes / self.classes for block in self.blocks]
        return float(np.dot(shares, losses.minimal_loss(kappas, problem.layers)))

    def scaled(self, problem: Problem) -> list[Matrix]:
        blocks = (block.scaled(problem) for block in self.blocks)
        return [block_diag(*layer) for layer in zip(*blocks, strict=True)]
