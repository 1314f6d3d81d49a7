"""Edges, as pairs of 0, 1, 2, ..., of strongly regular graphs that stand alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

Edges = tuple[tuple[int, int], ...]


def clebsch() -> Edges:
    """srg(16, 5, 0, 2): words of four bits, adjacent where they differ in one bit or in all."""
    return _where(16, lambda a, b: a ^ b in (1, 2, 4, 8, 15))


def half_cubes() -> tuple[tuple[int, ...], ...]:
    """Ten sets of eight vertices of `clebsch`, the two values of each character u.x with the
    eigenvalue -3: the facets x_i = 0, x_i = 1 of the 5-cube whose even corners the graph joins
    at distance 4."""
    return tuple(tuple(x for x in range(16) if (x & u).bit_count() % 2 == value)
                 for u in (7, 11, 13, 14, 15) for value in (0, 1))


def schlaefli() -> Edges:
    """srg(27, 16, 10, 8): a_1..a_6, b_1..b_6, c_12..c_56, the lines on a cubic surface, adjacent
    where they are skew.  [BCN89, section 9.2]"""
    lines = [("a", {i}) for i in range(6)] + [("b", {i}) for i in range(6)] + [
        ("c", set(pair)) for pair in combinations(range(6), 2)]

    def skew(a: int, b: int) -> bool:
        (kind, i), (more, j) = lines[a], lines[b]
        if "c" not in (kind, more):
            return kind == more or i == j
        return bool(i & j) if kind == more else not i & j

    return _where(27, skew)


def hoffman_singleton() -> Edges:
    """srg(50, 7, 0, 1), from networkx."""
    import networkx as nx

    return tuple(sorted((min(a, b), max(a, b)) for a, b in nx.hoffman_singleton_graph().edges))


def _where(vertices: int, adjacent: Callable[[int, int], bool]) -> Edges:
    return tuple((a, b) for a, b in combinations(range(vertices), 2) if adjacent(a, b))
