"""The named families as networkx graphs.

Vertices are labelled and come, like the edges, in lexicographic order.  The graphs are frozen
(networkx.Graph(graph) is a copy to change); `graph.graph` holds the "name" that `from_spec`
reads and the closed form, "family".  All raise InputError for arguments outside their range and
graphs of more than 2 * 10^6 vertices or edges, for which `from_spec` still has the closed form.
"""

from __future__ import annotations

from math import comb
from typing import Any

import networkx as nx

from nctheory.errors import require
from nctheory.graphs import named
from nctheory.graphs.incidence import require_simple


def triangular(r: int) -> nx.Graph[Any]:
    """Triangular graph T(r), the line graph of K_r: vertices (a, b), 0 <= a < b < r.

    Edges of K_r, adjacent where they share an end: J(r, 2).  r >= 2.

    Examples
    --------
    >>> list(triangular(4))
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    >>> triangular(5).graph["family"].parameters()
    Parameters(v=10, k=6, lam=3, mu=4)
    """
    return named.triangular(r).graph()


def johnson(n: int, k: int) -> nx.Graph[Any]:
    """Johnson graph J(n, k): k-subsets of 0..n-1 as sorted tuples, sharing k - 1 elements.

    1 <= k <= n; k = 1 is the complete graph K_n.

    Examples
    --------
    >>> list(johnson(4, 3))
    [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
    """
    return named.johnson(n, k).graph()


def kneser(n: int, k: int) -> nx.Graph[Any]:
    """Kneser graph K(n, k): k-subsets of 0..n-1 as sorted tuples, adjacent where disjoint.

    1 <= k <= n; no edges for n < 2k, a perfect matching for n = 2k.

    Examples
    --------
    >>> nx.is_isomorphic(kneser(5, 2), nx.petersen_graph())
    True
    """
    return named.kneser(n, k).graph()


def hamming(m: int, q: int) -> nx.Graph[Any]:
    """Hamming graph H(m, q): words of m letters 0..q-1, adjacent where one letter differs.

    m >= 1, q >= 2; H(1, q) is the complete graph, H(2, q) the q x q rook's graph.

    Examples
    --------
    >>> list(hamming(3, 2)[0, 0, 0])
    [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    """
    return named.hamming(m, q).graph()


def rook(m: int, n: int) -> nx.Graph[Any]:
    """The m x n rook's graph: cells (row, column), adjacent in one row or one column.

    m, n >= 1.

    Examples
    --------
    >>> list(rook(2, 3)[0, 0])
    [(0, 1), (0, 2), (1, 0)]
    """
    return named.rook(m, n).graph()


def complete_multipartite(*sizes: int) -> nx.Graph[Any]:
    """Complete multipartite graph: vertices (part, number), adjacent in different parts.

    Unequal sizes (at most ten distinct ones) make it irregular, with algebraic eigenvalues
    (exact sympy numbers).

    Examples
    --------
    >>> complete_multipartite(1, 2).graph["family"].spectrum()
    {sqrt(2): 1, 0: 1, -sqrt(2): 1}
    """
    return named.complete_multipartite(*sizes).graph()


def paley(q: int) -> nx.Graph[Any]:
    """Paley graph of a prime power q = 1 mod 4: GF(q), adjacent where they differ by a square.

    Element sum c_i x^i is the integer sum c_i p^i (x primitive); for a prime q the integers
    modulo q.  networkx.paley_graph takes those for every q, which is wrong for q = 9.

    Examples
    --------
    >>> list(paley(13)[0])
    [1, 3, 4, 9, 10, 12]
    >>> nx.is_isomorphic(paley(9), rook(3, 3))
    True
    """
    return named.paley(q).graph()


def petersen() -> nx.Graph[Any]:
    """The Petersen graph, on the pairs of 0..4, adjacent where disjoint."""
    return named.petersen().graph()


def clebsch() -> nx.Graph[Any]:
    """The Clebsch graph on 0..15, adjacent where they differ in one bit or in all four.

    Examples
    --------
    >>> list(clebsch()[0])
    [1, 2, 4, 8, 15]
    """
    return named.clebsch().graph()


def schlaefli() -> nx.Graph[Any]:
    """The Schlaefli graph: the 27 lines on a cubic surface, adjacent where skew."""
    return named.schlaefli().graph()


def hoffman_singleton() -> nx.Graph[Any]:
    """The Hoffman-Singleton graph on 0..49."""
    return named.hoffman_singleton().graph()


def complement(graph: nx.Graph[Any]) -> nx.Graph[Any]:
    """The complementary graph, on the same vertices.

    For a graph made here another such graph, frozen and with its closed form; for any other
    simple graph networkx.complement(graph).

    Examples
    --------
    >>> complement(triangular(5)).graph["name"]
    'complement:triangular:r=5'
    >>> nx.utils.edges_equal(complement(triangular(5)).edges, kneser(5, 2).edges)
    True
    """
    family = named.closed_form(graph)
    if family is not None:
        return named.complement(family).graph()
    require_simple(graph)
    edges = comb(graph.number_of_nodes(), 2) - graph.number_of_edges()
    require(edges <= named.MOST_EDGES, "graph",
            f"have at most {named.MOST_EDGES} edges in its complement", edges)
    return nx.complement(graph)
