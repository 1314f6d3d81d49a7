"""The uniform theorems, each as the certificates that prove it.  See proofs/ for the arguments.

Parameters are polynomials in u, t >= 0: s = 3+u, r = 5+u+t are all 3 <= s <= r-2.  No threshold
is typed: each is the least from which an exact decision goes one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nctheory.certify.format import Certificate
from nctheory.certify.maker import bound, cell, equal_scale, family, threshold
from nctheory.constructions.triangular import Triangular
from nctheory.errors import InputError

if TYPE_CHECKING:
    import sympy

FAR = 200  # vertices; where a size does not win there, it does not win from any r on
# With two layers P < K^3 exactly where first <= r <= last, s >= least, r-s >= gap (ours).
TWO_LAYER_RULE: tuple[tuple[int, int | None, int, int], ...] = (
    (6, 6, 3, 3), (8, 8, 4, 4), (10, 11, 5, 5), (12, 19, 6, 6), (20, 20, 7, 6), (21, 68, 7, 7),
    (69, 73, 8, 7), (74, None, 8, 8))


def two_layer_range(r: int) -> range:
    """The s with P < K^3 for L = 2, exactly (ours).

    >>> two_layer_range(6), list(two_layer_range(7)), two_layer_range(80)
    (range(3, 4), [], range(8, 73))
    """
    for first, last, least, gap in TWO_LAYER_RULE:
        if first <= r and (last is None or r <= last):
            return range(least, r - gap + 1)
    return range(0)


def least(polynomial: sympy.Expr, x: sympy.Symbol, start: int) -> int | None:
    """The least integer n >= start with polynomial > 0 on all of [n, oo); None where there is
    none.  Exact: the real roots are isolated (Sturm).

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> least((x - 2) * (x - 5), x, 3), least(-x, x, 0)
    (6, None)
    """
    import sympy

    p = sympy.Poly(polynomial, x)
    if p.LC() <= 0:
        return None
    ends = [sympy.floor(high) for (_, high), _ in p.intervals()]
    n = max([start, *(int(end) + 1 for end in ends)])
    while n > start and p.eval(n - 1) > 0 and p.count_roots(n - 1, None) == 0:
        n -= 1
    return n


# --- pairs against DNC under cross-entropy ---

def excess(structure: str, K: sympy.Expr, layers: int) -> sympy.Expr:
    """A polynomial that is positive iff the pairs cost less than DNC at equal scale, K even."""
    if structure == "pairs":
        return (2 * K - 2) ** (layers + 1) - 4 * K ** (layers + 1)
    return 4 ** (layers - 1) * (K - 1) ** (layers + 1) - (2 * K + 4) ** (layers - 2) * (2 * K) ** 3


def growth(structure: str, K: sympy.Expr) -> sympy.Expr:
    """What a layer more multiplies the side of DNC by, less the same for the pairs."""
    return 2 * K - 2 - K if structure == "pairs" else 4 * (K - 1) - (2 * K + 4)


def _equal_scale(structure: str) -> list[Certificate]:
    """All even K >= 4 and all L: the least K for each L, until no smaller K can follow."""
    import sympy

    m = sympy.Symbol("m")
    last = least(growth(structure, 2 * m), m, 2)
    made: list[Certificate] = []
    L, found, begins = 1 if structure == "pairs" else 2, None, 0
    while found is None or found != last:
        half = least(excess(structure, 2 * m, L), m, 2)
        if half is None:
            made.append(equal_scale(structure, "4+u", str(L), "above"))
        else:
            if half != found:
                made.append(equal_scale(structure, f"{2 * half}+u", f"{L}+", "below"))
            made += [equal_scale(structure, str(2 * k), str(L), "above")
                     for k in range(last or 2, half)]
        begins = begins or (L if half else 0)
        found, L = half, L + 1
    # For even K below no layer helps the pairs.
    return made + [equal_scale(structure, str(2 * k), f"{begins}+", "above")
                   for k in range(2, last)]


# --- the triangular family ---

def _all_sizes() -> list[Certificate]:
    """For each L >= 3 the least k such that P < K^(L+1) for all k <= s <= r-2, above for s < k;
    until k = 2, which is all."""
    made: list[Certificate] = []
    L = k = 3
    while k > 2:
        k = 2
        while (corner := _family(f"{k + 2}+u+t", f"{k}+u", f"{L}+" if k == 2 else str(L),
                                 "below")) is None:
            made.append(family(f"{k + 2}+u", str(k), str(L), "above"))
            k += 1
        made.append(corner)
        L += 1
    return made


def _two_layers() -> list[Certificate]:
    """All r, s: the least k such that P < K^3 for s >= k, r-s >= k; then s < k, and r-s < k."""
    k = 2
    while (Triangular(vertices=FAR, subset=k).compare_with_dnc(2) != -1
           or (corner := _family(f"{2 * k}+u+t", f"{k}+u", "2", "below")) is None):
        k += 1
    rows = [(_row(small, of_s), small, of_s) for small in range(2, k) for of_s in (True, False)]
    cells = {(r, small if of_s else r - small)
             for (_, first), small, of_s in rows for r in range(small + 2, first)}
    for (_, first), small, of_s in rows:  # what a row of the other kind decides already
        cells -= {(r, s) for r, s in cells if r >= first and small == (s if of_s else r - s)}
    return [corner, *(made for (made, _), _, _ in rows),
            *(cell(r, s, 2) for r, s in sorted(cells))]


def _row(small: int, of_s: bool) -> tuple[Certificate, int]:
    """All r from some r on, s = small or r-s = small: P > K^3; and that r, by isolated roots."""
    import sympy

    r, u = sympy.symbols("r u")
    n, m, a, b, d = bound(r, sympy.Integer(small) if of_s else r - small, 2)
    # P > K^3 iff n/m < a, or (n/m - a)^2 < b^2 d.
    starts = (least(sympy.expand(m * (m * a - n)), r, small + 2),
              least(sympy.expand(m**2 * b**2 * d - (n - m * a) ** 2), r, small + 2))
    start = min(n for n in starts if n is not None)
    size = str(small) if of_s else f"{start - small}+u"
    return family(f"{start}+u", size, "2", "above"), start


def _family(r: str, s: str, layers: str, verdict: str) -> Certificate | None:
    try:
        return family(r, s, layers, verdict)
    except InputError:
        return None


def _blocks() -> Iterator[Certificate]:
    """The triangular block of fewest classes that beats DNC with two, with three, and with more
    layers, and that no block of fewer does."""
    for layers, onwards in ((2, ""), (3, "+"), (4, "+")):
        r = 4
        while (s := _cheaper(r, layers)) is None:
            r += 1
        yield (family(str(r), str(s), f"{layers}{onwards}", "below") if onwards
               else cell(r, s, layers))
        yield threshold(r * (r - 1) // 2 - 1, layers)


def _cheaper(r: int, layers: int) -> int | None:
    return next((s for s in range(r - 2, 1, -1)
                 if Triangular(vertices=r, subset=s).compare_with_dnc(layers) == -1), None)


UNIFORM: dict[str, Callable[[], list[Certificate]]] = {
    # P < K^(L+1) for all 3 <= s <= r-2, L >= 3, for all 2 <= s <= r-2, L >= 4; not s = 2, L = 3
    "triangular-thresholds": _all_sizes,
    "two-layer-thresholds": _two_layers,
    # a block of 6 (L >= 4), of 10 (L >= 3), of 15 (L >= 2) classes, and none before
    "slm24-theorem-5": lambda: list(_blocks()),
    "gk25-theorem-1": lambda: _equal_scale("pairs"),
    "gk25-theorem-7": lambda: _equal_scale("relu pairs"),
}
