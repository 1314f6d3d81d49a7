r"""C2 of the incidence matrix of a complete graph, exactly: cuts are the optimal neurons.

The classes are the edges of K_r.  A neuron v marks the edge ij with (v_i + v_j)_+, whose sign
is that of the larger of the two in absolute value.  So with |v_1| >= ... >= |v_r| the marks are
linear on the cone of all v of the same signs e: v = sum_k t_k c_k, t_k >= 0, where c_k has the
first k entries of e and zeros, and phi_v = sum_k t_k phi(c_k).  For any design with the Gram
matrix G,

    tr(G^-1) |v|^2 - |G^-1 phi_v|^2 = sum_kl t_k t_l slack(c_k, c_l),

and the design is optimal (see `gauge`) as soon as slack >= 0 for all nested pairs.  The slack
depends on four numbers only: p entries +1 and q entries -1 of the first vector, P >= p and
Q >= q of the second.  It is bilinear in (p, q), and so least at a corner of 0 <= p <= P,
0 <= q <= Q: at (0, 0), where it is 0, (0, Q), where it is Q tr(G^-1), (P, 0) or (P, Q).

Source: ours.  `proofs/balanced_cuts_optimal.py` decides it for every r at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from nctheory.errors import integer, require

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
