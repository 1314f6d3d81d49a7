"""The margin of a construction without decay, exact comparisons of two, and the limit of depth.

Without weight decay the norms of the factors grow without bound under cross-entropy, and what
decides is the margin per norm.  With every factor of norm 1 the outputs of a construction have
the least margin

    gamma = mu / P^(1/2) = c^(-(L+1)/2),   c = (P / mu^2)^(1/(L+1)),

P the product of the squared norms of its factors at outputs of least margin mu.  So the order by
margins is the order by the costs c that decide at small decay.  In the linear model P^(1/2) is
the Schatten quasi-norm of the outputs with exponent 2/(L+1) [GK25 Lemma 1]; that gradient descent
without decay maximises the margin under this budget is a statement of [GKT26].  With n samples a
class all margins are n^(-1/2) times these.
"""

from __future__ import annotations

import math
from fractions import Fraction

from nctheory import activations, losses
from nctheory.constructions import Construction
from nctheory.exact import PRECISIONS, root_bounds

LOSS = "ce"


def log_margin(made: Construction, layers: int, activation: str = "linear") -> float:
    """log gamma.

    Examples
    --------
    Six classes: with two layers three pairs have a margin above deep neural collapse's.

    >>> from nctheory import Orthogonal, Pairs
    >>> pairs, dnc = log_margin(Pairs(classes=6), 2), log_margin(Orthogonal(classes=6), 2)
    >>> round(math.exp(pairs - dnc), 4)
    1.0758
    """
    return -(layers + 1) / 2 * math.log(made.cost(layers, LOSS, activation))


def cost_bounds(made: Construction, layers: int, activation: str = "linear",
                bits: int = 64) -> tuple[Fraction, Fraction]:
    """Rationals lo <= c <= hi."""
    loss = losses.get(LOSS)
    low, high = made.network(loss, activations.homogeneous(activation)).cost_bounds(layers, bits)
    least, most = made.outputs(loss).least_margin()
    return (low / root_bounds(most**2, layers + 1, bits)[1],
            high / root_bounds(least**2, layers + 1, bits)[0])


def compare(first: Construction, second: Construction, layers: int,
            activation: str = "linear") -> int | None:
    """The sign of gamma(first) - gamma(second), decided by rational bounds; None where they
    do not separate the two (as in a tie).

    Examples
    --------
    >>> from nctheory import Circle, Pairs
    >>> circle, pairs = Circle(classes=8), Pairs(classes=8)
    >>> [compare(circle, pairs, layers) for layers in (4, 5)]
    [-1, 1]
    """
    for bits in PRECISIONS[:2]:
        one, other = (cost_bounds(made, layers, activation, bits) for made in (first, second))
        if one[1] < other[0]:
            return 1
        if one[0] > other[1]:
            return -1
    return None


def limit(made: Construction) -> tuple[int, float]:
    """(rank, g): what decides as L grows without bound, in the linear model.

    With r singular values s_i of the outputs at margin 1, c = sum s_i^(2/(L+1)) tends to r, and
    gamma = (1 + o(1)) r^(-(L+1)/2) / g, g their geometric mean: the least rank wins, and among
    codes of that rank the least g.  Source: ours.

    Examples
    --------
    >>> from nctheory import Circle, Orthogonal
    >>> limit(Orthogonal(classes=6)), limit(Circle(classes=6))
    ((5, 1.0), (2, 6.0))
    """
    outputs = made.outputs(losses.get(LOSS))
    spectrum = outputs.spectrum()
    rank = sum(spectrum.values())
    mean = math.fsum(m * math.log(theta) for theta, m in spectrum.items()) / (2 * rank)
    return rank, round(math.exp(mean - math.log(outputs.margins().least)), 12)
