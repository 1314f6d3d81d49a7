"""Mean squared error: fit = |Z - Y|_F^2 / (2N)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nctheory.losses.base import Array, Factors, Labels, Loss, Outputs
from nctheory.losses.square import minimal_loss, optimal_scale


class MeanSquaredError(Loss):
    """fit = |Z - Y|_F^2 / (2N), Y the unit vectors of the classes.

    Outputs S with tr S = |S|_F^2 and share tau = tr S / K have at scale z the fit
    (1-tau)/2 + tau/2 (1-z)^2, so their least loss is (1-tau)/2 + tau f*(kappa/tau, L); f* is
    `nctheory.losses.minimal_loss`.  Source: ours.
    """

    centred = False
    ordered_by_cost = True
    word = "mse"
    title = "MSE"

    def fit(self, outputs: Array, labels: Labels) -> Any:
        residual = self._residual(outputs, labels)
        return np.sum(residual * residual) / (2 * outputs.shape[1])

    def gradient(self, outputs: Array, labels: Labels) -> Array:
        return np.asarray(self._residual(outputs, labels) / outputs.shape[1])

    def hessian(self, outputs: Array, change: Array) -> Array:
        return np.asarray(change / outputs.shape[1])

    def _residual(self, outputs: Array, labels: Labels) -> Array:
        return np.asarray(outputs - np.eye(len(outputs))[:, labels])

    def zero(self, classes: int) -> float:
        return 0.5

    def optimum(self, outputs: Outputs, kappa: float, layers: int) -> tuple[float, float]:
        tau = float(outputs.share)
        least = float(minimal_loss(kappa / tau, layers))
        # Apart, so that an exact fit keeps every digit.
        loss = least if tau == 1 else (1 - tau) / 2 + tau * least
        return float(optimal_scale(kappa / tau, layers)), loss

    def critical_scales(self, outputs: Outputs, kappa: float, layers: int) -> list[float]:
        from scipy.optimize import brentq  # slow to import

        strength, power = kappa / float(outputs.share), (layers - 1) / (layers + 1)

        def excess(z: float) -> float:
            return float((1 - z) * z**power - strength)

        top = (layers - 1) / (2 * layers)  # where the left side is largest
        if excess(top) <= 0:
            return []
        ends = [(0.0, top), (top, 1.0)] if layers > 1 else [(0.0, 1.0)]
        return [float(brentq(excess, a, b, xtol=1e-16, rtol=1e-15)) for a, b in ends]

    def zero_is_optimal(self, outputs: Outputs, factors: Factors, strength: Fraction,
                        layers: int, scale: float) -> bool | None:
        # strength P >= tau^(L+1) (L-1)^(L-1) / L^(2L)
        bound = Fraction((layers - 1) ** (layers - 1), layers ** (2 * layers))
        comparison = factors.compare_product(
            layers, bound * outputs.share ** (layers + 1) / strength)
        return None if comparison is None else comparison >= 0

    def dnc_cost(self, classes: int) -> int:
        return classes

    def cost_decides(self, outputs: Outputs) -> bool:
        return outputs.share == 1
