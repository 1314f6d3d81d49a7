r"""Balanced cuts are the optimal neurons of the triangular family; not so on four vertices.

C2 of the incidence matrix of a complete graph, exactly.  The classes are the edges of K_r.  A
neuron v marks the edge ij with (v_i + v_j)_+, whose sign is that of the larger of the two in
absolute value.  So with |v_1| >= ... >= |v_r| the marks are linear on the cone of all v of the
same signs e: v = sum_k t_k c_k, t_k >= 0, where c_k has the first k entries of e and zeros, and
phi_v = sum_k t_k phi(c_k).  For any design with the Gram matrix G,

    tr(G^-1) |v|^2 - |G^-1 phi_v|^2 = sum_kl t_k t_l slack(c_k, c_l),

and the design is optimal (see `nctheory.atlas.gauge`) as soon as slack >= 0 for all nested
pairs.  The slack depends on four numbers only: p entries +1 and q entries -1 of the first
vector, P >= p and Q >= q of the second.  It is bilinear in (p, q), and so least at a corner of 0
<= p <= P, 0 <= q <= Q: at (0, 0), where it is 0, (0, Q), where it is Q tr(G^-1), (P, 0) or (P,
Q).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy.polys.rings import PolyElement

from nctheory.constructions.triangular import inverse_trace
from nctheory.errors import integer, require
from nctheory.graphs import subset_incidence
from proofs.theorem import Step, Theorem, decided, identity, positive

r, s, p, q, P, Q, m, j, t, u = sympy.symbols("r s p q P Q m j t u", positive=True)
LEAST = 3  # m, where r = 2m (even) or r = 2m - 1 (odd), and s = m


# --- formulas, each stated once: numbers in, numbers out; sympy symbols in, polynomials out ---

def mark_products(r: Any, p: Any, q: Any, P: Any, Q: Any) -> tuple[Any, Any, Any]:
    """<phi(c), phi(d)> on each eigenspace of T(r): the constant vector, the rest of the row
    space of B, its complement; for nested c (p entries +1, q entries -1) and d (P, Q).

    phi(c) has the sum p (r-1-q), and at the vertices of +1, of -1 and of 0 the sums r-2+p-q, 0
    and p; B B^T = (r-2) I + J turns these into the projection on the row space.
    """
    sums = p * (r - 1 - q) * P * (r - 1 - Q)
    ends = p * ((r - 2 + P - q) * (r - 2 + P - Q) + (r - P - Q) * P)
    constant = 2 * sums / (r * (r - 1))
    beside = (ends - 4 * sums / r) / (r - 2)
    return constant, beside, p * (r - 2 + P - Q) - constant - beside


def multiplicities(r: Any) -> tuple[Any, Any, Any]:
    """Dimensions of the three eigenspaces."""
    return 1, r - 1, r * (r - 3) / 2


def cut_values(r: Any, s: Any) -> tuple[Any, ...]:
    """Eigenvalues of the mean of phi_v phi_v^T over all unit v = c_r / sqrt(r) with s entries
    positive."""
    products = mark_products(r, s, r - s, s, r - s)
    return tuple(product / (m * r)
                 for product, m in zip(products, multiplicities(r), strict=True))


def slack(r: Any, values: Sequence[Any], p: Any, q: Any, P: Any, Q: Any) -> Any:
    """tr(G^-1) <c, d> - <G^-1 phi(c), G^-1 phi(d)>, G with the eigenvalues `values`."""
    trace = sum(m / g for m, g in zip(multiplicities(r), values, strict=True))
    products = mark_products(r, p, q, P, Q)
    return (p + q) * trace - sum(x / g**2 for x, g in zip(products, values, strict=True))


# --- designs: shares of the cuts of each size ---

def optimal_cuts(vertices: int) -> dict[int, Fraction]:
    """{size: share} of the cuts that are optimal neurons for the edges of K_r.

    They are the balanced ones, s = r/2 rounded up, for every r >= 5; on four vertices a quarter
    cuts off one vertex.

    >>> optimal_cuts(9), optimal_cuts(4)
    ({5: Fraction(1, 1)}, {2: Fraction(3, 4), 3: Fraction(1, 4)})
    """
    r = integer("vertices", vertices, 4)
    if r == 4:
        return {2: Fraction(3, 4), 3: Fraction(1, 4)}
    return {(r + 1) // 2: Fraction(1)}


def squared_gauge(vertices: int, shares: Mapping[int, Fraction]) -> Fraction:
    """C2^2 = tr(G^-1) of a design, an upper bound on that of B, and equal where it is optimal.

    >>> squared_gauge(4, {2: 1}), squared_gauge(4, optimal_cuts(4))
    (Fraction(36, 1), Fraction(30, 1))
    """
    values = _values(vertices, shares)
    return sum((m / g for m, g in zip(multiplicities(Fraction(vertices)), values, strict=True)),
               Fraction(0))


def least_slack(vertices: int, shares: Mapping[int, Fraction]) -> Fraction:
    """The least slack of a design: where it is 0 no neurons at all do better than these cuts.

    >>> least_slack(7, {4: 1}), least_slack(7, {3: 1}) < 0
    (Fraction(0, 1), True)
    """
    r, values = Fraction(vertices), _values(vertices, shares)
    return Fraction(min(slack(r, values, P, q, P, Q) for P in range(vertices + 1)
                        for Q in range(vertices + 1 - P) for q in (0, Q)))


def _values(vertices: int, shares: Mapping[int, Fraction]) -> tuple[Fraction, ...]:
    """Eigenvalues of G; `InputError` where it is singular."""
    r = Fraction(integer("vertices", vertices, 4))
    total = [Fraction(0)] * 3
    for s, share in shares.items():
        values = cut_values(r, Fraction(integer("shares", s, 0, vertices)))
        total = [old + share * new for old, new in zip(total, values, strict=True)]
    require(sum(shares.values()) == 1, "shares", "have the sum 1", dict(shares))
    require(min(total) > 0, "shares", "give a non-singular Gram matrix", dict(shares))
    return tuple(total)


# --- the proof ---

def steps() -> Iterator[Step]:
    a, b = sympy.symbols("a b", nonnegative=True)
    yield decided("|v_i| = a + b, |v_j| = b: (v_i + v_j)_+ is b (e_i + e_j)_+ + a (e_i)_+, for "
                  "all signs e: marks are linear in t where v = sum t_k c_k, t >= 0",
                  lambda: (sympy.expand(sympy.Max(e * (a + b) + f * b, 0) - b * max(e + f, 0)
                                        - a * max(e, 0)) == 0
                           for e, f in product((1, -1), repeat=2)))
    yield decided("<c, d> = p + q, and <phi(c), phi(d)> on the three eigenspaces is what "
                  "mark_products says: explicit marks, all nested c and d, r = 4..7", _explicit)
    weights = sympy.symbols("g0:3", positive=True)
    corner = {(x, y): slack(r, weights, x, y, P, Q) for x in (0, P) for y in (0, Q)}
    yield identity("the slack is bilinear in (p, q): a mean of its values at the corners",
                   slack(r, weights, p, q, P, Q) * P * Q,
                   (P - p) * (Q - q) * corner[0, 0] + p * (Q - q) * corner[P, 0]
                   + (P - p) * q * corner[0, Q] + p * q * corner[P, Q])
    trace = sum(k / g for k, g in zip(multiplicities(r), weights, strict=True))
    yield identity("it is 0 at (0, 0)", corner[0, 0], 0)
    yield identity("and Q tr(G^-1) > 0 at (0, Q)", corner[0, Q], Q * trace)
    n, d = inverse_trace(r, s)
    yield identity("tr(G^-1) for cuts of one size is r/4 C(r,s) tr(G_s^-1)",
                   sum(k / g for k, g in zip(multiplicities(r), cut_values(r, s), strict=True)),
                   r * n / (4 * d))
    for size, odd in ((2 * m, 0), (2 * m - 1, 1)):
        yield from _one_parity(size, odd)
    yield decided("r = 4: the slack of 3/4 cuts of two vertices, 1/4 of three, is >= 0, and "
                  "tr(G^-1) = 30, against 36",
                  lambda: (least_slack(4, optimal_cuts(4)) == 0,
                           squared_gauge(4, optimal_cuts(4)) == 30,
                           squared_gauge(4, {2: 1}) == 36))
    yield decided("the same inequalities again in fractions, all corners, r = 5..24",
                  lambda: (least_slack(n, optimal_cuts(n)) == 0 for n in range(5, 25)))


def _one_parity(size: sympy.Expr, odd: int) -> Iterator[Step]:
    """The slack at (P, 0) and (P, Q), for s = m and r = `size` >= 5."""
    name = f"r = {size}, s = m >= {LEAST}"
    values = cut_values(size, m)
    beside, first = sympy.fraction(sympy.cancel(slack(size, values, P, 0, P, Q) / P))
    whole, second = sympy.fraction(sympy.cancel(slack(size, values, P, Q, P, Q)))
    for denominator in (first, second):
        yield positive(f"{name}: a denominator", denominator, {m: LEAST + t})
    # P Q <= m^2 since P + Q <= 2m.
    gap = sympy.Symbol("gap", positive=True)  # m^2 - P Q
    coefficient = sympy.expand(beside).coeff(P, 1).coeff(Q, 1)
    yield positive(f"{name}: at (P, 0), with P Q = m^2 - gap",
                   sympy.expand(beside - coefficient * P * Q + coefficient * (m**2 - gap)),
                   {m: LEAST + t})
    # n = r - P - Q entries are 0.  Balanced is P - Q = odd, n even, where it is 0 for n = 0.
    cases = [(j + odd, j, 2 * u), (j + odd + 2 + 2 * t, j, 2 * u), (j, j + 2 - odd + 2 * t, 2 * u),
             (j + 1 - odd + 2 * t, j, 1 + 2 * u), (j, j + 1 - odd + 2 * t, 1 + 2 * u)]
    for first, second, zeros in cases:
        half = sympy.expand(first + second + zeros + odd) / 2
        yield _nonnegative(f"{name}: at (P, Q) = ({first}, {second}), {zeros} zeros",
                           whole.subs({P: first, Q: second, m: half}, simultaneous=True), half)


def _nonnegative(text: str, polynomial: sympy.Expr, half: sympy.Expr) -> Step:
    """polynomial >= 0 for all nonnegative integers j, t, u with m = half >= LEAST: the orthant
    is cut into faces x = 0 and shifted orthants x >= 1 until no coefficient is negative."""
    ring = sympy.ring([j, t, u], sympy.QQ)[0]
    parts = [positive(text, part.as_expr(), strict=False)
             for part in _cover(ring.from_expr(polynomial), ring.from_expr(half))]
    return Step(f"{text}, {len(parts)} parts", "shifted coefficients",
                lambda: all(part.check() for part in parts),
                lambda: [made for part in parts for made in part.certificates()])


def _cover(polynomial: PolyElement, half: PolyElement) -> Iterator[PolyElement]:
    negative = [powers for powers, c in polynomial.terms() if c < 0]
    if not negative:
        yield polynomial
        return
    if polynomial.is_ground:
        # A single point: outside of the domain, or the proof fails.
        if half.coeff(1) >= LEAST:
            yield polynomial
        return
    # Cut where most of the negative terms are without the variable: they stay behind.
    places = [i for i, degree in enumerate(polynomial.degrees()) if degree > 0]
    place = max(places, key=lambda i: sum(powers[i] == 0 for powers in negative))
    x = polynomial.ring.gens[place]
    for value in (0 * x, x + 1):
        yield from _cover(polynomial.compose(x, value), half.compose(x, value))


def _explicit() -> Iterator[bool]:
    for vertices in range(4, 8):
        B = subset_incidence(vertices, 1, 2)
        exact = Fraction(vertices)
        # B^T (B B^T)^-1 B: B B^T = (r-2) I + J; times 2 (r-1) (r-2) it is integral.
        row_space = 2 * (vertices - 1) * (B.T @ B) - 4
        scale = 2 * (vertices - 1) * (vertices - 2)
        for signs in product((1, 0, -1), repeat=vertices):
            outer = np.array(signs)
            P, Q = int(np.sum(outer > 0)), int(np.sum(outer < 0))
            if list(outer) != sorted(signs, reverse=True):
                continue
            ups, downs = np.flatnonzero(outer > 0), np.flatnonzero(outer < 0)
            for p, q in product(range(P + 1), range(Q + 1)):
                inner = np.zeros_like(outer)
                inner[ups[:p]], inner[downs[:q]] = 1, -1
                a, b = (np.maximum(c @ B, 0) for c in (inner, outer))
                constant = Fraction(int(a.sum() * b.sum()), B.shape[1])
                rows = Fraction(int(a @ row_space @ b), scale)
                yield (int(inner @ outer) == p + q and mark_products(exact, p, q, P, Q)
                       == (constant, rows - constant, int(a @ b) - rows))


THEOREM = Theorem(
    name="balanced-cuts-optimal",
    statement="For the incidence matrix B of K_r, r >= 5, no neurons at all do better than "
              "balanced cuts, s = r/2 rounded up: C2(B)^2 = (r/4) C(r,s) tr(G_s^-1).  For r = 4 "
              "C2(B)^2 = 30, by cuts of two vertices and of three, while balanced cuts give 36.",
    latex=r"C_2(B)^2 = \min_{\sum_j u_j \sigma(v_j^T B) = I} \bigl(\textstyle\sum_j \|u_j\| "
          r"\|v_j\|\bigr)^2 = \tfrac r4 \tbinom rs \operatorname{tr} G_s^{-1},\quad "
          r"s = \lceil r/2 \rceil",
    domain="integers r >= 5, and r = 4; any number of neurons v_j in R^r, u_j in R^K",
    source="ours",
    steps=steps,
    cited=("triangular-spectra",
           "duality: tr(Lambda) = sum_j phi_j^T Lambda u_j <= sum_j |u_j| |v_j| where "
           "|Lambda phi_v| <= |v| for all v; Lambda = G^-1 / sqrt(tr G^-1) here",
           "G averaged over the vertices' permutations lies in the algebra of T(r)"))
