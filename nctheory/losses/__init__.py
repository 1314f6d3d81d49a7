"""Losses, a loss a file, and the one registry of their names.

    mse               mean squared error
    ce                cross-entropy
    smoothed:epsilon=1/10   cross-entropy with label smoothing

Everything that needs a loss asks `get` for it; an unknown word is refused there, for all alike.
Beside the registry stand the closed forms as NumPy ufuncs: `minimal_loss`, `optimal_scale`,
`critical_kappa`, `zero_is_optimal` and `kappa` for mean squared error (see
`nctheory.losses.square`), `collapse_loss`, `pairs_loss` and the like for cross-entropy
(`nctheory.losses.entropy`, compiled on first use).
"""

from __future__ import annotations

import importlib
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nctheory.losses.base import Loss, Outputs
from nctheory.losses.cross_entropy import CrossEntropy
from nctheory.losses.label_smoothing import LabelSmoothing
from nctheory.losses.margins import Margins
from nctheory.losses.mse import MeanSquaredError
from nctheory.losses.square import (
    critical_kappa,
    kappa,
    minimal_loss,
    optimal_scale,
    zero_is_optimal,
)
from nctheory.specs import Kind, make

if TYPE_CHECKING:
    from nctheory.losses.entropy import collapse_fit as collapse_fit
    from nctheory.losses.entropy import collapse_loss as collapse_loss
    from nctheory.losses.entropy import collapse_scale as collapse_scale
    from nctheory.losses.entropy import pairs_fit as pairs_fit
    from nctheory.losses.entropy import pairs_loss as pairs_loss
    from nctheory.losses.entropy import pairs_scale as pairs_scale

_ENTROPY = ("collapse_fit", "collapse_loss", "collapse_scale", "pairs_fit", "pairs_loss",
            "pairs_scale")

__all__ = ["LOSSES", "Loss", "Margins", "Outputs", "critical_kappa", "get", "kappa",
           "minimal_loss", "optimal_scale", "zero_is_optimal", *_ENTROPY]

LOSSES: dict[str, Kind[Loss]] = {
    "mse": Kind(MeanSquaredError, examples=("mse",)),
    "ce": Kind(CrossEntropy, examples=("ce",)),
    "smoothed": Kind(LabelSmoothing, {"epsilon": ("epsilon", Fraction)},
                     ("smoothed:epsilon=1/10",)),
}


@lru_cache(maxsize=256)
def get(word: str) -> Loss:
    """The loss that a word names.

    Raises
    ------
    InputError
        Where there is no such loss, or a parameter is missing or outside its range.

    Examples
    --------
    >>> get("ce").dnc_cost(10), get("mse").dnc_cost(10)
    (9, 10)
    """
    return make("loss", word, LOSSES)


def __getattr__(name: str) -> Any:
    if name in _ENTROPY:
        return getattr(importlib.import_module("nctheory.losses.entropy"), name)
    raise AttributeError(f"module 'nctheory.losses' has no attribute {name!r}")
