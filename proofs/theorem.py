"""What a theorem is here: a statement, and steps that a computer checks, one by one.

A step is an identity that sympy verifies, an inequality between polynomials that nonnegative
coefficients show, a limit or a sign that sympy decides, finitely many cases decided exactly, or
certificates that the independent checker (standard library alone) verifies.  Identities of
rational functions and inequalities of polynomials are certificates, too.

A proof is complete, or it is refused:

* a step's text starts with its name, "name: ...", and a theorem lists the names that it `needs`;
* what stands between backquotes in a step's text is a piece of the statement that the step
  shows.  Outside of these pieces a statement has no number and no relation;
* a step says of its certificates whether they are all that it needs (`cover` for case splits);
* what no step shows is another theorem that it `rests_on`, or stands under `cited`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sympy

from nctheory.certify import UNIFORM, Certificate, check_file, maker, to_json

# What a statement may say only within a piece that some step shows.
FORMAL = re.compile(r"\d|[<>=^]")


@dataclass(frozen=True)
class Step:
    """One step: its name and text, of what kind, its check, and certificates where it has some."""

    text: str
    kind: str
    check: Callable[[], bool]
    certificates: Callable[[], Sequence[Certificate]] = lambda: ()
    complete: Callable[[Sequence[Certificate]], bool] = lambda made: True

    @property
    def name(self) -> str:
        return self.text.partition(":")[0]

    @property
    def shows(self) -> list[str]:
        """The pieces of the statement that this step shows."""
        return re.findall(r"`([^`]*)`", self.text)


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
    needs : tuple of str
        The names of all steps.
    rests_on : tuple of str
        Theorems of this directory that it uses.
    cited : tuple of str
        What the proof takes from elsewhere, unproved here.
    """

    name: str
    statement: str
    latex: str
    domain: str
    source: str
    steps: Callable[[], Iterator[Step]]
    needs: tuple[str, ...]
    rests_on: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What became of a theorem: each step's verdict, its certificates, the time.

    `gaps` says what is missing where all steps that there are hold.
    """

    theorem: Theorem
    steps: tuple[tuple[Step, bool], ...]
    certificates: tuple[Certificate, ...]
    verified: int
    gaps: tuple[str, ...]
    seconds: float

    @property
    def proved(self) -> bool:
        return (bool(self.steps) and all(holds for _, holds in self.steps) and not self.gaps
                and self.verified == len(self.certificates))

    @property
    def method(self) -> str:
        return ", ".join(dict.fromkeys(step.kind for step, _ in self.steps))


def prove(theorem: Theorem, stop: bool = False) -> Proof:
    """Run every step (with `stop`, up to one that fails), then hand the certificates to the
    independent checker, and look for what is missing."""
    start = time.perf_counter()
    steps: list[tuple[Step, bool]] = []
    certificates: list[Certificate] = []
    for step in theorem.steps():
        made = tuple(step.certificates())
        steps.append((step, bool(step.check()) and step.complete(made)))
        certificates += made
        if stop and not steps[-1][1]:
            break
    verified = sum(result.verified for result in check_file(to_json(certificates).encode())
                   ) if certificates else 0
    return Proof(theorem, tuple(steps), tuple(certificates), verified,
                 tuple(_gaps(theorem, [step for step, _ in steps])),
                 time.perf_counter() - start)


def _gaps(theorem: Theorem, steps: Sequence[Step]) -> Iterator[str]:
    """Needed steps that are missing or not named, and what of the statement no step shows."""
    names = [step.name for step in steps]
    for name in dict.fromkeys([*theorem.needs, *names]):
        if names.count(name) != theorem.needs.count(name):
            yield f"step {name!r}: needed {theorem.needs.count(name)}, found {names.count(name)}"
    rest = theorem.statement
    for piece in sorted((piece for step in steps for piece in step.shows), key=len, reverse=True):
        if piece not in theorem.statement:
            yield f"shown, but not in the statement: {piece}"
        rest = rest.replace(piece, " ")
    if FORMAL.search(rest):
        yield f"in the statement, but shown by no step: {' '.join(rest.split())}"


# --- kinds of steps ---

def identity(text: str, left: sympy.Expr, right: sympy.Expr) -> Step:
    """left = right for all values of the symbols; a certificate where both are rational."""
    left, right = sympy.sympify(left), sympy.sympify(right)

    def check() -> bool:
        difference = left - right
        if _rational(difference):
            return bool(sympy.cancel(sympy.together(difference)) == 0)
        # Symbolic exponents: compare quotients, where powers of the same base collect.
        return bool(sympy.simplify(difference) == 0
                    or sympy.simplify(sympy.powsimp(
                        sympy.expand_power_base(left / right, force=True), force=True)) == 1)

    if not (_rational(left) and _rational(right)):
        return Step(text, "identity", check)
    return _with(text, "identity", check, lambda: [maker.identity(left, right)])


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

    return _with(text, "shifted coefficients", check,
                 lambda: [maker.polynomial(shifted, strict)])


def together(text: str, parts: Sequence[Step]) -> Step:
    """Several steps of one kind as one."""
    return _with(text, parts[0].kind, lambda: all(part.check() for part in parts),
                 lambda: [made for part in parts for made in part.certificates()])


def decided(text: str, cases: Callable[[], Iterable[bool]]) -> Step:
    """Finitely many cases (at least one), each decided exactly."""
    def check() -> bool:
        count, sound = 0, True
        for holds in cases():
            count, sound = count + 1, sound and bool(holds)
        return sound and count > 0

    return Step(text, "exact cases", check)


def symbolic(text: str, cases: Callable[[], Iterable[bool]]) -> Step:
    """Facts for all values of symbols, each decided by exact algebra (at least one)."""
    return Step(text, "exact algebra", decided(text, cases).check)


def limit(text: str, expression: sympy.Expr, symbol: sympy.Symbol, point: object,
          value: object) -> Step:
    """lim expression = value, by sympy."""
    return Step(text, "limit", lambda: sympy.limit(expression, symbol, point) == value)


def certified(text: str, make: Callable[[], Sequence[Certificate]],
              complete: Callable[[Sequence[Certificate]], bool]) -> Step:
    """Certificates alone, verified by the checker after the steps; `complete` says of the claims
    whether they are all that the step needs, and fails on none."""
    return Step(text, "certificates", lambda: True, make,
                lambda made: len(made) > 0 and complete(made))


def claims(made: Sequence[Certificate]) -> list[tuple[str, dict[str, str], str]]:
    """What certificates claim, without their witnesses."""
    return [(c.claim, {name: str(value) for name, value in c.parameters.items()}, c.verdict)
            for c in made]


@cache
def uniform(name: str) -> tuple[Certificate, ...]:
    """The certificates of a uniform theorem, made once."""
    return tuple(UNIFORM[name]())


def _with(text: str, kind: str, check: Callable[[], bool],
          make: Callable[[], Sequence[Certificate]]) -> Step:
    """A step that needs exactly the certificates that it makes."""
    made_once = cache(make)
    return Step(text, kind, check, made_once,
                lambda made: claims(made) == claims(made_once()))


def _rational(expression: sympy.Expr) -> bool:
    symbols = expression.free_symbols
    return bool(expression.is_rational_function(*symbols)
                and all(number.is_rational for number in expression.atoms(sympy.Number))
                and not expression.atoms(sympy.Function, sympy.NumberSymbol))
