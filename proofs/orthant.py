"""Polynomials that are nonnegative at nonnegative integers, though their coefficients are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy
from sympy.polys.fields import field
from sympy.polys.rings import PolyElement

from proofs.theorem import Step, positive, together

DEEPEST = 40  # cuts; what is not decided by then is false, or needs another idea


def quotient(function: Callable[..., Any], *variables: sympy.Symbol
             ) -> tuple[sympy.Expr, sympy.Expr]:
    """Numerator and denominator, cancelled, of a rational function: computed in the field of
    fractions, much faster than sympy.cancel."""
    value = function(*field(variables, sympy.QQ)[1:])
    return value.numer.as_expr(), value.denom.as_expr()


def nonnegative(text: str, polynomial: sympy.Expr, variables: Sequence[sympy.Symbol],
                domain: sympy.Expr | int = 0) -> Step:
    """polynomial >= 0 for all nonnegative integers with domain >= 0: the orthant is cut into faces
    x = 0 and shifted orthants x >= 1 until no coefficient is negative."""
    ring = sympy.ring(variables, sympy.QQ)[0]
    parts = [positive(text, part.as_expr(), strict=False)
             for part in cut(ring.from_expr(polynomial), ring.from_expr(domain))]
    return together(f"{text}, {len(parts)} parts", parts)


def cut(polynomial: PolyElement, domain: PolyElement) -> Iterator[PolyElement]:
    """Polynomials without negative coefficients whose orthants cover the domain; the last one has
    a negative coefficient where there are none."""
    waiting = [(polynomial, domain, 0)]
    while waiting:
        part, inside, depth = waiting.pop()
        if all(c < 0 for c in inside.coeffs()) and inside.coeff(1) < 0:
            continue  # all of it lies outside of the domain
        negative = [powers for powers, c in part.terms() if c < 0]
        if not negative:
            yield part
            continue
        # Cut where most of the negative terms have least of the variable: they stay behind.
        low = [min(powers[i] for powers, _ in part.terms()) for i in range(part.ring.ngens)]
        places = [i for i, degree in enumerate((part if not part.is_ground else inside).degrees())
                  if degree > 0]
        if not places or depth == DEEPEST:
            yield part
            return
        place = max(places, key=lambda i: sum(powers[i] == low[i] for powers in negative))
        x = part.ring.gens[place]
        waiting += [(part.compose(x, value), inside.compose(x, value), depth + 1)
                    for value in (x + 1, 0 * x)]
