"""Verify a certificate file: integers and fractions, the standard library, nothing else.

    python checker.py [--budget N] FILE        (the same as: nctheory check [--budget N] FILE)

Prints a line a claim; exit status 0: every claim is verified, 1: one is not, 2: this is not a
certificate file.  Nothing is shared with the program that made the file.  What a claim says is
rebuilt here from its parameters, by another route than the maker's wherever there is one; its
data are only witnesses, and a wrong witness can make a true claim unverified, never a false one
verified.  SPECIFICATION.md states each claim, its rules, and why they are sound.

A file is {"format", "versions", "certificates": [{"claim", "parameters", "method", "data",
"verdict"}, ...]}, in this order, plain or compressed by gzip.  Integers and fractions are
strings, "-12" and "3/4" in lowest terms.  Certificates are read and checked one by one.

The work is bounded whatever the file says: sizes are limited before anything is computed, and
each operation is paid for, by the size of its operands, from one budget a file.

Notation.  K classes, L layers, n samples a class, decay lam, N = L+1.
c: the representation cost of a construction; P = c^N; deep neural collapse (DNC) has P = K^N.
"""

from __future__ import annotations

import argparse
import codecs
import gzip
import io
import json
import math
import operator
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

FORMAT = "nctheory certificates 1"
LARGEST_FILE = 1 << 30  # characters, after decompression
LARGEST_CERTIFICATE = 1 << 24
LARGEST_CLASSES = 10**6
LARGEST_LAYERS = 1000
LONGEST_INTEGER = 4000  # digits
LARGEST_POWER = 1 << 16  # bits
LARGEST_EXPRESSION = 20_000  # characters
LONGEST_NAME = 40  # characters
DEEPEST_NESTING = 30
SHORT = 56  # bits that entries are rounded to for a bound
BUDGET = 10**9  # units a file, about ten seconds
BUDGET_PER_BYTE = 200  # on top, for each character read


class Refused(Exception):
    """A claim cannot be verified; the message says why."""


class NotACertificateFile(Exception):
    """The file as a whole is none; the message says why."""


class Result(NamedTuple):
    """What became of one claim."""

    verified: bool
    reason: str
    certificate: Any

    @property
    def statement(self) -> str:
        """The claim in words: made when asked for, since it takes as long as the check."""
        try:
            template = CLAIMS[self.certificate["claim"]][1]
            return template.format(verdict=_shown(self.certificate["verdict"]), **{
                name: _shown(value) for name, value in self.certificate["parameters"].items()})
        except (KeyError, TypeError, AttributeError, RecursionError):
            return "(unreadable claim)"


def require(condition: bool, reason: str) -> None:
    """Refuse the claim, for that reason, unless the condition holds."""
    if not condition:
        raise Refused(reason)


# --- reading: nothing is trusted, everything is limited ---

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_RATIO = re.compile(r"(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?")


def integer(value: Any, least: int | None = None, most: int | None = None) -> int:
    """The integer that a string writes, within the limits; nothing but a string is one."""
    if not (isinstance(value, str) and len(value) <= LONGEST_INTEGER
            and _INTEGER.fullmatch(value)):
        raise Refused(f"not an integer: {quote(value)}")
    number = int(value)
    if (least is not None and number < least) or (most is not None and number > most):
        raise Refused(f"out of range {least}..{most}: {quote(value)}")
    return number


def ratio(value: Any) -> tuple[int, int]:
    """(p, q) for "p/q" in lowest terms, q > 0; (p, 1) for "p"."""
    match = (_RATIO.fullmatch(value)
             if isinstance(value, str) and len(value) <= 2 * LONGEST_INTEGER + 1 else None)
    if match is None:
        raise Refused(f"not a fraction: {quote(value)}")
    upper, lower = match.groups("1")
    if len(upper) > LONGEST_INTEGER or len(lower) > LONGEST_INTEGER:
        raise Refused(f"too long: {quote(value)}")
    p, q = int(upper), int(lower)
    if math.gcd(p, q) != 1 or value.endswith("/1"):
        raise Refused(f"not in lowest terms: {quote(value)}")
    return p, q


def fraction(value: Any) -> Fraction:
    """The rational that a string writes: "3" or "-3/4"."""
    return Fraction(*ratio(value))


def members(value: Any, *names: str) -> list[Any]:
    """The values of an object that has exactly these members."""
    try:
        if isinstance(value, dict) and len(value) == len(names):
            return [value[name] for name in names]
    except KeyError:
        pass
    raise Refused(f"must have the members {', '.join(names) or '(none)'}: {quote(value)}")


def items(value: Any) -> list[Any]:
    """The entries of a list."""
    if not isinstance(value, list):
        raise Refused(f"not a list: {quote(value)}")
    return value


def quote(value: Any) -> str:
    """One short printable line, whatever the file holds."""
    kind = type(value).__name__
    text = ascii(value[:40]) if isinstance(value, str) else kind
    return text if len(text) < 60 else text[:57] + "..."


Matrix = list[list[int]]


# --- work: one unit is about a product of two words ---

SMALL = 8  # units of the interpreter's own work for an operation on small numbers


def words(*numbers: int) -> int:
    """Of 64 bits, in the longest number."""
    return 1 + (max(map(int.bit_length, numbers)) >> 6)


class Work:
    """What may be spent on a file, and the operations on integers whose cost is not bounded by
    the sizes of their arguments alone."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = self.left = budget

    def allow(self, units: int) -> None:
        """Add units to what may be spent."""
        self.budget += units
        self.left += units

    def spend(self, units: int) -> None:
        """Count units of work, and refuse the claim where none are left."""
        self.left -= units
        if self.left < 0:
            raise Refused(f"the work limit of {self.budget} units is reached: "
                          "--budget sets another")

    def times(self, *factors: int) -> int:
        """The product, charged by the schoolbook."""
        result = 1
        for factor in factors:
            self.spend(SMALL + words(result) * words(factor))
            result *= factor
        return result

    def power(self, base: int, exponent: int) -> int:
        """base^exponent, refused where it would be too long."""
        bits = base.bit_length() * exponent
        if exponent < 0 or bits > LARGEST_POWER:
            raise Refused("a power is too large")
        self.spend(SMALL + (1 + (bits >> 6)) ** 2)
        result: int = base**exponent
        return result

    def root(self, number: int, degree: int) -> int:
        """floor(number^(1/degree)): half of its bits first, then Newton's iteration from above,
        which from there on doubles them; bit by bit where half is too few for that."""
        bits = -(-number.bit_length() // degree)  # root < 2^bits
        if bits <= 1:
            return min(number, 1)
        size = words(number)
        price = SMALL + 8 * size * (1 + math.isqrt(size))  # about Karatsuba's, for the powers
        self.spend(price)
        if bits <= 2 * degree.bit_length():
            guess = 2 * self.root(number >> degree, degree)
            above: int = (guess + 1) ** degree
            return guess + (above <= number)
        half = bits // 2
        guess = self.root(number >> degree * half, degree) + 1 << half
        while True:
            self.spend(price)
            smaller = ((degree - 1) * guess + number // guess ** (degree - 1)) // degree
            if smaller >= guess:
                return guess
            guess = smaller


# --- the triangular family, from the definition of its Gram matrices ---
# Integers r, s give integers, polynomials r, s give polynomials.

def inverse_trace(r: Any, s: Any) -> tuple[Any, Any]:
    """C(r,s) tr(G_s^-1) as (numerator, denominator).

    G_s has the entry C(r-2,s-2) for an edge with itself, C(r-3,s-3) for two edges that meet,
    C(r-4,s-4) for two that do not: here times r(r-1)(r-2)(r-3) / C(r,s), as x, y, z.  "Meeting"
    is the triangular graph, of eigenvalues 2(r-2) [1], r-4 [r-1], -2 [r(r-3)/2].
    """
    pair = s * (s - 1)
    x = pair * (r - 2) * (r - 3)
    y = pair * (s - 2) * (r - 3)
    z = pair * (s - 2) * (s - 3)
    twice = 2 * x + 4 * (r - 2) * y + (r - 2) * (r - 3) * z  # on the constant vector, doubled
    middle = x + (r - 4) * y - (r - 3) * z
    last = x - 2 * y + z
    numerator = r * (r - 1) * (r - 2) * (r - 3) * (
        4 * middle * last + 2 * (r - 1) * twice * last + r * (r - 3) * twice * middle)
    return numerator, 2 * twice * middle * last


def against_dnc(r: Any, s: Any, layers: int) -> tuple[Any, Any, Any, Any, Any]:
    """(f, a, b, d, c) with  P < K^(L+1)  iff  f (a + b sqrt(d)) < c,  f > 0 and a, b, d >= 0.

    P = |M_2|_*^2 (product of the other squared norms); |M_2|_* = sqrt(x) + (r-1) sqrt(y) where
    M_2 = B, B B^T = (r-2) I + J, for L > 2, and M_2 = V B for L = 2.
    """
    upper, lower = inverse_trace(r, s)
    edges = r * (r - 1)  # 2K
    if layers > 2:
        x, y = 2 * (r - 1), r - 2
        upper = upper * r ** (layers - 2)  # the r/4 of V_s, and r for each of L-3 projections
    else:
        # V^T V = C(r,s)/4 ((1-e) I + e J), e r(r-1) = (2s-r)^2 - r; times r(r-1) here.
        skew = (2 * s - r) ** 2
        x, y, lower = 2 * (r - 1) ** 2 * skew, (r * r - skew) * (r - 2), lower * edges
    return (2 ** (layers + 1) * upper, x + (r - 1) ** 2 * y, 2 * (r - 1), x * y,
            4 * lower * edges ** (layers + 1))


def triangular_cost(r: int, s: int, layers: int,
                    work: Work) -> tuple[int, int, int, int, int]:
    """`against_dnc` for numbers."""
    work.power(r * r, layers + 8)  # nothing is longer than a few of these
    work.power(r * r, layers + 8)
    f, a, b, d, c = against_dnc(r, s, layers)
    return f, a, b, d, c


def compare_root(a: int, b: int, d: int, c: int) -> int:
    """The sign of a + b sqrt(d) - c for b, d >= 0."""
    gap = c - a
    if gap < 0:
        return 1
    difference = b * b * d - gap * gap
    return (difference > 0) - (difference < 0)


SIGNS = {"below": -1, "equal": 0, "above": 1}


def cell_sign(r: int, s: int, layers: int, data: Any, work: Work) -> int:
    """The sign of P - K^(L+1), from the witnesses (a, b, d, c), themselves compared with ours."""
    a, b, d, c = map(integer, members(data, "a", "b", "d", "c"))
    F, A, B, D, C = triangular_cost(r, s, layers, work)
    A, B = F * A, F * B
    require(b >= 0 and d >= 0 and c > 0, "a, b, d, c: signs")
    # a/c = A/C and b sqrt(d)/c = B sqrt(D)/C
    times = work.times
    require(times(a, C) == times(A, c) and times(b, b, d, C, C) == times(B, B, D, c, c),
            "a, b, d, c are not the cost of this construction")
    work.spend(3 * words(a, b, d, c) ** 2)
    return compare_root(a, b, d, c)


def triangular_parameters(r: Any, s: Any) -> tuple[int, int]:
    """r and s of the triangular family: 4 <= r <= 1500, 2 <= s <= r-2."""
    r = integer(r, 4, 1500)
    return r, integer(s, 2, r - 2)


def check_cell(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """P against K^(L+1) for one member of the triangular family."""
    r, s, L = members(parameters, "r", "s", "L")
    r, s = triangular_parameters(r, s)
    require(method == "square-root elimination", "unknown method")
    sign = cell_sign(r, s, integer(L, 2, LARGEST_LAYERS), data, work)
    require(verdict in SIGNS and SIGNS[verdict] == sign, "the verdict is wrong")


def check_threshold(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """Whether a direct sum of triangular blocks and DNC on K classes costs less than DNC.

    Costs add, and DNC costs its number of classes: some sum costs less iff some block does.
    """
    K, L = members(parameters, "K", "L")
    K, L = integer(K, 2, LARGEST_CLASSES), integer(L, 2, LARGEST_LAYERS)
    require(method == "square-root elimination", "unknown method")
    listed = []
    for block in items(data):
        r, s, witnesses = members(block, "r", "s", "data")
        r, s = triangular_parameters(r, s)
        require(r * (r - 1) <= 2 * K, "a block has more than K classes")
        listed.append((r, s, cell_sign(r, s, L, witnesses, work)))
    if verdict == "beaten":
        require(any(sign < 0 for _, _, sign in listed), "no block costs less than DNC")
        return
    require(verdict == "not beaten", "unknown verdict")
    require(all(sign >= 0 for _, _, sign in listed), "a block costs less than DNC")
    r = (1 + math.isqrt(1 + 8 * K)) // 2  # the largest with r(r-1)/2 <= K
    require(2 * len(listed) == (r - 3) * (r - 2) and sorted((r, s) for r, s, _ in listed)
            == [(q, s) for q in range(4, r + 1) for s in range(2, q - 1)],
            "not every block is listed, once")


# --- chains of integer matrices ---

def check_chain(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """Integer matrices H_1, W_1, ..., W_(m-1) of k classes that cost less than DNC, P < k^(m+1).

    M_2 = W_1 H_1, M_(l+1) = W_l S_l, S_l = max(M_l, 0).  If S = S_m has rank k, its pseudo-inverse
    W_m makes the output exactly the identity, and P is the product of all squared norms, with
    |W_m|^2 = tr((S^T S)^-1).  That is enough for every L >= m and K >= k: a projection on the
    columns of S, put in, leaves all signals as they are and multiplies P by its squared norm,
    rank S = k; costs of direct sums add, and DNC on K-k more classes costs K-k.
    """
    K_text, L_text = members(parameters, "K", "L")
    K, L = integer(K_text, 2, LARGEST_CLASSES), integer(L_text, 2, LARGEST_LAYERS)
    require(method == "integer matrices", "unknown method")
    require(verdict == "beaten", "unknown verdict")
    listed, trace = members(data, "matrices", "inverse trace")
    signals, P = chain_signals(listed, work)
    columns = transpose(signals[-1])
    upper, lower = trace_of_inverse(product(columns, transpose(columns), work), work)
    require(fraction(trace) == Fraction(upper, lower), "the inverse trace is another")
    m, k = len(signals), len(signals[0][0])
    require(2 <= m <= L and 2 <= k <= K, "the matrices must be for 2..L layers and 2..K classes")
    require(work.times(P, upper) < work.times(work.power(k, m + 1), lower),
            "the matrices do not cost less than DNC")


def chain_signals(listed: Any, work: Work) -> tuple[list[Matrix], int]:
    """M_1 = H_1, S_2 >= 0, ..., S_m, and the product of the squared norms, of matrices H_1, W_1,
    ..., W_(m-1)."""
    first, *rest = [matrix(value) for value in items(listed)] or [[]]
    require(len(rest) > 0, "the matrices must be for 2..L layers and 2..K classes")
    signals, norms = [first], squared_norm(first, work)
    for factor in rest:
        signals.append(positive_part(product(factor, signals[-1], work)))
        norms = work.times(norms, squared_norm(factor, work))
    return signals, norms


def trace_above(signal: Matrix, inverse: Matrix, unit: int, work: Work) -> Fraction:
    """An upper bound of tr((S^T S)^-1), given B about (R^T R)^-1, over `unit`, for R of SHORT bits
    with S = 2^shift (R + D).

    With E = 1 - R^T R B and |E| < 1, R^T R is not singular and the trace of its inverse
    B / (1 - E) is at most t = tr B + |B| |E| / (1 - |E|).  The squared entries of D sum up to at
    most their number; the singular values of R + D are at least those of R less |D|, and the
    least of R is at least 1/sqrt(t): with |D| sqrt(t) <= d < 1 the trace is at most
    t / (1-d)^2 / 4^shift.
    """
    shift = max(0, max(map(max, signal)).bit_length() - SHORT)
    columns = transpose([[entry >> shift for entry in row] for row in signal])
    gram = product(columns, transpose(columns), work)
    require(len(inverse) == len(inverse[0]) == len(gram), "the inverse has another size")
    rest = [[(unit if i == j else 0) - entry for j, entry in enumerate(row)]
            for i, row in enumerate(product(gram, inverse, work))]
    error = math.isqrt(squared_norm(rest, work)) + 1
    size = math.isqrt(squared_norm(inverse, work)) + 1
    work.spend(64 * words(unit, error, size) ** 2)  # the few operations that follow
    require(error < unit, "the last signals do not separate the classes, or the inverse is none")
    t = (Fraction(sum(inverse[i][i] for i in range(len(gram))), unit)
         + Fraction(size * error, unit * (unit - error)))
    entries = len(signal) * len(gram) if shift else 0
    d = Fraction(math.isqrt((entries * t.numerator << 2 * SHORT) // t.denominator)
                 + (1 if shift else 0), 1 << SHORT)
    require(d < 1, "the last signals are too close to not separating the classes")
    return t / (1 - d) ** 2 / (1 << 2 * shift)


def rank(values: Matrix, work: Work) -> int:
    """By fraction-free elimination."""
    rows, done, last = [list(row) for row in values], 0, 1
    for column in range(len(values[0])):
        pivot = next((i for i in range(done, len(rows)) if rows[i][column]), None)
        if pivot is not None:
            work.spend(len(rows) * len(rows[0]) * (2 * SMALL + 4 * longest(rows) ** 2))
            rows[done], rows[pivot] = rows[pivot], rows[done]
            head, lead = rows[done], rows[done][column]
            for i in range(done + 1, len(rows)):
                factor = rows[i][column]
                rows[i] = [(lead * entry - factor * other) // last
                           for entry, other in zip(rows[i], head, strict=True)]
            last, done = lead, done + 1
    return done


def check_cost(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """A direct sum of blocks for K classes costs at most `bound` with L layers.

    A block is DNC, one of the triangular family, or a chain of integer matrices for m <= L layers,
    made longer by projections on the columns of S_l, l = `layer`, of squared norm rank S_l.  For
    each a rational root is given with P <= root^(L+1); costs of direct sums add.
    """
    K_text, L_text, bound = members(parameters, "K", "L", "bound")
    K, L = integer(K_text, 2, LARGEST_CLASSES), integer(L_text, 1, LARGEST_LAYERS)
    require(method == "direct sum", "unknown method")
    require(verdict == "reached", "unknown verdict")
    (blocks,) = members(data, "blocks")
    classes, total = 0, Fraction(0)
    for block in items(blocks):
        construction, root_text = members(block, "construction", "root")
        size, P, Q = block_cost(construction, L, work)
        p, q = ratio(root_text)
        require(p > 0 and work.times(P, work.power(q, L + 1))
                <= work.times(work.power(p, L + 1), Q), "a root is too small")
        work.spend(SMALL + 4 * words(total.numerator, total.denominator) * words(p, q))
        classes, total = classes + size, total + Fraction(p, q)
    require(classes == K, "the blocks are for another number of classes")
    limit = fraction(bound)
    work.spend(2 * words(total.numerator, total.denominator)
               * words(limit.numerator, limit.denominator))
    require(total <= limit, "the blocks cost more")


def block_cost(construction: Any, layers: int, work: Work) -> tuple[int, int, int]:
    """Classes, and an upper bound of P as (numerator, denominator)."""
    if not (isinstance(construction, dict) and "matrices" in construction):
        _, high, scale = cost_bounds(construction, layers, work)
        (size, *more) = [integer(value) for value in construction.values()]
        if more:  # r and s
            r, _ = triangular_parameters(*members(construction, "r", "s"))
            size = r * (r - 1) // 2
        return size, high, scale
    listed, inverse, unit, layer = members(construction, "matrices", "inverse", "unit", "layer")
    signals, norms = chain_signals(listed, work)
    bound = trace_above(signals[-1], matrix(inverse), integer(unit, 1), work)
    missing = layers - len(signals)
    require(missing >= 0, "the matrices must be for 2..L layers and 2..K classes")
    if missing:
        projected = signals[integer(layer, 2, len(signals)) - 1]
        norms = work.times(norms, work.power(rank(projected, work), missing))
    return len(signals[0][0]), work.times(norms, bound.numerator), bound.denominator


def check_partial_fit(parameters: Any, method: Any, data: Any, verdict: Any,
                      work: Work) -> None:
    """Integer matrices H_1, W_1, ..., W_L of k <= K classes, outputs Z with tr Z > 0, and
    P |Z|^(2(L-1)) < (tr Z)^(2L), P the product of the squared norms.

    Scaled to tr Z = |Z|^2 = tau K (zero outputs for K-k classes), factors of best scales have
    the loss (1-tau)/2 + tau f*(kappa/tau), kappa = lam_eff (n P)^(1/(L+1)), where DNC has
    f*(x), x = lam_eff n^(1/(L+1)) K, and zero has 1/2.  The inequality says kappa/tau < x.  At
    the decay where x = kappa_c both DNC and zero have 1/2, but f*(kappa/tau) < 1/2: there, and
    in an interval around, neither is optimal.
    """
    K_text, L_text = members(parameters, "K", "L")
    K, L = integer(K_text, 2, LARGEST_CLASSES), integer(L_text, 2, LARGEST_LAYERS)
    require(method == "integer matrices", "unknown method")
    require(verdict == "beaten", "unknown verdict")
    (listed,) = members(data, "matrices")
    require(len(items(listed)) == L + 1, "the matrices must be H_1, W_1, ..., W_L")
    signals, norms = chain_signals(listed[:-1], work)
    last = matrix(listed[-1])
    outputs, k = product(last, signals[-1], work), len(last)
    P = work.times(norms, squared_norm(last, work))
    require(2 <= k == len(outputs[0]) <= K, "the matrices must be for 2..K classes")
    trace = sum(outputs[i][i] for i in range(k))
    require(trace > 0, "the outputs must have a positive trace")
    require(work.times(P, work.power(squared_norm(outputs, work), L - 1))
            < work.power(trace, 2 * L), "the matrices do not show that DNC is beaten")


def matrix(value: Any) -> Matrix:
    """A non-empty matrix of integers, given as a list of rows."""
    rows = [[integer(entry) for entry in items(row)] for row in items(value)]
    require(len(rows) > 0 and len(rows[0]) > 0 and len({len(row) for row in rows}) == 1,
            "not a matrix")
    return rows


def longest(values: Matrix) -> int:
    """Words of the longest entry."""
    return max(words(*row) for row in values)


def product(left: Matrix, right: Matrix, work: Work) -> Matrix:
    """left right, refused where the shapes do not fit."""
    require(len(left[0]) == len(right), "the shapes of the matrices do not fit")
    work.spend(len(left) * len(right) * len(right[0])
               * (SMALL + longest(left) * longest(right)))
    columns = transpose(right)
    return [[sum(map(operator.mul, row, column)) for column in columns] for row in left]


def transpose(values: Matrix) -> Matrix:
    """The transposed matrix."""
    return [list(column) for column in zip(*values, strict=True)]


def positive_part(values: Matrix) -> Matrix:
    """ReLU, entry by entry."""
    return [[max(entry, 0) for entry in row] for row in values]


def squared_norm(values: Matrix, work: Work) -> int:
    """The sum of the squares of the entries."""
    work.spend(len(values) * len(values[0]) * (SMALL + longest(values) ** 2))
    return sum(entry * entry for row in values for entry in row)


def trace_of_inverse(gram: Matrix, work: Work) -> tuple[int, int]:
    """tr(G^-1) as (numerator, det G) for a Gram matrix, refused where it is singular.

    Fraction-free elimination of [G | 1] on both sides of the diagonal: after step j the pivot is
    the leading principal minor of order j, positive for all j iff G is not singular, and every
    entry is a minor, so that the divisions are exact.  It ends with [det G | adjugate].
    """
    size, last = len(gram), 1
    rows = [row + [int(i == j) for j in range(size)] for i, row in enumerate(gram)]
    for j, pivots in enumerate(rows):
        pivot = pivots[j]
        require(pivot > 0, "the last signals do not separate the classes")
        work.spend(2 * size * size * (2 * SMALL + 4 * longest(rows) ** 2))
        for i, row in enumerate(rows):
            if i != j:
                factor = row[j]
                rows[i] = [(pivot * entry - factor * other) // last
                           for entry, other in zip(row, pivots, strict=True)]
        last = pivot
    return sum(rows[i][size + i] for i in range(size)), last


# --- the minimal loss f*, mean squared error ---

def cost_bounds(construction: Any, layers: int, work: Work) -> tuple[int, int, int]:
    """(lo, hi, q) with lo/q <= P <= hi/q, the relative width far below 2^-200."""
    if isinstance(construction, dict) and "K" in construction:
        (text,) = members(construction, "K")
        P = work.power(integer(text, 1, LARGEST_CLASSES), layers + 1)
        return P, P, 1
    r, s = triangular_parameters(*members(construction, "r", "s"))
    require(layers >= 2, "L >= 2 for this family")
    f, a, b, d, c = triangular_cost(r, s, layers, work)
    factor = work.times(f, work.power(r * (r - 1) // 2, layers + 1))
    low = (a << 256) + math.isqrt(b * b * d << 512)
    return work.times(low, factor), work.times(low + 1, factor), c << 256


def check_loss(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """low <= f* <= high for f* = min over z >= 0 of (1-z)^2/2 + N/2 (h z^2)^(1/N), h = lam^N n P.

    At the minimiser 1-z = t solves t^N (1-t)^(L-1) = h and f* = t (N - L t) / 2; both sides of
    both increase with t on [0, 1/L], and f* = 1/2 (at z = 0) iff h >= their value at t = 1/L.
    So two rational t enclose f*, by one polynomial inequality each.
    """
    construction, L, n, decay, low, high = members(
        parameters, "construction", "L", "n", "decay", "low", "high")
    L, n = integer(L, 1, LARGEST_LAYERS), integer(n, 1, 10**12)
    (lam, divisor), low, high = ratio(decay), ratio(low), ratio(high)
    require(lam > 0, "decay: must be positive")
    require(method == "stationary deficit", "unknown method")
    N = L + 1
    bottom, top, scale = cost_bounds(construction, L, work)
    # h >= x is  above >= x * below,  h <= x is  beyond <= x * below.
    times, power = work.times, work.power
    factor = times(power(lam, N), n)
    above, beyond = times(factor, bottom), times(factor, top)
    below = times(power(divisor, N), scale)
    if verdict == "zero":
        members(data)
        require(times(above, power(L, 2 * L)) >= times(power(L - 1, L - 1), below),
                "zero is not optimal")
        require(low == high == (1, 2), "the loss of zero is 1/2")
        return
    require(verdict == "enclosed", "unknown verdict")
    for witness, bound, upwards in zip(members(data, "below", "above"), (low, high),
                                       (False, True), strict=True):
        p, q = ratio(witness)
        require(0 < p * L <= q, "the deficit must be in (0, 1/L]")
        value, unit = times(power(p * (q - p), L - 1), p, p, below), power(q, 2 * L)
        twice = times(p, N * q - L * p, bound[1])  # f(t) 2 q^2, over the bound's
        given = times(2, q, q, bound[0])
        if upwards:
            require(value >= times(beyond, unit) and twice <= given, "the upper bound is not one")
        else:
            require(value <= times(above, unit) and twice >= given, "the lower bound is not one")


# --- least losses under cross-entropy ---

PLACES = 128  # logarithms are integers in units of 2^-PLACES
_GUARD = 16


def _twice_artanh(p: int, q: int) -> tuple[int, int]:
    """Bounds of 2 artanh(p/q), 0 <= p/q <= 1/3, in units of 2^-(PLACES + _GUARD).

    Truncation is downwards everywhere.  The computed y^(2j+1) is at most 2 units short, its
    quotient 1 more, and the series past the last term adds less than 4.
    """
    y = (p << (PLACES + _GUARD)) // q
    square = y * y >> (PLACES + _GUARD)
    total, j = 0, 1
    while y:
        total += y // j
        y = y * square >> (PLACES + _GUARD)
        j += 2
    return 2 * total, 2 * (total + 3 * (j // 2) + 4)


_LOG_TWO = _twice_artanh(1, 3)


def log(number: int, work: Work) -> tuple[int, int]:
    """Bounds of log(number), number >= 1, in units of 2^-PLACES."""
    work.spend(4 * PLACES + words(number))
    return _log(number)


@lru_cache(maxsize=1 << 10)
def _log(number: int) -> tuple[int, int]:
    k = number.bit_length() - 1
    # number = 2^k x with x in [3/4, 3/2), and log x = 2 artanh((x-1)/(x+1)).
    if 2 * number >= 3 << k:
        k += 1
    p, q = number - (1 << k), number + (1 << k)
    low, high = _twice_artanh(abs(p), q)
    if p < 0:
        low, high = -high, -low
    return (low + k * _LOG_TWO[0]) >> _GUARD, -(-(high + k * _LOG_TWO[1]) >> _GUARD)


class Structure(NamedTuple):
    """A one-parameter family of outputs; at scale x >= 0 its loss is

        F(x) = sum_j w_j log(1 + q_j e^-x + p_j e^-2x) + decay N/2 sum_k m_k (f_k n x^2)^(1/N).
    """

    fits: tuple[tuple[Fraction, int, int], ...]  # (w, q, p)
    costs: tuple[tuple[int, Fraction], ...]  # (m, f)


def structure(name: Any, K: int, layers: int, work: Work) -> Structure:
    """DNC: x (I - J/K).  Pairs: x blockdiag([[1,-1],[-1,1]]), one 1 more for odd K [GK25].

    K-1 singular values x sqrt(n); K//2 of 2 x sqrt(n), one of x sqrt(n) more for odd K.  The
    ReLU solution of [GK25, Theorem 7] has the output of pairs, K even, and one product of
    squared norms, (2K+4)^(L-2) (2K)^3 / 4^(L-1) times n x^2; for odd K, its direct sum with a
    single class on an axis of its own, scaled by itself.
    """
    one = Fraction(1)
    if name == "dnc":
        return Structure(((one, K - 1, 0),), ((K - 1, one),))
    if name == "pairs":
        if K % 2 == 0:
            return Structure(((one, K - 2, 1),), ((K // 2, 4 * one),))
        return Structure(((Fraction(K - 1, K), K - 2, 1), (Fraction(1, K), K - 1, 0)),
                         ((K // 2, 4 * one), (1, one)))
    require(name == "relu pairs", f"unknown structure {quote(name)}")
    even = K - K % 2
    require(even >= 4 and layers >= 2, "ReLU pairs are for K >= 4, L >= 2")
    upper = work.power(2 * even + 4, layers - 2) * (2 * even) ** 3
    work.spend(2 * words(upper) ** 2)
    product = Fraction(upper, 4 ** (layers - 1))
    return Structure(structure("pairs", K, layers, work).fits,
                     ((1, product), (1, one))[: 1 + K % 2])


class Setting(NamedTuple):
    K: int
    layers: int
    samples: int
    decay: Fraction
    work: Work

    def cost(self, shape: Structure, x: Fraction, up: bool) -> int:
        """A bound of decay N/2 sum_k m_k (f_k n x^2)^(1/N), above or below."""
        N, total = self.layers + 1, 0
        require(N * PLACES <= LARGEST_POWER, "L is too large")
        for count, factor in shape.costs:
            self.work.spend(16 * words(factor.numerator, factor.denominator, x.numerator,
                                       x.denominator) ** 2)
            square = factor * self.samples * x * x
            self.work.spend(words(square.denominator) * words(square.numerator) + 2 * N * N)
            scaled = (square.numerator << N * PLACES) // square.denominator
            total += count * (self.work.root(scaled, N) + up)
        product = self.work.times(self.decay.numerator, N, total)
        return -(-product // (2 * self.decay.denominator)) if up else (
            product // (2 * self.decay.denominator))


def value_above(setting: Setting, shape: Structure, t: Fraction) -> int:
    """An upper bound of F(log t), t > 1: there e^-x = 1/t, and only logarithms are needed."""
    p, q = t.numerator, t.denominator
    require(p > q, "the point must be greater than 1")
    work, total = setting.work, Fraction(0)
    work.spend(16 * words(p) ** 2)
    base = log(p, work)
    for weight, single, double in shape.fits:
        total += weight * (log(p * p + single * p * q + double * q * q, work)[1] - 2 * base[0])
    x = Fraction(base[1] - log(q, work)[0], 1 << PLACES)
    return math.ceil(total) + setting.cost(shape, x, up=True)


def check_bound(setting: Setting, shape: Structure, bound: int | None, data: Any) -> None:
    """F > bound on [0, oo); for bound None, F >= log K = F(0).

    For any weights w >= 0, sum w = 1 (Gibbs' inequality):
    log sum_i c_i e^(-i x) >= sum_i w_i log(c_i / w_i) - x sum_i i w_i,  a line.  On a piece
    [x_k, x_(k+1)] line + cost is concave, so its least value is at an end.  Past the last point
    the cost alone is enough, since it increases and the fit is positive.
    """
    points, weights, denominator = members(data, "points", "weights", "denominator")
    ends = [Fraction(0), *map(fraction, items(points))]
    total = integer(denominator, 1, 1 << 60)
    lines = items(weights)
    require(len(lines) == len(ends) - 1 >= 1, "a line for each piece")
    require(all(a < b for a, b in zip(ends, ends[1:], strict=False)), "points must increase")
    costs = [setting.cost(shape, x, up=False) for x in ends]
    limit = log(setting.K, setting.work)[1] if bound is None else bound
    for k, line in enumerate(lines):
        if bound is None and k == 0:
            # F - log K >= x (cost(x_1)/x_1 - slope at 0) on [0, x_1]: no rounding at x = 0.
            require(line == [], "the first line is the tangent at 0")
            slope = sum((w * Fraction(q + 2 * p, 1 + q + p) for w, q, p in shape.fits),
                        Fraction(0))
            require(costs[1] >= slope * ends[1] * (1 << PLACES), "not above log K near 0")
            continue
        height, slope = _line(shape, total, line, setting.work)
        for x, cost in ((ends[k], costs[k]), (ends[k + 1], costs[k + 1])):
            setting.work.spend(32 * SMALL + 16 * words(x.numerator, x.denominator))
            require(height - slope * x * (1 << PLACES) + cost > limit,
                    f"the bound fails on piece {k}")
    require(costs[-1] > limit, "the bound fails past the last point")


def _line(shape: Structure, total: int, line: Any,
          work: Work) -> tuple[Fraction, Fraction]:
    """(height at 0, slope downwards) of the line with these weights; a row of integers a fit."""
    height = slope = Fraction(0)
    rows = items(line)
    require(len(rows) == len(shape.fits), "a row of weights for each fit")
    for (share, q, p), row in zip(shape.fits, rows, strict=True):
        w = [integer(item, 0, total) for item in items(row)]
        require(len(w) == 3 and sum(w) == total and (p > 0 or w[2] == 0),
                "weights must be three, of the given sum")
        logs = sum(weight * (log(coefficient, work)[0] + log(total, work)[0]
                             - log(weight, work)[1])
                   for weight, coefficient in zip(w, (1, q, p), strict=True) if weight)
        height += share * Fraction(logs, total)
        slope += share * Fraction(w[1] + 2 * w[2], total)
    return height, slope


def check_cross_entropy(parameters: Any, method: Any, data: Any, verdict: Any,
                        work: Work) -> None:
    """The least loss of one structure against another's, at given K, L, n, decay."""
    first, second, K, L, n, decay = members(parameters, "first", "second", "K", "L", "n",
                                            "decay")
    require(method == "Gibbs lines", "unknown method")
    setting = Setting(integer(K, 3, LARGEST_CLASSES), integer(L, 1, LARGEST_LAYERS),
                      integer(n, 1, 10**12), fraction(decay), work)
    require(setting.decay > 0, "decay: must be positive")
    shapes = [structure(name, setting.K, setting.layers, work) for name in (first, second)]
    if verdict == "equal":  # both are log K, at zero output
        for shape, part in zip(shapes, members(data, "first", "second"), strict=True):
            check_bound(setting, shape, None, part)
        return
    require(verdict in ("below", "above"), "unknown verdict")
    lower, higher = shapes if verdict == "below" else reversed(shapes)
    point, bound, pieces = members(data, "point", "bound", "pieces")
    level = math.floor(fraction(bound) * (1 << PLACES))
    require(value_above(setting, lower, fraction(point)) <= level, "the point is not below")
    check_bound(setting, higher, level, pieces)


# --- polynomials with integer coefficients: {exponents: coefficient} ---

Monomial = tuple[tuple[str, int], ...]  # (name, exponent), by name


class Polynomial:
    """A polynomial in named variables; only what the claims below need, charged to `work`."""

    def __init__(self, terms: dict[Monomial, int], work: Work) -> None:
        self.terms = {m: c for m, c in terms.items() if c}
        self.work = work

    def _with(self, value: Polynomial | int) -> Polynomial:
        return value if isinstance(value, Polynomial) else Polynomial({(): value}, self.work)

    def __add__(self, other: Polynomial | int) -> Polynomial:
        right = self._with(other)
        self.work.spend(4 * SMALL * (1 + len(self.terms) + len(right.terms))
                        + len(right.terms) * words(right.largest))
        terms = dict(self.terms)
        for monomial, c in right.terms.items():
            terms[monomial] = terms.get(monomial, 0) + c
        return Polynomial(terms, self.work)

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        right = self._with(other)
        letters = sum(max(map(len, each.terms), default=0) for each in (self, right))
        self.work.spend((1 + len(self.terms)) * (1 + len(right.terms)) * (
            SMALL * (16 + 8 * letters) + words(self.largest) * words(right.largest)))
        terms: dict[Monomial, int] = {}
        for m, c in self.terms.items():
            for k, d in right.terms.items():
                exponents = dict(m)
                for name, e in k:
                    exponents[name] = exponents.get(name, 0) + e
                product = tuple(sorted(exponents.items()))
                terms[product] = terms.get(product, 0) + c * d
        product_of_both = Polynomial(terms, self.work)
        require(product_of_both.largest.bit_length() <= LARGEST_POWER,
                "a coefficient is too large")
        return product_of_both

    @property
    def largest(self) -> int:
        """Of the coefficients, by size."""
        return max(self.terms.values(), key=int.bit_length, default=0)

    def __pow__(self, exponent: int) -> Polynomial:
        require(0 <= exponent <= 64, "an exponent is too large")
        result = self._with(1)
        for _ in range(exponent):
            result = result * self
        return result

    def __neg__(self) -> Polynomial:
        return self * -1

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + -self._with(other)

    def __rsub__(self, other: int) -> Polynomial:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def nonnegative(self) -> bool:
        """No negative coefficient: nonnegative wherever all variables are."""
        return all(c > 0 for c in self.terms.values())

    def positive(self) -> bool:
        """Positive wherever all variables are nonnegative, as coefficients show."""
        return self.nonnegative() and self.terms.get((), 0) > 0


Quotient = tuple[Polynomial, Polynomial]
_TOKEN = re.compile(r" *(?:([A-Za-z][A-Za-z0-9_]*|0|[1-9][0-9]*)(?![A-Za-z0-9_])"
                    r"|(\*\*|[-+*/()]))")


def parse(text: Any, work: Work, names: Mapping[str, Quotient] | None = None) -> Quotient:
    """(numerator, denominator) of an expression in + - * / ** and integers; not cancelled.

    A name is a variable, or, where `names` is given, what that says and nothing else.
    """
    require(isinstance(text, str) and len(text) <= LARGEST_EXPRESSION,
            f"not an expression: {quote(text)}")
    tokens, place, text = [], 0, text.rstrip(" ")
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Refused(f"not an expression: {quote(text)}")
        tokens.append(match[1] or match[2])
        place = match.end()
    return _Parser(tokens, work, names).whole()


class _Parser:
    """expression  = term, any number of times: "+" or "-", term
    term           = factor, any number of times: "*" or "/", factor
    factor         = "-", factor; or atom; or atom, "**", integer
    atom           = integer; or name; or "(", expression, ")"
    """

    def __init__(self, tokens: list[str], work: Work,
                 names: Mapping[str, Quotient] | None) -> None:
        self.tokens, self.place, self.depth, self.work = [*tokens, ""], 0, 0, work
        self.names = names

    def take(self, *wanted: str) -> str:
        """The next token where it is one of these, and go on; else the empty word."""
        token = self.tokens[self.place]
        if token not in wanted:
            return ""
        self.place += 1
        return token

    def whole(self) -> Quotient:
        value = self.expression()
        require(self.tokens[self.place] == "", "an expression has only + - * / ** and integers")
        return value

    def expression(self) -> Quotient:
        p, q = self.term()
        while sign := self.take("+", "-"):
            u, v = self.term()
            if sign == "-":
                u = -u
            self.work.spend(SMALL * (1 + len(q.terms)))
            if q.terms == v.terms:
                p = p + u
            else:
                p, q = p * v + u * q, q * v
        return p, q

    def term(self) -> Quotient:
        p, q = self.factor()
        while sign := self.take("*", "/"):
            u, v = self.factor()
            if sign == "/":
                require(bool(u.terms), "division by zero")
                u, v = v, u
            p, q = p * u, q * v
        return p, q

    def factor(self) -> Quotient:
        negative = False
        while self.take("-"):
            negative = not negative
        p, q = self.atom()
        if self.take("**"):
            exponent = self.integer()
            p, q = p**exponent, q**exponent
        return (-p if negative else p), q

    def atom(self) -> Quotient:
        one, token = Polynomial({(): 1}, self.work), self.tokens[self.place]
        if self.take("("):
            self.depth += 1
            require(self.depth <= DEEPEST_NESTING, "an expression is nested too deeply")
            value = self.expression()
            require(self.take(")") != "", "a parenthesis is not closed")
            self.depth -= 1
            return value
        if token[:1].isalpha():
            require(len(token) <= LONGEST_NAME, "a name is too long")
            self.place += 1
            if self.names is not None:
                require(token in self.names, f"an unknown name: {quote(token)}")
                return self.names[token]
            return Polynomial({((token, 1),): 1}, self.work), one
        return Polynomial({(): self.integer()}, self.work), one

    def integer(self) -> int:
        token = self.tokens[self.place]
        require(token.isdigit(), "an expression has only + - * / ** and integers")
        self.place += 1
        return integer(token)


def polynomial(text: Any, work: Work) -> Polynomial:
    """An expression without division."""
    p, q = parse(text, work)
    require(q.terms == {(): 1}, f"not a polynomial: {quote(text)}")
    return p


def check_identity(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """Two expressions are the same rational function."""
    (p, q), (u, v) = [parse(text, work) for text in members(parameters, "left", "right")]
    require(method == "expansion" and verdict == "true", "unknown method or verdict")
    members(data)
    require(not (p * v - u * q).terms, "the two sides differ")


def check_polynomial(parameters: Any, method: Any, data: Any, verdict: Any,
                     work: Work) -> None:
    """A polynomial is positive (nonnegative) wherever all its variables are nonnegative."""
    (text,) = members(parameters, "polynomial")
    expanded = polynomial(text, work)
    require(method == "shifted coefficients", "unknown method")
    members(data)
    if verdict == "positive":
        require(expanded.positive(), "the coefficients do not show it positive")
    else:
        require(verdict == "nonnegative", "unknown verdict")
        require(expanded.nonnegative(), "a coefficient is negative")


def check_family(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """P against K^(L+1) for all r, s given as polynomials in u, t >= 0, one L or all L >= it.

    From L on by induction: P grows by the factor r a layer, K^(L+1) by the factor K > r.
    """
    r_text, s_text, L_text = members(parameters, "r", "s", "L")
    r, s = polynomial(r_text, work), polynomial(s_text, work)
    L, onwards = _layers(L_text, 2)
    require(not onwards or L >= 3, "the induction in L starts at 3")
    require(method == _coefficients(onwards), "unknown method")
    require((s - 2).nonnegative() and (r - s - 2).nonnegative(), "2 <= s <= r-2 must hold")
    f, a, b, d, c = against_dnc(r, s, L)
    # The witness n/m is c/f with common factors cancelled: P < K^(L+1) iff a + b sqrt(d) < n/m.
    (bound,) = members(data, "bound")
    n, m = parse(bound, work)
    require(not (c * m - n * f).terms, "the bound is not the one of this family")
    require(m.positive(), "the bound's denominator is not shown positive")
    gap = n - m * a
    square = gap * gap - m * m * b * b * d
    if verdict == "below":
        require(gap.positive() and square.positive(), "the coefficients do not show it")
    else:
        require(verdict == "above" and not onwards, "unknown verdict")
        require((-gap).positive() or (-square).positive(), "the coefficients do not show it")
    if onwards:
        require((r * (r - 1) - 2 * r).positive(), "K > r is not shown")


def check_equal_scale(parameters: Any, method: Any, data: Any, verdict: Any,
                      work: Work) -> None:
    """Pairs against DNC under cross-entropy: c at equal output scale, K even, a polynomial.

    "pairs": 4 (K/2)^N < (K-1)^N.  "relu pairs": (2K+4)^(L-2) (2K)^3 / 4^(L-1) < (K-1)^N.  With
    K+1 classes both sides have one more summand 1, so the answer is the same.  From L on by
    induction: a layer more multiplies the smaller side by no larger a factor.
    """
    name, K_text, L_text = members(parameters, "structure", "K", "L")
    K, (L, onwards) = polynomial(K_text, work), _layers(L_text, 1 if name == "pairs" else 2)
    require((K - 4).nonnegative(), "K >= 4 must hold")
    if name == "pairs":
        left, right, growth, limit = 4 * K ** (L + 1), (2 * K - 2) ** (L + 1), K, 2 * K - 2
    else:
        require(name == "relu pairs", f"unknown structure {quote(name)}")
        growth, limit = 2 * K + 4, 4 * (K - 1)
        left, right = growth ** (L - 2) * 8 * K**3, 4 ** (L - 1) * (K - 1) ** (L + 1)
    require(method == _coefficients(onwards), "unknown method")
    members(data)
    if verdict == "below":
        require((right - left).positive(), "the coefficients do not show it")
        require(not onwards or (limit - growth).nonnegative(), "the induction is not shown")
    else:
        require(verdict == "above", "unknown verdict")
        require((left - right).positive(), "the coefficients do not show it")
        require(not onwards or (growth - limit).nonnegative(), "the induction is not shown")


def _layers(text: Any, least: int) -> tuple[int, bool]:
    """("3", False) for L = 3, ("3+") for all L >= 3."""
    require(isinstance(text, str), f"not a number of layers: {quote(text)}")
    return integer(text.removesuffix("+"), least, 10), text.endswith("+")


def _coefficients(onwards: bool) -> str:
    return "shifted coefficients, induction in L" if onwards else "shifted coefficients"


# --- three classes, two layers: no exact fit costs less than DNC ---

PAIRS = ((0, 1), (0, 2), (1, 2))
SUPPORTS = ("1", "2", "3", "12", "13", "23", "123")


def variables(*names: str, work: Work) -> dict[str, Quotient]:
    """Names that stand for themselves."""
    return {name: (Polynomial({((name, 1),): 1}, work), Polynomial({(): 1}, work))
            for name in names}


class Case:
    """Correlations x, y, z of three features with some signs: what is known nonnegative there.

    `names` gives each name its value in x, y, z, the t_i >= 0 and the roots; `strict` says of the
    nonnegative ones whether they are positive; `roots` has the squares.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.names = variables("x", "y", "z", "t1", "t2", "t3", work=work)
        self.strict: dict[str, bool] = {}
        self.roots: dict[str, Polynomial] = {}
        x, y, z = (self.names[name][0] for name in "xyz")
        one = self.number(1)
        self.adjugate = ((one - z * z, y * z - x, x * z - y), (y * z - x, one - y * y, x * y - z),
                         (x * z - y, x * y - z, one - x * x))
        self.minor = one - x * x - y * y - z * z + 2 * x * y * z
        for name, value in (("A", self.adjugate[2][2]), ("B", self.adjugate[1][1]),
                            ("G", self.adjugate[0][0]), ("D", self.minor)):
            self.know(name, value, True)
        for name in ("t1", "t2", "t3"):
            self.strict[name] = False

    def number(self, value: int) -> Polynomial:
        """A constant."""
        return Polynomial({(): value}, self.work)

    def know(self, name: Any, value: Polynomial, strict: bool) -> None:
        """A new name for a nonnegative number."""
        require(isinstance(name, str) and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) is not None
                and len(name) <= LONGEST_NAME and name not in self.names, "not a new name")
        self.names[name], self.strict[name] = (value, self.number(1)), strict

    def polynomial(self, text: Any) -> Polynomial:
        """The value of an expression without division."""
        p, q = parse(text, self.work, self.names)
        require(q.terms == {(): 1}, f"not a polynomial: {quote(text)}")
        return p

    def sign(self, value: Polynomial) -> bool:
        """Require a polynomial in known names to be shown nonnegative; whether it is positive."""
        require(value.nonnegative(), "a coefficient is negative")
        for monomial in value.terms:
            for name, _ in monomial:
                require(name in self.strict, f"not known nonnegative: {quote(name)}")
        return any(all(self.strict[name] for name, _ in m) for m in value.terms)

    def over(self, text: Any) -> Polynomial:
        """A common denominator, shown positive."""
        require(self.sign(polynomial(text, self.work)), "a denominator is not shown positive")
        return self.polynomial(text)

    def shown(self, value: Quotient, data: Any) -> bool:
        """Require value = (sum of weight * square^2) / over, weights >= 0; whether it is > 0."""
        text, terms = members(data, "over", "terms")
        total, positive = self.number(0), False
        for term in items(terms):
            require(isinstance(term, list) and len(term) == 2, "not a weight and a square")
            weight, square = term
            positive |= self.sign(polynomial(weight, self.work)) and square == "1"
            root = self.polynomial(square)
            total = total + self.polynomial(weight) * (root * root)
        p, q = value
        require(not self.reduced(p * self.over(text) - self.reduced(total) * q).terms,
                "the sum is another")
        return positive

    def reduced(self, value: Polynomial) -> Polynomial:
        """With the squares of roots put in."""
        result = self.number(0)
        for monomial, coefficient in value.terms.items():
            exponents, square = dict(monomial), self.number(1)
            for name, power in monomial:
                if name in self.roots and power > 1:
                    square = square * self.roots[name] ** (power // 2)
                    exponents[name] = power % 2
            rest = tuple(sorted((n, e) for n, e in exponents.items() if e))
            result = result + Polynomial({rest: coefficient}, self.work) * square
        return result

    def form(self, support: str, C: Sequence[Sequence[Polynomial]], over: Polynomial) -> Quotient:
        """f.R^-1 f - f_+.C f_+ / over for f_i = t_i on the support, -t_i elsewhere."""
        inside = [str(i + 1) in support for i in range(3)]
        t = [self.names[f"t{i + 1}"][0] for i in range(3)]
        signed = [each if at else -each for each, at in zip(t, inside)]
        whole, part = self.number(0), self.number(0)
        for i in range(3):
            for j in range(3):
                whole = whole + self.adjugate[i][j] * signed[i] * signed[j]
                if inside[i] and inside[j]:
                    part = part + C[i][j] * t[i] * t[j]
        return whole * over - part * self.minor, self.minor * over


def check_case(data: Any, work: Work) -> list[tuple[str, bool]]:
    """Verify one case; what it needs to be given, each with whether it must be positive."""
    given, roots, facts, matrix, minors, determinant, forms = members(
        data, "given", "roots", "facts", "matrix", "minors", "determinant", "forms")
    case, needed = Case(work), []
    for entry in items(given):
        name, value, word = members(entry, "name", "value", "sign")
        require(word in ("positive", "nonnegative"), "unknown sign")
        case.know(name, case.polynomial(value), word == "positive")
        needed.append((value, word == "positive"))
    for entry in items(roots):
        name, value = members(entry, "name", "square")
        strict, square = case.sign(polynomial(value, work)), case.polynomial(value)
        require(not any(n in case.roots for m in square.terms for n, _ in m), "a root of a root")
        case.know(name, Polynomial({((name, 1),): 1}, work), strict)
        case.roots[name] = square
    for entry in items(facts):
        name, value, terms = members(entry, "name", "value", "sum")
        at = case.polynomial(value)
        case.know(name, at, case.shown((at, case.number(1)), terms))
    text, *entries = members(matrix, "over", "11", "12", "13", "22", "23", "33")
    over = case.over(text)
    a, b, c, d, e, f = map(case.polynomial, entries)
    first, second = members(minors, "1", "2")
    require(case.shown((a, over), first), "the first minor is not shown positive")
    require(case.shown((a * d - b * b, over**2), second), "the second minor is not shown positive")
    whole = a * d * f + 2 * b * c * e - a * e * e - d * c * c - f * b * b
    case.shown((case.reduced(whole - over**3), over**3), determinant)
    for support, terms in zip(SUPPORTS, members(forms, *SUPPORTS)):
        case.shown(case.form(support, ((a, b, c), (b, d, e), (c, e, f)), over), terms)
    return needed


def check_optimal(parameters: Any, method: Any, data: Any, verdict: Any, work: Work) -> None:
    """No exact fit of three classes and two layers costs less than DNC: P* = 27.

    By the determinant criterion it is enough that each correlation matrix R > 0, of off-diagonals
    x, y, z, has a C > 0 with det C >= 1 and f_+.C f_+ <= f.R^-1 f for all f.  The tree covers
    all R; each leaf is a case, its classes in some order, that needs no more than the path says.
    """
    K, L = members(parameters, "K", "L")
    require(K == "3" and L == "2", "nothing is known of these K and L")
    require(method == "determinant criterion", "unknown method")
    require(verdict == "dnc optimal", "unknown verdict")
    cases, tree = members(data, "cases", "tree")
    require(isinstance(cases, dict), "cases: not an object")
    needed = {name: check_case(case, work) for name, case in cases.items()}
    check_tree(tree, needed, [], work)


def check_tree(node: Any, needed: Mapping[str, list[tuple[str, bool]]],
               path: list[tuple[Polynomial, bool]], work: Work) -> None:
    """All R on this path, a list of (what is nonnegative, whether positive), have a case."""
    plain = variables("x", "y", "z", work=work)
    if isinstance(node, dict) and "split" in node:
        split, positive, otherwise = members(node, "split", "positive", "otherwise")
        value, below = parse(split, work, plain)
        require(below.terms == {(): 1}, "a split is not a polynomial")
        check_tree(positive, needed, [*path, (value, True)], work)
        check_tree(otherwise, needed, [*path, (-value, False)], work)
        return
    name, order = members(node, "case", "classes")
    require(isinstance(name, str) and name in needed, "an unknown case")
    classes = [integer(i, 1, 3) - 1 for i in items(order)]
    require(sorted(classes) == [0, 1, 2], "not an order of the classes")
    names = {letter: plain["xyz"[PAIRS.index((min(pair), max(pair)))]]
             for letter, pair in zip("xyz", ((classes[i], classes[j]) for i, j in PAIRS))}
    for text, strict in needed[name]:
        value = parse(text, work, names)[0]
        require(any(value.terms == known.terms and (positive or not strict)
                    for known, positive in path), f"the path does not give {quote(text)}")


# --- the file ---

CLAIMS: dict[str, tuple[Callable[[Any, Any, Any, Any, Work], None], str]] = {
    "cell": (check_cell, "triangular r={r} s={s}, L={L}: P {verdict} K^(L+1)"),
    "threshold": (check_threshold, "K={K}, L={L}, sums of triangular and DNC blocks "
                                   "alone: DNC {verdict}"),
    "chain": (check_chain, "K={K}, L={L} and more of both: DNC {verdict} by integer matrices"),
    "cost": (check_cost, "K={K}, L={L}: cost {bound} {verdict}"),
    "partial fit": (check_partial_fit, "K={K} and more, L={L}: DNC and zero {verdict} in an "
                                       "interval of decays by integer matrices"),
    "minimal loss": (check_loss, "{construction}, L={L}, n={n}, decay={decay}: {verdict}, "
                                 "{low} <= loss <= {high}"),
    "cross-entropy": (check_cross_entropy, "K={K}, L={L}, n={n}, decay={decay}: least loss of "
                                           "{first} {verdict} that of {second}"),
    "identity": (check_identity, "{left} = {right}: {verdict}"),
    "polynomial": (check_polynomial, "{polynomial} {verdict} for all nonnegative variables"),
    "triangular family": (check_family, "r={r}, s={s}, L={L}, all u, t >= 0: "
                                        "P {verdict} K^(L+1)"),
    "equal scale": (check_equal_scale, "K={K}, L={L}, all u >= 0: cost of {structure} "
                                       "{verdict} that of DNC at equal scale"),
    "optimal": (check_optimal, "K={K}, L={L}: {verdict} among all exact fits"),
}


def check(certificate: Any, work: Work | None = None) -> Result:
    """Verify one certificate, a value as `json` reads it."""
    try:
        claim, parameters, method, data, verdict = members(
            certificate, "claim", "parameters", "method", "data", "verdict")
        if not isinstance(claim, str) or claim not in CLAIMS:
            raise Refused(f"unknown claim {quote(claim)}")
        require(isinstance(method, str) and isinstance(verdict, str),
                "method, verdict: not words")
        verify, _ = CLAIMS[claim]
        verify(parameters, method, data, verdict, Work() if work is None else work)
    except Refused as refusal:
        return Result(False, str(refusal), certificate)
    except RecursionError:
        return Result(False, "nested too deeply", certificate)
    return Result(True, "", certificate)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = " ".join(f"{name}={item}" for name, item in value.items())
    text = str(value)
    text = text if text.isprintable() and text.isascii() else ascii(text)
    return text if len(text) <= 80 else text[:77] + "..."


def _refuse_number(text: str) -> Any:
    raise NotACertificateFile(f"a number outside a string: {quote(text)}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotACertificateFile("an object names a member twice")
    return found


class _Reader:
    """The text of a file, taken value by value: what is in memory is one certificate."""

    CHUNK = 1 << 16
    decode = json.JSONDecoder(parse_int=_refuse_number, parse_float=_refuse_number,
                              parse_constant=_refuse_number, object_pairs_hook=_unique
                              ).raw_decode

    def __init__(self, file: BinaryIO) -> None:
        start = file.read(2)
        file.seek(0)
        self.file: Any = gzip.open(file) if start == b"\x1f\x8b" else file
        self.letters = codecs.getincrementaldecoder("utf-8")()
        self.text, self.place, self.length, self.ended = "", 0, 0, False

    def more(self) -> None:
        """Read on: as much again as is waiting, so that all attempts cost twice the last."""
        waiting = self.text[self.place:]
        if len(waiting) > LARGEST_CERTIFICATE:
            raise NotACertificateFile(f"a certificate is longer than {LARGEST_CERTIFICATE}")
        try:
            content = self.file.read(max(self.CHUNK, len(waiting)))
            new = self.letters.decode(content, final=not content)
        except UnicodeDecodeError:
            raise NotACertificateFile("not UTF-8") from None
        except (OSError, EOFError, zlib.error) as error:
            raise NotACertificateFile(f"not readable: {error}") from None
        self.length += len(new)
        if self.length > LARGEST_FILE:
            raise NotACertificateFile(f"longer than {LARGEST_FILE} characters")
        self.ended, self.text, self.place = not content, waiting + new, 0

    def skip(self) -> str:
        """Past white space: the character there, empty at the end."""
        while True:
            while self.place < len(self.text):
                if self.text[self.place] not in " \t\n\r":
                    return self.text[self.place]
                self.place += 1
            if self.ended:
                return ""
            self.more()

    def mark(self, wanted: str) -> None:
        found = self.skip()
        if found != wanted:
            raise NotACertificateFile(f"not JSON of this format: {wanted} expected, "
                                      f"got {quote(found)}")
        self.place += 1

    def value(self) -> Any:
        """Any JSON value: tried again with more text where this is not the end of the file."""
        self.skip()
        while True:
            try:
                value, self.place = self.decode(self.text, self.place)
                return value
            except RecursionError:
                raise NotACertificateFile("nested too deeply") from None
            except json.JSONDecodeError as error:
                if self.ended:
                    raise NotACertificateFile(f"not JSON: {error.msg}") from None
            self.more()

    def member(self, name: str) -> None:
        if self.skip() != '"' or self.value() != name:
            raise NotACertificateFile(f"the member {name} is expected here")
        self.mark(":")


def certificates(file: BinaryIO) -> Iterator[tuple[Any, int]]:
    """The certificates in a file, unchecked, and how many characters have been read so far."""
    reader = _Reader(file)
    reader.mark("{")
    reader.member("format")
    form = reader.value()
    if form != FORMAT:
        raise NotACertificateFile(f"its format is {quote(form)}, not {FORMAT!r}")
    reader.mark(",")
    reader.member("versions")
    versions = reader.value()
    if not (isinstance(versions, dict) and all(isinstance(v, str) for v in versions.values())):
        raise NotACertificateFile("versions: not an object of words")
    reader.mark(",")
    reader.member("certificates")
    reader.mark("[")
    yield reader.value(), reader.length
    while reader.skip() == ",":
        reader.mark(",")
        yield reader.value(), reader.length
    reader.mark("]")
    reader.mark("}")
    if reader.skip():
        raise NotACertificateFile("something follows the file's end")


def check_file(file: bytes | BinaryIO, budget: int | None = None) -> Iterator[Result]:
    """Verify every certificate of a file, in order, within one budget of work.

    `budget`: None for BUDGET and BUDGET_PER_BYTE more for each character read.  Raises
    `NotACertificateFile` where the file stops to be one, after the results before that place.
    """
    work, paid = Work(BUDGET if budget is None else budget), 0
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    for certificate, length in certificates(source):
        if budget is None:
            work.allow(BUDGET_PER_BYTE * (length - paid))
        paid = length
        yield check(certificate, work)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the file that the arguments name: 0 all verified, 1 some not, 2 no such file."""
    parser = argparse.ArgumentParser(description="Verify a certificate file.")
    parser.add_argument("--budget", type=int, metavar="N", help="units of work: about a product "
                        f"of two words each (default: {BUDGET} and {BUDGET_PER_BYTE} a byte)")
    parser.add_argument("file", metavar="FILE")
    given = parser.parse_args(arguments)
    sound = True
    try:
        if not stat.S_ISREG(os.stat(given.file).st_mode):
            raise NotACertificateFile("not a regular file")
        with open(given.file, "rb") as file:
            for result in check_file(file, given.budget):
                print(line(result))
                sound &= result.verified
    except (OSError, ValueError, NotACertificateFile) as error:
        print(f"{given.file}: not a certificate file: {error}", file=sys.stderr)
        return 2
    return 0 if sound else 1


def line(result: Result) -> str:
    """The line that is printed of a checked claim."""
    if result.verified:
        return f"verified      {result.statement}"
    return f"NOT VERIFIED  {result.statement}: {result.reason}"


if __name__ == "__main__":
    sys.exit(main())
