"""Closed forms: families of graphs, their exact spectra at any size, nothing built.

A family's function (`triangular`, `johnson`, ...) or its text form (`from_spec`) gives a
`NamedGraph`; its `graph()` is the networkx graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature
from itertools import combinations, islice, product
from math import comb, isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import specs
from nctheory.errors import InputError, integer, require, show
from nctheory.graphs import field, sporadic
from nctheory.graphs.incidence import Graph, subset_incidence
from nctheory.graphs.srg import Parameters, Spectrum, collect, parameters, trivial

# Arguments stay below these so that every exact integer has fewer than the 4300 digits that
# Python prints: 10^9 ** 400 has 3601.
_LARGEST, _LONGEST = 10**9, 400
# With more distinct sizes near 10^9, sympy would need many seconds to isolate the eigenvalues.
_MOST_PART_SIZES = 10
# Above this a networkx graph takes about a gigabyte.
MOST_EDGES = 2 * 10**6
# Up to this many vertices, graphs are checked against their parameters in about a second.
MOST_CHECKED = 2000
# Maximal cliques looked at for Delsarte cliques: about a second.
_MOST_CLIQUES = 20_000

# The attribute of a graph that holds its closed form, for `closed_form`.
_MARK = "_nctheory_family"


@dataclass(frozen=True)
class NamedGraph(ABC):
    """A graph known in closed form; nothing is built before `graph()` is called.

    Made by `from_spec`; a graph from `nctheory.graphs.generators` has its own in
    `graph.graph["family"]`.

    Attributes
    ----------
    name : str
        The text that `from_spec` reads.
    order, size : int
        Number of vertices and of edges.

    Examples
    --------
    >>> from_spec("triangular:r=1000000").spectrum()
    {1999996: 1, 999996: 999999, -2: 499998500000}
    >>> print(from_spec("triangular:r=4").graph())
    Graph named 'triangular:r=4' with 6 nodes and 12 edges
    """

    name: str

    @property
    def order(self) -> int:
        """The number of vertices: of eigenvalues, with their multiplicities."""
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
            return trivial(v, k)
        rest = [value for value, m in spectrum.items() if value != k or m > 1]
        if len(rest) > 2:
            return None
        mu = k + rest[0] * rest[1]
        return Parameters(v, k, mu + sum(rest), mu)

    def graph(self) -> Graph:
        """The graph itself: labelled vertices in lexicographic order, and edges too.

        Frozen (networkx.freeze; networkx.Graph(graph) is a copy to change), its closed form in
        `graph.graph["family"]`.  Up to 2000 vertices the closed form's (v, k, lam, mu) are
        checked on the matrix: A^2 = k I + lam A + mu (J - I - A) in integers.

        Raises
        ------
        InputError
            For more than 2 * 10^6 vertices or edges.
        """
        import networkx as nx

        require(max(self.order, self.size) <= MOST_EDGES, self.name,
                f"have at most {MOST_EDGES} vertices and edges to be built",
                (self.order, self.size))
        graph: Graph = nx.Graph(name=self.name, family=self)
        graph.add_nodes_from(self._vertices())
        graph.add_edges_from(sorted(self._edges()))
        known = self.parameters()
        assert known is None or self.order > MOST_CHECKED or parameters(graph) == known
        setattr(graph, _MARK, self)
        nx.freeze(graph)
        return graph

    def adjacency(self) -> NDArray[np.int64]:
        """The 0/1 adjacency matrix, vertices in the order of `graph()`."""
        import networkx as nx

        return nx.to_numpy_array(self.graph()).astype(np.int64)

    def set_size(self, positive: bool) -> int | None:
        """The size of the vertex sets that `sets` gives, None where it knows none."""
        return None

    def sets(self, positive: bool) -> NDArray[np.int64]:
        """0/1 rows, sets of equal size, with Gram matrix in the span of J and E.

        For a primitive strongly regular graph; E is the eigenspace of its positive eigenvalue
        other than k, or of its negative one.  Delsarte cliques are such sets (the lines of a
        rook's graph, the stars of a triangular graph: their Gram matrix is A + m I with the
        least eigenvalue -m), for the negative eigenvalue the cocliques that meet Hoffman's bound.
        """
        raise InputError(f"graph must have known vertex sets, got {self.name}")

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
        return collect([(v - 1 - k, 1), (-1 - k, spectrum[k] - 1),
                        *((-1 - value, m) for value, m in spectrum.items() if value != k)])


def closed_form(graph: Graph) -> NamedGraph | None:
    """The closed form of a graph that `NamedGraph.graph` made, as it made it; else None.

    Being frozen and having graph.graph["family"] does not show this: networkx hands
    `graph.graph` on to subgraph views, which are frozen too, and to copies, which can be changed
    and frozen again.  A graph's own attribute stays with it (and its pickles).
    """
    found: NamedGraph | None = getattr(graph, _MARK, None)
    return found


@dataclass(frozen=True)
class _Subsets(NamedGraph):
    """k-subsets of 0..n-1, adjacent where they share k - distance elements."""

    n: int
    k: int
    distance: int

    def spectrum(self) -> Spectrum:
        # Eberlein polynomial E_j(i), multiplicity C(n, i) - C(n, i-1); [BCN89, section 9.1].
        n, k, j = self.n, self.k, self.distance
        return collect(
            (sum((-1)**t * comb(i, t) * comb(k - i, j - t) * comb(n - k - i, j - t)
                 for t in range(max(0, j - (k - i)), min(i, j) + 1)),
             comb(n, i) - (comb(n, i - 1) if i else 0))
            for i in range(min(k, n - k) + 1))

    def set_size(self, positive: bool) -> int | None:
        # The pairs through a point: cliques of T(n), cocliques of its complement K(n, 2).
        return self.n - 1 if self.k == 2 and positive == (self.distance == 1) else None

    def sets(self, positive: bool) -> NDArray[np.int64]:
        if self.set_size(positive) is None:
            return super().sets(positive)
        return subset_incidence(self.n, 1, 2)

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
            spectrum = collect((value + own, m * copies) for value, m in spectrum.items()
                               for own, copies in ((q - 1, 1), (-1, q - 1)))
        return spectrum

    def set_size(self, positive: bool) -> int | None:
        # The rows and columns of a square board.
        square = len(self.sizes) == 2 and self.sizes[0] == self.sizes[1]
        return self.sizes[0] if square and positive else None

    def sets(self, positive: bool) -> NDArray[np.int64]:
        if self.set_size(positive) is None:
            return super().sets(positive)
        one, ones = np.eye(self.sizes[0], dtype=np.int64), np.ones((1, self.sizes[0]), np.int64)
        return np.vstack([np.kron(one, ones), np.kron(ones, one)])

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
        import sympy

        copies = Counter(self.sizes)
        x = sympy.Symbol("x")
        secular = prod((x + s for s in copies), start=sympy.Integer(1)) - sum(
            c * s * prod(x + other for other in copies if other != s)
            for s, c in copies.items())
        roots = sympy.Poly(secular, x).real_roots()
        return collect([(0, self.order - len(self.sizes)),
                        *((-s, c - 1) for s, c in copies.items()),
                        *((int(root) if root.is_Integer else root, 1) for root in roots)])

    def _complement_spectrum(self) -> Spectrum:
        # Disjoint cliques: known whether the sizes are equal (the graph is regular) or not.
        return collect([(-1, self.order - len(self.sizes)),
                        *((s - 1, c) for s, c in Counter(self.sizes).items())])

    def _vertices(self) -> Iterable[tuple[int, int]]:
        return ((part, i) for part, size in enumerate(self.sizes) for i in range(size))

    def _edges(self) -> Iterator[tuple[Any, Any]]:
        return ((a, b) for a, b in combinations(self._vertices(), 2) if a[0] != b[0])


@dataclass(frozen=True)
class _Paley(NamedGraph):
    """The elements of GF(q), q = 1 mod 4, adjacent where they differ by a square."""

    q: int

    @property
    def size(self) -> int:
        return self.q * (self.q - 1) // 4

    def parameters(self) -> Parameters:
        return Parameters(self.q, (self.q - 1) // 2, (self.q - 5) // 4, (self.q - 1) // 4)

    def spectrum(self) -> Spectrum:
        return self.parameters().spectrum()

    def set_size(self, positive: bool) -> int | None:
        root = isqrt(self.q)
        return root if root**2 == self.q else None

    def sets(self, positive: bool) -> NDArray[np.int64]:
        # The lines a + b GF(sqrt q), b != 0: all of them squares times b.
        root = self.set_size(positive)
        if root is None:
            return super().sets(positive)
        powers, everything = field.powers(self.q), np.arange(self.q)
        rows = []
        for i in range(0 if positive else 1, root + 1, 2):
            line = np.array([0, *powers[i::root + 1]])
            parallels = {tuple(np.sort(field.shifts(self.q, a, line, 1)))
                         for a in everything.tolist()}
            rows += [np.isin(everything, points) for points in sorted(parallels)]
        return np.array(rows, dtype=np.int64)

    def _vertices(self) -> Iterable[int]:
        return range(self.q)

    def _edges(self) -> Iterator[tuple[int, int]]:
        square = np.zeros(self.q, dtype=bool)
        square[list(field.powers(self.q)[::2])] = True
        for a in range(self.q):
            others = np.arange(a + 1, self.q)
            differences = field.shifts(self.q, a, others, -1)
            yield from ((a, b) for b in others[square[differences]].tolist())


@dataclass(frozen=True)
class _Listed(NamedGraph):
    """A strongly regular graph on 0..v-1 given by its edges."""

    known: Parameters
    edges: sporadic.Edges
    # For the positive and for the negative eigenvalue: the vertex sets of `sets`.
    families: tuple[tuple[tuple[int, ...], ...], ...] = ((), ())

    def parameters(self) -> Parameters:
        return self.known

    def spectrum(self) -> Spectrum:
        return self.known.spectrum()

    def set_size(self, positive: bool) -> int | None:
        family = self.families[not positive]
        return len(family[0]) if family else None

    def sets(self, positive: bool) -> NDArray[np.int64]:
        if self.set_size(positive) is None:
            return super().sets(positive)
        return np.array([np.isin(range(self.known.v), points)
                         for points in self.families[not positive]], dtype=np.int64)

    def _vertices(self) -> Iterable[int]:
        return range(self.known.v)

    def _edges(self) -> Iterable[tuple[int, int]]:
        return self.edges


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

    def set_size(self, positive: bool) -> int | None:
        return self.of.set_size(not positive)

    def sets(self, positive: bool) -> NDArray[np.int64]:
        return self.of.sets(not positive)

    def _vertices(self) -> Iterable[Any]:
        return self.of._vertices()

    def _edges(self) -> Iterable[tuple[Any, Any]]:
        import networkx as nx

        edges: Iterable[tuple[Any, Any]] = nx.complement(self.of.graph()).edges
        return edges


def triangular(r: int) -> NamedGraph:
    """The triangular graph T(r), the line graph of K_r: pairs (a, b), 0 <= a < b < r, adjacent
    where they share an element; J(r, 2).  2 <= r <= 10^9."""
    r = integer("r", r, 2, _LARGEST)
    return _Subsets(f"triangular:r={r}", r, 2, 1)


def johnson(n: int, k: int) -> NamedGraph:
    """The Johnson graph J(n, k): k-subsets of 0..n-1 as sorted tuples, adjacent where they share
    k - 1 elements; k = 1 is the complete graph K_n.  1 <= k <= min(n, 400), n <= 10^9."""
    n, k = _set_sizes(n, k)
    return _Subsets(f"johnson:n={n},k={k}", n, k, 1)


def kneser(n: int, k: int) -> NamedGraph:
    """The Kneser graph K(n, k): k-subsets of 0..n-1 as sorted tuples, adjacent where disjoint; no
    edges for n < 2k, a perfect matching for n = 2k.  1 <= k <= min(n, 400), n <= 10^9."""
    n, k = _set_sizes(n, k)
    return _Subsets(f"kneser:n={n},k={k}", n, k, k)


def hamming(m: int, q: int) -> NamedGraph:
    """The Hamming graph H(m, q): words of m letters 0..q-1, adjacent where one letter differs;
    H(1, q) is complete, H(2, q) the q x q rook's graph.  1 <= m <= 400, 2 <= q <= 10^9."""
    m, q = integer("m", m, 1, _LONGEST), integer("q", q, 2, _LARGEST)
    return _Words(f"hamming:m={m},q={q}", (q,) * m)


def rook(m: int, n: int) -> NamedGraph:
    """The m x n rook's graph: cells (row, column), adjacent in one row or one column.
    1 <= m, n <= 10^9."""
    m, n = integer("m", m, 1, _LARGEST), integer("n", n, 1, _LARGEST)
    return _Words(f"rook:m={m},n={n}", (m, n))


def complete_multipartite(*sizes: int) -> NamedGraph:
    """The complete multipartite graph: vertices (part, number), adjacent in different parts.

    Unequal sizes (at most ten distinct ones) make it irregular, with algebraic eigenvalues
    (exact sympy numbers).
    """
    require(len(sizes) >= 1, "sizes", "hold at least one part", sizes)
    sizes = tuple(integer(f"sizes[{i}]", size, 1, _LARGEST) for i, size in enumerate(sizes))
    distinct = len(set(sizes))
    require(distinct <= _MOST_PART_SIZES, "sizes",
            f"hold at most {_MOST_PART_SIZES} distinct numbers", distinct)
    return _Parts("multipartite:sizes=" + "x".join(map(str, sizes)), sizes)


def paley(q: int) -> NamedGraph:
    """The Paley graph of a prime power q = 1 mod 4, q <= 10^9: GF(q), adjacent where elements
    differ by a square.

    Element sum c_i x^i is the integer sum c_i p^i (x primitive); for a prime q the integers
    modulo q.  networkx.paley_graph takes those for every q, which is wrong for q = 9.
    """
    q = integer("q", q, 2, _LARGEST)
    require(q % 4 == 1 and field.prime_power(q) is not None, "q",
            "be a prime power with remainder 1 modulo 4", q)
    return _Paley(f"paley:q={q}", q)


def complement(graph: NamedGraph) -> NamedGraph:
    """Closed form of the complementary graph; the complement of a complement is the graph."""
    if isinstance(graph, _Complement):
        return graph.of
    return _Complement(f"complement:{graph.name}", graph)


def petersen() -> NamedGraph:
    """The Petersen graph, K(5, 2), on the pairs of 0..4: srg(10, 3, 0, 1)."""
    return _Subsets("petersen", 5, 2, 2)


@lru_cache(maxsize=None)
def clebsch() -> NamedGraph:
    """The Clebsch graph on 0..15, adjacent where they differ in one bit or in all four:
    srg(16, 5, 0, 2), the complement of the halved 5-cube."""
    return _Listed("clebsch", Parameters(16, 5, 0, 2), sporadic.clebsch(),
                   ((), sporadic.half_cubes()))


@lru_cache(maxsize=None)
def schlaefli() -> NamedGraph:
    """The Schlaefli graph, the 27 lines on a cubic surface, adjacent where skew:
    srg(27, 16, 10, 8)."""
    return _Listed("schlaefli", Parameters(27, 16, 10, 8), sporadic.schlaefli())


@lru_cache(maxsize=None)
def hoffman_singleton() -> NamedGraph:
    """The Hoffman-Singleton graph on 0..49: srg(50, 7, 0, 1)."""
    return _Listed("hoffman-singleton", Parameters(50, 7, 0, 1), sporadic.hoffman_singleton())


def given(graph: Graph, name: str = "srg") -> NamedGraph:
    """Closed form of any strongly regular networkx graph, its vertices numbered in order.

    Decided exactly by `parameters`.  Delsarte cliques of the graph and of its complement are
    looked for among the first 20 000 maximal cliques of each.

    Raises
    ------
    InputError
        Where the graph is not simple, or not strongly regular.

    Examples
    --------
    >>> import networkx as nx
    >>> given(nx.petersen_graph()).spectrum()
    {3: 1, 1: 5, -2: 4}
    """
    import networkx as nx

    known = parameters(graph)
    if known is None:
        raise InputError(f"graph must be strongly regular, got {show(graph)}")
    numbered = nx.convert_node_labels_to_integers(graph)
    edges = tuple(sorted((min(a, b), max(a, b)) for a, b in numbered.edges))
    families = tuple(_delsarte_cliques(one, of) for one, of in (
        (numbered, known), (nx.complement(numbered), known.complement())))
    return _Listed(name, known, edges, families)


def from_file(path: str) -> NamedGraph:
    """`given` of the one graph in a graph6 file."""
    import networkx as nx

    try:
        graph = nx.read_graph6(path)
    except (OSError, nx.NetworkXError, ValueError, IndexError) as error:
        raise InputError(f"file must hold a graph in graph6 format, got {show(path)}: "
                         f"{error}") from None
    require(isinstance(graph, nx.Graph), "file", "hold one graph", path)
    return given(graph, f"srg:{path}")


def _delsarte_cliques(graph: Graph, known: Parameters) -> tuple[tuple[int, ...], ...]:
    """The cliques of 1 + k/m vertices, -m the least eigenvalue, where few enough maximal cliques
    are to be searched and every edge lies in equally many of them; else none."""
    import networkx as nx

    least = list(known.spectrum())[-1]
    if known.kind != "primitive" or not isinstance(least, int) or known.k % least:
        return ()
    found = list(islice(nx.find_cliques(graph), _MOST_CLIQUES + 1))
    cliques = tuple(sorted(tuple(sorted(c)) for c in found if len(c) == 1 - known.k // least))
    through = Counter(edge for clique in cliques for edge in combinations(clique, 2))
    even = len(through) == graph.number_of_edges() and len(set(through.values())) == 1
    return cliques if len(found) <= _MOST_CLIQUES and even else ()


def _set_sizes(n: int, k: int) -> tuple[int, int]:
    n = integer("n", n, 1, _LARGEST)
    return n, integer("k", k, 1, min(n, _LONGEST))


def _multipartite(sizes: tuple[int, ...]) -> NamedGraph:
    return complete_multipartite(*sizes)


def _board(n: int, m: int = 0) -> NamedGraph:
    return rook(m or n, n)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("x")))


_WHOLE = specs.Argument(int, "be a whole number")
_FAMILIES: dict[str, Callable[..., NamedGraph]] = {
    "triangular": triangular, "johnson": johnson, "kneser": kneser, "hamming": hamming,
    "rook": _board, "multipartite": _multipartite, "paley": paley, "petersen": petersen,
    "clebsch": clebsch, "schlaefli": schlaefli, "hoffman-singleton": hoffman_singleton,
    "srg": from_file,
}
_ARGUMENTS = {name: {key: _WHOLE for key in signature(make).parameters}
              for name, make in _FAMILIES.items()} | {
    "multipartite": {"sizes": specs.Argument(_sizes, "be whole numbers such as 3x3x3")},
    "rook": {"m": specs.Argument(int, "be a whole number", optional=True), "n": _WHOLE},
    "srg": {"path": specs.Argument(str)}}


def from_spec(text: str) -> NamedGraph:
    """Closed form of the graph that a text names: "family:argument=value,...".

    "complement:" in front gives the complementary graph.  The families, by example:
    triangular:r=5, johnson:n=6,k=3, kneser:n=5,k=2, hamming:m=2,q=3, rook:m=3,n=4 (rook:n=4 is
    square), multipartite:sizes=3x3x3, paley:q=9, petersen, clebsch, schlaefli,
    hoffman-singleton, complement:triangular:r=5.  srg:FILE is a strongly regular graph in a
    graph6 file.

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
    nctheory.errors.InputError: triangular must have the parameters of triangular:r=.., got 's'
    """
    require(isinstance(text, str), "graph", "be a text such as 'triangular:r=5'", text)
    rest = text
    while rest.startswith("complement:"):
        rest = rest.removeprefix("complement:")
    name, values = specs.parse("graph", rest, _ARGUMENTS)
    graph = _FAMILIES[name](**values)
    flips = (len(text) - len(rest)) // len("complement:")
    return complement(graph) if flips % 2 else graph
