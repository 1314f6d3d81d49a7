"""What [GK25] Theorems 1 and 7 share: from which K on pairs cost less than DNC, for each L."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sympy
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication,
    parse_expr,
    standard_transformations,
)

from nctheory.certify import Certificate
from nctheory.certify.uniform import excess, least
from proofs import cover
from proofs.theorem import Step, positive, symbolic

m, u = sympy.symbols("m u", nonnegative=True)


def formula(text: str, **symbols: sympy.Symbol) -> sympy.Expr:
    """A formula of a statement as an expression."""
    return parse_expr(text, local_dict=symbols, transformations=(
        *standard_transformations, convert_xor, implicit_multiplication))


def threshold(structure: str, layers: int) -> Step:
    """The least even K >= 4 from which on pairs cost less, found by isolating roots."""
    polynomial = sympy.expand(excess(structure, 2 * m, layers))
    half = least(polynomial, m, 2)
    if half is None:
        return positive(f"L = {layers}: {-sympy.factor(polynomial)} > 0 for m = K/2 >= 2: never",
                        -polynomial, {m: 2 + u})
    roots = ", ".join(f"[{float(low):.3g}, {float(high):.3g}]"
                      for (low, high), _ in sympy.Poly(polynomial, m).intervals(eps=1))

    def cases() -> Iterator[bool]:
        found = sympy.Poly(polynomial, m)
        yield found.count_roots(half, None) == 0 and found.eval(half) > 0
        yield half == 2 or found.eval(half - 1) <= 0

    return symbolic(f"L = {layers}: {sympy.factor(polynomial)} > 0, m = K/2, has its real roots "
                    f"in {roots}: least K = {2 * half}", cases)


def complete(made: Sequence[Certificate], first: int, range_: str) -> bool:
    """Whether the certificates cover all even K >= 4, L >= first, none superfluous, and "below"
    holds in the range of a statement, such as "K >= 6 and L >= 2, or K >= 4 and L >= 3"."""
    boxes = [cover.halved(c) for c in made]
    below = [box for box, c in zip(boxes, made, strict=True) if c.verdict == "below"]
    stated = [((int(least) // (2 if letter == "K" else 1), None), (int(layers), None))
              for letter, least, layers in re.findall(r"([Km]) >= (\d+) and L >= (\d+)", range_)]
    return cover.needed(((2, None), (first, None)), boxes) and below == stated
