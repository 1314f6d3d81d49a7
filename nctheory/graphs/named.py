"""Closed forms: families of graphs, their exact spectra at any size, nothing built.

A family's function (`triangular`, `johnson`, ...) or its text form (`from_spec`) gives a
`NamedGraph`; its `graph()` is the networkx graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from itertools import combinations, product
from math import comb, prod
from typing import Any

import networkx as nx

from nctheory import specs
from nctheory.errors import integer, require
from nctheory.graphs.srg import Parameters, Spectrum, collect, trivial

# Arguments stay below these so that every exact integer has fewer than the 4300 digits that
# Python prints: 10^9 ** 400 has 3601.
_LARGEST, _LONGEST = 10**9, 400
# With more distinct sizes near 10^9, sympy would need many seconds to isolate the eigenvalues.
_MOST_PART_SIZES = 10
# Above this a networkx graph takes about a gigabyte.
MOST_EDGES = 2 * 10**6

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

    def graph(self) -> nx.Graph[Any]:
        """The graph itself: labelled vertices in lexicographic order, and edges too.

        Frozen (networkx.freeze; networkx.Graph(graph) is a copy to change), its closed form in
        `graph.graph["family"]`.

        Raises
        ------
        InputError
            For more than 2 * 10^6 vertices or edges.
        """
        require(max(self.order, self.size) <= MOST_EDGES, self.name,
                f"have at most {MOST_EDGES} vertices and edges to be built",
                (self.order, self.size))
        graph: nx.Graph[Any] = nx.Graph(name=self.name, family=self)
        graph.add_nodes_from(self._vertices())
        graph.add_edges_from(sorted(self._edges()))
        setattr(graph, _MARK, self)
        nx.freeze(graph)
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
        return collect([(v - 1 - k, 1), (-1 - k, spectrum[k] - 1),
                        *((-1 - value, m) for value, m in spectrum.items() if value != k)])


def closed_form(graph: nx.Graph[Any]) -> NamedGraph | None:
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
    """Closed form of `generators.triangular`, 2 <= r <= 10^9."""
    r = integer("r", r, 2, _LARGEST)
    return _Subsets(f"triangular:r={r}", r, 2, 1)


def johnson(n: int, k: int) -> NamedGraph:
    """Closed form of `generators.johnson`, k <= 400, n <= 10^9."""
    n, k = _set_sizes(n, k)
    return _Subsets(f"johnson:n={n},k={k}", n, k, 1)


def kneser(n: int, k: int) -> NamedGraph:
    """Closed form of `generators.kneser`, k <= 400, n <= 10^9."""
    n, k = _set_sizes(n, k)
    return _Subsets(f"kneser:n={n},k={k}", n, k, k)


def hamming(m: int, q: int) -> NamedGraph:
    """Closed form of `generators.hamming`, m <= 400, q <= 10^9."""
    m, q = integer("m", m, 1, _LONGEST), integer("q", q, 2, _LARGEST)
    return _Words(f"hamming:m={m},q={q}", (q,) * m)


def rook(m: int, n: int) -> NamedGraph:
    """Closed form of `generators.rook`, m, n <= 10^9."""
    m, n = integer("m", m, 1, _LARGEST), integer("n", n, 1, _LARGEST)
    return _Words(f"rook:m={m},n={n}", (m, n))


def complete_multipartite(*sizes: int) -> NamedGraph:
    """Closed form of `generators.complete_multipartite`, at most ten distinct sizes."""
    require(len(sizes) >= 1, "sizes", "hold at least one part", sizes)
    sizes = tuple(integer(f"sizes[{i}]", size, 1, _LARGEST) for i, size in enumerate(sizes))
    distinct = len(set(sizes))
    require(distinct <= _MOST_PART_SIZES, "sizes",
            f"hold at most {_MOST_PART_SIZES} distinct numbers", distinct)
    return _Parts("multipartite:sizes=" + "x".join(map(str, sizes)), sizes)


def paley(q: int) -> NamedGraph:
    """Closed form of `generators.paley`, q <= 10^9."""
    import sympy

    q = integer("q", q, 2, _LARGEST)
    require(q % 4 == 1 and sympy.isprime(q), "q", "be a prime with remainder 1 modulo 4", q)
    return _Paley(f"paley:q={q}", q)


def complement(graph: NamedGraph) -> NamedGraph:
    """Closed form of the complementary graph; the complement of a complement is the graph."""
    if isinstance(graph, _Complement):
        return graph.of
    return _Complement(f"complement:{graph.name}", graph)


def _set_sizes(n: int, k: int) -> tuple[int, int]:
    n = integer("n", n, 1, _LARGEST)
    return n, integer("k", k, 1, min(n, _LONGEST))


def _multipartite(sizes: tuple[int, ...]) -> NamedGraph:
    return complete_multipartite(*sizes)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("x")))


_WHOLE = specs.Argument(int, "be a whole number")
_FAMILIES: dict[str, Callable[..., NamedGraph]] = {
    "triangular": triangular, "johnson": johnson, "kneser": kneser, "hamming": hamming,
    "rook": rook, "multipartite": _multipartite, "paley": paley,
}
_ARGUMENTS = {name: {key: _WHOLE for key in signature(make).parameters}
              for name, make in _FAMILIES.items()} | {
    "multipartite": {"sizes": specs.Argument(_sizes, "be whole numbers such as 3x3x3")}}


def from_spec(text: str) -> NamedGraph:
    """Closed form of the graph that a text names: "family:argument=value,...".

    "complement:" in front gives the complementary graph.  The families, by example:
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
