"""The exact cost of a linear network: a power of a Schatten quasi-norm of its output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from nctheory.exact import decide, log, root_bounds, sign

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class SchattenCost:
    """P = c^D with c = sum_i m_i theta_i^(1/D), D = L + 1 factors.

    The least product of squared norms of D factors of a matrix with the squared singular values
    theta_i (multiplicities m_i): each factor has the singular values theta_i^(1/(2D)), which is
    the variational form of the Schatten quasi-norm with exponent 2/D.

    Attributes
    ----------
    degree : int
        D.
    spectrum : mapping
        {theta: multiplicity}, positive rationals.
    """

    degree: int
    spectrum: Mapping[Fraction, int]

    @property
    def expression(self) -> sympy.Expr:
        """P as an exact sympy number."""
        import sympy

        power = sympy.Rational(1, self.degree)
        return sympy.Add(*(m * sympy.Rational(theta.numerator, theta.denominator) ** power
                           for theta, m in self.spectrum.items())) ** self.degree

    @cached_property
    def split(self) -> tuple[Fraction, dict[Fraction, int]]:
        """c as its rational part and the terms whose root is irrational."""
        rational, rest = Fraction(0), {}
        for theta, m in self.spectrum.items():
            low, high = root_bounds(theta * theta.denominator**self.degree, self.degree, 0)
            if low == high:
                rational += m * low / theta.denominator
            else:
                rest[theta] = m
        return rational, rest

    @property
    def decided_by_integers(self) -> bool:
        """Whether one root at most is irrational: isolate it, raise to the power D, compare."""
        return len(self.split[1]) <= 1

    @property
    def log(self) -> float:
        """log P as a float."""
        return self.degree * math.log(math.fsum(
            m * math.exp(log(theta) / self.degree) for theta, m in self.spectrum.items()))

    def root_bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals lo <= c <= hi."""
        low = high = Fraction(0)
        for theta, m in self.spectrum.items():
            below, above = root_bounds(theta, self.degree, bits)
            low, high = low + m * below, high + m * above
        return low, high

    def compare_root(self, number: Fraction | int) -> int | None:
        """The sign of c - number, exact, or None where 4096 bits could not separate them.

        >>> SchattenCost(3, {Fraction(4): 2}).compare_root(3)         # 2 * 4^(1/3) > 3
        1
        """
        rational, rest = self.split
        bound = number - rational
        if not rest:
            return sign(-bound)
        if self.decided_by_integers:
            (theta, m), = rest.items()
            return 1 if bound <= 0 else sign(m**self.degree * theta - bound**self.degree)
        return decide(self.root_bounds, number)
