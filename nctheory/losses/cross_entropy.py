"""Cross-entropy: fit = the mean over samples of -log softmax(z)_label."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from nctheory.exact import log_bounds, root_bounds
from nctheory.losses.base import Array, Factors, Labels, Loss, Outputs
from nctheory.losses.margins import Margins

BITS = 64


class CrossEntropy(Loss):
    """fit = the mean over samples of -log softmax(z)_label.

    With mu the least margin of outputs S, c = (P / mu^2)^(1/(L+1)) < K - 1 beats deep neural
    collapse at every weight decay at which zero is not optimal, since at equal least margins
    the fit is no worse; c > K - 1 does not for small weight decay (ours).
    """

    centred = True
    ordered_by_cost = False
    title = "cross-entropy"

    @property
    def word(self) -> str:
        return "ce"

    def fit(self, outputs: Array, labels: Labels) -> Any:
        columns = np.arange(outputs.shape[1])
        # Against the own class's logit: with small losses nothing is lost to cancellation.
        excess = outputs - outputs[labels, columns]
        top = excess.max(axis=0).real
        shifted = np.exp(excess - top)
        own = np.where(top == 0, 1.0, 0.0)
        shifted[labels, columns] -= own
        rest = np.sum(shifted, axis=0)
        return np.sum(np.where(top == 0, np.log1p(rest), top + np.log(rest + own))) / len(columns)

    def gradient(self, outputs: Array, labels: Labels) -> Array:
        columns = outputs.shape[1]
        return np.asarray((softmax(outputs) - self.targets(len(outputs))[:, labels]) / columns)

    def hessian(self, outputs: Array, change: Array) -> Array:
        p = softmax(outputs)
        mean = np.sum(p * change, axis=-2, keepdims=True)
        return np.asarray(p * (change - mean) / outputs.shape[1])

    def targets(self, classes: int) -> Array:
        """What softmax is compared with: column c for class c."""
        return np.eye(classes)

    def zero(self, classes: int) -> float:
        return math.log(classes)

    def margins(self, outputs: Outputs) -> Margins:
        """The fit along the scale of these outputs."""
        return outputs.margins()

    def optimum(self, outputs: Outputs, kappa: float, layers: int) -> tuple[float, float]:
        return self.margins(outputs).optimum(kappa, layers)

    def critical_scales(self, outputs: Outputs, kappa: float, layers: int) -> list[float]:
        return self.margins(outputs).critical_scales(kappa, layers)

    def zero_is_optimal(self, outputs: Outputs, factors: Factors, strength: Fraction,
                        layers: int, scale: float) -> bool | None:
        """False where rational bounds show the loss at the best scale found below log K.

        With e^-beta a rational u, the powers of u, their logarithms and the roots are enclosed
        by rationals.  None where the bounds do not decide (as next to the weight decay at which
        zero becomes optimal): that zero *is* optimal is never shown.
        """
        u = Fraction(math.exp(-scale))
        if scale == 0 or u == 0:
            return None
        beta = -log_bounds(u, BITS)[0]
        root = root_bounds(strength, layers + 1, 2 * BITS)[1]
        cost = factors.cost_bounds(layers, BITS)[1]
        power = root_bounds(beta**2, layers + 1, BITS)[1]
        loss = self._fit_above(outputs, u, beta) + Fraction(layers + 1, 2) * root * cost * power
        return False if loss < log_bounds(Fraction(outputs.classes), BITS)[0] else None

    def _fit_above(self, outputs: Outputs, u: Fraction, beta: Fraction) -> Fraction:
        """A rational above the fit at scale beta, where u <= e^-beta is within 2^-BITS."""
        margins, fit = outputs.margins(), Fraction(0)
        for share, gaps, counts in zip(margins.shares, margins.margins, margins.counts,
                                       strict=True):
            total = Fraction(1)
            for gap, count in zip(gaps, counts, strict=True):
                # Rounding a margin down, here to eighths, can only raise the fit.
                eighths = math.floor(8 * gap * (1 - 2**-40))
                power = u ** int(gap) if gap % 1 == 0 else root_bounds(u**eighths, 8, BITS)[1]
                total += Fraction(count) * power
            fit += Fraction(share) * (1 + Fraction(1, 2**50)) * log_bounds(total, BITS)[1]
        return fit

    def dnc_cost(self, classes: int) -> int:
        return classes - 1

    def cost_decides(self, outputs: Outputs) -> bool:
        return True


def softmax(outputs: Array) -> Array:
    """exp(z) / sum exp(z) of each column."""
    powers = np.exp(outputs - outputs.max(axis=0).real)
    return np.asarray(powers / powers.sum(axis=0))
