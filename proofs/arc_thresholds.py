"""The arc, K points of a segment in the plane, beats deep neural collapse from five layers on."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from nctheory.constructions import arc
from proofs.theorem import Step, Theorem, decided, identity, positive, symbolic

n, p = sympy.symbols("n p", integer=True, positive=True)
i, j, c = sympy.symbols("i j c", integer=True, positive=True)
q = sympy.Symbol("q", integer=True, positive=True)
u = sympy.Symbol("u", nonnegative=True)
g, d, m = sympy.symbols("g d m", positive=True)
LEAST = 4  # classes that an arc has; from more on it is as true: free
FIVE = 15  # classes from which on L = 5 is enough
DOMAIN = f"K >= {LEAST}, L >= 3"
RESULT = (f"L = 5 and K >= {FIVE}", f"L >= 6 and K >= {LEAST}")


def steps() -> Iterator[Step]:
    (a, a_), (b, b_) = arc.spectrum(n)
    squares, mixed = (sympy.summation(term, (j, 0, n)) for term in (j**2, j * (n - j)))
    yield identity("first eigenvalue: M_2 M_2^T has on (1, 1) the sum of j^2 + j (n-j)",
                   squares + mixed, a / sympy.Integer(a_))
    yield identity("second eigenvalue: and on (1, -1) that of j^2 - j (n-j)", squares - mixed,
                   b / sympy.Integer(b_))
    yield identity("values: row (-i, n-i) has n (j-i) on class (n-j, j), its negative n (i-j)",
                   -i * (n - j) + (n - i) * j, n * (j - i))
    yield symbolic("inverse: second differences of max(0, j-i) are 1 for j = i+1, else 0: 1, -2, "
                   "1 in n times that of sigma(M_L), on each side", _differences)
    ones = [size + 4 * (size - 1) + (size - 2) for size in (q, j)]
    yield identity("last layer: 6s - 6 for s classes of a side, s >= 2, and t of the other: 6K - "
                   "12 over n^2", sum(ones), 6 * (q + j) - 12)
    row = i**2 + (n - i)**2
    yield identity("rows: the sum of i^2 + (n-i)^2 over i = c..n-1 and i = 1..c+1", sympy.expand(
        sympy.summation(row, (i, c, n - 1)) + sympy.summation(row, (i, 1, c + 1))),
        sympy.expand(arc.row_norms(n, c)))
    yield identity("root: P = m (x + y + 2 sqrt(xy)) / n^2 < K^(L+1) iff G = n^2 K^(L+1) - m "
                   "(x+y) > 0 and G^2 > m^2 d, d = 4 x y", (g / m)**2 - d,
                   (g**2 - m**2 * d) / m**2)
    for parity, size in (("even", 2 * p), ("odd", 2 * p + 1)):
        yield from _cells(parity, size)
    yield decided(f"L = 5, below {FIVE} classes: P > K^6 for each", lambda: (
        arc.Arc(classes=K).compare_with_dnc(5) == 1 for K in range(LEAST, FIVE)))
    yield positive("induction: a layer more multiplies P by 2, K^(L+1) by K > 2: P < K^(L+1) for "
                   f"`{RESULT[0]}`, and for `{RESULT[1]}`", LEAST + u - 2)
    yield positive("L = 3: so P > K^5 at L = 4 gives P > K^5/2 > K^4 at L = 3, and this is all "
                   f"`{DOMAIN}`", LEAST + u - 2)


def _cells(parity: str, size: sympy.Expr) -> Iterator[Step]:
    for layers, first in ((5, FIVE), (6, LEAST)):
        gap, square = _elimination(size, layers)
        shift = {p: -(-(first - size.subs(p, 0)) // 2) + u}
        name = f"L = {layers}, {parity} K >= {first}"
        yield positive(f"{name}: G > 0", gap, shift)
        yield positive(f"{name}, squares: G^2 > m^2 d, so P < K^{layers + 1}", square, shift)
    _, square = _elimination(size, 4)
    yield positive(f"L = 4, {parity} K: G^2 < m^2 d, so P > K^5 for all K >= {LEAST}", -square,
                   {p: LEAST // 2 + u})


def _elimination(size: sympy.Expr, layers: int) -> tuple[sympy.Expr, sympy.Expr]:
    """G and G^2 - m^2 d in p, times 6 and 36, for K = 2p or 2p+1; n = K-1, c = floor(n/2)."""
    end = size - 1
    middle = p - 1 if size == 2 * p else p
    x, y = (upper / sympy.Integer(lower) for upper, lower in arc.spectrum(end))
    factor = 2**(layers - 3) * (6 * size - 12) * arc.row_norms(end, middle)
    gap = 6 * end**2 * size**(layers + 1) - factor * 6 * (x + y)
    return sympy.expand(gap), sympy.expand(gap**2 - factor**2 * 144 * x * y)


def _differences() -> Iterator[bool]:
    def second(k: sympy.Expr) -> sympy.Expr:  # j - i
        return sympy.Max(0, k) - 2 * sympy.Max(0, k - 1) + sympy.Max(0, k - 2)

    yield second(sympy.Integer(1)) == 1
    yield sympy.expand(second(1 + q)) == 0
    yield second(1 - q) == 0


THEOREM = Theorem(
    name="arc-thresholds",
    statement="The arc, points of a segment in the plane, costs less than DNC for "
              f"{RESULT[0]}, and for {RESULT[1]}; it costs more for all other {DOMAIN}.",
    latex=r"2^{L-3} (\sqrt x + \sqrt y)^2 \tfrac{6K-12}{n^2} \sum_i (i^2 + (n-i)^2) < K^{L+1}",
    domain="integers K >= 4, L >= 3; n = K-1",
    source="ours",
    steps=steps,
    needs=("first eigenvalue", "second eigenvalue", "values", "inverse", "last layer", "rows",
           "root", *(f"L = {layers}, {parity} K >= {first}{part}" for layers, first in (
               (5, FIVE), (6, LEAST)) for parity in ("even", "odd") for part in ("", ", squares")),
           "L = 4, even K", "L = 4, odd K", f"L = 5, below {FIVE} classes", "induction", "L = 3"),
    rests_on=("representation-cost",))
