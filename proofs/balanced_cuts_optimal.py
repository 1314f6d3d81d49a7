"""Balanced cuts are the optimal neurons of the triangular family; not so on four vertices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import sympy

from nctheory.constructions.triangular import inverse_trace
from proofs.cuts import (
    cut_values,
    least_slack,
    mark_products,
    multiplicities,
    optimal_cuts,
    slack,
    squared_gauge,
)
from proofs.orthant import nonnegative, quotient
from proofs.theorem import Step, Theorem, decided, identity, positive, symbolic, together

r, s, p, q, P, Q, m, j, t, u = sympy.symbols("r s p q P Q m j t u", positive=True)
LEAST = 3  # m, where r = 2m (even) or r = 2m - 1 (odd), and s = m

# Kinds of vertices by their entries in c and in d, c nested in d, and how many there are.
KINDS = {(1, 1): p, (0, 1): P - p, (0, 0): r - P - Q, (0, -1): Q - q, (-1, -1): q}


def steps() -> Iterator[Step]:
    a, b = sympy.symbols("a b", nonnegative=True)
    yield symbolic("cones: |v_i| = a + b, |v_j| = b: (v_i + v_j)_+ is b (e_i + e_j)_+ + a "
                   "(e_i)_+, for all signs e: marks are linear in t where v = sum t_k c_k, t >= 0",
                   lambda: (sympy.expand(sympy.Max(e * (a + b) + f * b, 0) - b * max(e + f, 0)
                                         - a * max(e, 0)) == 0
                            for e, f in product((1, -1), repeat=2)))
    yield from _products()
    weights = sympy.symbols("g0:3", positive=True)
    corner = {(x, y): slack(r, weights, x, y, P, Q) for x in (0, P) for y in (0, Q)}
    yield identity("bilinear: the slack in (p, q) is a mean of its values at the corners",
                   slack(r, weights, p, q, P, Q) * P * Q,
                   (P - p) * (Q - q) * corner[0, 0] + p * (Q - q) * corner[P, 0]
                   + (P - p) * q * corner[0, Q] + p * q * corner[P, Q])
    trace = sum(k / g for k, g in zip(multiplicities(r), weights, strict=True))
    yield identity("corner (0, 0): it is 0", corner[0, 0], 0)
    yield identity("corner (0, Q): Q tr(G^-1) > 0", corner[0, Q], Q * trace)
    n, d = inverse_trace(r, s)
    yield identity("cost: tr(G^-1) for cuts of one size: `C2(B)^2 = (r/4) C(r,s) tr(G_s^-1)`",
                   sum(k / g for k, g in zip(multiplicities(r), cut_values(r, s), strict=True)),
                   r * n / (4 * d))
    for odd in (0, 1):
        yield from _one_parity(odd)
    yield identity("range: m >= 3 is `r >= 5`, `s = r/2 rounded up`", 2 * LEAST - 1, 5)
    yield decided("r = 4: the slack of 3/4 cuts of two vertices, 1/4 of three, is >= 0: "
                  "`For r = 4 C2(B)^2 = 30`, and `balanced cuts give 36`",
                  lambda: (least_slack(4, optimal_cuts(4)) == 0,
                           squared_gauge(4, optimal_cuts(4)) == 30,
                           squared_gauge(4, {2: Fraction(1)}) == 36))


def _products() -> Iterator[Step]:
    """`mark_products` counted: edges by the kinds of their ends, for all r, p, q, P, Q."""
    def mark(entry: int, x: tuple[int, int], y: tuple[int, int]) -> int:
        return max(x[entry] + y[entry], 0)

    def at(entry: int, x: tuple[int, int]) -> sympy.Expr:  # (B phi)_i for a vertex of kind x
        return (sum(count * mark(entry, x, y) for y, count in KINDS.items())
                - mark(entry, x, x))

    inner = sum(KINDS[x] * KINDS[y] * mark(0, x, y) * mark(1, x, y)
                for x, y in combinations(KINDS, 2))
    inner += sum(count * (count - 1) / 2 * mark(0, x, x) * mark(1, x, x)
                 for x, count in KINDS.items())
    totals = [sum(count * at(entry, x) for x, count in KINDS.items()) for entry in (0, 1)]
    ends = sum(count * at(0, x) * at(1, x) for x, count in KINDS.items())
    # B^T (B B^T)^-1 B with (B B^T)^-1 = (I - J/(2(r-1))) / (r-2); each edge has two ends.
    rows = (ends - totals[0] * totals[1] / (2 * (r - 1))) / (r - 2)
    constant = totals[0] * totals[1] / 4 / (r * (r - 1) / 2)
    counts = {(entry, sign): sum(count for x, count in KINDS.items() if x[entry] == sign)
              for entry in (0, 1) for sign in (1, -1)}
    yield symbolic("kinds: c nested in d, an entry of c is 0 or that of d: r, p, q, P, Q of them",
                   lambda: (*(c in (0, d) for c, d in KINDS),
                            counts == {(0, 1): p, (0, -1): q, (1, 1): P, (1, -1): Q},
                            sum(KINDS.values()) == r))
    yield identity("<c, d>: p + q", sum(x * y * count for (x, y), count in KINDS.items()), p + q)
    yield identity("inverse: ((r-2) I + J)(I - J/(2(r-1))) = (r-2) I, the coefficient of J, "
                   "J^2 = r J", 1 - (r - 2 + r) / (2 * (r - 1)), 0)
    for name, counted, formula in zip(
            ("constant", "rest", "complement"), (constant, rows - constant, inner - rows),
            mark_products(r, p, q, P, Q), strict=True):
        yield identity(f"marks, {name}: <phi(c), phi(d)> on this eigenspace, edges counted by the "
                       "kinds of their ends, is what mark_products says", counted, formula)


def _one_parity(odd: int) -> Iterator[Step]:
    """The slack at (P, 0) and (P, Q), for s = m and r = 2m - odd >= 5."""
    name = "odd r" if odd else "even r"

    def at(q: Any, m: Any, P: Any, Q: Any) -> Any:
        r = 2 * m - odd
        return slack(r, cut_values(r, m), P, q, P, Q)

    beside, first = quotient(lambda m, P, Q: at(0, m, P, Q) / P, m, P, Q)
    whole, second = quotient(lambda m, P, Q: at(Q, m, P, Q), m, P, Q)
    yield together(f"{name}, denominators: r = {2 * m - odd}, s = m >= {LEAST}",
                   [positive("", denominator, {m: LEAST + t}) for denominator in (first, second)])
    # P Q <= m^2 since P + Q <= 2m.
    gap = sympy.Symbol("gap", positive=True)  # m^2 - P Q
    coefficient = sympy.expand(beside).coeff(P, 1).coeff(Q, 1)
    yield positive(f"{name}, (P, 0): the slack, with P Q = m^2 - gap",
                   sympy.expand(beside - coefficient * P * Q + coefficient * (m**2 - gap)),
                   {m: LEAST + t})
    # n = r - P - Q entries are 0.  Balanced is P - Q = odd, n even, where it is 0 for n = 0.
    cases = [(j + odd, j, 2 * u), (j + odd + 2 + 2 * t, j, 2 * u), (j, j + 2 - odd + 2 * t, 2 * u),
             (j + 1 - odd + 2 * t, j, 1 + 2 * u), (j, j + 1 + odd + 2 * t, 1 + 2 * u)]
    for k, (plus, minus, zeros) in enumerate(cases, start=1):
        half = sympy.expand(plus + minus + zeros + odd) / 2
        yield nonnegative(f"{name}, (P, Q) {k}: P = {plus}, Q = {minus}, {zeros} zeros",
                          whole.subs({P: plus, Q: minus, m: half}, simultaneous=True), (j, t, u),
                          half - LEAST)
    yield symbolic(f"{name}, cases: these are all P, Q >= 0 of P + Q + zeros = r",
                   lambda: _all_cases(cases, odd))


def _all_cases(cases: Sequence[tuple[sympy.Expr, sympy.Expr, sympy.Expr]], odd: int
               ) -> Iterator[bool]:
    """By the parity of the zeros and by P - Q, of the parity of r - zeros: a case has
    j = min(P, Q) and u = zeros // 2 free, and its P - Q = start + step t; one case goes down,
    one up, and between them no value is left out."""
    starts: dict[tuple[int, int], list[int]] = defaultdict(list)
    for plus, minus, zeros in cases:
        parity, step = int(zeros - 2 * u), int(sympy.diff(plus - minus, t))
        start = int((plus - minus).subs(t, 0))
        yield sympy.Min(plus, minus) == j
        yield (start - odd - parity) % 2 == 0
        starts[parity, step].append(start)
    parities = {parity for parity, _ in starts}
    yield parities == {0, 1}
    for parity in parities:
        (down,), (up,) = starts[parity, -2], starts[parity, 2]
        values = [down, *sorted(starts[parity, 0]), up]
        yield {after - before for before, after in pairwise(values)} == {2}


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
    needs=("cones", "kinds", "<c, d>", "inverse", "marks, constant", "marks, rest",
           "marks, complement", "bilinear", "corner (0, 0)", "corner (0, Q)", "cost",
           "range", "r = 4",
           *(f"{parity} r, {part}" for parity in ("even", "odd")
             for part in ("denominators", "(P, 0)", *(f"(P, Q) {k}" for k in range(1, 6)),
                          "cases"))),
    rests_on=("triangular-spectra",),
    cited=("duality: tr(Lambda) = sum_j phi_j^T Lambda u_j <= sum_j |u_j| |v_j| where "
           "|Lambda phi_v| <= |v| for all v; Lambda = G^-1 / sqrt(tr G^-1) here",
           "G averaged over the vertices' permutations lies in the algebra of T(r)"))
