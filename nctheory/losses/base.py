"""What a loss is: its values and derivatives on outputs, and its optimum along their scale."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nctheory.losses.margins import Margins

Array = NDArray[Any]
Labels = NDArray[np.int64]


class Outputs(ABC):
    """Class-mean outputs S (K x K) up to scale: column c holds the outputs of class c."""

    classes: int

    @property
    @abstractmethod
    def label(self) -> str:
        """What messages call them."""

    @abstractmethod
    def matrix(self) -> NDArray[np.float64]:
        """S."""

    @abstractmethod
    def spectrum(self) -> Mapping[Fraction, int]:
        """{theta: multiplicity}: the non-zero eigenvalues of S^T S."""

    @abstractmethod
    def margins(self) -> Margins:
        """The margins of S's columns."""

    @property
    def share(self) -> Fraction:
        """tau = (tr S)^2 / (K |S|_F^2) <= 1, what S can fit of I: 1 where S is I."""
        raise NotImplementedError

    def least_margin(self) -> tuple[Fraction, Fraction]:
        """Rational bounds on the least margin mu, equal where it is rational; 1 unless a family
        says otherwise."""
        return Fraction(1), Fraction(1)


class Factors(Protocol):
    """What a loss asks of the factors that make outputs of scale 1: the cost c = P^(1/(L+1))."""

    def cost_bounds(self, layers: int, bits: int = 64) -> tuple[Fraction, Fraction]:
        """Rationals lo <= c <= hi."""

    def compare_product(self, layers: int, number: Fraction) -> int | None:
        """The sign of P - number."""


class Loss(ABC):
    """A loss: the mean over samples of a function of a sample's outputs and its class.

    With P the least product of squared norms of L+1 factors that make S, the least loss of
    outputs beta S over the scales of the factors is that of

        fit(beta S) + 1/2 (L+1) kappa beta^(2/(L+1)),   kappa = lam_eff (n P)^(1/(L+1)).
    """

    # Whether adding the same number to all outputs of a sample changes nothing: then outputs
    # count up to their mean, and all classes share one scale.
    centred: bool
    # Whether the least loss of an exact fit increases with its cost: then exact comparisons of
    # costs decide at every weight decay, and where zero is optimal.
    ordered_by_cost: bool

    @property
    @abstractmethod
    def word(self) -> str:
        """The name by which `nctheory.losses.get` finds it again."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name in a sentence."""

    # --- on outputs Z (K x N) with the classes of their columns ---

    @abstractmethod
    def fit(self, outputs: Array, labels: Labels) -> Any:
        """The mean loss over the columns."""

    @abstractmethod
    def gradient(self, outputs: Array, labels: Labels) -> Array:
        """d fit / d Z (K x N)."""

    @abstractmethod
    def hessian(self, outputs: Array, change: Array) -> Array:
        """The derivative of `gradient` along `change`."""

    # --- along the scale ---

    @abstractmethod
    def zero(self, classes: int) -> float:
        """The fit of zero outputs."""

    @abstractmethod
    def optimum(self, outputs: Outputs, kappa: float, layers: int) -> tuple[float, float]:
        """(beta, loss) of the global minimum over beta >= 0; beta = 0 where zero is optimal."""

    @abstractmethod
    def critical_scales(self, outputs: Outputs, kappa: float, layers: int) -> list[float]:
        """All beta > 0 at which the loss is stationary, in increasing order."""

    @abstractmethod
    def zero_is_optimal(self, outputs: Outputs, factors: Factors, strength: Fraction,
                        layers: int, scale: float) -> bool | None:
        """Whether no scale has a loss below that of zero, by exact arithmetic; None: undecided.

        `strength` is lam_eff^(L+1) n; `scale` is the best scale that floats found.
        """

    # --- against deep neural collapse (DNC) ---

    @abstractmethod
    def dnc_cost(self, classes: int) -> int:
        """c of DNC (under a centred loss with ReLU a lower bound on it)."""

    @abstractmethod
    def cost_decides(self, outputs: Outputs) -> bool:
        """Whether c < `dnc_cost` means a lower loss than DNC's at every weight decay at which
        zero is not optimal."""
