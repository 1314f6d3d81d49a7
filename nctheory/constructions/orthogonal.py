"""Deep neural collapse: class means form an orthogonal frame in every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.base import Block
from nctheory.constructions.factors import Matrix, Ranks
from nctheory.errors import integer
from nctheory.exact import Theta
from nctheory.losses import Loss


@dataclass(frozen=True, kw_only=True)
class Orthogonal(Block):
    """Deep neural collapse (DNC): M_2 = W_2 = ... = W_L = I_K, so P = K^(L+1) and c = K.

    For cross-entropy the outputs are those of the simplex, alpha (I - J/K): c = K - 1 in the
    linear model, P = K^L (K-1) with ReLU (whatever mean the features have, see
    `nctheory.constructions.logits`).

    Parameters
    ----------
    classes : int
        K >= 1 (one class is a block of a direct sum).

    References
    ----------
    [SLM24] section 4, [GK25] for cross-entropy; the costs with ReLU are ours.

    Examples
    --------
    >>> from nctheory import Orthogonal, Problem
    >>> Orthogonal(classes=10).factors(3)
    [10, 10, 10, 10]
    >>> f"{Orthogonal(classes=10).loss(Problem(classes=10, layers=4)):.7f}"
    '0.0991799'
    >>> entropy = Problem(classes=10, layers=2, samples=5, weight_decay=2**-10, loss="ce",
    ...                   activation="linear")
    >>> f"{Orthogonal(classes=10).loss(entropy):.7f}"
    '0.0906622'
    """

    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", integer("classes", self.classes, 1))

    @property
    def label(self) -> str:
        return f"DNC {self.classes}"

    def under(self, activation: PiecewiseLinear) -> Orthogonal:
        return self  # nonnegative features: every (leaky) ReLU leaves them alone

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        return {Fraction(1): self.classes}

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        return (Fraction(self.classes),) * (layers - 1)

    def common_norm(self, layers: int) -> Fraction:
        return Fraction(1)

    def shapes(self, layers: int) -> list[Matrix]:
        return [np.eye(self.classes)] * layers

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self.classes,) * layers

    def layer_ranks(self, layers: int) -> Ranks:
        layers = self._check_layers(layers)
        return Ranks((self.classes,) * layers, (self.classes,) * (layers - 1))

    def described(self) -> Mapping[str, int]:
        return {"K": self.classes}

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Orthogonal:
        """The member of the family with `classes` classes: there is always just one."""
        return cls(classes=classes)
