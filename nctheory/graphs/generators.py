"""The named families as networkx graphs: `nctheory.graphs.named` in one call.

Vertices are labelled and come, like the edges, in lexicographic order.  The graphs are frozen
(networkx.Graph(graph) is a copy to change); `graph.graph` holds the "name" that `from_spec`
reads and the closed form, "family".  All raise InputError for arguments outside their range and
graphs of more than 2 * 10^6 vertices or edges, for which `from_spec` still has the closed form.

>>> list(triangular(4))
[(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
>>> list(hamming(3, 2)[0, 0, 0]), list(rook(2, 3)[0, 0]), list(paley(13)[0])
([(0, 0, 1), (0, 1, 0), (1, 0, 0)], [(0, 1), (0, 2), (1, 0)], [1, 3, 4, 9, 10, 12])
>>> nx.is_isomorphic(kneser(5, 2), nx.petersen_graph()), list(clebsch()[0])
(True, [1, 2, 4, 8, 15])
>>> complete_multipartite(1, 2).graph["family"].spectrum()
{sqrt(2): 1, 0: 1, -sqrt(2): 1}
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import comb
from typing import ParamSpec

import networkx as nx

from nctheory.errors import require
from nctheory.graphs import named
from nctheory.graphs.incidence import Graph, require_simple

Arguments = ParamSpec("Arguments")


def _graph_of(family: Callable[Arguments, named.NamedGraph]) -> Callable[Arguments, Graph]:
    @wraps(family)
    def graph(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Graph:
        return family(*args, **kwargs).graph()

    return graph


triangular = _graph_of(named.triangular)
johnson = _graph_of(named.johnson)
kneser = _graph_of(named.kneser)
hamming = _graph_of(named.hamming)
rook = _graph_of(named.rook)
complete_multipartite = _graph_of(named.complete_multipartite)
paley = _graph_of(named.paley)
petersen = _graph_of(named.petersen)
clebsch = _graph_of(named.clebsch)
schlaefli = _graph_of(named.schlaefli)
hoffman_singleton = _graph_of(named.hoffman_singleton)


def complement(graph: Graph) -> Graph:
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
