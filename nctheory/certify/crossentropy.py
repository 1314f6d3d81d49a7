r"""Certificates that compare least losses under cross-entropy: min over x >= 0 of

    F(x) = sum_j w_j log(1 + q_j e^-x + p_j e^-2x) + C x^(2/N),   N = L + 1.

Floats find the lower minimum, and lay lines under the higher curve; the checker proves both in
integers (Gibbs' inequality; logarithms of integers are its only transcendental numbers).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from nctheory import losses
from nctheory.certify.format import LARGEST_CLASSES, LARGEST_LAYERS, Certificate
from nctheory.certify.maker import Number, rational
from nctheory.constructions import Orthogonal
from nctheory.constructions.pairs import Pairs
from nctheory.errors import InputError, choice, integer, require

STRUCTURES = ("dnc", "pairs", "relu pairs")

# Relative to log K: differences of floats below this are not decided.
RESOLUTION = 1e-11
MOST_PIECES = 500


class Curve(NamedTuple):
    """F in floats, and its global minimum: at 0, with log K, where zero is best."""

    fits: tuple[tuple[float, int, int], ...]  # (w, q, p)
    cost: float  # C
    exponent: float  # 2/N
    scale: float
    least: float


def curve(name: str, K: int, L: int, n: int, decay: Fraction) -> Curve:
    """The curve of a structure, from its construction; all margins are 1 or 2."""
    made, entropy = Orthogonal(classes=K) if name == "dnc" else Pairs(classes=K), losses.get("ce")
    cost = made.cost(L, "ce", "relu" if name == "relu pairs" else "linear")
    outputs, kappa = made.outputs(entropy), float(decay) * cost * n ** (1 / (L + 1))
    margins = outputs.margins()
    fits = []
    for share, row, counts in zip(margins.shares, margins.margins, margins.counts, strict=True):
        count = dict(zip(row.tolist(), counts.tolist(), strict=True))
        fits.append((float(share), int(count.get(1.0, 0)), int(count.get(2.0, 0))))
    return Curve(tuple(fits), (L + 1) / 2 * kappa, 2 / (L + 1),
                 *entropy.optimum(outputs, kappa, L))


def compare(first: str, second: str, classes: int, layers: int, *, samples: int = 1,
            weight_decay: Number = "1/1000") -> Certificate:
    """Whether the least loss of structure `first` is below that of `second`.

    Structures: "dnc", "pairs" (the deep linear model), "relu pairs" ([GK25, Theorem 7], against
    the lower bound of "dnc" in the ReLU model).

    Raises
    ------
    InputError
        Where the two are too close to be told apart.

    Examples
    --------
    >>> compare("pairs", "dnc", 10, 2, samples=5, weight_decay="1/1024").verdict
    'below'
    """
    K, L = (integer("classes", classes, 3, LARGEST_CLASSES),
            integer("layers", layers, 1, LARGEST_LAYERS))
    n, lam = integer("samples", samples, 1), rational("weight_decay", weight_decay)
    names = [choice("first", first, STRUCTURES), choice("second", second, STRUCTURES)]
    if "relu pairs" in names:
        require(K >= 4 and L >= 2, "structure", "have K >= 4 and L >= 2", (K, L))
    parameters = {"first": first, "second": second, "K": K, "L": L, "n": n, "decay": lam}
    curves = [curve(name, K, L, n, lam) for name in names]
    (x, f), (y, g) = ((c.scale, c.least) for c in curves)
    noise = RESOLUTION * math.log(K)
    if x == y == 0:
        data = {name: _pieces(c, K, math.log(K), exact=True)
                for name, c in zip(("first", "second"), curves, strict=True)}
        return Certificate("cross-entropy", parameters, "Gibbs lines", data, "equal")
    below = f < g
    low, high = min(f, g), max(f, g)
    if high - low < noise:
        raise InputError("structures must differ in their least losses by more than "
                         f"{noise:.0e}, got {first} and {second}")
    bound = low + (high - low) / 2
    point = Fraction(math.exp(x if below else y)).limit_denominator(1 << 30)
    pieces = _pieces(curves[below], K, bound, exact=False)
    return Certificate("cross-entropy", parameters, "Gibbs lines",
                       {"point": point, "bound": Fraction(bound), "pieces": pieces},
                       "below" if below else "above")


def _pieces(curve: Curve, K: int, bound: float, exact: bool) -> dict[str, Any]:
    """Points 0 < x_1 < ... and a line below the fit on each piece, so that F > bound there.

    `exact`: bound = log K = F(0), where the first line is the tangent at 0 itself.
    """
    margin = 1e-13 * math.log(K)
    last = ((bound + 4 * margin) / curve.cost) ** (1 / curve.exponent) * (1 + 1e-9)
    if not math.isfinite(last) or last > 1e30:
        raise InputError("weight_decay must be larger: the certificate's last point would be "
                         f"beyond 1e30, got {last}")
    # Lines may be as coarse as the room that they are given, but for small weights.
    room = max(curve.least - bound, 1e-12) if not exact else 1e-4
    total = 1 << min(max(8, math.ceil(2 - math.log2(room) / 2 * 1.5)), 40)
    points: list[Fraction] = []
    lines: list[list[list[int]]] = []
    a = 0.0
    while a < last:
        b, line = _reach(curve, bound + margin, a, last, total, exact and a == 0.0)
        points.append(Fraction(b))
        lines.append(line)
        a = b
        if len(points) > MOST_PIECES:
            raise InputError(f"structures must need at most {MOST_PIECES} pieces, got more")
    return {"points": points, "weights": lines, "denominator": total}


def _reach(curve: Curve, bound: float, a: float, last: float, total: int,
           tangent: bool) -> tuple[float, list[list[int]]]:
    """The farthest b, among halvings, that one line takes us to from a; and the line."""
    width = last - a
    while True:
        b = last if width >= last - a else _short(a + width)
        for share in (0.5, 0.0) if a == 0.0 else (0.5,):
            line, holds = _try(curve, bound, a, b, a + share * (b - a), total, tangent)
            if holds:
                return b, line
        width *= 0.6
        if width < 1e-14 * max(a, 1e-300) or width < 1e-300:
            raise InputError("structures must differ more in their least losses, got a tie")


def _short(x: float) -> float:
    """x to 26 bits: short numbers make short certificates."""
    mantissa, exponent = math.frexp(x)
    return math.ldexp(round(mantissa * (1 << 26)), exponent - 26)


def _try(curve: Curve, bound: float, a: float, b: float, x: float, total: int,
         tangent: bool) -> tuple[list[list[int]], bool]:
    if tangent:
        slope = sum(w * (q + 2 * p) / (1 + q + p) for w, q, p in curve.fits)
        return [], curve.cost * b**curve.exponent > slope * b * (1 + 1e-9)
    e, height, slope, rows = math.exp(-x), 0.0, 0.0, []
    for share, q, p in curve.fits:
        whole = 1 + e * (q + p * e)
        one, two = round(total * q * e / whole), round(total * p * e * e / whole)
        row = [total - one - two, one, two]
        rows.append(row)
        height += share / total * sum(w * math.log(c * total / w)
                                      for w, c in zip(row, (1, q, p), strict=True) if w > 0)
        slope += share * (one + 2 * two) / total
    ends = (height - slope * end + curve.cost * end**curve.exponent for end in (a, b))
    return rows, min(ends) > bound
