"""What a construction is: outputs up to scale, and a network of factors that makes them.

A construction states its geometry once and exactly; the loss and the activation say which
outputs count and which factors exist.  Cost, loss, balanced weights and the comparison with deep
neural collapse (DNC) are derived here, for every construction, loss and activation alike.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from scipy.linalg import block_diag

from nctheory import activations, losses
from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import (
    Aligned,
    CentrableBlock,
    Centred,
    Matrix,
    Network,
    Parallel,
    Ranks,
)
from nctheory.constructions.outputs import Identity, Simplex
from nctheory.errors import InputError, require
from nctheory.exact import decide, root_bounds
from nctheory.losses import Loss, Outputs
from nctheory.problem import Problem

if TYPE_CHECKING:
    import sympy


class Part(NamedTuple):
    """Classes that share one output scale: their outputs, and the factors that make these.

    With `problem` of K classes and K_b of them here, the part has of the whole loss the share
    K_b/K, and regularisation of strength kappa_b = lam_eff n^(1/(L+1)) c K/K_b.
    """

    network: Network
    outputs: Outputs

    def kappa(self, problem: Problem) -> float:
        """kappa_b: with L, all that the part's least loss depends on."""
        L = problem.layers
        return float(losses.kappa((L + 1) * self.network.log_cost(L), problem.balanced_samples, L,
                                  problem.log_decay + self._log_share(problem)))

    def optimum(self, problem: Problem) -> tuple[float, float]:
        """(output scale, loss) of the least loss; scale 0 where zero output is optimal."""
        return losses.get(problem.loss).optimum(self.outputs, self.kappa(problem),
                                                problem.layers)

    def is_zero(self, problem: Problem) -> bool | None:
        """Whether zero output is optimal, by exact arithmetic; None: undecided.

        The weight decays count as the rational numbers that the floats are.
        """
        strength = math.prod(map(Fraction, problem.decays), start=Fraction(1))
        strength *= problem.balanced_samples
        strength *= Fraction(problem.classes, self.outputs.classes) ** (problem.layers + 1)
        return losses.get(problem.loss).zero_is_optimal(
            self.outputs, self.network, strength, problem.layers, self.optimum(problem)[0])

    def factors(self, problem: Problem, scale: float) -> list[Matrix]:
        """[M_1, W_1, ..., W_L] at that output scale, balanced, one column a class."""
        L = problem.layers
        if scale == 0:
            return [np.zeros_like(matrix) for matrix in self.network.unit_factors(L)[0]]
        # lam_i |factor_i|^2 K/K_b = kappa_b z^(2/(L+1)) for every factor.
        log_norm = (math.log(self.kappa(problem)) + 2 / (L + 1) * math.log(scale)
                    - self._log_share(problem))
        return self.network.balanced(problem, log_norm)

    def _log_share(self, problem: Problem) -> float:
        return math.log(problem.classes / self.outputs.classes)


class Construction(ABC):
    """A collapsed solution of the deep unconstrained features model, for any number of layers.

    Subclasses say what their `outputs` and their `network` are, or refuse with a reason.  Where
    a method takes `loss` and `activation` they are words of `nctheory.losses` and
    `nctheory.activations`; without them, those of `home`, the model the construction is from.
    """

    classes: int
    home: ClassVar[tuple[str, str]] = ("mse", "relu")

    @property
    @abstractmethod
    def label(self) -> str:
        """The construction in words, as tables print it: "triangular r=5 s=3"."""

    @abstractmethod
    def outputs(self, loss: Loss) -> Outputs:
        """The class-mean outputs, up to scale.

        Raises
        ------
        InputError
            Where the construction is not one of that loss's.
        """

    @abstractmethod
    def network(self, loss: Loss, activation: PiecewiseLinear) -> Network:
        """The factors that make these outputs at scale 1.

        Raises
        ------
        InputError
            Where the construction is not one of that loss's and activation's.
        """

    def parts(self, loss: Loss, activation: PiecewiseLinear) -> Sequence[Part]:
        """Groups of classes that choose their output scales apart: one, unless it is a sum."""
        return [Part(self.network(loss, activation), self.outputs(loss))]

    @property
    def least_layers(self) -> int:
        """The least L that the construction is defined for, in the model it is from."""
        return self._factors(None, None).least_layers

    # --- costs ---

    def cost(self, layers: int, loss: str | None = None, activation: str | None = None) -> float:
        """c = (P / mu^2)^(1/(L+1)), mu the least margin of the outputs (1 for exact fits).

        It ranks constructions for every weight decay at once: DNC has c = K under MSE and
        c = K - 1 in the linear model under cross-entropy.
        """
        network = self._factors(loss, activation)
        if self._loss(loss).centred:
            margin = math.log(self.outputs(self._loss(loss)).margins().least)
            if margin:
                return math.exp(network.log_cost(layers) - margin * 2 / (layers + 1))
        found = math.exp(network.log_cost(layers))
        whole = round(found)
        # A cost that is a whole number, as that of DNC, is that number and not next to it.
        near = abs(found - whole) < 1e-9 * found and network.compare(layers, whole) == 0
        return float(whole) if near else found

    def compare_with_dnc(self, layers: int, loss: str | None = None,
                         activation: str | None = None) -> int | None:
        """The sign of c - c(DNC), decided exactly: -1 where the construction beats DNC at every
        weight decay at which zero is not optimal, 0 for a tie, None where no bound decides.

        Under a centred loss with ReLU c(DNC) is a lower bound (`nctheory.cross_entropy.relu`).
        """
        chosen = self._loss(loss)
        outputs, bound = self.outputs(chosen), chosen.dnc_cost(self.classes)
        if not chosen.cost_decides(outputs):
            return 1  # as the weight decay tends to 0, where DNC's better fit is all that counts
        network, (low, high) = self._factors(loss, activation), outputs.least_margin()
        if low == high == 1:
            return network.compare(layers, bound)

        def excess(bits: int) -> tuple[Fraction, Fraction]:
            below, above = network.cost_bounds(layers, bits)
            return (below - bound * root_bounds(high**2, layers + 1, bits)[1],
                    above - bound * root_bounds(low**2, layers + 1, bits)[0])

        return decide(excess, 0)

    def decided_by_integers(self, layers: int, loss: str | None = None,
                            activation: str | None = None) -> bool:
        """Whether `compare_with_dnc` needs integers alone, no rational bounds."""
        return (set(self.outputs(self._loss(loss)).least_margin()) == {Fraction(1)}
                and self._factors(loss, activation).by_integers(layers))

    def ranks(self, layers: int, loss: str | None = None,
              activation: str | None = None) -> Ranks:
        """Ranks of M_1..M_L and of sigma(M_2)..sigma(M_L)."""
        return self._factors(loss, activation).layer_ranks(layers)

    def required_width(self, layers: int, loss: str | None = None,
                       activation: str | None = None) -> int:
        """The least width d that the explicit matrices fit into."""
        return max(self._factors(loss, activation).hidden_sizes(layers))

    # --- losses ---

    def loss(self, problem: Problem) -> float:
        """The least loss over all scales of the factors, at most that of zero output."""
        parts = self._parts(problem)
        if len(parts) == 1:
            return parts[0].optimum(problem)[1]
        return float(np.dot([part.outputs.classes / problem.classes for part in parts],
                            [part.optimum(problem)[1] for part in parts]))

    def kappa(self, problem: Problem) -> float:
        """lam_eff (n P)^(1/(L+1)): with L, all that the least loss of one scale depends on."""
        return self._part(problem).kappa(problem)

    def scale(self, problem: Problem) -> float:
        """The output scale of least loss; 0 where zero output is optimal."""
        return self._part(problem).optimum(problem)[0]

    def critical_scales(self, problem: Problem) -> list[float]:
        """All scales > 0 at which the loss is stationary along them, in increasing order.

        For deep neural collapse, pairs of an even number of classes and the circle they are
        critical points of the linear model under cross-entropy in all its factors ([GK25,
        Theorem 4] for the first), whether or not zero is better.
        """
        part = self._part(problem)
        return losses.get(problem.loss).critical_scales(part.outputs, part.kappa(problem),
                                                        problem.layers)

    def is_zero(self, problem: Problem) -> bool | None:
        """Whether zero output is optimal, by exact arithmetic; None where that is undecided."""
        found = [part.is_zero(problem) for part in self._parts(problem)]
        if False in found:
            return False
        return None if None in found else True

    def weights(self, problem: Problem) -> list[Matrix]:
        """[H_1, W_1, ..., W_L] at the optimal scale, balanced: lam_i |factor_i|_F^2 is equal.

        Shapes d x N, d x d (L-1 times), K x d, where d is `problem.width`, or just what the
        construction needs where that is None.  All zero where the zero solution is optimal.

        Raises
        ------
        InputError
            Where `problem` is not one of this construction's, or too narrow for it.
        """
        return self._padded(problem, self.scaled(problem))

    def weights_at(self, problem: Problem, scale: float) -> list[Matrix]:
        """[H_1, W_1, ..., W_L] at an output scale of one's own choice, balanced."""
        return self._padded(problem, self._part(problem).factors(problem, scale))

    def scaled(self, problem: Problem) -> list[Matrix]:
        """[M_1, W_1, ..., W_L] of `weights`, with one column a class and no padding."""
        blocks = (part.factors(problem, part.optimum(problem)[0])
                  for part in self._parts(problem))
        return [np.asarray(block_diag(*layer)) for layer in zip(*blocks, strict=True)]

    # --- shared ---

    def _loss(self, word: str | None) -> Loss:
        return losses.get(self.home[0] if word is None else word)

    def _factors(self, loss: str | None, activation: str | None) -> Network:
        sigma = activations.homogeneous(self.home[1] if activation is None else activation)
        return self.network(self._loss(loss), sigma)

    def _parts(self, problem: Problem) -> Sequence[Part]:
        require(problem.classes == self.classes, "classes", f"be {self.classes} for {self.label}",
                problem.classes)
        return self.parts(losses.get(problem.loss), activations.homogeneous(problem.activation))

    def _part(self, problem: Problem) -> Part:
        parts = self._parts(problem)
        require(len(parts) == 1, "construction", "have one output scale here", self.label)
        return parts[0]

    def _padded(self, problem: Problem, factors: list[Matrix]) -> list[Matrix]:
        """The factors as matrices of width d, with n equal columns a class."""
        first, *rest = factors
        needed = self.required_width(problem.layers, problem.loss, problem.activation)
        width = needed if problem.width is None else problem.width
        require(width >= needed, "width", f"be at least {needed} for {self.label} with "
                f"{problem.layers} layers", width)
        features = np.zeros((width, problem.classes * problem.balanced_samples))
        features[: len(first)] = np.repeat(first, problem.balanced_samples, axis=1)
        whole = [features]
        for layer, matrix in enumerate(rest, start=1):
            rows = problem.classes if layer == problem.layers else width
            weight = np.zeros((rows, width))
            weight[: matrix.shape[0], : matrix.shape[1]] = matrix
            whole.append(weight)
        return whole


class ExactFit(Construction):
    """A construction with outputs z I_K, of blocks that choose their scales z apart."""

    if TYPE_CHECKING:
        @property
        def blocks(self) -> Sequence[Block]:
            """The blocks of a direct sum, or the one that this is."""

    def outputs(self, loss: Loss) -> Outputs:
        return Simplex(self.classes) if loss.centred else Identity(self.classes)

    def network(self, loss: Loss, activation: PiecewiseLinear) -> Network:
        outputs = self.outputs(loss)
        blocks = tuple(block.under(activation) for block in self.blocks)
        if not loss.centred:
            return blocks[0] if len(blocks) == 1 else Parallel(blocks)
        return Aligned(outputs) if activation.linear else Centred(blocks)

    def parts(self, loss: Loss, activation: PiecewiseLinear) -> Sequence[Part]:
        if loss.centred:
            return super().parts(loss, activation)
        return [Part(block.under(activation), Identity(block.classes)) for block in self.blocks]


class Block(CentrableBlock, ExactFit):
    r"""An exact fit whose factors share one output scale z.

    With the shapes fixed and their scales free, the arithmetic-geometric mean inequality over
    the L+1 regularised factors gives, for lam_eff = (lam_H lam_1 ... lam_L)^(1/(L+1)),

        loss(z) = 1/2 (1-z)^2 + 1/2 (L+1) kappa z^(2/(L+1)),
        kappa = lam_eff n^(1/(L+1)) c,  c = P^(1/(L+1)),  P = |M_2|_*^2 prod_{l>=2} |W_l|_F^2.

    Source: ours (THEORY: "one number, the representation cost").
    """

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block itself, the only one."""
        return (self,)

    def under(self, activation: PiecewiseLinear) -> Block:
        """The block in the model with that activation: itself with ReLU, unless it says more.

        Raises
        ------
        InputError
            Where the features are not defined with that activation.
        """
        if activation.leak:
            raise InputError(f"activation must be 'relu' for {self.label}, "
                             f"got {activation.word!r}")
        return self

    def factors(self, layers: int) -> list[sympy.Expr]:
        """Exact squared norms of H_1, W_1, ..., W_L at output scale 1; their product is P.

        The pair (W_1, H_1) costs |W_1|_F^2 = |H_1|_F^2 = |M_2|_*, the nuclear norm.
        """
        import sympy

        norm = self.representation_cost(layers).nuclear_norm
        norms = self.squared_norms(layers)
        return [norm, norm, *(sympy.Rational(q.numerator, q.denominator) for q in norms)]

    def described(self) -> Mapping[str, Any] | None:
        """How certificates name the block where they know its family: {"K": 3}, {"r": 5, "s": 3}.

        None: it is certified by integer matrices, rounded from its factors.
        """
        return None


@dataclass(frozen=True)
class DirectSum(ExactFit):
    r"""Blocks on disjoint classes, K = sum K_b; classes are ordered block by block.

    With one common output scale the cost is exactly c = sum_b c_b.  Under MSE each block chooses
    its own scale, which can only lower the loss:

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
    def label(self) -> str:
        return " + ".join(block.label for block in self.blocks)

    def log_cost(self, layers: int) -> float:
        """log c(L) under MSE, of one common scale."""
        return self._factors(None, None).log_cost(layers)

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        """Rationals lo <= c(L) <= hi."""
        return self._factors(None, None).cost_bounds(layers, bits)

    def compare_with_dnc(self, layers: int, loss: str | None = None,
                         activation: str | None = None) -> int | None:
        if not self._loss(loss).centred:
            signs = [block.compare_with_dnc(layers, loss, activation) for block in self.blocks]
            known = [s for s in signs if s is not None]
            if len(known) == len(signs):
                # Block against block is exact, and enough where none points the other way.
                if max(known) <= 0:
                    return min(known)
                if min(known) >= 0:
                    return max(known)
        return super().compare_with_dnc(layers, loss, activation)
