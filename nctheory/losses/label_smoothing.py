"""Cross-entropy with label smoothing: the targets are (1 - epsilon) e_c + epsilon/K 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nctheory.errors import require
from nctheory.losses.base import Array, Labels, Outputs
from nctheory.losses.cross_entropy import CrossEntropy
from nctheory.losses.margins import Margins


@dataclass(frozen=True)
class Smoothed(Margins):
    """Margins under label smoothing: the fit gains `tilt` times the scale."""

    epsilon: float

    @cached_property
    def tilt(self) -> float:
        """epsilon times the mean margin, the own class's (0) counted."""
        return float(self.epsilon / self.classes
                     * (self.shares @ (self.counts * self.margins).sum(axis=1)))

    def fit(self, scale: ArrayLike) -> Any:
        return super().fit(scale) + self.tilt * np.asarray(scale)

    def slope(self, scale: ArrayLike) -> Any:
        return super().slope(scale) - self.tilt

    def _log_slope(self, log_scale: Any) -> Any:
        # Beyond the scale of best fit the slope has the other sign: nothing is critical there.
        return np.log(np.maximum(np.exp(super()._log_slope(log_scale)) - self.tilt, 1e-300))

    def _bracket(self, kappa: float, q: float) -> tuple[float, float]:
        low, high = super()._bracket(kappa, q)
        most = float((self.counts * self.margins).sum(axis=1).max())
        # -g' <= most e^(-least b) falls to the tilt by then.
        return low, min(high, math.log(math.log(most / self.tilt) / self.least))


@dataclass(frozen=True)
class LabelSmoothing(CrossEntropy):
    r"""fit = the mean of -sum_j t_j log softmax(z)_j, t = (1 - epsilon) e_c + epsilon/K 1.

    Along the scale b of logits S it is the cross-entropy plus epsilon b m, m the mean margin
    (1/K^2) sum_c sum_j (S_cc - S_jc): convex, least at a finite scale.  For the simplex, whose
    margins are 1, that scale is log(1 + K (1-epsilon)/epsilon), where softmax equals the targets:
    no outputs fit better.  So as the weight decay tends to 0 deep neural collapse (DNC) beats
    all other margins, and c < K - 1 decides among constructions of the simplex alone (ours).

    Parameters
    ----------
    epsilon : Fraction
        0 < epsilon < 1.

    Examples
    --------
    >>> from nctheory import Orthogonal, Problem
    >>> problem = Problem(classes=10, layers=2, samples=5, weight_decay=2**-10,
    ...                   loss="smoothed:epsilon=0.1", activation="linear")
    >>> f"{Orthogonal(classes=10).loss(problem):.7f}"
    '0.5613392'
    """

    epsilon: Fraction

    def __post_init__(self) -> None:
        require(0 < self.epsilon < 1, "loss", "have an epsilon between 0 and 1", self.epsilon)

    @property
    def word(self) -> str:
        return f"smoothed:epsilon={self.epsilon}"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"cross-entropy with label smoothing {self.epsilon}"

    def fit(self, outputs: Array, labels: Labels) -> Any:
        # -log softmax of the mean target is larger than of the own class by the mean margin.
        own = outputs[labels, np.arange(outputs.shape[1])]
        mean_margin = np.mean(own - outputs.mean(axis=0))
        return super().fit(outputs, labels) + float(self.epsilon) * mean_margin

    def targets(self, classes: int) -> Array:
        share = float(self.epsilon)
        return (1 - share) * np.eye(classes) + share / classes

    def margins(self, outputs: Outputs) -> Smoothed:
        plain = outputs.margins()
        return Smoothed(plain.shares, plain.margins, plain.counts, float(self.epsilon))

    def _fit_above(self, outputs: Outputs, u: Fraction, beta: Fraction) -> Fraction:
        tilt = Fraction(self.margins(outputs).tilt) * (1 + Fraction(1, 2**40))
        return super()._fit_above(outputs, u, beta) + tilt * beta

    def cost_decides(self, outputs: Outputs) -> bool:
        return bool((outputs.margins().margins[outputs.margins().counts > 0] == 1).all())
