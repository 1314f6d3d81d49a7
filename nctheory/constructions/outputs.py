"""The class-mean outputs of exact fits: the identity, and the simplex that its centring gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import require
from nctheory.losses.base import Outputs
from nctheory.losses.margins import Margins, simplex


@dataclass(frozen=True)
class Identity(Outputs):
    """S = I_K, or so much of it as has the share tau."""

    classes: int
    fitted: Fraction = Fraction(1)

    @property
    def label(self) -> str:
        return f"identity {self.classes}"

    @property
    def share(self) -> Fraction:
        return self.fitted

    def matrix(self) -> NDArray[np.float64]:
        return np.eye(self.classes)

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction(1): self.classes}

    def margins(self) -> Margins:
        return simplex(self.classes)


@dataclass(frozen=True)
class Simplex(Outputs):
    """S = I - J/K, all margins 1: what every exact fit becomes under a centred loss.

    References
    ----------
    [GK25] for deep neural collapse; with other features (ReLU) ours.
    """

    classes: int

    def __post_init__(self) -> None:
        require(self.classes >= 2, "classes", "be at least 2 for cross-entropy", self.classes)

    @property
    def label(self) -> str:
        return f"simplex {self.classes}"

    def matrix(self) -> NDArray[np.float64]:
        return np.eye(self.classes) - 1 / self.classes

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction(1): self.classes - 1}

    def margins(self) -> Margins:
        return simplex(self.classes)
