"""Strongly regular parameters (v, k, lam, mu) and the one spectrum that they allow.

A graph of v vertices is strongly regular where every vertex has k neighbours, two adjacent
vertices have lam common neighbours and two others mu.  This includes the cases
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
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from nctheory.errors import InputError, require
from nctheory.graphs.incidence import MOST_ENTRIES, Graph, edge_rows, require_simple

if TYPE_CHECKING:
    import sympy

Number: TypeAlias = "int | sympy.Expr"
"""An eigenvalue: an int where it is rational, an exact sympy number elsewhere."""

Spectrum: TypeAlias = dict[Number, int]
"""Eigenvalue -> multiplicity, largest eigenvalue first."""


def collect(pairs: Iterable[tuple[Number, int]]) -> Spectrum:
    """The spectrum with these eigenvalues and multiplicities, equal eigenvalues merged."""
    total: Counter[Number] = Counter()
    for eigenvalue, multiplicity in pairs:
        total[eigenvalue] += multiplicity
    return {value: total[value] for value in sorted(total, reverse=True) if total[value]}


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
            return collect([(k, 1), (-1 if k else 0, v - 1)])

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
            import sympy

            half, surd = sympy.Rational(middle, 2), sympy.sqrt(discriminant) / 2
            # Together with the count of paths, skew = 0 means (v, k, lam, mu) =
            # (4 mu + 1, 2 mu, mu - 1, mu): v is odd.
            return collect([(k, 1), (half + surd, (v - 1) // 2), (half - surd, (v - 1) // 2)])
        # Never negative: one eigenvalue is >= 0, the other <= -1, as their product is mu - k.
        first = Fraction((v - 1) * root - skew, 2 * root)
        second = v - 1 - first
        demand(first.denominator == 1,
               f"its eigenvalues {(middle + root) // 2} and {(middle - root) // 2} would have "
               f"the multiplicities {first} and {second}")
        return collect([(k, 1), ((middle + root) // 2, int(first)),
                        ((middle - root) // 2, int(second))])


def trivial(v: int, k: int) -> Parameters:
    """Parameters of the empty (k = 0) or the complete graph (k = v - 1)."""
    return Parameters(v, k, k - 1 if k else None, None if k == v - 1 else 0)


def parameters(graph: Graph) -> Parameters | None:
    """(v, k, lam, mu) of a graph, decided exactly; None where it is not strongly regular.

    The module's table defines the degenerate cases: complete, empty and
    disconnected graphs and complete multipartite ones have parameters too.  Always computed
    from the adjacency matrix, closed form or not.

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
    >>> import networkx as nx
    >>> parameters(nx.petersen_graph())
    Parameters(v=10, k=3, lam=0, mu=1)
    >>> parameters(nx.complete_graph(4))
    Parameters(v=4, k=3, lam=2, mu=None)
    >>> parameters(nx.cycle_graph(6)) is None
    True
    """
    require_simple(graph)
    v = graph.number_of_nodes()
    require(v >= 1, "graph", "have a vertex", graph)
    degrees = {degree for _, degree in graph.degree()}
    if len(degrees) > 1:
        return None
    k = degrees.pop()
    if k in (0, v - 1):
        return trivial(v, k)
    require(v**2 <= MOST_ENTRIES, "graph", f"have at most {isqrt(MOST_ENTRIES)} vertices", v)
    adjacency = np.zeros((v, v), dtype=np.float32)
    first, second = edge_rows(graph)
    adjacency[first, second] = adjacency[second, first] = 1
    # Exact: every partial sum, in whatever order BLAS takes them, is an integer <= v < 2^24.
    common = adjacency @ adjacency
    lam, mu = common[0, np.argmax(adjacency[0])], common[0, 1 + np.argmin(adjacency[0, 1:])]
    expected = (lam - mu) * adjacency + mu
    np.fill_diagonal(expected, k)
    return Parameters(v, k, int(lam), int(mu)) if np.array_equal(common, expected) else None
