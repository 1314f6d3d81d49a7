"""Three classes, two layers, with weight decay: deep neural collapse is globally optimal.

Constants marked "free" are witnesses: others may prove the same.

sigma_1 >= sigma_2 >= sigma_3 are the singular values of Z, g_1 >= g_2 >= g_3 the eigenvalues of
G = sum f_+ f_+^T; scaled so that tr W = 1 and A = sum f.W^-1 f = 1, P >= T = tr(Z G^+ Z^T).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import accumulate
from typing import Any

import sympy

from nctheory.optimality import KAPPA_3_2
from proofs.theorem import Step, Theorem, decided, identity, symbolic

ROOT = Fraction(87, 100)  # z = ROOT^3 is DNC's scale: kappa = z^(1/3) (1 - z) is rational
SCALE = ROOT**3
KAPPA = ROOT * (1 - SCALE)
LEAST = (1 - SCALE)**2 / 2 + Fraction(3, 2) * SCALE * (1 - SCALE)  # DNC's loss
SPLIT = Fraction(3, 8)  # of sigma_3: free
TURN = Fraction(27, 100)  # of sqrt(g_1 g_2): free
TURNED = TURN**2
THINNEST = Fraction(1, 2**20)  # box, before the proof fails: free
UNIT = Fraction(0), Fraction(1)  # no singular value above 1 is needed
E2 = Fraction(1, 12)  # the bound on g_1 g_2 + g_1 g_3 + g_2 g_3
DET = 729  # one over that on g_1 g_2 g_3
POWER = 9  # of the stationary equation
PAIR = 2  # x + y >= PAIR sqrt(x y)

s1, s2, s3, g, t = sympy.symbols("s1 s2 s3 g t", positive=True)


def third(q: Any) -> Any:
    """The coefficient of s_3^2 where sqrt(g_1 g_2) = q."""
    return PAIR * q / (E2 - q**2)


SLOPE = third(TURN)


# Parts of the bound, used in the proofs and in the program: B is the largest of det^(1/3),
# two^(1/2), trace.

def fit(s: Sequence[Any]) -> Any:
    return sum((1 - x)**2 for x in s) / 6


def needed(missing: Any) -> Any:
    """The B with kappa/2 B^(1/3) = missing."""
    return (2 * missing / KAPPA)**3


def det(a: Any, b: Any, c: Any) -> Any:
    return 27 * DET * (a * b * c)**2


def two(a: Any, b: Any) -> Any:
    return PAIR**2 * (a * b)**2 / E2


def trace(a: Any, b: Any, c: Any) -> Any:
    return (a + b + c)**2


def steps() -> Iterator[Step]:
    yield from _bounds()
    yield decided("constants: 729 q0^2 >= w and 2/q0 >= sqrt(48), kappa the number of "
                  "nctheory.optimality, f* the loss at z", lambda: (
                      [det(x, x, x) == fit([y]) == 0 for x, y in [UNIT]] == [True],
                      DET * TURNED >= SLOPE, E2 >= TURNED, KAPPA == KAPPA_3_2,
                      LEAST == fit([SCALE] * 3) + 3 * KAPPA * ROOT**2 / 2))
    yield decided("small sigma_3: sum (1-s_i)^2/6 + kappa/2 B^(1/3) >= f* on 1 >= s_1 >= s_2 >= "
                  f"s_3, s_3 <= {SPLIT}: branch and bound in fractions, with the face s_3 = "
                  f"{SPLIT} by the determinant alone", lambda: [branch_and_bound()])
    x = sympy.Symbol("x", positive=True)
    k = sympy.Rational(KAPPA.numerator, KAPPA.denominator)
    i, y = sympy.symbols("j y", positive=True)
    yield identity("large sigma_3: the determinant bound's least value there is on that face, not "
                   "at s_i = 1, where its slope is positive, or stationary: s_i (1-s_i) = kappa "
                   "(s_1 s_2 s_3)^(2/9), so each s_i is x or y = 1-x; j of them x, x <= y: to the "
                   "9th power x^(9-2j) y^(3+2j) = kappa^9",
                   (x * y)**POWER / (x**i * y**(3 - i))**2,
                   x**exponents(i)[0] * y**exponents(i)[1])
    for j in (1, 2):
        first, second = exponents(j)
        polynomial = sympy.Poly(x**first * (1 - x)**second - k**POWER, x)
        yield symbolic(f"stationary, j = {j}: x^{first} (1-x)^{second} - kappa^{POWER} has no "
                       f"root in [{SPLIT}, 1/2]: its sign at 1/2 is positive, roots counted "
                       "(Sturm)", partial(_no_root, polynomial))
    yield identity("equal: s_i = s gives (1-s)^2/2 + 3/2 kappa s^(2/3), f* at its least",
                   fit([g] * 3) + k / 2 * det(g, g, g)**sympy.Rational(1, 9),
                   (1 - g)**2 / 2 + sympy.Rational(3, 2) * k * g**sympy.Rational(2, 3))
    yield identity("needed: kappa/2 B^(1/3) for this B", k / 2 * needed(g)**sympy.Rational(1, 3),
                   g)
    yield identity(f"all smaller: so DNC is a global minimiser `for kappa <= {KAPPA}`, by the "
                   "interval", k, sympy.Rational(KAPPA_3_2.numerator, KAPPA_3_2.denominator))


def exponents(j: Any) -> tuple[Any, Any]:
    return 9 - 2 * j, 3 + 2 * j


def _no_root(polynomial: sympy.Poly) -> Iterator[bool]:
    """None on [SPLIT, half], x <= y = 1-x."""
    half = sympy.Rational(1, 2)
    yield half == 1 - half
    yield polynomial.eval(1) == polynomial.TC()  # y = 1 - x, 0 at 1
    yield polynomial.eval(half) == abs(polynomial.eval(half))
    yield polynomial.count_roots(sympy.Rational(SPLIT.numerator, SPLIT.denominator), half) == 0


def _bounds() -> Iterator[Step]:
    """P >= B(sigma), the largest of four."""
    yield identity("det G: by the criterion A >= 3 (det G/prod W_ii)^(1/3), prod W_ii <= (1/3)^3: "
                   "det G <= 1/729, so T >= 3 (prod s^2/det G)^(1/3) = 27 (s_1 s_2 s_3)^(2/3)",
                   (3 * (s1**2 * s2**2 * s3**2 * DET)**sympy.Rational(1, 3))**3,
                   det(s1, s2, s3))
    yield identity("1/729: (1/3)^3 for prod W_ii, over 3^3 for the criterion",
                   sympy.Rational(1, 3)**3 / 3**3, sympy.Rational(1, DET))
    r = sympy.Symbol("r")
    yield identity("two classes: C = I for r <= 0 and C = R^-1 for r > 0 are feasible, det C = "
                   "1/(1-r^2) >= 1: det G_ij <= W_ii W_jj/4", sympy.Matrix([[1, r], [r, 1]]).det(),
                   1 - r**2)
    a, b, c = sympy.symbols("a b c")
    yield identity("1/12: a third over four", sympy.Rational(1, 3) / 4, sympy.Rational(
        E2.numerator, E2.denominator))
    yield identity("e_2: sum W_ii W_jj <= (sum W_ii)^2/3, so e_2(G) <= 1/12",
                   (a + b + c)**2 / 3 - (a * b + a * c + b * c),
                   ((a - b)**2 + (a - c)**2 + (b - c)**2) / 6)
    yield identity("two values: T >= s_1^2/g_1 + s_2^2/g_2 >= 2 s_1 s_2/q, q = sqrt(g_1 g_2) <= "
                   "1/sqrt(12): sqrt(48) s_1 s_2 (t = sqrt(g_1/g_2))",
                   s1**2 / (g * t) + s2**2 * t / g - PAIR * s1 * s2 / g,
                   (s1 - s2 * t)**2 / (g * t))
    yield identity("sqrt(48): 2 s_1 s_2/q at q^2 = 1/12, squared", two(s1, s2), 48 * (s1 * s2)**2)
    yield identity("trace: tr G <= sum f.f <= A tr W = 1, so T >= (s_1+s_2+s_3)^2, by "
                   "Cauchy-Schwarz as for two terms: (x^2/a + y^2/b)(a+b) - (x+y)^2 is a square",
                   (s1**2 / g + s2**2 / t) * (g + t) - trace(s1, s2, 0),
                   (s1 * t - s2 * g)**2 / (g * t))
    q = sympy.Symbol("q", positive=True)
    yield identity("third value: e_2 >= q^2 + 2 q g_3, so g_3 <= min(1/(729 q^2), (1/12 - q^2)/"
                   "(2q)), as g_1 + g_2 - 2q is a square", g * t + g / t - PAIR * g,
                   g * (t - 1)**2 / t)
    product = sympy.Symbol("s12", positive=True)  # s_1 s_2
    yield identity("third value, q <= q0: 2 s_1 s_2/q + 729 q^2 s_3^2 falls up to q0 where s_1 "
                   "s_2 >= 729 q0^3 s_3^2: minus its slope, times q^2/2; so T >= sqrt(48) s_1 s_2 "
                   "+ w s_3^2", -sympy.diff(PAIR * product / q + DET * q**2 * s3**2, q) * q**2 / 2,
                   product - turn(q, s3))
    yield identity("third value, q >= q0: T >= 2 sqrt(12) s_1 s_2 + 2q/(1/12 - q^2) s_3^2, which "
                   "rises with q: the same", sympy.diff(third(q), q),
                   2 * (sympy.Rational(1, 12) + q**2) / (sympy.Rational(1, 12) - q**2)**2)


def turn(q: Any, c: Any) -> Any:
    """Where s_1 s_2 is at least this the coefficients at q0 hold."""
    return DET * q**3 * c**2


Box = tuple[tuple[Fraction, ...], tuple[Fraction, ...], bool]


def branch_and_bound() -> bool:
    """Whether the bound holds on 1 >= s1 >= s2 >= s3 <= SPLIT; monotone in each s_i, the fit at a
    box's upper corner and the cost at its lower one bound it from below."""
    none, all_ = UNIT
    waiting: list[Box] = [((none, none, none), (all_, all_, SPLIT), False),
                          ((SPLIT, SPLIT, SPLIT), (all_, all_, SPLIT), True)]
    while waiting:
        low, high, alone = waiting.pop()
        low = tuple(accumulate(low[::-1], max))[::-1]
        high = tuple(accumulate(high, min))
        if any(x > y for x, y in zip(low, high, strict=True)) or _enough(low, high, alone):
            continue
        i = max(range(3), key=lambda i: high[i] - low[i])
        if high[i] - low[i] < THINNEST:
            return False
        middle = (low[i] + high[i]) / 2  # any point between: free
        waiting += [(low, tuple(middle if j == i else x for j, x in enumerate(high)), alone),
                    (tuple(middle if j == i else x for j, x in enumerate(low)), high, alone)]
    return True


def _enough(low: tuple[Fraction, ...], high: tuple[Fraction, ...], alone: bool) -> bool:
    """Whether kappa/2 B^(1/3) >= f* - fit on the box, by one of the bounds (`alone`: det G)."""
    if fit(high) >= LEAST:
        return True
    need = needed(LEAST - fit(high))
    a, b, c = low
    *_, top = high
    if det(a, b, c) >= need * need * need:
        return True
    if alone:
        return False
    if a * b >= turn(TURN, top):
        rest = need - SLOPE * c * c
        if rest != abs(rest) or two(a, b) >= rest * rest:
            return True
    return bool(trace(a, b, c) >= need or two(a, b) >= need * need)


THEOREM = Theorem(
    name="three-classes-regularised",
    statement="With three classes, two layers and weight decay DNC is a global minimiser of the "
              f"loss for kappa <= {KAPPA}, that is up to more than seven tenths of the decay at "
              "which zero is as good.",
    latex=r"\mathcal L \ge f^*(\kappa, 2) \quad (\kappa \le 29710239/10^8)",
    domain="MSE, ReLU, K = 3, L = 2, any n, any width, features not assumed collapsed; kappa = "
           "3 (n lam_H lam_1 lam_2)^(1/3)",
    source="ours",
    steps=steps,
    needs=("det G", "1/729", "two classes", "1/12", "e_2", "two values", "sqrt(48)", "trace",
           "third value",
           "third value, q <= q0", "third value, q >= q0", "constants", "small sigma_3",
           "large sigma_3", "stationary, j = 1", "stationary, j = 2", "equal", "needed",
           "all smaller"),
    rests_on=("determinant-criterion", "three-classes-two-layers", "dnc-optimal-interval",
              "universal-loss"),
    cited=("von Neumann: tr(Z G^+ Z^T) >= sum s_i^2/g_i", "Mirsky: |Z - I|_F^2 >= sum (1-s_i)^2"))
