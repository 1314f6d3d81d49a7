"""Balancedness: whether every factor carries the same share of the weight decay.

[JSWM25] call layers balanced where W_{l+1}^T W_{l+1} = W_l W_l^T, and look at how far a layer
is from being linear by how negative it is before its ReLU.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import require

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


def layer_balance(weight: Array, following: Array) -> float:
    """|A - B|_F / max(|A|_F, |B|_F), A = W_{l+1}^T W_{l+1}, B = W_l W_l^T; in [0, sqrt 2].

    0 for balanced layers [JSWM25]; the normalisation is ours, and its range is that of positive
    semi-definite matrices, whose inner product is never negative.

    Raises
    ------
    InputError
        Where the layers do not follow each other, or both are zero.

    Examples
    --------
    >>> layer_balance(np.eye(2), np.eye(2)), layer_balance(np.eye(2), 0 * np.eye(2))
    (0.0, 1.0)
    """
    require(following.shape[1:] == weight.shape[:1], "following",
            f"have {len(weight)} columns, one a row of the layer before", following.shape)
    above, below = following.T @ following, weight @ weight.T
    largest = max(float(np.linalg.norm(above)), float(np.linalg.norm(below)))
    require(largest > 0, "weights", "not both be zero", 0)
    return float(np.linalg.norm(above - below)) / largest


def negativity(features: Array) -> float:
    """|min(H, 0)|_F / |H|_F of features before their ReLU, in [0, 1]: 0 where it does nothing.

    After [JSWM25], who find that the layers of deep networks become less non-linear; the
    normalisation is ours. Raises `InputError` for H = 0.

    Examples
    --------
    >>> negativity(np.array([[3.0, -4.0]])), negativity(np.eye(2))
    (0.8, 0.0)
    """
    size = float(np.linalg.norm(features))
    require(size > 0, "features", "not all be zero", 0)
    return float(np.linalg.norm(np.minimum(features, 0))) / size
