r"""C2(F) between two exact numbers, for features of small rank.

Below: a rational Lambda with |Lambda phi_v| <= |v| for all v, and so tr(Lambda) <= C2.  Space is
cut into simplicial cones in which the marks phi_v are linear.  On the cone of v_1, ..., v_m

    |v|^2 - |Lambda phi_v|^2 = sum_kl t_k t_l (<v_k, v_l> - <Lambda phi_k, Lambda phi_l>),

v = sum t_k v_k, t >= 0, is not negative where no coefficient is; else the cone is cut in two,
and so on: the test of copositivity of Bundfuss and Duer (Linear Algebra and its Applications
428, 2008), in integers.  Above: tr(G^-1) of a rational design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from nctheory import integers
from nctheory.atlas.gauge import feature_matrix, two_layer_gauge
from nctheory.errors import InputError, positive, require
from nctheory.integers import Integers

MOST_CONES = 100_000
BITS = 24  # of the rounded Lambda, neurons and shares


@dataclass(frozen=True)
class CertifiedGauge:
    """lower <= C2(F) and C2(F)^2 <= upper_squared, the first proved over so many cones.

    The witnesses are Lambda = dual / scale, of trace `lower`, and the design `rows`, `shares`.
    """

    lower: Fraction
    upper_squared: Fraction
    cones: int
    dual: Integers
    scale: int
    rows: Integers
    shares: tuple[int, ...]

    @property
    def gap(self) -> float:
        """upper / lower - 1."""
        return math.sqrt(self.upper_squared / self.lower**2) - 1


def certified_gauge(features: Any, *, margin: float = 1e-4) -> CertifiedGauge:
    """Solve C2(F) in floats, round both sides to rationals, and prove them.

    Parameters
    ----------
    features : array-like, shape (m, K)
        F as in `two_layer_gauge`; floats stand for the rationals that they are.
    margin : float
        Lambda is made smaller by this share: the less, the more cones the proof takes.

    Raises
    ------
    InputError
        Where F is not fit, has too many regions to be searched in floats, or MOST_CONES cones do
        not suffice: then the margin may be below the accuracy of the float solution.

    Examples
    --------
    The edges of a triangle, C2^2 = 25/4:

    >>> found = certified_gauge([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> found.lower**2 <= Fraction(25, 4) <= found.upper_squared, found.gap < 2e-4
    (True, True)
    """
    margin = positive("margin", margin)
    F = integers.fractions(feature_matrix(features))
    gauge = two_layer_gauge(features)
    require(gauge.exhaustive, "features", "have a smaller rank or fewer columns", F.shape)
    # F = whole / common, Lambda = dual / scale
    common = math.lcm(*(value.denominator for value in F.flat))
    whole = integers.as_integers(F * common)
    scale = max(1, round(2**BITS / np.abs(gauge.dual).max()))
    dual = integers.as_integers(np.round(gauge.dual * scale * (1 - margin)))
    cones = dominated(whole, dual, common * scale)
    require(cones is not None, "margin", f"leave room for a proof with {MOST_CONES} cones", margin)
    assert cones is not None
    rows = integers.as_integers(np.round(gauge.rows * 2**BITS))
    shares = tuple(round(share * 2**BITS) for share in gauge.shares)
    return CertifiedGauge(Fraction(int(np.trace(dual)), scale),
                          design_trace(whole, rows, shares) * common**2, cones, dual, scale, rows,
                          shares)


def design_trace(features: Integers, rows: Integers, shares: Sequence[int]) -> Fraction:
    """tr(G^-1), G = sum_j x_j phi_j phi_j^T / |v_j|^2 for integer rows v_j, shares of any sum.

    >>> design_trace(integers.as_integers(np.eye(2)), integers.as_integers(np.eye(2)), [1, 1])
    Fraction(4, 1)
    """
    marks = np.maximum(rows @ features, 0)
    lengths = [integers.squared_norm(row[None]) for row in rows]
    common = math.lcm(*lengths)
    weights = np.array([share * (common // length)
                        for share, length in zip(shares, lengths, strict=True)], dtype=object)
    sums = integers.inverse_sums(marks.T @ (weights[:, None] * marks))
    if sums is None:
        raise InputError("rows must mark the classes by a matrix of full rank, got a lesser one")
    return sums[0] * common * sum(shares)


class _Ray(NamedTuple):
    """v = basis t: its coordinates, basis^T basis t, F^T v, and Lambda phi_v."""

    t: Integers
    dual_t: Integers
    inputs: Integers
    image: Integers


def dominated(features: Integers, dual: Integers, scale: int) -> int | None:
    """Prove |dual phi_v| <= scale |v| for all v: the number of cones, or None, where it fails or
    MOST_CONES do not suffice.

    Examples
    --------
    >>> eye = integers.as_integers(np.eye(2))
    >>> dominated(eye, eye, 1), dominated(eye, eye, 2), dominated(eye, 2 * eye, 1)
    (4, 4, None)
    """
    # Only v in col(F) matter.
    basis = _independent_columns(features)
    metric, columns = basis.T @ basis, basis.T @ features

    def ray(t: Integers) -> _Ray:
        t = t // math.gcd(*t)
        inputs = t @ columns
        return _Ray(t, t @ metric, inputs, dual @ np.maximum(inputs, 0))

    def slack(a: _Ray, b: _Ray) -> int:
        return int(scale**2 * (a.dual_t @ b.t) - a.image @ b.image)

    cones = [tuple(map(ray, simplex)) for simplex in _simplices(columns)]
    proved = 0
    while cones:
        cone = cones.pop()
        cut = _bisect(cone, slack)
        if cut is None:
            proved += 1
            continue
        k, l, t = cut
        if k == l or proved + len(cones) > MOST_CONES:
            return None
        middle = ray(t)
        cones += [(*cone[:i], middle, *cone[i + 1:]) for i in (k, l)]
    return proved


# --- the regions, in integers: each by its extreme rays and the hyperplanes that hold them ---

class _Extreme(NamedTuple):
    t: Integers
    zeros: frozenset[int]


def _simplices(columns: Integers) -> Iterator[list[Integers]]:
    """Simplicial cones that cover the space, no column changing its sign within any."""
    rank = len(columns)
    axes = integers.as_integers(np.eye(rank))
    cells = [[_Extreme(sign * axis, frozenset(range(rank)) - {i})
              for i, (sign, axis) in enumerate(zip(signs, axes, strict=True))]
             for signs in product((1, -1), repeat=rank)]
    for i, column in enumerate(columns.T, start=rank):
        cells = [part for cell in cells for part in _halves(cell, i, column, rank)]
    for cell in cells:
        yield from ([ray.t for ray in simplex] for simplex in _triangulation(cell, rank))


def _halves(cell: list[_Extreme], i: int, column: Integers,
            rank: int) -> Iterator[list[_Extreme]]:
    """The parts of a cell on either side of the hyperplane i: double description, one step."""
    values = [int(ray.t @ column) for ray in cell]
    border = [_Extreme(ray.t, ray.zeros | {i})
              for ray, value in zip(cell, values, strict=True) if value == 0]
    for (a, x), (b, y) in combinations(zip(cell, values, strict=True), 2):
        common = a.zeros & b.zeros
        # They span a face of two dimensions, unless a third ray lies in all these hyperplanes.
        if x * y < 0 and sum(common <= ray.zeros for ray in cell) == 2:
            t = abs(y) * a.t + abs(x) * b.t
            border.append(_Extreme(t // math.gcd(*t), common | {i}))
    for side in (1, -1):
        inner = [ray for ray, value in zip(cell, values, strict=True) if side * value > 0]
        if inner:
            yield inner + border


def _triangulation(cell: list[_Extreme], dimension: int) -> Iterator[list[_Extreme]]:
    """The first ray with a triangulation of every facet that it is not in."""
    if len(cell) == dimension:
        yield cell
        return
    first, facets = cell[0], set()
    for i in frozenset().union(*(ray.zeros for ray in cell)) - first.zeros:
        face = [k for k, ray in enumerate(cell) if i in ray.zeros]
        if integers.rank(np.array([cell[k].t for k in face])) == dimension - 1:
            facets.add(tuple(face))
    for facet in facets:
        for simplex in _triangulation([cell[k] for k in facet], dimension - 1):
            yield [first, *simplex]


# --- one cone ---

def _bisect(cone: Sequence[_Ray], slack: Callable[[_Ray, _Ray], int]
            ) -> tuple[int, int, Integers] | None:
    """None where no slack is negative; else two rays and a point between them, (k, k, ...) where
    the claim is false.  The longest edge, so that cones shrink in every direction."""
    pairs = list(combinations(range(len(cone)), 2))
    for k, ray in enumerate(cone):
        if slack(ray, ray) < 0:
            return k, k, ray.t
    if all(slack(cone[k], cone[l]) >= 0 for k, l in pairs):
        return None
    # Lengths in steps of 2^-64, for cosines to compare.
    lengths = [math.isqrt(int(ray.dual_t @ ray.t) << 128) for ray in cone]
    k, l = min(pairs, key=lambda pair: (int(cone[pair[0]].dual_t @ cone[pair[1]].t) << 128)
               / (lengths[pair[0]] * lengths[pair[1]]))
    # About the middle, with short integers.
    shift = lengths[k].bit_length() - lengths[l].bit_length()
    return k, l, cone[k].t * (1 << max(-shift, 0)) + cone[l].t * (1 << max(shift, 0))


def _independent_columns(features: Integers) -> Integers:
    """The unit vectors, where these span the same; else the first columns that do."""
    rank = integers.rank(features)
    if rank == len(features):
        return integers.as_integers(np.eye(rank))
    chosen: list[int] = []
    for i in range(features.shape[1]):
        if integers.rank(features[:, [*chosen, i]]) > len(chosen):
            chosen.append(i)
    return np.asarray(features[:, chosen])
