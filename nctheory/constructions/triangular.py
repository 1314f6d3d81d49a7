r"""The triangular family: classes are the edges of the complete graph K_r.

M_2 = B, the vertex-edge incidence matrix of K_r; the last hidden layer has one row a subset S of
s vertices, w_S = +1/2 on S and -1/2 off S, so that sigma(w_S B) marks the edges inside S.  The
Gram matrix G_s of these marks lies in the algebra of the triangular graph T(r) = L(K_r), the
strongly regular graph srg(r(r-1)/2, 2(r-2), r-2, 4), whose three eigenspaces carry every
spectrum below: the constant vector [1], the rest of the row space of B [r-1], its complement.

Rows of several s can be mixed: weights x_s >= 0 on the squared rows.
"""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import Matrix
from nctheory.constructions.lifted import Lifted
from nctheory.errors import InputError, integer, require
from nctheory.exact import Theta, sign_with_root
from nctheory.graphs.incidence import subset_incidence
from nctheory.integers import edge_vertices
from nctheory.losses import Loss

# What the formulas below go through: integers, fractions, float arrays, sympy's symbols.
Number: TypeAlias = Any


# --- formulas, each stated once: integers in, integers out; sympy symbols in, polynomials out ---


def inverse_trace(r: Number, s: Number) -> tuple[Number, Number]:
    """C(r,s) tr(G_s^-1) as (numerator, denominator), both positive for 2 <= s <= r-2.

    With K = r(r-1)/2 and c2 = s(s-1)/2 it is
    K/c2 [1/c2 + (r-1)(r-2)/((s-1)(r-s)) + r(r-2)(r-3)^2/(2(r-s)(r-s-1))].  Source: ours.

    >>> Fraction(*inverse_trace(5, 3))       # C(5,3) = 10, G = 2 I + ...: 10 * tr(G^-1)
    Fraction(550, 9)
    """
    pairs = s * (s - 1)
    numerator = r * (r - 1) * (4 * (r - s) * (r - s - 1)
                               + 2 * s * (r - 1) * (r - 2) * (r - s - 1)
                               + pairs * r * (r - 2) * (r - 3) ** 2)
    return numerator, 2 * pairs**2 * (r - s) * (r - s - 1)


def incidence_spectrum(r: Number) -> dict[Number, Number]:
    """{eigenvalue: multiplicity} of B B^T = (r-2) I + J, that is of B^T B without its zeros."""
    return {2 * (r - 1): 1, r - 2: r - 1}


def cut_spectrum(r: Number, s: Number) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
    """Eigenvalues of (4 / C(r,s)) (V_s B)^T (V_s B) as (numerator, denominator) pairs: on the
    constant vector, and on the r-1 dimensions beside it.

    V_s has the rows w_S; V_s^T V_s = C(r,s)/4 ((1-e) I + e J), e = ((2s-r)^2 - r)/(r(r-1)).
    """
    square = (2 * s - r) ** 2
    return (2 * square * (r - 1), r), ((r * r - square) * (r - 2), r * (r - 1))


def subset_spectrum(r: Number, s: Number,
                    a: Number = 0) -> tuple[tuple[Number, Number, Number], Number]:
    """Eigenvalues of G_s / C(r,s), with multiplicities 1, r-1 and K-r, over one denominator.

    G_s is the Gram matrix of sigma(V_s B), whose entries are 1 for an edge inside S, 0 across
    and -a outside (leaky ReLU of slope a; a = 0: the s-subset/edge incidence matrix of K_r).  On
    the three eigenspaces of T(r) it is a square each: with t = r - s, over r(r-1)(r-2)(r-3),

        (r-2)(r-3)/2 (s(s-1) - a t(t-1))^2,   (r-3) s t (s-1 + a (t-1))^2,
        s(s-1) t(t-1) (1-a)^2,

    for a = 0 all positive exactly for 2 <= s <= r-2.  Source: ours.
    """
    t = r - s
    inside, outside = s * (s - 1), t * (t - 1)
    return (((r - 2) * (r - 3) * (inside - a * outside) ** 2,
             2 * (r - 3) * s * t * (s - 1 + a * (t - 1)) ** 2,
             2 * inside * outside * (1 - a) ** 2), 2 * r * (r - 1) * (r - 2) * (r - 3))


# --- the constructions ---

@dataclass(frozen=True)
class OnEdges:
    """The classes are the edges of K_r, r >= 4."""

    vertices: int
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        r = integer("vertices", self.vertices, 4)
        object.__setattr__(self, "vertices", r)
        object.__setattr__(self, "classes", r * (r - 1) // 2)


@dataclass(frozen=True)
class _Cuts(OnEdges, Lifted):
    """What single subset sizes and mixtures have in common: sizes s with shares y_s, sum 1.

    The rows of size s carry the share y_s of |V|_F^2 = r/4, so V has y_s / C(r,s) |w_S|^2 a row.
    """

    leak: Fraction = field(default=Fraction(0), kw_only=True, repr=False)

    @property
    def sigma(self) -> PiecewiseLinear:
        return PiecewiseLinear(self.leak)

    @property
    @abstractmethod
    def shares(self) -> Mapping[int, Fraction]:
        """{s: y_s}."""

    def under(self, activation: PiecewiseLinear) -> _Cuts:
        """The same features: B >= 0 is left alone, and only the marks see the leak."""
        made = replace(self, leak=activation.leak)
        if 0 in made.gram_eigenvalues:
            raise InputError(f"activation must leave sigma(M_L) of rank {self.classes} for "
                             f"{self.label}, got {activation.word!r}")
        return made

    @property
    def gram_eigenvalues(self) -> list[Fraction]:
        """The three eigenvalues of G = sum_s y_s G_s / C(r,s)."""
        return gram_eigenvalues(self.vertices, self.shares, self.leak)

    @property
    def hidden_norm(self) -> Fraction:
        return Fraction(self.vertices, 4)

    @property
    def inverse_gram_trace(self) -> Fraction:
        K, r = self.classes, self.vertices
        values = self.gram_eigenvalues
        return sum((m / g for m, g in zip((1, r - 1, K - r), values, strict=True)), Fraction(0))

    def common_norm(self, layers: int) -> Fraction:
        # 1^T W_L = 1^T G^-1 sigma(M_L)^T, and the constant vector is an eigenvector of G.
        return 1 / self.gram_eigenvalues[0]

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        r = self.vertices
        if layers > 2:
            return {Fraction(theta): m for theta, m in incidence_spectrum(r).items()}
        first = second = Fraction(0)
        for s, share in self.shares.items():
            constant, beside = cut_spectrum(r, s)
            first += share / 4 * Fraction(*constant)
            second += share / 4 * Fraction(*beside)
        # For balanced cuts, 2s = r, the constant vector is lost and M_2 has rank r - 1.
        spectrum = {second: r - 1}
        if first:
            spectrum[first] = spectrum.get(first, 0) + 1
        return spectrum

    @property
    def sizes(self) -> tuple[int, int]:
        return self.vertices, sum(math.comb(self.vertices, s) for s in self.shares)

    def hidden_rows(self) -> Matrix:
        features, _, cuts = self.lift()
        return cuts @ features

    def lift(self) -> tuple[Matrix, Matrix, Matrix]:
        r = self.vertices
        cuts = np.vstack([math.sqrt(share / math.comb(r, s))
                          * (subset_incidence(r, 1, s).T - 0.5)
                          for s, share in self.shares.items()])
        return subset_incidence(r, 1, 2).astype(float), np.eye(r), cuts


@dataclass(frozen=True, kw_only=True)
class Triangular(_Cuts):
    r"""Triangular construction of K = r(r-1)/2 classes, cuts of one size s.

    P(L) = |B|_*^2 r^(L-3) (r/4) C(r,s) tr(G_s^-1) for L >= 3, with
    |B|_*^2 = (r-1)(r^2-3r+4 + sqrt(8(r-1)(r-2))), and P(2) = |V B|_*^2 tr(G_s^-1).

    Parameters
    ----------
    vertices : int
        r >= 4.
    subset : int
        s, 2 <= s <= r-2 (elsewhere G_s is singular).

    References
    ----------
    [SLM24] section 5 for features on the edges of K_r; the cuts, costs and L = 2 form are ours.

    Examples
    --------
    >>> from nctheory import Problem, Triangular
    >>> construction = Triangular(vertices=5, subset=3)
    >>> construction.representation_cost(3).expression
    1375*(2*sqrt(2) + 4*sqrt(3))**2/18
    >>> f"{construction.cost(3) / 10:.4f}", construction.compare_with_dnc(3)
    ('0.9234', -1)
    >>> f"{construction.loss(Problem(classes=10, layers=4)):.7f}"
    '0.0811362'
    """

    subset: int

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "subset", integer("subset", self.subset, 2, self.vertices - 2))

    @property
    def label(self) -> str:
        return f"triangular r={self.vertices} s={self.subset}"

    @property
    def shares(self) -> Mapping[int, Fraction]:
        return {self.subset: Fraction(1)}

    def described(self) -> Mapping[str, int]:
        return {"r": self.vertices, "s": self.subset}

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Triangular | None:
        """The cheapest member with `classes` classes; None where K is not triangular."""
        r = edge_vertices(classes, 4)
        if r is None or layers < 2 or activation.linear:
            return None
        return cls(vertices=r, subset=_best_subset(r, layers == 2, activation.leak))

    @classmethod
    def members(cls, classes: int) -> list[Triangular]:
        """All members with `classes` classes."""
        r = edge_vertices(classes, 4)
        return [] if r is None else [cls(vertices=r, subset=s) for s in range(2, r - 1)]


@lru_cache(maxsize=None)
def _best_subset(r: int, two_layers: bool, leak: Fraction) -> int:
    # For L >= 3 only tr(G_s^-1) depends on s; for L = 2 the nuclear norm does, too.
    s = np.arange(2.0, r - 1)
    values, denominator = subset_spectrum(float(r), s, float(leak))
    with np.errstate(divide="ignore"):  # singular: infinitely dear
        costs = sum(m * denominator / value
                    for m, value in zip((1, r - 1, r * (r - 3) / 2), values, strict=True))
    if two_layers:
        (a, b), (c, d) = cut_spectrum(float(r), s)
        costs *= (np.sqrt(a / b) + (r - 1) * np.sqrt(c / d)) ** 2
    return 2 + int(np.argmin(costs))


@dataclass(frozen=True, kw_only=True)
class TriangularMixture(_Cuts):
    """Triangular construction whose last hidden layer mixes cuts of several sizes.

    Parameters
    ----------
    vertices : int
        r >= 4.
    weights_by_subset : mapping or sequence of (s, share)
        Positive rational shares of |V|_F^2 (normalised to sum 1) for sizes 2 <= s <= r-2.

    References
    ----------
    Ours.

    Examples
    --------
    >>> from fractions import Fraction
    >>> half = TriangularMixture(vertices=5, weights_by_subset={2: 1, 3: 1})
    >>> half.label, half.compare_with_dnc(4)
    ('triangular r=5 s=2:1/2,3:1/2', -1)
    """

    weights_by_subset: tuple[tuple[int, Fraction], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        given = dict(self.weights_by_subset)
        require(len(given) > 0, "weights_by_subset", "name at least one size", given)
        for s, weight in given.items():
            integer("weights_by_subset", s, 2, self.vertices - 2)
            require(weight > 0, f"weights_by_subset[{s}]", "be greater than 0", weight)
        total = sum(map(Fraction, given.values()), Fraction(0))
        shares = tuple((s, Fraction(weight) / total) for s, weight in sorted(given.items()))
        object.__setattr__(self, "weights_by_subset", shares)

    @property
    def label(self) -> str:
        return f"triangular r={self.vertices} s=" + ",".join(
            f"{s}:{share}" for s, share in self.weights_by_subset)

    @property
    def shares(self) -> Mapping[int, Fraction]:
        return dict(self.weights_by_subset)


# --- the best mixture: a convex problem over the simplex of shares ---

def gram_eigenvalues(r: int, shares: Mapping[int, Fraction],
                     leak: Fraction = Fraction(0)) -> list[Fraction]:  # noqa: B008
    """The three eigenvalues of sum_s y_s G_s / C(r,s)."""
    totals = [Fraction(0)] * 3
    for s, share in shares.items():
        values, denominator = subset_spectrum(r, s, leak)
        totals = [t + share * Fraction(v, denominator)
                  for t, v in zip(totals, values, strict=True)]
    return totals


def mixture_gap(r: int, shares: Mapping[int, Fraction], sizes: Iterable[int]) -> Fraction:
    """An exact bound on (f(y) - f*) / f(y), f(y) = tr((sum_s y_s G_s / C(r,s))^-1), y on the
    simplex over `sizes`; 0 exactly where y is optimal.

    f is convex and homogeneous of degree -1, so <grad f(y), y> = -f(y), and
    f* >= f(y) + min_s <grad f(y), e_s - y> = 2 f(y) - max_s |d_s f(y)|.  Source: ours.
    """
    K = r * (r - 1) // 2
    multiplicities, values = (1, r - 1, K - r), gram_eigenvalues(r, shares)
    slopes = [m / value**2 for m, value in zip(multiplicities, values, strict=True)]

    def slope(s: int) -> Fraction:
        return sum(map(operator.mul, slopes, gram_eigenvalues(r, {s: Fraction(1)})), Fraction(0))

    f = sum(map(operator.mul, slopes, values), Fraction(0))
    return max(map(slope, sizes)) / f - 1


class OptimalMixture(NamedTuple):
    """The best mixture found, and a certified bound on its excess over the optimum."""

    construction: Triangular | TriangularMixture
    gap: Fraction


def optimal_mixture(vertices: int, sizes: Sequence[int] | None = None) -> OptimalMixture:
    r"""The mixture of cuts of least cost: minimise tr((sum_s y_s G_s / C(r,s))^-1) over shares.

    P(L) is proportional to this convex function for every L >= 3.

    Parameters
    ----------
    vertices : int
        r >= 4.
    sizes : sequence of int, optional
        The sizes allowed, by default all of 2..r-2.

    Returns
    -------
    OptimalMixture
        With `gap` from `mixture_gap`, exact; 0 certifies the optimum.

    References
    ----------
    Ours.  With all sizes allowed a single size is optimal (gap 0): proofs/single_size_optimal.py.

    Examples
    --------
    >>> optimal_mixture(5)
    OptimalMixture(construction=Triangular(vertices=5, subset=3), gap=Fraction(0, 1))
    """
    r = integer("vertices", vertices, 4)
    allowed = sorted({integer("sizes", s, 2, r - 2) for s in sizes or range(2, r - 1)})
    single = min(allowed, key=lambda s: Fraction(*inverse_trace(r, s)))
    gap = mixture_gap(r, {single: Fraction(1)}, allowed)
    if gap == 0:
        return OptimalMixture(Triangular(vertices=r, subset=single), gap)
    table = np.array([np.divide(*subset_spectrum(float(r), float(s))) for s in allowed])
    multiplicities = np.array([1, r - 1, r * (r - 3) / 2])
    y = np.full(len(allowed), 1 / len(allowed))
    for _ in range(10_000):  # multiplicative updates stay on the simplex and never go uphill
        y *= np.sqrt(table @ (multiplicities / (y @ table) ** 2))
        y /= y.sum()
    mixture = TriangularMixture(vertices=r, weights_by_subset=tuple(
        (s, Fraction(float(share)).limit_denominator(10**6))
        for s, share in zip(allowed, y, strict=True) if share > 1e-6))
    return OptimalMixture(mixture, mixture_gap(r, mixture.shares, allowed))


# --- whole rows of cells, in integers alone ---

def threshold_signs(r: int, s: int, last: int) -> list[int]:
    """The sign of P(L) - K^(L+1) for L = 3..last, by integers: one square root, isolated.

    P < K^(L+1)  <=>  2^(L+1) N (A + B sqrt(D)) < 4 M r^3 (r-1)^(L+1), where |B|_*^2 is
    A + B sqrt(D) and C(r,s) tr(G_s^-1) = N/M.  Source: ours.

    >>> threshold_signs(4, 2, 5)              # K = 6: DNC is beaten from L = 4 on
    [1, -1, -1]
    """
    (theta, m), (eta, k) = incidence_spectrum(r).items()
    a, b, d = m * m * theta + k * k * eta, 2 * m * k, theta * eta
    left, right = inverse_trace(r, s)
    left, right = 4 * left, right * r**3 * (r - 1) ** 4
    signs = []
    for _ in range(3, last + 1):
        signs.append(sign_with_root(left * a - right, left * b, d))
        left, right = 2 * left, (r - 1) * right
    return signs
