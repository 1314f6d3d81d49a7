"""Problem: sizes, regularisation, loss and activation of one unconstrained features model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from nctheory import activations, limits, losses
from nctheory.errors import InputError, integer, positive, show
from nctheory.tabular import Record, Tabular


@dataclass(frozen=True, kw_only=True)
class Problem(Tabular):
    r"""An L-layer deep unconstrained features model (DUFM) with K classes.

    Minimise over H_1 (d x N), W_1..W_{L-1} (d x d), W_L (K x d), with N = K n columns,

        fit(Z) + 1/2 lam_H |H_1|_F^2 + 1/2 sum_l lam_l |W_l|_F^2,
        H_2 = W_1 H_1,   H_{l+1} = W_l sigma(H_l),   Z = W_L sigma(H_L)

    (for L = 1, Z = W_1 H_1).  Columns are ordered class by class, n in a row.

    Parameters
    ----------
    classes : int
        K >= 2.
    layers : int
        L >= 1, the number of weight matrices.
    samples : int or sequence of K ints
        n >= 1, samples a class; K numbers where the classes are unequal (then N is their sum).
        Closed forms need equal classes and say so.
    width : int, optional
        d; None means as wide as the construction or the solver asks for.
    weight_decay : float or sequence of L+1 floats
        lam > 0 for every factor, or (lam_H, lam_1, ..., lam_L).
    loss : str
        A word of `nctheory.losses`: "mse": fit = |Z - Y|_F^2 / (2N) with Y = I_K kron 1_n^T;
        "ce": the mean over samples of -log softmax(z)_label.
    activation : str
        sigma, a positively homogeneous word of `nctheory.activations`: "relu", "linear",
        "leaky:a=1/10".

    Raises
    ------
    InputError
        Where an argument is outside its domain.

    References
    ----------
    [SLM24] section 3 for the MSE model; [GK25] section 2 for the cross-entropy model.

    Examples
    --------
    >>> problem = Problem(classes=10, layers=4)
    >>> problem.decays
    (0.004, 0.004, 0.004, 0.004, 0.004)
    >>> Problem(classes=1, layers=4)
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: classes must be an integer at least 2, got 1
    """

    classes: int
    layers: int
    samples: int | tuple[int, ...] = 1
    width: int | None = None
    weight_decay: float | tuple[float, ...] = 0.004
    loss: str = "mse"
    activation: str = "relu"

    def __post_init__(self) -> None:
        def settle(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        settle("classes", integer("classes", self.classes, 2))
        settle("layers", integer("layers", self.layers, 1, limits.LAYERS))
        settle("samples", _samples(self.samples, self.classes))
        if self.width is not None:
            settle("width", integer("width", self.width, 1))
        settle("weight_decay", _weight_decay(self.weight_decay, self.layers))
        settle("loss", losses.get(self.loss).word)
        settle("activation", activations.homogeneous(self.activation).word)

    def records(self) -> list[Record]:
        """One record: the arguments."""
        return [{field.name: getattr(self, field.name) for field in fields(self)}]

    @property
    def class_sizes(self) -> tuple[int, ...]:
        """(n_1, ..., n_K), always K numbers."""
        if isinstance(self.samples, tuple):
            return self.samples
        return (self.samples,) * self.classes

    @property
    def balanced_samples(self) -> int:
        """n, where all classes have the same size; an `InputError` where they have not."""
        if isinstance(self.samples, tuple):
            raise InputError("samples must be one number here (the formula is for classes of "
                             f"equal size), got {show(self.samples)}")
        return self.samples

    @property
    def decays(self) -> tuple[float, ...]:
        """(lam_H, lam_1, ..., lam_L), always L+1 numbers."""
        if isinstance(self.weight_decay, tuple):
            return self.weight_decay
        return (self.weight_decay,) * (self.layers + 1)

    @property
    def log_decay(self) -> float:
        """log lam_eff, lam_eff = (lam_H lam_1 ... lam_L)^(1/(L+1)), the geometric mean."""
        if not isinstance(self.weight_decay, tuple):
            return math.log(self.weight_decay)
        return math.fsum(map(math.log, self.weight_decay)) / (self.layers + 1)


def _samples(value: Any, classes: int) -> int | tuple[int, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return integer("samples", value, 1)
    sizes = tuple(integer(f"samples[{i}]", item, 1) for i, item in enumerate(value))
    if len(sizes) != classes:
        raise InputError(f"samples must be one number or classes = {classes} numbers, "
                         f"got {len(sizes)}: {show(sizes)}")
    return sizes if len(set(sizes)) > 1 else sizes[0]


def _weight_decay(value: Any, layers: int) -> float | tuple[float, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return positive("weight_decay", value)
    decays = tuple(positive(f"weight_decay[{i}]", item) for i, item in enumerate(value))
    if len(decays) != layers + 1:
        raise InputError(
            f"weight_decay must be one number or layers + 1 = {layers + 1} numbers "
            f"(H_1, then W_1..W_{layers}), got {len(decays)}: {show(decays)}"
        )
    return decays
