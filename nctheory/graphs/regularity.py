"""Is a graph strongly regular, and can one with given parameters exist?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import isqrt
from typing import Literal, NamedTuple, TypeAlias

from nctheory.errors import InputError, integer, require, show
from nctheory.graphs import named
from nctheory.graphs.incidence import Graph
from nctheory.graphs.named import NamedGraph, closed_form
from nctheory.graphs.srg import Parameters, Spectrum, parameters
from nctheory.integers import triangular_root

Verdict: TypeAlias = Literal["impossible", "realised here", "unknown"]


def spectrum(graph: Graph) -> Spectrum:
    """Exact spectrum: by closed form if a generator here made the graph, else by parameters.

    Raises
    ------
    InputError
        Where no generator of this package made the graph (a changed copy or a subgraph is
        another graph), and `parameters` refuses it or it is not strongly regular.

    Examples
    --------
    >>> import networkx as nx
    >>> from nctheory import graphs
    >>> spectrum(graphs.johnson(6, 3))
    {9: 1, 3: 5, -1: 9, -3: 5}
    >>> spectrum(nx.petersen_graph())
    {3: 1, 1: 5, -2: 4}
    """
    family = closed_form(graph)
    if family is not None:
        return family.spectrum()
    found = parameters(graph)
    if found is None:
        raise InputError("graph must be strongly regular, or made by a generator of "
                         "nctheory.graphs and unchanged, for its exact spectrum to be known, "
                         f"got {show(graph)}")
    return found.spectrum()


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

    "realised here": a family of this package, or a complement, has these parameters; `reason`
    names it.  "unknown": neither.  It says nothing of the literature, where some of these are
    settled: (56, 10, 0, 2) exists and (57, 14, 1, 4) does not, by other arguments.

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
        import sympy

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
    """A graph of this package with these primitive parameters."""
    root = isqrt(wanted.v)
    candidates: tuple[tuple[Callable[..., NamedGraph], tuple[int, ...]], ...] = (
        (named.triangular, (triangular_root(wanted.v),)),
        (named.rook, (root, root)),
        (named.paley, (wanted.v,)),
        (named.clebsch, ()),
        (named.schlaefli, ()),
        (named.hoffman_singleton, ()),
    )  # No other Johnson, Kneser or Hamming graph is primitive: they have larger diameter.
    for family, arguments in candidates:
        with suppress(InputError):  # no such Paley graph, or beyond the arguments' range
            graph = family(*arguments)
            for found in (graph, named.complement(graph)):
                if found.parameters() == wanted:
                    return found.name
    return None
