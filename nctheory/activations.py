"""The one registry of activations sigma: an activation a class, a name a line.

    relu, linear, tanh     by name
    leaky:a=1/10           leaky ReLU of slope a left of 0; a = 0 is relu, a = 1 is linear

Everything that needs sigma asks `get` for it; an unknown word is refused there, for all alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError
from nctheory.specs import Kind, make

Array = NDArray[Any]


class Activation(ABC):
    """sigma, applied entry by entry, with sigma(0) = 0."""

    word: str
    title: str  # the name in a sentence
    homogeneous: bool
    kink: tuple[float, float] | None

    @abstractmethod
    def __call__(self, features: Array) -> Array:
        """sigma(H)."""

    @abstractmethod
    def slope(self, features: Array) -> Array:
        """sigma'(H); at a kink the slope from the left."""


@dataclass(frozen=True)
class PiecewiseLinear(Activation):
    """sigma(x) = max(x, a x), 0 <= a <= 1: positively homogeneous, as the closed forms need.

    Parameters
    ----------
    leak : Fraction
        a, the slope left of 0.

    Examples
    --------
    >>> leaky = PiecewiseLinear(Fraction(1, 4))
    >>> leaky.word, leaky.kink, leaky(np.array([-2.0, 3.0])).tolist()
    ('leaky:a=1/4', (0.25, 1.0), [-0.5, 3.0])
    """

    leak: Fraction
    homogeneous = True

    def __post_init__(self) -> None:
        if not 0 <= self.leak <= 1:
            raise InputError(f"activation must have a slope a between 0 and 1, got {self.leak}")

    @property
    def word(self) -> str:  # type: ignore[override]
        """The name by which `get` finds it again."""
        if self.leak in (0, 1):
            return "linear" if self.leak else "relu"
        return f"leaky:a={self.leak}"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The name in a sentence."""
        if self.leak in (0, 1):
            return "linear" if self.leak else "ReLU"
        return f"leaky ReLU of slope {self.leak}"

    @property
    def linear(self) -> bool:
        """a = 1."""
        return self.leak == 1

    @property
    def kink(self) -> tuple[float, float] | None:  # type: ignore[override]
        """The slopes that the Clarke subdifferential allows at 0; None where there is no kink."""
        return None if self.linear else (float(self.leak), 1.0)

    def __call__(self, features: Array) -> Array:
        return features * self.slope(features)

    def slope(self, features: Array) -> Array:
        # Complex entries go by their real part: complex steps differentiate through sigma.
        if self.linear:
            return np.ones(features.shape)
        return np.where(features.real > 0, 1.0, float(self.leak))


@dataclass(frozen=True)
class Tanh(Activation):
    """sigma = tanh, for trained networks: the closed forms of the model refuse it."""

    word = title = "tanh"
    homogeneous = False
    kink = None

    def __call__(self, features: Array) -> Array:
        return np.asarray(np.tanh(features))

    def slope(self, features: Array) -> Array:
        return np.asarray(1 - np.tanh(features) ** 2)


ACTIVATIONS: dict[str, Kind[Activation]] = {
    "relu": Kind(lambda: PiecewiseLinear(Fraction(0)), examples=("relu",)),
    "linear": Kind(lambda: PiecewiseLinear(Fraction(1)), examples=("linear",)),
    "leaky": Kind(PiecewiseLinear, {"a": ("leak", Fraction)}, ("leaky:a=1/10",)),
    "tanh": Kind(Tanh, examples=("tanh",)),
}


@lru_cache(maxsize=256)
def get(word: str) -> Activation:
    """The activation that a word names.

    Raises
    ------
    InputError
        Where there is no such activation, or its slope is outside [0, 1].

    Examples
    --------
    >>> get("leaky:a=0.1").word, get("leaky:a=0") == get("relu")
    ('leaky:a=1/10', True)
    """
    return make("activation", word, ACTIVATIONS)


def homogeneous(word: str) -> PiecewiseLinear:
    """The same, of those that the unconstrained features model is defined for.

    Raises
    ------
    InputError
        Where sigma(t x) = t sigma(x) does not hold for all t > 0: then no scales of the factors
        can be taken out, and no closed form holds.
    """
    found = get(word)
    if not isinstance(found, PiecewiseLinear):
        raise InputError("activation must be positively homogeneous here (relu, linear, leaky), "
                         f"got {found.word!r}")
    return found
