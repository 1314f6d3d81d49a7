"""Exact decisions about real numbers of the form  scale * (sum_i m_i sqrt(theta_i))^2.

Every representation cost of this library is such a number: a rational times the square of a
nuclear norm, and a nuclear norm is a sum of square roots of the eigenvalues of a Gram matrix.
Decisions use integers and fractions alone; floats are derived from the exact value, never the
other way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import sympy

Theta: TypeAlias = "Fraction | sympy.Expr"
"""A rational, or a real algebraic number as sympy isolates it (`CRootOf`)."""

# Precisions (bits) tried one after the other where no closed form decides a sign.
PRECISIONS = (64, 256, 1024, 4096)


def product(numbers: Iterable[Fraction]) -> Fraction:
    """The product; of a thousand equal layers as one power, which needs no common divisors.

    >>> product([Fraction(2, 3)] * 1000) == Fraction(2, 3)**1000
    True
    """
    powers = (number**count for number, count in Counter(numbers).items())
    return math.prod(powers, start=Fraction(1))


def sign(number: Fraction | int) -> int:
    """-1, 0 or 1."""
    return (number > 0) - (number < 0)


def sign_with_root(a: Fraction | int, b: Fraction | int, d: Fraction | int) -> int:
    """The sign of a + b sqrt(d), d >= 0: compare the signs of the two terms, then the squares.

    >>> sign_with_root(-3, 2, 2)      # 2 sqrt(2) < 3
    -1
    """
    left, right = sign(a), sign(b) * sign(d)
    if left * right >= 0:
        return sign(left + right)
    return left * sign(a * a - b * b * d)


def decide(bounds: Callable[[int], tuple[Fraction, Fraction]], number: Fraction | int
           ) -> int | None:
    """The sign of x - number, for the x that lies within bounds(bits) whatever the bits; None
    where 4096 bits do not separate the two.

    >>> decide(lambda bits: root_bounds(Fraction(2), 2, bits), Fraction(3, 2))
    -1
    """
    for bits in PRECISIONS:
        low, high = bounds(bits)
        if low > number or high < number:
            return sign(low - number)
    return None


def integer_root(number: int, degree: int) -> int:
    """floor(number^(1/degree)) for number >= 0, by Newton's iteration in integers.

    >>> integer_root(10**300 - 1, 3) == 10**100 - 1
    True
    """
    if degree == 2:
        return math.isqrt(number)
    if number < 2 or degree == 1:
        return number
    # Newton decreases monotonically to the floor from any start above the root.
    root = 1 << -(-number.bit_length() // degree)
    while True:
        smaller = ((degree - 1) * root + number // root ** (degree - 1)) // degree
        if smaller >= root:
            return root
        root = smaller


def root_bounds(number: Fraction, degree: int, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals lo <= number^(1/degree) <= hi with hi - lo <= 2^-bits * max(1, the root).

    >>> low, high = root_bounds(Fraction(2), 2, 20)
    >>> low**2 <= 2 <= high**2 and high - low <= Fraction(1, 2**20)
    True
    """
    # A root far below 1 needs more places than one above it.
    size = (number.denominator.bit_length() - number.numerator.bit_length()) // degree
    shift = bits + max(0, size)
    scaled = (number.numerator << (degree * shift)) // number.denominator
    low = integer_root(scaled, degree)
    exact = low**degree == scaled and number.denominator == 1
    return Fraction(low, 1 << shift), Fraction(low + (not exact), 1 << shift)


def log(number: Fraction | int) -> float:
    """The natural logarithm of a positive rational of any size, within a few ulps.

    A power of two is taken out in integers, so that what is left is in [2/3, 4/3]: there log1p
    of the exact difference loses nothing, and nothing cancels where the power is not 0.

    >>> log(Fraction(10**400 + 1, 10**400)), log(Fraction(10**16 + 1, 10**16))
    (0.0, 1e-16)
    """
    above, below = number.numerator, number.denominator
    power = above.bit_length() - below.bit_length()
    above, below = above << max(-power, 0), below << max(power, 0)
    if 3 * above > 4 * below:
        power, below = power + 1, 2 * below
    elif 3 * above < 2 * below:
        power, above = power - 1, 2 * above
    return power * math.log(2) + math.log1p((above - below) / below)


def log_bounds(number: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals lo <= log(number) <= hi for number > 0, about 2^-bits apart.

    log(2^k m) = k log 2 + log m, and log m = 2 artanh((m-1)/(m+1)) by its series.

    >>> low, high = log_bounds(Fraction(10), 40)
    >>> low < Fraction(2302585092994, 10**12) < high and high - low < Fraction(1, 2**36)
    True
    """
    k = number.numerator.bit_length() - number.denominator.bit_length()
    m = number / (Fraction(2) ** k)
    places = bits + k.bit_length() + 8
    below, above = _log_near_one(m, places), _log_near_one(Fraction(2), places)
    ends = [below[0] + k * above[0], below[0] + k * above[1],
            below[1] + k * above[0], below[1] + k * above[1]]
    return min(ends), max(ends)


def _log_near_one(m: Fraction, places: int) -> tuple[Fraction, Fraction]:
    """Bounds on log m for 1/2 <= m <= 2."""
    t = (m - 1) / (m + 1)
    unit = 1 << places
    x = round(abs(t) * unit)  # |x / unit - |t|| <= 1/2 unit, and artanh' <= 9/8 here
    power, total, terms = x, 0, 0
    while power:
        total += power // (2 * terms + 1)
        power = power * x * x // (unit * unit)
        terms += 1
    # One unit for each division rounded, in the power and in the term; the tail is below one.
    slack = Fraction(4 * terms + 8, unit)
    middle = Fraction(2 * total * sign(t), unit)
    return middle - slack, middle + slack


@dataclass(frozen=True)
class RepresentationCost:
    """The positive real number  P = scale * (sum_i m_i sqrt(theta_i))^2.

    `scale` is a positive rational; `spectrum` maps each theta > 0 to its multiplicity m.  A
    theta is a `Fraction`, or a real algebraic number given by sympy (`CRootOf`).
    """

    scale: Fraction
    spectrum: Mapping[Theta, int]

    @cached_property
    def surd(self) -> tuple[Fraction, Fraction, Fraction] | None:
        """(a, b, d) with P = a + b sqrt(d), where at most two rational theta make that so."""
        if len(self.spectrum) > 2 or not all(isinstance(t, Fraction) for t in self.spectrum):
            return None
        terms = list(self.spectrum.items())
        a = sum((m * m * theta for theta, m in terms), Fraction(0))
        if len(terms) == 1:
            return self.scale * a, Fraction(0), Fraction(0)
        (theta, m), (eta, k) = terms
        return self.scale * a, self.scale * 2 * m * k, theta * eta

    @property
    def expression(self) -> sympy.Expr:
        """P as an exact sympy number."""
        import sympy

        scale = sympy.Rational(self.scale.numerator, self.scale.denominator)
        return scale * self.nuclear_norm**2

    @property
    def nuclear_norm(self) -> sympy.Expr:
        """sum_i m_i sqrt(theta_i) as an exact sympy number."""
        import sympy

        return sympy.Add(*(m * sympy.sqrt(sympy.sympify(theta))
                           for theta, m in self.spectrum.items()))

    @cached_property
    def log(self) -> float:
        """log P as a float: finite where P itself would overflow."""
        try:
            norm = math.fsum(m * math.sqrt(theta) for theta, m in self.spectrum.items())
        except OverflowError:
            norm = math.inf
        if 0 < norm < math.inf:
            return log(self.scale) + 2 * math.log(norm)
        largest = max(self.spectrum)  # rationals that are no floats: relative to the largest
        norm = math.fsum(m * math.sqrt(theta / largest) for theta, m in self.spectrum.items())
        return log(self.scale) + log(largest) + 2 * math.log(norm)

    def bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals lo <= P <= hi, about `bits` bits apart relative to P."""
        low = high = Fraction(0)
        for theta, m in self.spectrum.items():
            below, above = _rational_bounds(theta, bits)
            low += m * root_bounds(below, 2, bits)[0]
            high += m * root_bounds(above, 2, bits)[1]
        return self.scale * low**2, self.scale * high**2

    def compare(self, number: Fraction | int) -> int | None:
        """The sign of P - number: exact, or None where 4096 bits could not separate them.

        A single square root is decided in integers (isolate it, compare signs, square), so
        ties are found; several roots by rational bounds, where a tie stays undecided.

        >>> RepresentationCost(Fraction(2), {Fraction(2): 1, Fraction(3): 1}).compare(20)
        -1
        """
        if self.surd is not None:
            a, b, d = self.surd
            return sign_with_root(a - number, b, d)
        return decide(self.bounds, number)


def _rational_bounds(theta: Theta, bits: int) -> tuple[Fraction, Fraction]:
    if isinstance(theta, Fraction):
        return theta, theta
    import sympy

    # sympy isolates a root of an integer polynomial in rationals: rigorous.  It may take a
    # rational factor out of the root.
    factor, root = theta.as_coeff_Mul()
    middle = factor * root.eval_rational(sympy.Rational(1, 1 << bits) / factor)
    value, width = Fraction(int(middle.p), int(middle.q)), Fraction(1, 1 << bits)
    return max(value - width, Fraction(0)), value + width
