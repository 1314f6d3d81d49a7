"""Graphs with exact spectra: named families, incidence matrices, strongly regular parameters.

A family's function (`triangular`, `johnson`, ...) or its text form (`from_spec`) gives a
`NamedGraph`: spectrum and parameters from closed forms in exact numbers, at any size, and the
networkx graph on request.  `incidence`, `parameters` and `spectrum` take any networkx graph.

Strongly regular, here: A^2 = k I + lam A + mu (J - I - A) for the adjacency matrix A, so that
two adjacent vertices have lam common neighbours and two others mu.  This includes the cases
that some authors leave out (`Parameters.kind` tells them apart):

=======================  ======================================  ===========================
kind                     parameters (v, k, lam, mu)              graph
=======================  ======================================  ===========================
"complete"               (v, v - 1, v - 2, None)                 no pair for mu to count
"empty"                  (v, 0, None, 0), v >= 2                 no pair for lam to count
"disjoint cliques"       (v, k, k - 1, 0), 0 < k < v - 1         the only disconnected ones
"complete multipartite"  (v, k, 2k - v, k), 0 < k < v - 1        their complements
"primitive"              0 < mu < k < v - 1                      connected, complement too
=======================  ======================================  ===========================

The single vertex is complete: (1, 0, None, None).

References
----------
[BH12] A. E. Brouwer, W. H. Haemers, Spectra of Graphs, Springer 2012: chapter 9 (strongly
regular graphs), chapter 11 (association schemes, Krein parameters, absolute bound).
[BCN89] A. E. Brouwer, A. M. Cohen, A. Neumaier, Distance-Regular Graphs, Springer 1989:
chapter 9 (Johnson and Hamming schemes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb, isqrt, prod
from typing import Any, Literal, NamedTuple, TypeAlias

import networkx as nx
import numpy as np
import sympy
from numpy.typing import NDArray

from nctheory.errors import InputError, choice, integer, require, show

Number: TypeAlias = int | sympy.Expr
"""An eigenvalue: an int where it is rational, an exact sympy number elsewhere."""

Spectrum: TypeAlias = dict[Number, int]
"""Eigenvalue -> multiplicity, largest eigenvalue first."""

Verdict: TypeAlias = Literal["impossible", "realised here", "unknown"]

# Arguments stay below these so that every exact integer has fewer than the 4300 digits that
# Python prints: 10^9 ** 400 has 3601.
_LARGEST, _LONGEST = 10**9, 400
# With more distinct sizes near 10^9, sympy would need many seconds to isolate the eigenvalues.
_MOST_PART_SIZES = 10
# Above these a dense matrix or a networkx graph takes about a gigabyte.
_MOST_ENTRIES, _MOST_EDGES = 10**8, 2 * 10**6


def _collect(pairs: Iterable[tuple[Number, int]]) -> Spectrum:
    """The spectrum with these eigenvalues and multiplicities, equal eigenvalues merged."""
    total: Counter[Number] = Counter()
    for eigenvalue, multiplicity in pairs:
        total[eigenvalue] += multiplicity
    return {value: total[value] for value in sorted(total, reverse=True) if total[value]}


# Strongly regular parameters


class Parameters(NamedTuple):
    """Parameters of a strongly regular graph; the module's table defines the degenerate cases.

    Attributes
    ----------
    v, k : int
        Number of vertices, degree.
    lam, mu : int or None
        Common neighbours of two adjacent and of two non-adjacent vertices; None where the graph
        has no such pair.

    Examples
    --------
    >>> petersen = Parameters(10, 3, 0, 1)
    >>> petersen.spectrum(), petersen.kind
    ({3: 1, 1: 5, -2: 4}, 'primitive')
    >>> Parameters(5, 2, 0, 1).spectrum()
    {2: 1, -1/2 + sqrt(5)/2: 2, -sqrt(5)/2 - 1/2: 2}
    """

    v: int
    k: int
    lam: int | None
    mu: int | None

    @property
    def kind(self) -> str:
        """The row of the module's table."""
        if self.mu is None:
            return "complete"
        if self.lam is None:
            return "empty"
        if self.mu == 0:
            return "disjoint cliques"
        return "complete multipartite" if self.mu == self.k else "primitive"

    def complement(self) -> Parameters:
        """Parameters of the complementary graph, (v, v-k-1, v-2-2k+mu, v-2k+lam)."""
        v, k, lam, mu = self
        return Parameters(v, v - k - 1, None if mu is None else v - 2 - 2 * k + mu,
                          None if lam is None else v - 2 * k + lam)

    def spectrum(self) -> Spectrum:
        """The exact spectrum of every graph with these parameters.

        k once, and on the orthogonal complement of the all-ones vector the two roots of
        x^2 = (lam - mu) x + (k - mu), with multiplicities that sum to v - 1 and make the trace
        of A zero.  [BH12, chapter 9]

        Raises
        ------
        InputError
            Where counting or integrality already excludes such a graph.
        """
        v, k, lam, mu = self
        if lam is None or mu is None:  # empty or complete
            return _collect([(k, 1), (-1 if k else 0, v - 1)])

        def demand(condition: bool, reason: str) -> None:
            if not condition:
                raise InputError(f"no graph has the parameters {tuple(self)}: {reason}")

        demand(lam <= k - 1 and mu <= k, "lam is at most k - 1, and mu at most k")
        demand(v - 2 - 2 * k + mu >= 0 and v - 2 * k + lam >= 0,
               "the complement's (lam, mu) = (v - 2 - 2 k + mu, v - 2 k + lam) = "
               f"{self.complement()[2:]} is negative")
        paths = k * (k - lam - 1), (v - k - 1) * mu
        demand(paths[0] == paths[1], "counting 2-paths from a vertex, k (k - lam - 1) = "
               f"(v - k - 1) mu, but these are {paths[0]} and {paths[1]}")

        middle, discriminant = lam - mu, (lam - mu) ** 2 + 4 * (k - mu)
        skew = 2 * k + (v - 1) * middle  # (g - f) sqrt(discriminant): the trace is zero
        root = isqrt(discriminant)
        if root**2 != discriminant:
            demand(skew == 0, "its eigenvalues are irrational, hence conjugate with equal "
                   f"multiplicities, but 2 k + (v - 1)(lam - mu) = {skew} is not 0")
            half, surd = sympy.Rational(middle, 2), sympy.sqrt(discriminant) / 2
            # Together with the count of paths, skew = 0 means (v, k, lam, mu) =
            # (4 mu + 1, 2 mu, mu - 1, mu): v is odd.
            return _collect([(k, 1), (half + surd, (v - 1) // 2), (half - surd, (v - 1) // 2)])
        # Never negative: one eigenvalue is >= 0, the other <= -1, as their product is mu - k.
        first = Fraction((v - 1) * root - skew, 2 * root)
        second = v - 1 - first
        demand(first.denominator == 1,
               f"its eigenvalues {(middle + root) // 2} and {(middle - root) // 2} would have "
               f"the multiplicities {first} and {second}")
        return _collect([(k, 1), ((middle + root) // 2, int(first)),
                         ((middle - root) // 2, int(second))])


def _trivial(v: int, k: int) -> Parameters:
    """Parameters of the empty (k = 0) or the complete graph (k = v - 1)."""
    return Parameters(v, k, k - 1 if k else None, None if k == v - 1 else 0)


class Feasibility(NamedTuple):
    """`verdict`, and in `reason` the condition that fails or the graph that is one."""

    verdict: Verdict
    reason: str


def feasibility(v: int, k: int, lam: int | None, mu: int | None) -> Feasibility:
    r"""Whether a strongly regular graph with these parameters exists, as far as known here.

    "impossible": one of these necessary conditions fails, decided in integers.

    * Counting: k (k - lam - 1) = (v - k - 1) mu; the complement's lam and mu are >= 0.
    * Integrality: the multiplicities of the eigenvalues are integers.  In the irrational
      (conference) case v is also a sum of two squares (decided for v <= 10^12).
    * Krein: for both eigenvalues t other than k, with l = v - k - 1,
      q(t) = k^2 l^2 + t^3 l^2 - (t + 1)^3 k^2 >= 0.
    * Absolute bound: for both, with f the multiplicity, v <= f (f + 3) / 2, and
      v <= f (f + 1) / 2 where q(t) > 0.

    "realised here": a family of this module, or a complement, has these parameters; `reason`
    names it.  "unknown": neither.  It says nothing of the literature, where some of these are
    settled: (16, 5, 0, 2) exists and (57, 14, 1, 4) does not, by other arguments.

    Parameters
    ----------
    v, k : int
        1 <= v < 10^800, 0 <= k <= v - 1.
    lam, mu : int or None
        >= 0.  lam is None exactly for k = 0, mu exactly for k = v - 1.

    Raises
    ------
    InputError
        Where an argument is outside its domain.

    References
    ----------
    [BH12] chapters 9 and 11.

    Examples
    --------
    >>> feasibility(10, 3, 0, 1)
    Feasibility(verdict='realised here', reason='complement:triangular:r=5')
    >>> feasibility(28, 9, 0, 4).reason
    'Krein condition: q(-5) = -9072 is negative'
    >>> feasibility(99, 14, 1, 2).verdict
    'unknown'
    """
    v = integer("v", v, 1)
    require(v < 10**800, "v", "have at most 800 digits", v)  # q has five times as many
    k = integer("k", k, 0, v - 1)
    wanted = Parameters(v, k, _pair_count("lam", lam, k == 0, "k = 0"),
                        _pair_count("mu", mu, k == v - 1, "k = v - 1"))
    try:
        spectrum = wanted.spectrum()
    except InputError as failure:
        return Feasibility("impossible", str(failure))
    if wanted.kind != "primitive":
        return Feasibility("realised here", _degenerate(wanted))
    obstacle = _obstacle(wanted, spectrum)
    if obstacle is not None:
        return Feasibility("impossible", obstacle)
    name = _realisation(wanted)
    if name is not None:
        return Feasibility("realised here", name)
    return Feasibility("unknown", "no condition here excludes it, no family here has it")


def _pair_count(name: str, value: int | None, no_pair: bool, where: str) -> int | None:
    if no_pair:
        require(value is None, name, f"be None for {where} (it has no pair to count)", value)
        return None
    return integer(name, value, 0)


def _obstacle(wanted: Parameters, spectrum: Spectrum) -> str | None:
    """The first of conference, Krein and absolute bound that a primitive set fails."""
    v, k = wanted.v, wanted.k
    other = v - k - 1
    eigenvalues = [(value, f) for value, f in spectrum.items() if value != k]
    if not isinstance(eigenvalues[0][0], int):
        # A conference set (4 mu + 1, 2 mu, mu - 1, mu): q(t) = 4 mu^2 (4 mu + 1)(mu - 1) >= 0
        # and the absolute bound holds too.  v = 1 mod 4 is a sum of two squares unless a prime
        # p = 3 mod 4 divides it to an odd power: then one <= sqrt(v) does.  (Beyond v = 10^12
        # larger p are not looked for.)
        for p in sympy.primerange(3, min(isqrt(v), 10**6) + 1):
            if p % 4 == 3 and v % p == 0 and sympy.multiplicity(p, v) % 2:
                return f"conference: v = {v} is no sum of two squares (odd power of {p})"
        return None
    for value, _ in eigenvalues:
        krein = _krein(k, other, value)
        if krein < 0:
            return f"Krein condition: q({value}) = {krein} is negative"
    for value, f in eigenvalues:
        strict = _krein(k, other, value) > 0
        most = f * (f + (1 if strict else 3)) // 2
        if v > most:
            return (f"absolute bound: v = {v} exceeds f (f + {1 if strict else 3}) / 2 = "
                    f"{most} for the multiplicity f = {f} of {value}")
    return None


def _krein(k: int, other: int, eigenvalue: int) -> int:
    """Krein parameter q^1_11 of an eigenvalue, up to a positive factor (`feasibility`'s q)."""
    return k**2 * other**2 + eigenvalue**3 * other**2 - (eigenvalue + 1)**3 * k**2


def _degenerate(known: Parameters) -> str:
    """The graph with these imprimitive parameters, in words (its parts may be too many)."""
    v, k, _, _ = known
    if known.kind == "disjoint cliques":
        return f"{v // (k + 1)} disjoint cliques of {k + 1} vertices"
    if known.kind == "complete multipartite":
        return f"complete multipartite graph, {v // (v - k)} parts of {v - k} vertices"
    return f"{known.kind} graph on {v} vertices"


def _realisation(wanted: Parameters) -> str | None:
    """A graph of this module with these primitive parameters."""
    root = isqrt(wanted.v)
    candidates: tuple[tuple[Callable[..., NamedGraph], tuple[int, ...]], ...] = (
        (triangular, ((1 + isqrt(1 + 8 * wanted.v)) // 2,)),
        (rook, (root, root)),
        (paley, (wanted.v,)),
    )  # No other Johnson, Kneser or Hamming graph is primitive: they have larger diameter.
    for family, arguments in candidates:
        with suppress(InputError):  # no such Paley graph, or beyond the arguments' range
            graph = family(*arguments)
            for found in (graph, complement(graph)):
                if found.parameters() == wanted:
                    return found.name
    return None


# Any graph


def parameters(graph: nx.Graph[Any]) -> Parameters | None:
    """(v, k, lam, mu) of a graph, decided exactly; None where it is not strongly regular.

    The module's table defines the degenerate cases: complete, empty and disconnected graphs
    and complete multipartite ones have parameters too.

    Parameters
    ----------
    graph : networkx.Graph
        Undirected, without loops or parallel edges; edge data are ignored.

    Raises
    ------
    InputError
        For any other graph, no vertices, or a regular graph with more than 10^4 vertices.

    Examples
    --------
    >>> parameters(nx.petersen_graph())
    Parameters(v=10, k=3, lam=0, mu=1)
    >>> parameters(nx.complete_graph(4))
    Parameters(v=4, k=3, lam=2, mu=None)
    >>> parameters(nx.cycle_graph(6)) is None
    True
    """
    _require_simple(graph)
    v = graph.number_of_nodes()
    require(v >= 1, "graph", "have a vertex", graph)
    degrees = {degree for _, degree in graph.degree()}
    if len(degrees) > 1:
        return None
    k = degrees.pop()
    if k in (0, v - 1):
        return _trivial(v, k)
    require(v**2 <= _MOST_ENTRIES, "graph", f"have at most {isqrt(_MOST_ENTRIES)} vertices", v)
    adjacency = np.zeros((v, v), dtype=np.float32)
    first, second = _edge_rows(graph)
    adjacency[first, second] = adjacency[second, first] = 1
    # Exact: every partial sum, in whatever order BLAS takes them, is an integer <= v < 2^24.
    common = adjacency @ adjacency
    lam, mu = common[0, np.argmax(adjacency[0])], common[0, 1 + np.argmin(adjacency[0, 1:])]
    expected = (lam - mu) * adjacency + mu
    np.fill_diagonal(expected, k)
    return Parameters(v, k, int(lam), int(mu)) if np.array_equal(common, expected) else None


def spectrum(graph: nx.Graph[Any]) -> Spectrum:
    """Exact spectrum of a strongly regular graph, from its parameters.

    Raises
    ------
    InputError
        Where `parameters` refuses the graph or it is not strongly regular.

    Examples
    --------
    >>> spectrum(nx.petersen_graph())
    {3: 1, 1: 5, -2: 4}
    """
    found = parameters(graph)
    if found is None:
        raise InputError("graph must be strongly regular (only then do its parameters give the "
                         f"exact spectrum), got {show(graph)}")
    return found.spectrum()


def incidence(graph: nx.Graph[Any]) -> NDArray[np.int64]:
    """Vertex-edge incidence matrix B, 0 and 1, two ones a column.

    Parameters
    ----------
    graph : networkx.Graph
        Undirected, without loops or parallel edges.

    Returns
    -------
    (v, e) int64 array
        Rows in the order of `graph.nodes`, columns in the order of `graph.edges`, so that
        B B^T = D + A with the degrees D, and B^T B = 2 I + A(line graph).

    Raises
    ------
    InputError
        For any other graph, or more than 10^8 entries.

    Examples
    --------
    >>> incidence(nx.complete_graph(3))
    array([[1, 1, 0],
           [1, 0, 1],
           [0, 1, 1]])
    """
    _require_simple(graph)
    entries = graph.number_of_nodes() * graph.number_of_edges()
    require(entries <= _MOST_ENTRIES, "graph",
            f"have at most {_MOST_ENTRIES} entries in its incidence matrix", entries)
    matrix = np.zeros((graph.number_of_nodes(), graph.number_of_edges()), dtype=np.int64)
    matrix[_edge_rows(graph), np.arange(graph.number_of_edges())] = 1
    return matrix


def subset_incidence(n: int, s: int, k: int) -> NDArray[np.int64]:
    """Containment of s-subsets (rows) and k-subsets (columns) of 0..n-1.

    Entry 1 where the smaller set lies in the larger one, else 0; both sides in lexicographic
    order.  s = 1, k = 2 is the vertex-edge incidence matrix of the complete graph K_n.

    Raises
    ------
    InputError
        Where an argument is outside 0 <= s, k <= n, n >= 1, or the matrix (or the list of the
        sets) would have more than 10^8 entries.

    Examples
    --------
    >>> subset_incidence(4, 1, 3)
    array([[1, 1, 1, 0],
           [1, 1, 0, 1],
           [1, 0, 1, 1],
           [0, 1, 1, 1]])
    """
    n = integer("n", n, 1)
    s, k = integer("s", s, 0, n), integer("k", k, 0, n)
    # C(n, j) > 10^8 for 27 <= j <= n / 2: a lower bound is enough, and quick, to refuse.
    rows, columns = (comb(n, min(size, n - size, 27)) for size in (s, k))
    entries = max(rows * columns, n * (rows + columns))
    require(entries <= _MOST_ENTRIES, f"subset_incidence({show(n)}, {show(s)}, {show(k)})",
            f"have at most {_MOST_ENTRIES} entries", entries)
    # Exact in float32, as in `parameters`.
    overlap: NDArray[np.float32] = _indicators(n, s) @ _indicators(n, k).T
    return np.equal(overlap, min(s, k)).astype(np.int64)


def _indicators(n: int, size: int) -> NDArray[np.float32]:
    """0/1 rows for the subsets of 0..n-1 with `size` elements, in lexicographic order."""
    members = np.array(list(combinations(range(n), size)), dtype=np.intp)
    rows = np.zeros((len(members), n), dtype=np.float32)
    rows[np.arange(len(members))[:, None], members] = 1
    return rows


def _edge_rows(graph: nx.Graph[Any]) -> NDArray[np.intp]:
    """(2, e) array: the places in `graph.nodes` of the two ends of each edge."""
    row = {vertex: i for i, vertex in enumerate(graph)}
    ends = [(row[first], row[second]) for first, second in graph.edges]
    return np.array(ends, dtype=np.intp).reshape(-1, 2).T


def _require_simple(graph: nx.Graph[Any]) -> None:
    requirement = "be an undirected networkx.Graph without loops or parallel edges"
    require(isinstance(graph, nx.Graph) and not graph.is_directed()
            and not graph.is_multigraph(), "graph", requirement, graph)
    require(nx.number_of_selfloops(graph) == 0, "graph", requirement, graph)


# The named families


@dataclass(frozen=True)
class NamedGraph(ABC):
    """A graph known in closed form; nothing is built before `graph()` is called.

    Made by `triangular`, `johnson`, `kneser`, `hamming`, `rook`, `complete_multipartite`,
    `paley`, `complement` or `from_spec`.

    Attributes
    ----------
    name : str
        The text that `from_spec` reads.
    order, size : int
        Number of vertices and of edges.

    Examples
    --------
    >>> triangular(1000000).spectrum()
    {1999996: 1, 999996: 999999, -2: 499998500000}
    """

    name: str

    @property
    def order(self) -> int:
        return sum(self.spectrum().values())

    @property
    def size(self) -> int:
        """Half the trace of A^2."""
        return sum(m * value**2 for value, m in self.spectrum().items()) // 2

    @abstractmethod
    def spectrum(self) -> Spectrum:
        """Exact eigenvalues of the adjacency matrix -> multiplicities, largest first."""

    def parameters(self) -> Parameters | None:
        """(v, k, lam, mu) from the spectrum; None where the graph is not strongly regular.

        A graph is regular iff its largest eigenvalue is the mean degree, and then strongly
        regular iff the orthogonal complement of the all-ones vector holds at most two
        eigenvalues t, s: t + s = lam - mu, t s = mu - k.
        """
        spectrum, v = self.spectrum(), self.order
        k = next(iter(spectrum))
        if v * k != 2 * self.size:
            return None
        if k in (0, v - 1):
            return _trivial(v, k)
        rest = [value for value, m in spectrum.items() if value != k or m > 1]
        if len(rest) > 2:
            return None
        mu = k + rest[0] * rest[1]
        return Parameters(v, k, mu + sum(rest), mu)

    def graph(self) -> nx.Graph[Any]:
        """The graph itself: labelled vertices in lexicographic order, and edges too.

        Raises
        ------
        InputError
            For more than 2 * 10^6 vertices or edges.
        """
        require(max(self.order, self.size) <= _MOST_EDGES, self.name,
                f"have at most {_MOST_EDGES} vertices and edges to be built",
                (self.order, self.size))
        graph: nx.Graph[Any] = nx.Graph(name=self.name)
        graph.add_nodes_from(self._vertices())
        graph.add_edges_from(sorted(self._edges()))
        return graph

    @abstractmethod
    def _vertices(self) -> Iterable[Any]:
        """Labels in lexicographic order."""

    @abstractmethod
    def _edges(self) -> Iterable[tuple[Any, Any]]:
        """Each edge once, the smaller label first."""

    def _complement_spectrum(self) -> Spectrum:
        """For a regular graph: k -> v - 1 - k on the all-ones vector, t -> -1 - t elsewhere."""
        spectrum, v = self.spectrum(), self.order
        k = next(iter(spectrum))
        return _collect([(v - 1 - k, 1), (-1 - k, spectrum[k] - 1),
                         *((-1 - value, m) for value, m in spectrum.items() if value != k)])


@dataclass(frozen=True)
class _Subsets(NamedGraph):
    """k-subsets of 0..n-1, adjacent where they share k - distance elements."""

    n: int
    k: int
    distance: int

    def spectrum(self) -> Spectrum:
        # Eberlein polynomial E_j(i), multiplicity C(n, i) - C(n, i-1); [BCN89, section 9.1].
        n, k, j = self.n, self.k, self.distance
        return _collect(
            (sum((-1)**t * comb(i, t) * comb(k - i, j - t) * comb(n - k - i, j - t)
                 for t in range(max(0, j - (k - i)), min(i, j) + 1)),
             comb(n, i) - (comb(n, i - 1) if i else 0))
            for i in range(min(k, n - k) + 1))

    def _vertices(self) -> Iterable[tuple[int, ...]]:
        return combinations(range(self.n), self.k)

    def _edges(self) -> Iterator[tuple[Any, Any]]:
        for subset in self._vertices():
            others = [x for x in range(self.n) if x not in subset]
            for kept in combinations(subset, self.k - self.distance):
                for added in combinations(others, self.distance):
                    neighbour = tuple(sorted(kept + added))
                    if subset < neighbour:
                        yield subset, neighbour


@dataclass(frozen=True)
class _Words(NamedGraph):
    """Words with `sizes[i]` letters at place i, adjacent where they differ at one place."""

    sizes: tuple[int, ...]

    def spectrum(self) -> Spectrum:
        # The Cartesian product of complete graphs: eigenvalues add, multiplicities multiply.
        spectrum: Spectrum = {0: 1}
        for q in self.sizes:
            spectrum = _collect((value + own, m * copies) for value, m in spectrum.items()
                                for own, copies in ((q - 1, 1), (-1, q - 1)))
        return spectrum

    def _vertices(self) -> Iterable[tuple[int, ...]]:
        return product(*map(range, self.sizes))

    def _edges(self) -> Iterator[tuple[Any, Any]]:
        for word in self._vertices():
            for place, q in enumerate(self.sizes):
                for letter in range(word[place] + 1, q):
                    yield word, (*word[:place], letter, *word[place + 1:])


@dataclass(frozen=True)
class _Parts(NamedGraph):
    """Vertices (part, number), adjacent where their parts differ."""

    sizes: tuple[int, ...]

    @property
    def order(self) -> int:
        return sum(self.sizes)

    @property
    def size(self) -> int:
        return (self.order**2 - sum(size**2 for size in self.sizes)) // 2

    def spectrum(self) -> Spectrum:
        # Vectors that sum to zero on every part: 0.  Constant on parts, summing to zero over
        # the parts of one size s: -s.  The rest: x with sum over parts of s / (x + s) = 1,
        # which has as many roots, all real, as there are distinct sizes.
        copies = Counter(self.sizes)
        x = sympy.Symbol("x")
        secular = prod((x + s for s in copies), start=sympy.Integer(1)) - sum(
            c * s * prod(x + other for other in copies if other != s)
            for s, c in copies.items())
        roots = sympy.Poly(secular, x).real_roots()
        return _collect([(0, self.order - len(self.sizes)),
                         *((-s, c - 1) for s, c in copies.items()),
                         *((int(root) if root.is_Integer else root, 1) for root in roots)])

    def _complement_spectrum(self) -> Spectrum:
        # Disjoint cliques: known whether the sizes are equal (the graph is regular) or not.
        return _collect([(-1, self.order - len(self.sizes)),
                         *((s - 1, c) for s, c in Counter(self.sizes).items())])

    def _vertices(self) -> Iterable[tuple[int, int]]:
        return ((part, i) for part, size in enumerate(self.sizes) for i in range(size))

    def _edges(self) -> Iterator[tuple[Any, Any]]:
        return ((a, b) for a, b in combinations(self._vertices(), 2) if a[0] != b[0])


@dataclass(frozen=True)
class _Paley(NamedGraph):
    """0..q-1, adjacent where they differ by a square modulo the prime q = 1 mod 4."""

    q: int

    @property
    def size(self) -> int:
        return self.q * (self.q - 1) // 4

    def parameters(self) -> Parameters:
        return Parameters(self.q, (self.q - 1) // 2, (self.q - 5) // 4, (self.q - 1) // 4)

    def spectrum(self) -> Spectrum:
        return self.parameters().spectrum()

    def _vertices(self) -> Iterable[int]:
        return range(self.q)

    def _edges(self) -> Iterator[tuple[Any, Any]]:
        return ((a, b) for a, b in map(sorted, nx.paley_graph(self.q, nx.Graph).edges))


@dataclass(frozen=True)
class _Complement(NamedGraph):
    """The other pairs of vertices."""

    of: NamedGraph

    @property
    def size(self) -> int:
        return comb(self.of.order, 2) - self.of.size

    def parameters(self) -> Parameters | None:
        known = self.of.parameters()
        return None if known is None else known.complement()

    def spectrum(self) -> Spectrum:
        return self.of._complement_spectrum()

    def _vertices(self) -> Iterable[Any]:
        return self.of._vertices()

    def _edges(self) -> Iterable[tuple[Any, Any]]:
        edges: Iterable[tuple[Any, Any]] = nx.complement(self.of.graph()).edges
        return edges


def triangular(r: int) -> NamedGraph:
    """Triangular graph T(r), the line graph of K_r: vertices (a, b), 0 <= a < b < r.

    Edges of K_r, adjacent where they share an end: J(r, 2).  r >= 2.

    Examples
    --------
    >>> triangular(5).parameters()
    Parameters(v=10, k=6, lam=3, mu=4)
    >>> list(triangular(4).graph())
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    """
    r = integer("r", r, 2, _LARGEST)
    return _Subsets(f"triangular:r={r}", r, 2, 1)


def johnson(n: int, k: int) -> NamedGraph:
    """Johnson graph J(n, k): k-subsets of 0..n-1 as sorted tuples, sharing k - 1 elements.

    1 <= k <= n; k = 1 is the complete graph K_n.

    Examples
    --------
    >>> johnson(6, 3).spectrum()
    {9: 1, 3: 5, -1: 9, -3: 5}
    """
    n, k = _set_sizes(n, k)
    return _Subsets(f"johnson:n={n},k={k}", n, k, 1)


def kneser(n: int, k: int) -> NamedGraph:
    """Kneser graph K(n, k): k-subsets of 0..n-1 as sorted tuples, adjacent where disjoint.

    1 <= k <= n; no edges for n < 2k, a perfect matching for n = 2k.

    Examples
    --------
    >>> kneser(5, 2).spectrum()
    {3: 1, 1: 5, -2: 4}
    """
    n, k = _set_sizes(n, k)
    return _Subsets(f"kneser:n={n},k={k}", n, k, k)


def hamming(m: int, q: int) -> NamedGraph:
    """Hamming graph H(m, q): words of m letters 0..q-1, adjacent where one letter differs.

    m >= 1, q >= 2; H(1, q) is the complete graph, H(2, q) the q x q rook's graph.

    Examples
    --------
    >>> hamming(3, 2).spectrum()
    {3: 1, 1: 3, -1: 3, -3: 1}
    """
    m, q = integer("m", m, 1, _LONGEST), integer("q", q, 2, _LARGEST)
    return _Words(f"hamming:m={m},q={q}", (q,) * m)


def rook(m: int, n: int) -> NamedGraph:
    """The m x n rook's graph: cells (row, column), adjacent in one row or one column.

    Examples
    --------
    >>> rook(2, 3).spectrum()
    {3: 1, 1: 1, 0: 2, -2: 2}
    """
    m, n = integer("m", m, 1, _LARGEST), integer("n", n, 1, _LARGEST)
    return _Words(f"rook:m={m},n={n}", (m, n))


def complete_multipartite(*sizes: int) -> NamedGraph:
    """Complete multipartite graph: vertices (part, number), adjacent in different parts.

    Unequal sizes make it irregular, with algebraic eigenvalues (exact sympy numbers).

    Examples
    --------
    >>> complete_multipartite(2, 2, 2).parameters()
    Parameters(v=6, k=4, lam=2, mu=4)
    >>> complete_multipartite(1, 2).spectrum()
    {sqrt(2): 1, 0: 1, -sqrt(2): 1}
    """
    require(len(sizes) >= 1, "sizes", "hold at least one part", sizes)
    sizes = tuple(integer(f"sizes[{i}]", size, 1, _LARGEST) for i, size in enumerate(sizes))
    distinct = len(set(sizes))
    require(distinct <= _MOST_PART_SIZES, "sizes",
            f"hold at most {_MOST_PART_SIZES} distinct numbers", distinct)
    return _Parts("multipartite:sizes=" + "x".join(map(str, sizes)), sizes)


def paley(q: int) -> NamedGraph:
    """Paley graph of a prime q = 1 mod 4: 0..q-1, adjacent where they differ by a square.

    (Prime powers need the finite field, not the integers modulo q, and are refused.)

    Examples
    --------
    >>> paley(5).parameters()
    Parameters(v=5, k=2, lam=0, mu=1)
    """
    q = integer("q", q, 2, _LARGEST)
    require(q % 4 == 1 and sympy.isprime(q), "q", "be a prime with remainder 1 modulo 4", q)
    return _Paley(f"paley:q={q}", q)


def complement(graph: NamedGraph) -> NamedGraph:
    """The complementary graph, on the same vertices (networkx.complement for other graphs).

    Examples
    --------
    >>> complement(triangular(5)).parameters() == kneser(5, 2).parameters()
    True
    """
    require(isinstance(graph, NamedGraph), "graph", "be a NamedGraph", graph)
    if isinstance(graph, _Complement):
        return graph.of
    return _Complement(f"complement:{graph.name}", graph)


def _set_sizes(n: int, k: int) -> tuple[int, int]:
    n = integer("n", n, 1, _LARGEST)
    return n, integer("k", k, 1, min(n, _LONGEST))


_FAMILIES: dict[str, tuple[Callable[..., NamedGraph], tuple[str, ...]]] = {
    "triangular": (triangular, ("r",)),
    "johnson": (johnson, ("n", "k")),
    "kneser": (kneser, ("n", "k")),
    "hamming": (hamming, ("m", "q")),
    "rook": (rook, ("m", "n")),
    "multipartite": (complete_multipartite, ("sizes",)),
    "paley": (paley, ("q",)),
}


def from_spec(text: str) -> NamedGraph:
    """The graph that a text names: "family:argument=value,...", "complement:" in front.

    triangular:r=5, johnson:n=6,k=3, kneser:n=5,k=2, hamming:m=2,q=3, rook:m=3,n=4,
    multipartite:sizes=3x3x3, paley:q=13, complement:triangular:r=5.

    Raises
    ------
    InputError
        For an unknown family, or an argument that is missing, unknown, repeated, not a whole
        number or outside its range.

    Examples
    --------
    >>> from_spec("complement:johnson:n=5,k=2").parameters()
    Parameters(v=10, k=3, lam=0, mu=1)
    >>> from_spec("triangular:s=5")
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: graph must have the form triangular:r=.., got 'triangular:s=5'
    """
    require(isinstance(text, str), "graph", "be a text such as 'triangular:r=5'", text)
    rest = text
    while rest.startswith("complement:"):
        rest = rest.removeprefix("complement:")
    name, _, listed = rest.partition(":")
    choice("graph family", name, tuple(_FAMILIES))
    family, keys = _FAMILIES[name]
    pairs = [pair.partition("=") for pair in listed.split(",")]
    require(sorted(key for key, _, _ in pairs) == sorted(keys), "graph",
            f"have the form {name}:" + ",".join(f"{key}=.." for key in keys), text)
    values = {key: value for key, _, value in pairs}
    if name == "multipartite":
        graph = family(*(_whole("sizes", size) for size in values["sizes"].split("x")))
    else:
        graph = family(*(_whole(key, values[key]) for key in keys))
    flips = (len(text) - len(rest)) // len("complement:")
    return complement(graph) if flips % 2 else graph


def _whole(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{key} must be a whole number, got {show(text)}") from None
