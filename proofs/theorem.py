"""What a theorem is here: a statement, and steps that a computer checks, one by one.

A step is an identity that sympy verifies, an inequality between polynomials that nonnegative
coefficients show, a limit or a sign that sympy decides, finitely many cases decided in integers,
or certificates that the independent checker (standard library alone) verifies.  Identities of
rational functions and inequalities of polynomials are certificates, too.  What no step shows,
a theorem lists under `cited`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import sympy

from nctheory.certify import UNIFORM, Certificate, check_file, maker, to_json


@dataclass(frozen=True)
class Step:
    """One step: in words, of what kind, its check, and certificates where it has some."""

    text: str
    kind: str
    check: Callable[[], bool]
    certificates: Callable[[], Sequence[Certificate]] = field(default=lambda: ())


@dataclass(frozen=True)
class Theorem:
    """A theorem with its proof.

    Attributes
    ----------
    name : str
        What `python -m proofs NAME` calls it.
    statement, latex : str
        The theorem in words and as LaTeX.
    domain : str
        Hypotheses, and what the variables range over.
    source : str
        Bibliography key and number; "ours" where no paper has it that we know of.
    steps : callable
        Yields the steps; formulas are built only when a proof is run.
    cited : tuple of str
        What the proof takes from elsewhere, unproved here.
    """

    name: str
    statement: str
    latex: str
    domain: str
    source: str
    steps: Callable[[], Iterator[Step]]
    cited: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a proof: each step's verdict, its certificates, the time."""

    theorem: Theorem
    steps: tuple[tuple[Step, bool], ...]
    certificates: tuple[Certificate, ...]
    verified: int
    seconds: float

    @property
    def proved(self) -> bool:
        return (bool(self.steps) and all(holds for _, holds in self.steps)
                and self.verified == len(self.certificates))

    @property
    def method(self) -> str:
        return ", ".join(dict.fromkeys(step.kind for step, _ in self.steps))


def prove(theorem: Theorem) -> Outcome:
    """Run every step, then hand the certificates to the independent checker."""
    start = time.perf_counter()
    steps = tuple((step, step.check()) for step in theorem.steps())
    certificates = tuple(made for step, _ in steps for made in step.certificates())
    verified = sum(result.verified for result in check_file(to_json(certificates).encode())
                   ) if certificates else 0
    return Outcome(theorem, steps, certificates, verified, time.perf_counter() - start)


# --- kinds of steps ---

def identity(text: str, left: sympy.Expr, right: sympy.Expr) -> Step:
    """left = right for all values of the symbols; a certificate where both are rational."""
    left, right = sympy.sympify(left), sympy.sympify(right)

    def check() -> bool:
        difference = left - right
        if _rational(difference):
            return sympy.cancel(sympy.together(difference)) == 0
        # Symbolic exponents: compare quotients, where powers of the same base collect.
        return (sympy.simplify(difference) == 0
                or sympy.simplify(sympy.powsimp(sympy.expand_power_base(left / right, force=True),
                                                force=True)) == 1)

    def certificates() -> list[Certificate]:
        return [maker.identity(left, right)] if _rational(left) and _rational(right) else []

    return Step(text, "identity", check, certificates)


def positive(text: str, polynomial: sympy.Expr,
             shift: Mapping[sympy.Symbol, sympy.Expr] | None = None, strict: bool = True) -> Step:
    """polynomial > 0 (or >= 0) where the shift's variables are nonnegative: with the shift put in
    and expanded, no coefficient is negative (and the constant one is positive)."""
    shifted = sympy.sympify(polynomial).subs(dict(shift or {}), simultaneous=True)

    def check() -> bool:
        # The sparse ring expands as it evaluates, much faster than sympy.expand.
        ring = sympy.ring([sympy.Dummy(), *sorted(shifted.free_symbols, key=str)], sympy.QQ)[0]
        expanded = ring.from_expr(shifted)
        return (all(c >= 0 for c in expanded.coeffs())
                and (not strict or expanded.coeff(1) > 0))

    return Step(text, "shifted coefficients", check,
                lambda: [maker.polynomial(shifted, strict)])


def decided(text: str, cases: Callable[[], Iterable[bool]]) -> Step:
    """Finitely many cases (at least one), each decided exactly."""
    def check() -> bool:
        count, sound = 0, True
        for holds in cases():
            count, sound = count + 1, sound and bool(holds)
        return sound and count > 0

    return Step(text, "exact cases", check)


def limit(text: str, expression: sympy.Expr, symbol: sympy.Symbol, point: object,
          value: object) -> Step:
    """lim expression = value, by sympy."""
    return Step(text, "limit", lambda: sympy.limit(expression, symbol, point) == value)


def certified(text: str, make: Callable[[], Sequence[Certificate]]) -> Step:
    """Certificates alone: made by the library, verified by the checker after the steps."""
    return Step(text, "certificates", lambda: len(make()) > 0, make)


@cache
def uniform(name: str) -> tuple[Certificate, ...]:
    """The certificates of a uniform theorem, made once."""
    return tuple(UNIFORM[name]())


def _rational(expression: sympy.Expr) -> bool:
    symbols = expression.free_symbols
    return bool(expression.is_rational_function(*symbols)
                and all(number.is_rational for number in expression.atoms(sympy.Number))
                and not expression.atoms(sympy.Function, sympy.NumberSymbol))
