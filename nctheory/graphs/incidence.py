"""Incidence matrices: vertices and edges of a graph, subsets of two sizes."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import integer, require, show

if TYPE_CHECKING:
    import networkx as nx

Graph: TypeAlias = "nx.Graph[Any]"
"""A networkx graph, whatever its vertices are."""

# Above this a dense matrix takes about a gigabyte.
MOST_ENTRIES = 10**8


def incidence(graph: Graph) -> NDArray[np.int64]:
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
    >>> import networkx as nx
    >>> incidence(nx.complete_graph(3))
    array([[1, 1, 0],
           [1, 0, 1],
           [0, 1, 1]])
    """
    require_simple(graph)
    entries = graph.number_of_nodes() * graph.number_of_edges()
    require(entries <= MOST_ENTRIES, "graph",
            f"have at most {MOST_ENTRIES} entries in its incidence matrix", entries)
    matrix = np.zeros((graph.number_of_nodes(), graph.number_of_edges()), dtype=np.int64)
    matrix[edge_rows(graph), np.arange(graph.number_of_edges())] = 1
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
    require(entries <= MOST_ENTRIES, f"subset_incidence({show(n)}, {show(s)}, {show(k)})",
            f"have at most {MOST_ENTRIES} entries", entries)
    # Exact in float32, as in `regularity.parameters`.
    overlap: NDArray[np.float32] = _indicators(n, s) @ _indicators(n, k).T
    return np.equal(overlap, min(s, k)).astype(np.int64)


def _indicators(n: int, size: int) -> NDArray[np.float32]:
    """0/1 rows for the subsets of 0..n-1 with `size` elements, in lexicographic order."""
    members = np.array(list(combinations(range(n), size)), dtype=np.intp)
    rows = np.zeros((len(members), n), dtype=np.float32)
    rows[np.arange(len(members))[:, None], members] = 1
    return rows


def edge_rows(graph: Graph) -> NDArray[np.intp]:
    """(2, e) array: the places in `graph.nodes` of the two ends of each edge."""
    row = {vertex: i for i, vertex in enumerate(graph)}
    ends = [(row[first], row[second]) for first, second in graph.edges]
    return np.array(ends, dtype=np.intp).reshape(-1, 2).T


def require_simple(graph: Graph) -> None:
    """Refuse, with an `InputError`, what is not a simple undirected graph."""
    import networkx as nx

    requirement = "be an undirected networkx.Graph without loops or parallel edges"
    require(isinstance(graph, nx.Graph) and not graph.is_directed()
            and not graph.is_multigraph(), "graph", requirement, graph)
    require(nx.number_of_selfloops(graph) == 0, "graph", requirement, graph)
