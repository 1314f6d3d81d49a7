"""Where deep neural collapse is known to be a global minimiser, by theorems; exact decisions.

A theorem about exact fits says that none costs less than DNC; one about the loss that no network
at all does better at the weight decay given.
"""

from __future__ import annotations

import math
from fractions import Fraction

from nctheory import activations, losses
from nctheory.problem import Problem

# kappa = t (1 - t^3) at t = 87/100: proofs/three_classes_regularised.py.
KAPPA_3_2 = Fraction(29710239, 10**8)

# P* = K^(L+1): no exact fit costs less than DNC, so none has a lower loss at any weight decay.
EXACT_FITS = {(3, 2): "theorem: no exact fit costs less than DNC at K = 3, L = 2 (ours, "
                      "proofs/three_classes_two_layers.py)"}
REGULARISED = {(3, 2): (KAPPA_3_2, "theorem: DNC is a global minimiser at K = 3, L = 2 for kappa "
                                   f"<= {float(KAPPA_3_2):.4f} (ours, "
                                   "proofs/three_classes_regularised.py)")}
ONE_LAYER = "theorem: with L = 1 the optimum is soft thresholding of Y (ours)"
TWO_CLASSES = "theorem: K = 2 with MSE, ReLU, width >= 2, zero not optimal [SML23, main theorem]"
CENTRED_ONE_LAYER = ("theorem: with L = 1 the problem in Z is convex and symmetric under "
                     "permutations of the classes (ours)")
CENTRED_TWO_CLASSES = ("theorem: for K = 2 centred logits have rank one and the fit is convex in "
                       "their squares (ours)")


def kappa_power(problem: Problem) -> Fraction:
    """kappa^(L+1) = K^(L+1) n lam_H lam_1 ... lam_L of DNC, exactly, for equal class sizes.

    Source: ours (`python -m proofs representation-cost`).
    """
    samples = problem.class_sizes[0]
    return (Fraction(problem.classes) ** (problem.layers + 1) * samples
            * math.prod(map(Fraction, problem.decays)))


def zero_is_optimal_at(problem: Problem) -> bool:
    """Whether kappa >= kappa_c, where zero is at least as good as DNC: exact."""
    L = problem.layers
    return kappa_power(problem) >= Fraction((L - 1) ** (L - 1), L ** (2 * L))


def optimal(problem: Problem) -> str | None:
    """Why DNC is a global minimiser of this problem; None where nothing here says so.

    Parameters
    ----------
    problem : Problem
        MSE and equal class sizes; anything else gives None.

    Returns
    -------
    str or None
        The theorem.  Exact: the weight decays are the rationals that the floats are.

    References
    ----------
    K = 2: [SML23].  L = 1, and K = 3 with L = 2: ours, see proofs/.

    Examples
    --------
    >>> optimal(Problem(classes=3, layers=2, weight_decay=0.09))[:42]
    'theorem: DNC is a global minimiser at K = '
    >>> optimal(Problem(classes=3, layers=2, weight_decay=0.1)) is None
    True
    >>> optimal(Problem(classes=4, layers=2)) is None
    True
    """
    sizes = set(problem.class_sizes)
    if problem.loss != "mse" or len(sizes) > 1 or _too_narrow(problem):
        return None
    if zero_is_optimal_at(problem):
        return None
    if problem.layers == 1:
        return ONE_LAYER
    if problem.activation != "relu":
        return None
    if problem.classes == 2:
        return TWO_CLASSES
    bound, text = REGULARISED.get((problem.classes, problem.layers), (Fraction(0), ""))
    return text if kappa_power(problem) <= bound ** (problem.layers + 1) else None


def optimal_exact_fit(classes: int, layers: int) -> str | None:
    """Why no exact fit costs less than DNC (MSE, ReLU); None where nothing here says so.

    >>> optimal_exact_fit(3, 2)[:40]
    'theorem: no exact fit costs less than DN'
    >>> optimal_exact_fit(3, 4) is None
    True
    """
    if layers == 1:
        return ONE_LAYER
    return TWO_CLASSES if classes == 2 else EXACT_FITS.get((classes, layers))


def for_every_decay(classes: int, layers: int, loss: str, activation: str) -> str | None:
    """Why no construction of a table beats DNC at any weight decay at which zero is not better
    than both; None where nothing here says so.

    Under MSE the theorems are about exact fits; at K = 2 and L = 1 about all networks.

    >>> for_every_decay(10, 1, "ce", "relu")[:33]
    'theorem: with L = 1 the problem i'
    >>> for_every_decay(3, 2, "mse", "leaky:a=1/10") is None
    True
    """
    linear = activations.homogeneous(activation).linear
    if losses.get(loss).centred:
        if layers == 1:
            return CENTRED_ONE_LAYER
        return CENTRED_TWO_CLASSES if classes == 2 and linear and loss == "ce" else None
    if layers == 1 or activation == "relu":
        return optimal_exact_fit(classes, layers)
    return None


def _too_narrow(problem: Problem) -> bool:
    """DNC needs K hidden units."""
    return problem.width is not None and problem.width < problem.classes
