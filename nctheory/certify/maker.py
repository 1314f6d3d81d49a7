r"""Make certificates: from the library's own formulas, with floats only to find witnesses.

Every function returns a `Certificate` that `nctheory.certify.checker` verifies, or raises an
`InputError` where the question cannot be decided.  See the checker for what each claim says and
why its witnesses are enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nctheory import limits, losses
from nctheory.certify.format import LARGEST_CLASSES, LARGEST_LAYERS, Certificate
from nctheory.constructions import Block, Orthogonal, Triangular, partial, stored
from nctheory.constructions.base import ExactFit
from nctheory.constructions.chain import Chain
from nctheory.constructions.triangular import (
    cut_spectrum,
    incidence_spectrum,
    inverse_trace,
)
from nctheory.errors import InputError, choice, integer, require
from nctheory.exact import log, sign_with_root
from nctheory.integers import Integers, triangular_root
from nctheory.thresholds import threshold_table

if TYPE_CHECKING:
    import sympy

# Bits that the claim `cost` keeps of the last signals' entries: SPECIFICATION.md.
SHORT = 56
# Of the approximate inverse: relative to the largest entry of the Gram matrix.
INVERSE_BITS = 60
# Of the factors of a construction that certificates have no name for.
DIGITS = 7
Number: TypeAlias = "int | float | str | Fraction"
"""A rational: "1/250", "0.004", or a float as the number that it is."""

WORDS = {-1: "below", 0: "equal", 1: "above"}


def rational(name: str, value: Number) -> Fraction:
    """`value` (an int, a Fraction, "1/250", "0.004", or a float as the number it is) > 0."""
    try:
        number = Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise InputError(f"{name} must be a rational number, got {value!r}") from None
    require(number > 0, name, "be greater than 0", value)
    return number


def _cell(classes: int, layers: int, least: int = 2) -> tuple[int, int]:
    """K and L, within what the checker takes."""
    return (integer("classes", classes, 2, LARGEST_CLASSES),
            integer("layers", layers, least, LARGEST_LAYERS))


# --- threshold cells ---

@lru_cache(maxsize=1 << 16)
def _witness(r: int, s: int, layers: int) -> tuple[dict[str, int], int]:
    """Integers with  P < K^(L+1)  iff  a + b sqrt(d) < c, and the sign of P - K^(L+1)."""
    block = Triangular(vertices=r, subset=s)
    surd = block.representation_cost(layers).surd
    assert surd is not None  # two rational eigenvalues at most
    a, b, d = surd
    b /= d.denominator  # b sqrt(d) = (b/q) sqrt(d q^2)
    common = math.lcm(a.denominator, b.denominator)
    a, b, c = a * common, b * common, block.classes ** (layers + 1) * common
    root = d.numerator * d.denominator
    return ({"a": a.numerator, "b": b.numerator, "d": root, "c": c},
            sign_with_root(a - c, b, root))


def cell(r: int, s: int, layers: int) -> Certificate:
    """The sign of P - K^(L+1) for the triangular construction of r vertices and s-subsets.

    >>> cell(6, 3, 2).verdict, cell(4, 2, 2).verdict     # 3250 < 15^3, 216 = 6^3
    ('below', 'equal')
    """
    layers = integer("layers", layers, 2, LARGEST_LAYERS)
    block = Triangular(vertices=r, subset=s)
    data, comparison = _witness(block.vertices, block.subset, layers)
    return Certificate("cell", {"r": r, "s": s, "L": layers}, "square-root elimination", data,
                       WORDS[comparison])


def threshold(classes: int, layers: int) -> Certificate:
    """Whether some direct sum of triangular blocks and DNC on K classes beats DNC.

    A sum costs less than DNC iff one of its blocks does: one block is a witness for "beaten",
    all blocks of at most K classes for "not beaten".
    """
    K, L = _cell(classes, layers)
    listed = []
    for r in range(4, triangular_root(K) + 1):
        for s in range(r - 2, 1, -1):
            data, comparison = _witness(r, s, L)
            listed.append({"r": r, "s": s, "data": data})
            if comparison < 0:
                return Certificate("threshold", {"K": K, "L": L}, "square-root elimination",
                                   listed[-1:], "beaten")
    return Certificate("threshold", {"K": K, "L": L}, "square-root elimination", listed,
                       "not beaten")


def thresholds(classes: Iterable[int], layers: Iterable[int]) -> Iterator[Certificate]:
    """`threshold` for each K and L of a table."""
    K_values, L_values = limits.cells(classes, layers)
    return (threshold(K, L) for K in K_values for L in L_values)


def chain(classes: int, layers: int) -> Certificate:
    """DNC is not optimal with so many classes and layers, or more, by a chain of the atlas.

    The smallest block is taken: with DNC on the other classes it is enough.

    Raises
    ------
    InputError
        Where the atlas has no chain of at most so many classes and layers that beats DNC.

    >>> made = chain(3, 4)
    >>> made.verdict, len(made.data["matrices"])
    ('beaten', 4)
    """
    K, L = _cell(classes, layers)
    for k in stored.chain_sizes():
        for block in stored.chains(k) if k <= K else ():
            m = block.least_layers
            if m <= L and block.compare_with_dnc(m) == -1:
                matrices = [[list(map(int, row)) for row in value] for value in block.matrices]
                return Certificate("chain", {"K": K, "L": L}, "integer matrices",
                                   {"matrices": matrices, "inverse trace": block.inverse_trace},
                                   "beaten")
    raise InputError("classes and layers must be those of a chain of the atlas, or more, "
                     f"got K = {K}, L = {L}")


def cost(classes: int, layers: int, library: Iterable[str] | None = None) -> Certificate:
    """The cheapest exact fit of the library, and a rational bound just above what it costs.

    The library is that of `threshold_table`: by default all families, registered ones too.  A
    block that certificates have no name for is certified by its factors, rounded to integers.

    >>> made = cost(3, 4)
    >>> made.verdict, f"{float(made.parameters['bound']):.6f}"
    ('reached', '2.935479')
    """
    K, L = _cell(classes, layers, 1)
    best = threshold_table([K], [L], library=library).rows[0].construction
    assert isinstance(best, ExactFit)
    blocks = [_certifiable(block, L) for block in best.blocks]
    roots = [_just_above(block.cost_bounds(L)[1]) for block in blocks]
    data = [{"construction": _described(block), "root": root}
            for block, root in zip(blocks, roots, strict=True)]
    return Certificate("cost", {"K": K, "L": L, "bound": sum(roots, Fraction(0))},
                       "direct sum", {"blocks": data}, "reached")


def costs(classes: Iterable[int], layers: Iterable[int]) -> Iterator[Certificate]:
    """A certificate a cell of the atlas."""
    K_values, L_values = limits.cells(classes, layers)
    return (cost(K, L) for K in K_values for L in L_values)


def _certifiable(block: Block, layers: int) -> Block:
    """The block itself where certificates know it, else the chain of its rounded factors.

    Rounding costs little, and nothing in rigour: the certificate is of the chain.
    """
    if block.described() is not None or isinstance(block, Chain):
        return block
    factors = block.unit_factors(layers)[0][:-1]
    rounded = [np.rint(10**DIGITS / np.abs(m).max() * m).astype(np.int64) for m in factors]
    return Chain(matrices=rounded, name=f"{block.label}, rounded")


def _described(block: Block) -> dict[str, Any]:
    if isinstance(block, Chain):
        inverse, unit = _approximate_inverse(np.maximum(block.means[-1], 0))
        return {"matrices": [[list(map(int, row)) for row in value] for value in block.matrices],
                "inverse": [list(map(int, row)) for row in inverse], "unit": unit,
                "layer": block.projected[0]}
    known = block.described()
    assert known is not None
    return dict(known)


def _approximate_inverse(signal: Integers) -> tuple[Integers, int]:
    """(R^T R)^-1 over `unit`, of the signal rounded as the checker rounds it: by floats, then
    Newton's iteration X (2 - G X), which squares the error, in integers."""
    shift = max(0, int(signal.max()).bit_length() - SHORT)
    rounded = signal // (1 << shift)
    gram = rounded.T @ rounded
    scale = int(gram.max())
    inverse = np.linalg.inv((gram / scale).astype(np.float64))
    unit = scale << INVERSE_BITS
    at = np.vectorize(lambda x: int(x * 2.0**INVERSE_BITS), otypes=[object])(inverse)
    two = np.full(gram.shape, 0, dtype=object)
    np.fill_diagonal(two, 2 * unit)
    for _ in range(2):
        at = at @ (two - gram @ at) // unit
    return at, unit


def _just_above(value: Fraction) -> Fraction:
    """Nine decimals are plenty, and short; one unit is left to the checker, for its rounding."""
    return Fraction(value.numerator * 10**9 // value.denominator + 2, 10**9)


def partial_fit(classes: int, layers: int) -> Certificate:
    """For some decays neither DNC nor zero is optimal with so many classes, or more.

    By the stored partial fit of fewest classes, with as few digits as show it.

    Raises
    ------
    InputError
        Where no partial fit of at most so many classes is known.

    >>> made = partial_fit(5, 2)
    >>> made.verdict, len(made.data["matrices"])
    ('beaten', 3)
    """
    K, L = _cell(classes, layers)
    for k in range(2, K + 1):
        fits = [fit for fit in stored.partial_fits(k) if fit.layers == L and fit.ratio_power < 1]
        if fits:
            floats = [m.astype(float) for m in
                      min(fits, key=lambda fit: fit.ratio_power).matrices]
            coarse = (partial.rounded(floats, digits / 4) for digits in range(2, 30))
            fit = next(found for found in coarse if found.ratio_power < 1)
            return Certificate("partial fit", {"K": K, "L": L}, "integer matrices",
                               {"matrices": [[list(map(int, row)) for row in value]
                                             for value in fit.matrices]}, "beaten")
    raise InputError("classes and layers must be those of a partial fit of the atlas, or more "
                     f"classes, got K = {K}, L = {L}")


# --- the minimal loss f* ---

def minimal_loss(construction: Orthogonal | Triangular, layers: int, *, samples: int = 1,
                 weight_decay: Number = "1/250", bits: int = 100) -> Certificate:
    """Rationals low <= f* <= high about 2^-bits apart: the least loss of one construction.

    >>> made = minimal_loss(Orthogonal(classes=10), 4)
    >>> made.verdict, f"{float(made.parameters['low']):.7f}"
    ('enclosed', '0.0991799')
    """
    N = integer("layers", layers, construction.least_layers, LARGEST_LAYERS) + 1
    L, n = layers, integer("samples", samples, 1)
    lam = rational("weight_decay", weight_decay)
    given = construction.described()
    cost = construction.representation_cost(L)
    surd = cost.surd
    bounds = (surd[0], surd[0]) if surd and surd[1] == 0 else cost.bounds(bits + 60)
    below, above = (lam**N * n * P for P in bounds)
    zero = Fraction((L - 1) ** (L - 1), L ** (2 * L))
    parameters = {"construction": given, "L": L, "n": n, "decay": lam}
    if below >= zero:
        half = Fraction(1, 2)
        return Certificate("minimal loss", {**parameters, "low": half, "high": half},
                           "stationary deficit", {}, "zero")
    places = bits + 8 + max(0, below.denominator.bit_length() - below.numerator.bit_length()) // N
    one = 1 << places
    t = _deficit(below, above, L, places)
    if t is None:
        raise InputError("weight_decay must be farther from the value where zero becomes "
                         f"optimal, got {weight_decay!r}")
    low, high = t

    def loss(t: int) -> int:  # over 2^(2 places + 1)
        return t * (N * one - L * t)

    shift, unit = 2 * places + 1 - bits, 1 << bits
    return Certificate(
        "minimal loss", {**parameters, "low": Fraction(loss(low) >> shift, unit),
                         "high": Fraction(-(-loss(high) >> shift), unit)},
        "stationary deficit", {"below": Fraction(low, one), "above": Fraction(high, one)},
        "enclosed")


def _deficit(below: Fraction, above: Fraction, L: int, places: int) -> tuple[int, int] | None:
    """Neighbours t, in units of 2^-places, with t^(L+1) (1-t)^(L-1) <= below, >= above."""
    N, one = L + 1, 1 << places
    target, scale = below.numerator << 2 * L * places, below.denominator
    log_kappa = log(below) / N
    z = losses.optimal_scale(math.exp(log_kappa), L) or (L - 1) / L  # 0 where rounding says so
    start = math.exp(log_kappa - (L - 1) / N * math.log(z))
    t = min(int(math.ldexp(start, 60)) << places - 60, one // L)
    while True:  # Newton for log(value / target) = 0, quadratically
        value = t**N * (one - t) ** (L - 1) * scale
        slope = N * one - (L - 1) * t * one // (one - t)
        step = t * ((value - target << places) // target) // slope if slope > 0 else 0
        t = min(t - step, one // L)
        if abs(step) << (places // 2 + 2) < t or t == one // L:
            break
    low, high, width = t, t, 1
    while low**N * (one - low) ** (L - 1) * scale > target:
        low, width = low - width, 2 * width
    target, scale, width = above.numerator << 2 * L * places, above.denominator, 1
    while high**N * (one - high) ** (L - 1) * scale < target:
        if high == one // L:
            return None
        high, width = min(high + width, one // L), 2 * width
    return low, high


# --- for all r, s at once ---

def bound(r: sympy.Expr, s: sympy.Expr, layers: int) -> tuple[sympy.Expr, ...]:
    """(n, m, a, b, d):  P < K^(L+1)  iff  m (a + b sqrt(d)) < n, for sympy expressions r, s."""
    import sympy

    upper, lower = inverse_trace(r, s)
    (theta, j), (eta, k) = incidence_spectrum(r).items()
    scale = r ** (layers - 2) / 4
    if layers == 2:
        (u, v), (x, y) = cut_spectrum(r, s)
        common = r * (r - 1)  # the denominators r and r(r-1), and the 4 of C(r,s)/4
        theta, eta = sympy.cancel(u * common / v), sympy.cancel(x * common / y)
        scale = 1 / (4 * common)
    K = r * (r - 1) / 2
    n, m = sympy.fraction(sympy.factor(K ** (layers + 1) * lower / (upper * scale)))
    return n, m, j * j * theta + k * k * eta, 2 * j * k, theta * eta


def family(r: str, s: str, layers: str, verdict: str) -> Certificate:
    """P against K^(L+1) for all r, s given as polynomials in u, t >= 0; layers "3" or "3+".

    Raises
    ------
    InputError
        Where the shifted coefficients do not show it.
    """
    import sympy

    onwards = layers.endswith("+")
    numbers = {name: sympy.sympify(text) for name, text in (("r", r), ("s", s))}
    n, m, a, b, d = bound(numbers["r"], numbers["s"], int(layers.removesuffix("+")))
    if not coefficients_positive(m):
        n, m = -n, -m
    gap = n - m * a
    square = gap**2 - m**2 * b**2 * d
    shown = (coefficients_positive(gap) and coefficients_positive(square)
             if verdict == "below" else
             coefficients_positive(-gap) or coefficients_positive(-square))
    if not (shown and coefficients_positive(m)):
        raise InputError(f"verdict must follow from the coefficients, got {verdict!r} for "
                         f"r = {r}, s = {s}, L = {layers}")
    return Certificate("triangular family", {"r": r, "s": s, "L": layers},
                       _coefficients(onwards), {"bound": f"({n})/({m})"}, verdict)


def equal_scale(structure: str, K: str, layers: str, verdict: str) -> Certificate:
    """Pairs against DNC under cross-entropy, at equal output scale, for K even and K+1."""
    choice("structure", structure, ("pairs", "relu pairs"))
    return Certificate("equal scale", {"structure": structure, "K": K, "L": layers},
                       _coefficients(layers.endswith("+")), {}, verdict)


def identity(left: sympy.Expr, right: sympy.Expr) -> Certificate:
    """Two rational functions (sympy expressions with integer exponents) are the same."""
    return Certificate("identity", {"left": str(left), "right": str(right)}, "expansion", {},
                       "true")


def polynomial(expression: sympy.Expr, strict: bool = True) -> Certificate:
    """A polynomial is positive (nonnegative) wherever its variables are nonnegative."""
    return Certificate("polynomial", {"polynomial": str(expression)}, "shifted coefficients", {},
                       "positive" if strict else "nonnegative")


def _coefficients(onwards: bool) -> str:
    return "shifted coefficients, induction in L" if onwards else "shifted coefficients"


def coefficients_positive(expression: sympy.Expr) -> bool:
    """Whether all coefficients are positive, and one is constant: positive for u, t >= 0."""
    import sympy

    # The sparse ring expands as it evaluates, much faster than sympy.expand.
    names = [sympy.Dummy(), *sorted(expression.free_symbols, key=str)]
    expanded = sympy.ring(names, sympy.QQ)[0].from_expr(expression)
    return all(c > 0 for c in expanded.coeffs()) and bool(expanded.coeff(1) > 0)
