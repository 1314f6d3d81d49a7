r"""Constructions on the vertices of a strongly regular graph; rook's graphs also with rectangles.

Let A be a primitive strongly regular graph with eigenvalues k [1], r > 0 [f], s < -1 [g].  On
E_0 + E_r, of dimension 1 + f, lie the nonnegative features F = A - s I, or 0/1 sets of vertices
(lines, stars, half-cubes) with F^T F in that span, and the hidden rows

    X = J - (A - s I):  1 + s < 0 on the diagonal, 0 on neighbours, 1 elsewhere,

so that rank X = 1 + f while sigma(X) = J - I - A, the complement, has rank K: the ReLU takes the
diagonal off.  Everything lies in span{I, A, J} or commutes with it, and the spectra say it all.

Why these rows (ours): up to scale all with E_r alone are +-(X + tau J).  For X + tau J, P falls
up to tau = 0, the kink of the neighbours (always for L = 2 and for Delsarte cliques, for
F = A - s I where K-k+s <= f (k-s)); from there to tau = -1-s, where sigma cuts nothing more, it
rises where f/(1+r)^3 + (K-1)/(K-1-k)^3 <= g/|1+s|^3.  Tests find both conditions met by all
parameters of up to 100 vertices with integral eigenvalues, and no better -(X + tau J).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from nctheory import integers
from nctheory.activations import PiecewiseLinear
from nctheory.constructions.chain import Chain
from nctheory.constructions.factors import Matrix
from nctheory.constructions.lifted import Lifted
from nctheory.errors import InputError, integer, require
from nctheory.exact import Theta
from nctheory.graphs import named
from nctheory.graphs.field import prime_power
from nctheory.graphs.named import NamedGraph, from_spec
from nctheory.integers import Integers
from nctheory.losses import Loss

# Of the singular values' roots in integer matrices: the cost grows by the square of the error.
LARGEST_DENOMINATOR = 1000
# Irrational eigenvalues are rounded to this denominator in matrices: the precision of floats.
UNIT = 2**60


class Space(NamedTuple):
    """A common eigenspace: its dimension, and the eigenvalues of F^T F and of X^T X there.

    Fractions, or sympy's numbers where a graph has irrational eigenvalues.
    """

    dimension: int
    feature: Theta
    hidden: Theta


@dataclass(frozen=True)
class Spectral(Lifted):
    r"""Features F >= 0 and last hidden rows X on the same eigenspaces E_i of dimension d_i.

    With F^T F = sum a_i E_i (i over the spaces of rank R = sum d_i), X^T X = sum x_i E_i and
    sigma(X)^T sigma(X) = G,

        P(L) = (sum d_i sqrt(a_i))^2 R^(L-3) (sum d_i x_i / a_i) tr(G^-1),   L >= 3,
        P(2) = (sum d_i sqrt(x_i))^2 tr(G^-1).

    The hidden layer is scaled to norm 1 and the features take its norm: with eigenvalues in a
    quadratic field all squared norms but that of the features are rational.  Source: ours.
    """

    @property
    @abstractmethod
    def spaces(self) -> tuple[Space, ...]:
        """The eigenspaces of F, the constant vector's first; a_i up to a common factor."""

    @property
    @abstractmethod
    def marks(self) -> tuple[tuple[int, Theta], ...]:
        """(multiplicity, eigenvalue) of G, the constant vector's first."""

    @abstractmethod
    def idempotents(self) -> list[Integers]:
        """The projections E_i (K x K), of Fractions: for irrational eigenvalues nearly."""

    @abstractmethod
    def features(self) -> Integers:
        """F, of Fractions."""

    @abstractmethod
    def hidden(self) -> Integers:
        """X, of Fractions."""

    # --- closed forms ---

    @cached_property
    def inverse_gram_trace(self) -> Fraction:
        """tr(G^-1), rational also where eigenvalues are conjugate."""
        total: Fraction = _simplest(sum(m / value for m, value in self.marks))
        return total

    @property
    def hidden_norm(self) -> Fraction:
        return Fraction(1)

    def common_norm(self, layers: int) -> Fraction:
        # 1^T W_L = 1^T G^-1 sigma(X)^T, and the constant vector is an eigenvector of G.
        norm: Fraction = _simplest(1 / self.marks[0][1])
        return norm

    @cached_property
    def _spectra(self) -> tuple[Mapping[Theta, int], Mapping[Theta, int]]:
        norm = sum(space.dimension * space.hidden / space.feature for space in self.spaces)
        first: dict[Theta, int] = {}
        later: dict[Theta, int] = {}
        for dimension, feature, hidden in self.spaces:
            for spectrum, theta in ((first, _simplest(hidden)),
                                    (later, _simplest(norm * feature))):
                if theta:
                    spectrum[theta] = spectrum.get(theta, 0) + dimension
        return first, later

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        return self._spectra[layers > 2]

    # --- explicit matrices ---

    def hidden_rows(self) -> Matrix:
        return self.hidden().astype(np.float64)

    def lift(self) -> tuple[Matrix, Matrix, Matrix]:
        F = self.features().astype(np.float64)
        inverse = np.linalg.pinv(F, rcond=1e-9)
        cuts = self.hidden_rows() @ inverse
        norm = np.linalg.norm(cuts)
        return norm * F, F @ inverse, cuts / norm

    def certificate_matrices(self, layers: int) -> list[Integers]:
        """H_1, W_1, ..., W_{L-1} as integer matrices, for `Chain` and for certificates.

        H_1 = sum b_i E_i, W_1 = M_2 sum E_i / b_i with rational b_i near the roots of the
        singular values of M_2: they cost a little more than P, by less than one part in 10^5.
        """
        self._check_layers(layers)
        self.check_size()
        E, X = self.idempotents(), self.hidden()
        values = [space.feature if layers > 2 else space.hidden for space in self.spaces]
        kept = [i for i, value in enumerate(values) if value]
        roots = {i: Fraction(math.sqrt(math.sqrt(values[i] / values[kept[-1]])))
                 .limit_denominator(LARGEST_DENOMINATOR) for i in kept}
        first = sum(roots[i] * E[i] for i in kept)
        if layers == 2:
            factors = [first, X @ sum(E[i] / roots[i] for i in kept)]
        else:
            F = self.features()
            inverse = sum(E[i] / _rounded(values[i]) for i in kept) @ F.T
            factors = [first, F @ sum(E[i] / roots[i] for i in kept),
                       *[F @ inverse] * (layers - 3), X @ inverse]
        return [_primitive(factor) for factor in factors]

    def chain(self, layers: int) -> Chain:
        """`certificate_matrices` as a construction of its own: certificates are made of it."""
        return Chain(matrices=self.certificate_matrices(layers), name=self.label)


@dataclass(frozen=True, kw_only=True)
class StronglyRegular(Spectral):
    r"""The classes are the vertices of a primitive strongly regular graph, K = v.

    The smaller of the eigenspaces E_r and E_s is taken, E_r where they are equal: for E_s the
    graph is replaced by its complement.  With the module's notation

        P(2) = ((K-k+s) + f (r-s))^2 T,   T = 1/(K-1-k)^2 + f/(1+r)^2 + g/(1+s)^2,
        P(L) = (sqrt(a) + f sqrt(b))^2 (1+f)^(L-3) ((K-k+s)^2/a + f (r-s)^2/b) T,   L >= 3,

    where a, b are (k-s)^2, (r-s)^2 for F = A - s I, and f h, K - h for known vertex sets of h
    elements (k - s and r - s, up to scale, for Delsarte cliques).

    Parameters
    ----------
    graph : NamedGraph
        A closed form, or `nctheory.graphs.given` of any networkx graph.

    Raises
    ------
    InputError
        Where the graph is not strongly regular and connected together with its complement.

    References
    ----------
    Ours.

    Examples
    --------
    The Hoffman-Singleton graph beats deep neural collapse in two layers:

    >>> from nctheory.graphs import from_spec
    >>> fifty = StronglyRegular(graph=from_spec("hoffman-singleton"))
    >>> fifty.representation_cost(2).expression, fifty.compare_with_dnc(2)
    (16637500/147, -1)
    >>> fifty.ranks(2)
    Ranks(before=(22, 22), after=(50,))
    """

    graph: NamedGraph
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = self.graph.parameters()
        require(known is not None and known.kind == "primitive", "graph",
                "be strongly regular, and connected together with its complement",
                self.graph.name)
        object.__setattr__(self, "classes", self.graph.order)

    @property
    def label(self) -> str:
        return self.graph.name.replace(":", " ").replace(",", " ")

    @cached_property
    def _positive(self) -> bool:
        (_, _), (_, f), (_, g) = self.graph.spectrum().items()
        return f <= g

    @cached_property
    def _eigenvalues(self) -> tuple[tuple[Theta, int], ...]:
        """(k, 1), (r, f), (s, g) of the graph that is used."""
        used = self.graph if self._positive else named.complement(self.graph)
        return tuple((Fraction(value) if isinstance(value, int) else value, m)
                     for value, m in used.spectrum().items())

    @property
    def spaces(self) -> tuple[Space, ...]:
        (k, _), (r, f), (s, _) = self._eigenvalues
        size = self.graph.set_size(self._positive)
        a, b = (((k - s)**2, (r - s)**2) if size is None
                else (Fraction(f * size), Fraction(self.classes - size)))
        return Space(1, a, (self.classes - k + s)**2), Space(f, b, (r - s)**2)

    @property
    def marks(self) -> tuple[tuple[int, Theta], ...]:
        (k, _), (r, f), (s, g) = self._eigenvalues
        return (1, (self.classes - 1 - k)**2), (f, (1 + r)**2), (g, (1 + s)**2)

    @cached_property
    def sizes(self) -> tuple[int, int]:
        known = self.graph.set_size(self._positive)
        return (self.classes if known is None else len(self.graph.sets(self._positive)),
                self.classes)

    @cached_property
    def _adjacency(self) -> Integers:
        A = self.graph.adjacency()
        return integers.fractions(A if self._positive else 1 - A - np.eye(len(A), dtype=int))

    def idempotents(self) -> list[Integers]:
        (k, _), (r, f), _ = self._eigenvalues
        K, one = self.classes, integers.fractions(np.eye(self.classes, dtype=int))
        others = 1 - one - self._adjacency
        beside, far = _rounded(r / k), _rounded(-(1 + r) / (K - 1 - k))
        return [one * 0 + Fraction(1, K),
                (one + beside * self._adjacency + far * others) * Fraction(f, K)]

    def features(self) -> Integers:
        if self.graph.set_size(self._positive) is not None:
            return integers.fractions(self.graph.sets(self._positive))
        return 1 - self.hidden()

    def hidden(self) -> Integers:
        s = _rounded(self._eigenvalues[2][0])
        return np.asarray(1 - self._adjacency + s * integers.fractions(np.eye(self.classes)))


@dataclass(frozen=True, kw_only=True)
class Rook(Spectral):
    r"""Cells of the n x n board, F the incidence of its 2n lines, rows the s x t rectangles.

    K = n^2, the rook's graph srg(n^2, 2(n-1), n-2, 2).  For s rows S and t columns T the hidden
    row is 1 on S x T, -1 on cells in neither and 0 on the others (up to its part orthogonal to
    F): sigma marks the rectangle.  (s, t) = (n-1, n-1) are the rows of `StronglyRegular`.

        P(L) = (sqrt(2n) + 2(n-1) sqrt(n))^2 (2n-1)^(L-3) m(s) m(t)
               ((s+t-n)^2 / (2n) + s(n-s)/n + t(n-t)/n),   m(s) = n/s^2 + n(n-1)^2/(s(n-s)).

    Parameters
    ----------
    side : int
        n >= 3.
    height, width : int, optional
        s and t, 1..n-1; by default those of least cost for L >= 3.

    References
    ----------
    Ours.

    Examples
    --------
    >>> Rook(side=4)
    Rook(side=4, height=2, width=2)
    >>> Rook(side=4).representation_cost(3).expression, Rook(side=4).compare_with_dnc(3)
    (25*(24 + 72*sqrt(2))**2/9, -1)
    """

    side: int
    height: int = 0
    width: int = 0
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = integer("side", self.side, 3)
        chosen = _best_rectangle(n)
        for name, best in zip(("height", "width"), chosen, strict=True):
            value = getattr(self, name) or best
            object.__setattr__(self, name, integer(name, value, 1, n - 1))
        object.__setattr__(self, "classes", n * n)

    @property
    def label(self) -> str:
        return f"rook n={self.side} s={self.height} t={self.width}"

    @property
    def _rectangles(self) -> int:
        return math.comb(self.side, self.height) * math.comb(self.side, self.width)

    @property
    def spaces(self) -> tuple[Space, ...]:
        n, s, t, C = self.side, self.height, self.width, self._rectangles
        return (Space(1, Fraction(2 * n), Fraction(C * (s + t - n)**2)),
                Space(n - 1, Fraction(n), Fraction(C * s * (n - s), n - 1)),
                Space(n - 1, Fraction(n), Fraction(C * t * (n - t), n - 1)))

    @property
    def marks(self) -> tuple[tuple[int, Theta], ...]:
        n, C = self.side, self._rectangles
        sides = [(Fraction(s * s, n), Fraction(s * (n - s), n * (n - 1)))
                 for s in (self.height, self.width)]
        return tuple(((n - 1)**(i + j), C * sides[0][i] * sides[1][j])
                     for i in (0, 1) for j in (0, 1))

    @property
    def sizes(self) -> tuple[int, int]:
        return 2 * self.side, self._rectangles

    def idempotents(self) -> list[Integers]:
        n = self.side
        mean = integers.fractions(np.full((n, n), Fraction(1, n)))
        rest = integers.fractions(np.eye(n, dtype=int)) - mean
        return [np.kron(mean, mean), np.kron(rest, mean), np.kron(mean, rest)]

    def features(self) -> Integers:
        return integers.fractions(named.rook(self.side, self.side).sets(True))

    def hidden(self) -> Integers:
        first, second = (np.array([np.isin(range(self.side), chosen)
                                   for chosen in combinations(range(self.side), size)], dtype=int)
                         for size in (self.height, self.width))
        rows = first[:, None, :, None] + second[None, :, None, :] - 1
        return integers.fractions(rows.reshape(self._rectangles, self.classes))

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Rook | None:
        """The board with `classes` cells; None where K is not a square, or below 9."""
        n = math.isqrt(classes)
        defined = layers >= 2 and not activation.leak
        return cls(side=n) if n >= 3 and n * n == classes and defined else None


@lru_cache(maxsize=None)
def _best_rectangle(n: int) -> tuple[int, int]:
    s = np.arange(1.0, n)
    inverse = n / s**2 + n * (n - 1)**2 / (s * (n - s))
    spread = s * (n - s) / n
    costs = np.outer(inverse, inverse) * ((s[:, None] + s - n)**2 / (2 * n)
                                          + spread[:, None] + spread)
    height, width = np.unravel_index(np.argmin(costs), costs.shape)
    return 1 + int(height), 1 + int(width)


# --- members by name, for the registry ---

@lru_cache(maxsize=None)
def of(spec: str) -> StronglyRegular:
    """The construction on the graph that a text names, "paley:q=9".

    >>> of("schlaefli").compare_with_dnc(3)
    -1
    """
    return StronglyRegular(graph=from_spec(spec))


def paley(order: int) -> StronglyRegular:
    """The construction on the Paley graph of GF(q)."""
    return StronglyRegular(graph=named.paley(order))


def best_paley(classes: int, layers: int, loss: Loss,
               activation: PiecewiseLinear) -> StronglyRegular | None:
    """For squares K alone: the others' costs are no single square root, and never the least."""
    q = classes
    known = math.isqrt(q)**2 == q and q % 4 == 1 and prime_power(q) is not None
    return of(f"paley:q={q}") if known and layers >= 2 and not activation.leak else None


def kneser(points: int) -> StronglyRegular:
    """The construction on K(n, 2), n >= 5: that of T(n), its complement, `Triangular` with
    s = n - 2, which is never the least for n > 5 (and so has no `best`)."""
    return StronglyRegular(graph=named.kneser(points, 2))


def from_file(path: str) -> StronglyRegular:
    """The construction on the strongly regular graph in a graph6 file."""
    return StronglyRegular(graph=named.from_file(path))


@dataclass(frozen=True)
class Sporadic:
    """Builder and `best` of a graph that stands alone."""

    spec: str

    def build(self) -> StronglyRegular:
        """The construction."""
        return of(self.spec)

    def best(self, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> StronglyRegular | None:
        """It, where it has so many classes."""
        found = of(self.spec)
        defined = layers >= 2 and not activation.leak
        return found if found.classes == classes and defined else None


SPORADIC = tuple(map(Sporadic, ("clebsch", "schlaefli", "hoffman-singleton")))
# Without a `best`: it is `Triangular` with r = 5, s = 3.
PETERSEN = Sporadic("petersen")


# --- from which L on ---

def members(most: int) -> Iterator[Spectral]:
    """One construction for each strongly regular graph here, beyond the triangular ones, with at
    most so many vertices, by K.

    >>> [found.label for found in members(16)]
    ['paley q=5', 'rook n=3 s=2 t=2', 'paley q=9', 'petersen', 'paley q=13', 'kneser n=6 k=2',
     'rook n=4 s=2 t=2', 'clebsch']
    """
    most = integer("most", most, 1)
    found: list[Spectral] = [Rook(side=n) for n in range(3, math.isqrt(most) + 1)]
    found += [of(f"paley:q={q}") for q in range(5, most + 1, 4) if prime_power(q)]
    found += [of(f"kneser:n={n},k=2") for n in range(6, integers.triangular_root(most) + 1)]
    found += [one.build() for one in (PETERSEN, *SPORADIC)]
    return iter(sorted((one for one in found if one.classes <= most),
                       key=lambda one: one.classes))


def least_layers(construction: Spectral) -> int:
    """The least L at which the construction beats deep neural collapse, decided exactly.

    From there on it always does: one more layer multiplies P by the rank, less than K.

    >>> [least_layers(of(name)) for name in ("paley:q=5", "petersen", "hoffman-singleton")]
    [4, 3, 2]
    """
    L = construction.least_layers
    while construction.compare_with_dnc(L) != -1:
        L += 1
    return L


# --- exact numbers ---

def _simplest(number: Theta) -> Theta:
    """A Fraction where the number is rational, else sympy's isolated root."""
    if isinstance(number, Fraction | int):
        return Fraction(number)
    import sympy

    value = sympy.radsimp(sympy.expand(sympy.sympify(number)))
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    x = sympy.Symbol("x")
    polynomial = sympy.minimal_polynomial(value, x, polys=True)
    roots = [sympy.CRootOf(polynomial, i, radicals=False) for i in range(polynomial.degree())]
    return min(roots, key=lambda root: abs(float(root) - float(value)))


def _rounded(number: Theta) -> Fraction:
    """The number itself where it is rational."""
    exact = isinstance(number, Fraction | int)
    return Fraction(number) if exact else Fraction(round(float(number) * UNIT), UNIT)


def _primitive(matrix: Integers) -> Integers:
    """Integers without a common factor, on the same ray."""
    whole = integers.integral(matrix)
    divisor = math.gcd(*whole.flat)
    if divisor == 0:
        raise InputError("matrix must have an entry other than 0, got zeros")
    return whole // divisor
