"""When ReLU cannot help: the linear model's regularisation as a bound, and its assumption.

If ReLU raises no quasi-norm |H_l|_p with p = 2/l on the way, l = 2..L, then

    1/2 sum_i lam_i |factor_i|_F^2 >= 1/2 lam_eff (L+1) sum_i s_i(Z)^(2/(L+1)),

s_i the singular values of the outputs Z (K x N).  Proof: |W_1|^2 + |H_1|^2 >= 2 |H_2|_1, and
l |sigma(H_l)|_(2/l)^(2/l) + |W_l|^2 >= (l+1) |W_l sigma(H_l)|_(2/(l+1))^(2/(l+1)) for
each layer in turn; unequal decays are a rescaling of the factors, which ReLU lets through.  So
deep neural collapse costs at least c = K - 1.  [GK25] makes an assumption to this end
(Assumption 1); this one is sufficient, and is checked on any parameters here (ours in this form).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import network
from nctheory.constructions import Pairs
from nctheory.cross_entropy.direct import ROUNDING
from nctheory.errors import require
from nctheory.problem import Problem


class Shrinkage(NamedTuple):
    """The assumption on one set of parameters, and the bound that it gives.

    `ratios[l-2]` is |sigma(H_l)|_p^p / |H_l|_p^p, p = 2/l; the assumption holds where none exceeds
    1 (by more than rounding).  `bound` is the right-hand side, `regularisation` the left one.
    """

    ratios: tuple[float, ...]
    holds: bool
    regularisation: float
    bound: float


def schatten_power(matrix: NDArray[np.float64], p: float) -> float:
    """sum_i s_i^p over the singular values that are more than rounding."""
    s = np.linalg.svd(matrix, compute_uv=False)
    return float(np.sum(s[s > max(ROUNDING * s[0], 1e-300)] ** p))


def shrinkage(parameters: Sequence[ArrayLike], problem: Problem) -> Shrinkage:
    """Check the assumption on the parameters [H_1, W_1, ..., W_L].

    Raises
    ------
    InputError
        Where the outputs are zero, or the parameters do not fit the problem.

    Examples
    --------
    Pairs have nonnegative features, which ReLU leaves alone:

    >>> from nctheory import Pairs
    >>> problem = Problem(classes=10, layers=4, weight_decay=1e-4, loss="ce")
    >>> check = shrinkage(Pairs(classes=10).weights(problem), problem)
    >>> [round(ratio, 9) for ratio in check.ratios], check.holds
    ([1.0, 1.0, 1.0], True)
    >>> check.bound < check.regularisation
    True
    """
    parameters = network.check_parameters(parameters, problem)
    features, outputs = network.forward(parameters, problem)
    require(bool(np.any(outputs)), "parameters", "have outputs other than zero", 0)
    ratios = tuple(schatten_power(network.activate(H, problem), 2 / l) / schatten_power(H, 2 / l)
                   for l, H in enumerate(features[1:], start=2))
    L = problem.layers
    bound = 0.5 * np.exp(problem.log_decay) * (L + 1) * schatten_power(outputs, 2 / (L + 1))
    return Shrinkage(ratios, all(ratio <= 1 + 1e-9 for ratio in ratios),
                     float(network.regularisation(parameters, problem)), float(bound))


class ReluCell(NamedTuple):
    """Theorem 7 at one (K, L): c of pairs over DNC's bound K - 1, and whether it is below 1,
    decided exactly."""

    classes: int
    layers: int
    ratio: float
    beaten: bool


def theorem_7(classes: Iterable[int], layers: Iterable[int]) -> list[ReluCell]:
    """Theorem 7: where pairs, made of nonnegative features, beat the bound for DNC with ReLU.

    For odd K, whose last class has scales of its own, just where K - 1 does (ours).

    Examples
    --------
    >>> [cell.classes for cell in theorem_7(range(4, 20), [4]) if cell.beaten]
    [14, 15, 16, 17, 18, 19]
    """
    layers = list(layers)
    return [ReluCell(K, L, Pairs(classes=K).cost(L, "ce", "relu") / (K - 1),
                     Pairs(classes=K).compare_with_dnc(L, "ce", "relu") == -1)
            for K in classes for L in layers]
