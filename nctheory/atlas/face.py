"""Polishing on a face: where the kinks of a chain are held at 0, log P is a smooth function.

A chain near a minimum says which entries of the M_l are 0 there (kinks), which are on and
which off.  On this face sigma is a fixed mask, the kinks are equations, and entries exchanged
by a symmetry are one variable: sequential quadratic programming then converges to rounding.
"""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.optimize import NonlinearConstraint, minimize

from nctheory.atlas.search import Factors, evaluate, forward

Matrix = NDArray[np.float64]
Orbits = list[NDArray[np.int64]]

# An entry of M_l below this, relative to their root mean square, is a kink.
KINK = 1e-4
STEPS = 100


def polish(factors: Factors, orbits: Orbits, kink: float = KINK) -> Factors:
    """The minimum of the face that the chain lies on, or the chain where it is no better."""
    face = Face(factors, orbits, kink)
    start = face.variables(factors)
    keep = face.independent(start)
    zeros = NonlinearConstraint(lambda y: face.kinks(y)[0][keep], 0, 0,
                                jac=lambda y: face.kinks(y)[1][keep])
    found = minimize(face.cost, start, jac=True, method="SLSQP",
                     constraints=[zeros] if len(keep) else [],
                     options={"maxiter": STEPS, "ftol": 1e-14})
    polished = face.factors(found.x)
    return polished if evaluate(polished) < evaluate(factors) + 1e-12 else factors


def kinks(factors: Factors, kink: float = KINK) -> list[NDArray[np.bool_]]:
    """Where M_1, ..., M_L are 0 (M_1, which no sigma follows, nowhere)."""
    found = [np.abs(mean) < kink * math.sqrt(float(np.mean(mean**2)))
             for mean in forward(factors)]
    return [np.zeros_like(found[0]), *found[1:]]


class Face:
    """Variables (a value an orbit of entries), masks and kinks of a chain."""

    def __init__(self, factors: Factors, orbits: Orbits, kink: float) -> None:
        starts = np.cumsum([0, *(int(orbit.max()) + 1 for orbit in orbits)])
        self.orbits = [orbit + start for orbit, start in zip(orbits, starts, strict=False)]
        self.size = int(starts[-1])
        zeros = kinks(factors, kink)
        self.masks = [(mean > 0) & ~zero if layer else np.ones_like(zero)
                      for layer, (mean, zero) in enumerate(zip(forward(factors), zeros,
                                                               strict=True))]
        self.zeros = [(layer, i, k) for layer, zero in enumerate(zeros)
                      for i, k in np.argwhere(zero).tolist()]

    def variables(self, factors: Factors) -> Matrix:
        """The free shapes y of `factors`: one a symmetry orbit, each of mean square 1."""
        y = np.zeros(self.size)
        for factor, orbit in zip(factors, self.orbits, strict=True):
            y[orbit] = factor / math.sqrt(float(np.mean(factor**2)))
        return y

    def factors(self, y: Any) -> Factors:
        """H_1, W_1, ..., W_{L-1} from the free shapes: what `variables` took apart."""
        return [y[orbit] for orbit in self.orbits]

    def _forward(self, y: Any) -> tuple[list[Any], list[Any], list[Any]]:
        """Factors, means and what each factor is applied to, the last for W_L."""
        factors = self.factors(y)
        signals, means = [np.eye(factors[0].shape[1], dtype=int)], []
        for factor, mask in zip(factors, self.masks, strict=True):
            means.append(factor @ signals[-1])
            signals.append(means[-1] * mask)
        return factors, means, signals

    def _pull(self, factors: list[Any], signals: list[Any], layer: int, back: Any) -> Any:
        """The gradient of <back, M_layer+1> in the variables."""
        gradient = np.zeros(self.size, dtype=back.dtype)
        for i in range(layer, -1, -1):
            np.add.at(gradient, self.orbits[i], back @ signals[i].T)
            if i:
                back = (factors[i].T @ back) * self.masks[i - 1]
        return gradient

    def cost(self, y: Any) -> tuple[Any, Any]:
        """log P and its gradient: floats, or numbers of mpmath."""
        factors, _, signals = self._forward(y)
        inverse = _inverse(signals[-1].T @ signals[-1])
        trace = np.trace(inverse)
        if not trace > 0:
            return math.inf, np.zeros(self.size)
        value = _log(trace)
        back = (-2 / trace) * (signals[-1] @ inverse @ inverse) * self.masks[-1]
        gradient = self._pull(factors, signals, len(factors) - 1, back)
        for factor, orbit in zip(factors, self.orbits, strict=True):
            norm = np.sum(factor**2)
            value += _log(norm)
            np.add.at(gradient, orbit, (2 / norm) * factor)
        return value, gradient

    def kinks(self, y: Any) -> tuple[Any, Any]:
        """The entries that are to be 0, and their gradients."""
        factors, means, signals = self._forward(y)
        values = np.zeros(len(self.zeros), dtype=y.dtype)
        rows = np.zeros((len(self.zeros), self.size), dtype=y.dtype)
        for place, (layer, i, k) in enumerate(self.zeros):
            back = np.zeros(means[layer].shape, dtype=y.dtype)
            back[i, k] = 1
            values[place] = means[layer][i, k]
            rows[place] = self._pull(factors, signals, layer, back)
        return values, rows

    def independent(self, y: Matrix) -> NDArray[np.int64]:
        """Which kinks are independent equations: symmetry makes some equal, others hold."""
        _, rows = self.kinks(y)
        if len(rows) == 0:
            return np.zeros(0, dtype=np.int64)
        _, r, order = qr(rows.T, mode="economic", pivoting=True)
        sizes = np.abs(np.diag(r))
        return np.sort(order[:int(np.sum(sizes > 1e-6 * max(sizes[0], 1e-300)))])


def _log(number: Any) -> Any:
    return math.log(number) if isinstance(number, float) else mpmath.log(number)


def _inverse(gram: Any) -> Any:
    """The inverse of a Gram matrix, zeros where it has none."""
    if gram.dtype == object:
        inverse = mpmath.matrix(gram.tolist()) ** -1
        return np.array(inverse.tolist(), dtype=object).reshape(gram.shape)
    try:
        return np.linalg.inv(gram)
    except np.linalg.LinAlgError:
        return np.zeros_like(gram)
