"""Balancedness: whether every factor carries the same share of the weight decay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def balancedness(parameters: Sequence[Array], decays: Sequence[float]) -> float:
    """max_l |lam_{l+1} |W_{l+1}|_F^2 - lam_l |W_l|_F^2| / max_l lam_l |W_l|_F^2, W_0 = H_1.

    0 at critical points of positively homogeneous networks without bias (standard: W_l and
    W_{l+1} can trade scale at no cost in fit); 0 by convention where all factors are zero.

    Examples
    --------
    >>> balancedness([np.eye(2), 2 * np.eye(2)], [0.4, 0.1])
    0.0
    """
    shares = np.array([decay * np.sum(np.square(p))
                       for decay, p in zip(decays, parameters, strict=True)])
    largest = float(shares.max())
    return float(np.abs(np.diff(shares)).max()) / largest if largest > 0 else 0.0
