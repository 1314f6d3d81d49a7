"""Partial fits: collapsed networks whose outputs are not a multiple of the identity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from nctheory import integers, losses
from nctheory.activations import PiecewiseLinear
from nctheory.constructions.base import Construction
from nctheory.constructions.chain import integer_matrices
from nctheory.constructions.factors import Matrix, Network, Ranks
from nctheory.constructions.outputs import Identity
from nctheory.errors import InputError, require
from nctheory.exact import log, root_bounds, sign
from nctheory.integers import Integers
from nctheory.losses import Loss, Outputs


@dataclass(frozen=True, kw_only=True, eq=False)
class PartialFit(Network, Construction):
    r"""Factors H_1, W_1, ..., W_L given as rational matrices, with any outputs Z, tr Z > 0.

    At output scale a the fit is 1/(2K) |aZ - I|_F^2.  Take the scale where tr Z = |Z|_F^2 and
    call tau = tr Z / K <= 1 the share that is fitted (1: the outputs are the identity).  Then the
    fit is (1-tau)/2 + tau/2 (1-a)^2, so with c = P^(1/(L+1)), P the product of the squared norms,

        loss = (1-tau)/2 + tau f*(kappa / tau, L),   kappa = lam_eff n^(1/(L+1)) c,

    where deep neural collapse (DNC) has f*(lam_eff n^(1/(L+1)) K, L).  What decides near the
    decay at which DNC ceases, where f* = 1/2, is the ratio c / (tau K): below 1, the partial fit
    is better there than DNC and better than zero, and so it is for an interval of decays.  For
    matrices of any scale

        (c / (tau K))^(L+1) = P |Z|_F^(2(L-1)) / (tr Z)^(2L),

    a rational number, and the same with classes added whose outputs are zero.

    Parameters
    ----------
    matrices : sequence of array-likes of rationals
        H_1 (a x K), W_1 (b x a), ..., W_L (K x z).  Scales do not matter.
    name : str
        What tables call it.

    Raises
    ------
    InputError
        Where shapes do not fit, or tr Z <= 0.

    References
    ----------
    Ours.

    Examples
    --------
    Deep neural collapse of two classes out of three fits two thirds, and ties:

    >>> frame = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> part = PartialFit(matrices=[frame] * 3)
    >>> part.share, part.ratio_power
    (Fraction(2, 3), Fraction(1, 1))
    """

    matrices: Any
    name: str = "partial fit"
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        matrices = integer_matrices(self.matrices)
        require(len(matrices) >= 3, "matrices", "be H_1, W_1, ..., W_L with L >= 2",
                len(matrices))
        object.__setattr__(self, "matrices", matrices)
        object.__setattr__(self, "classes", matrices[0].shape[1])
        require(len(matrices[-1]) == self.classes, f"W_{self.layers}",
                f"have {self.classes} rows, one a class", len(matrices[-1]))
        require(self._trace > 0, "matrices", "have outputs of positive trace", self._trace)

    @property
    def layers(self) -> int:
        """L."""
        return len(self.matrices) - 1

    @property
    def least_layers(self) -> int:
        return self.layers

    @property
    def label(self) -> str:
        return self.name

    def outputs(self, loss: Loss) -> Outputs:
        if loss.centred:
            raise InputError(f"loss must be 'mse' for {self.label}, got {loss.word!r}")
        return Identity(self.classes, self.share)

    def network(self, loss: Loss, activation: PiecewiseLinear) -> Network:
        self.outputs(loss)
        if activation.leak:
            raise InputError(f"activation must be 'relu' for {self.label}, "
                             f"got {activation.word!r}")
        return self

    # --- exact ---

    @cached_property
    def means(self) -> tuple[Integers, ...]:
        """M_1, ..., M_L and Z of the integer factors."""
        return tuple(integers.forward(self.matrices))

    @cached_property
    def _trace(self) -> int:
        return sum(int(v) for v in np.diag(self.means[-1]))

    @cached_property
    def _square(self) -> int:
        return integers.squared_norm(self.means[-1])

    @cached_property
    def _norms(self) -> tuple[int, ...]:
        return tuple(map(integers.squared_norm, self.matrices))

    @property
    def share(self) -> Fraction:
        """tau = (tr Z)^2 / (K |Z|_F^2)."""
        return Fraction(self._trace**2, self.classes * self._square)

    @cached_property
    def cost_power(self) -> Fraction:
        """c^(L+1) = P at the scale where tr Z = |Z|_F^2."""
        return Fraction(math.prod(self._norms) * self._trace**2, self._square**2)

    @cached_property
    def ratio_power(self) -> Fraction:
        """(c / (tau K))^(L+1); below 1, DNC is beaten in an interval of decays."""
        return self.cost_power / (self.share * self.classes) ** (self.layers + 1)

    @property
    def ratio(self) -> float:
        """c / (tau K)."""
        return math.exp(log(self.ratio_power) / (self.layers + 1))

    def log_cost(self, layers: int) -> float:
        return log(self.cost_power) / (self._check_layers(layers) + 1)

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        return root_bounds(self.cost_power, self._check_layers(layers) + 1, bits)

    def compare(self, layers: int, number: int) -> int:
        return self.compare_product(layers, Fraction(number ** (layers + 1)))

    def compare_product(self, layers: int, number: Fraction) -> int:
        self._check_layers(layers)
        return sign(self.cost_power - number)

    def by_integers(self, layers: int) -> bool:
        return True

    def layer_ranks(self, layers: int) -> Ranks:
        self._check_layers(layers)
        *means, _ = self.means
        return Ranks(tuple(integers.rank(m) for m in means),
                     tuple(integers.rank(np.maximum(m, 0)) for m in means[1:]))

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        self._check_layers(layers)
        return tuple(len(matrix) for matrix in self.matrices[:-1])

    def _check_layers(self, layers: int) -> int:
        require(layers == self.layers, "layers", f"be {self.layers} for {self.label}", layers)
        return self.layers

    # --- floats ---

    def unit_factors(self, layers: int) -> tuple[list[Matrix], list[float]]:
        """At the scale where tr Z = |Z|_F^2."""
        self._check_layers(layers)
        matrices = [matrix.astype(np.float64) for matrix in self.matrices]
        scale = self._trace / self._square
        norms = [log(norm) for norm in self._norms]
        return ([*matrices[:-1], scale * matrices[-1]],
                [*norms[:-1], norms[-1] + 2 * math.log(scale)])

    def padded(self, classes: int) -> PartialFit:
        """The same with more classes, whose outputs are zero: `ratio_power` stays."""
        more = classes - self.classes
        if not more:
            return self
        first, *middle, last = self.matrices
        wide = np.hstack([first, np.zeros((len(first), more), dtype=object)])
        tall = np.vstack([last, np.zeros((more, last.shape[1]), dtype=object)])
        return PartialFit(matrices=[wide, *middle, tall],
                          name=f"{self.name} + {more} at zero")

    def onset(self) -> float | None:
        """The least share of the decay at which DNC ceases from which on the partial fit has
        lower loss than DNC; None where it never has.

        With s that share, DNC has f*(s kappa_c) and the partial fit
        (1-tau)/2 + tau f*(s kappa_c c/(tau K)).
        """
        from scipy.optimize import brentq

        if self.ratio_power >= 1:
            return None
        L, tau, ratio = self.layers, float(self.share), self.ratio
        critical = float(losses.critical_kappa(L))

        def excess(s: float) -> float:
            return float((1 - tau) / 2 + tau * losses.minimal_loss(s * critical * ratio, L)
                         - losses.minimal_loss(s * critical, L))

        return float(brentq(excess, 1e-12, 1.0, xtol=1e-12)) if excess(1e-12) > 0 else 0.0


def rounded(factors: Iterable[Matrix], digits: float) -> PartialFit:
    """Float factors, each rounded to integers of root mean square 10^digits."""
    return PartialFit(matrices=[np.rint(10**digits / math.sqrt(np.mean(f**2)) * f)
                                for f in factors])
