"""The minimum behind a chain as an algebraic number, where that has a small polynomial.

On its face (see `nctheory.atlas.face`) a chain's minimum is a critical point of algebraic
functions, so P there is algebraic.  It is computed to hundreds of digits, and PSLQ
looks for an integer polynomial; one that fits many more digits than its coefficients have is
believed: observed, not proved.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from nctheory.atlas.face import KINK, Face, Orbits
from nctheory.atlas.search import Factors

Matrix = NDArray[np.float64]

DIGITS = 220
DEGREE = 10
# Digits that a polynomial must fit beyond those that any integers of its size would.
SPARE = 60
STEPS = 80


def minimum(factors: Factors, orbits: Orbits, digits: int = DIGITS) -> Any | None:
    """P at the critical point of the face next to a polished chain, as an mpmath number.

    Newton's method for the stationary point of log P + mu . kinks with the second derivatives of
    the start, in floats: each step gains what these are accurate to.  None where it does not
    converge.
    """
    face = Face(factors, orbits, KINK)
    start = face.variables(factors)
    keep = face.independent(start)
    n, step = len(start), 1e-5
    jacobian = face.kinks(start)[1][keep]
    weights = np.linalg.lstsq(jacobian.T, -face.cost(start)[1], rcond=None)[0]

    def slope(y: Any, mu: Any) -> Any:
        return face.cost(y)[1] + face.kinks(y)[1][keep].T @ mu

    second = np.array([(slope(start + step * e, weights) - slope(start - step * e, weights))
                       / (2 * step) for e in np.eye(n)])
    whole = np.block([[second, jacobian.T], [jacobian, np.zeros((len(keep), len(keep)))]])
    inverse = np.linalg.pinv(whole, rcond=1e-7)
    with mpmath.workdps(digits + 30):
        y, mu = _numbers(start), _numbers(weights)
        for _ in range(STEPS):
            residual = np.concatenate([slope(y, mu), face.kinks(y)[0][keep]])
            size = max(abs(r) for r in residual)
            if size < mpmath.mpf(10) ** -(digits + 5):
                return mpmath.exp(face.cost(y)[0])
            if size > 1:
                return None
            # The float inverse acts on residuals of any size, so they are scaled to 1 and back.
            move = size * _numbers(inverse @ (residual / size).astype(np.float64))
            y, mu = y - move[:n], mu - move[n:]
    return None


def _numbers(values: Matrix) -> Any:
    return np.array([mpmath.mpf(float(v)) for v in values], dtype=object)


def polynomial(number: Any, digits: int = DIGITS, degree: int = DEGREE) -> tuple[int, ...] | None:
    """Coefficients, highest first, of an integer polynomial with this root: the least degree
    that leaves `SPARE` digits; None: there is none.

    >>> with mpmath.workdps(100):
    ...     polynomial(1 + mpmath.sqrt(3), digits=100)
    (1, -2, -2)
    """
    for n in range(1, degree + 1):
        # Coefficients longer than this would fit any number.
        largest = 10 ** ((digits - SPARE) // (n + 1))
        with mpmath.workdps(digits):
            found = mpmath.pslq([number**i for i in range(n + 1)], maxcoeff=largest,
                                maxsteps=10**5)
        if found is not None and found[n]:
            sign = 1 if found[n] > 0 else -1
            return tuple(sign * int(c) for c in reversed(found))
    return None
