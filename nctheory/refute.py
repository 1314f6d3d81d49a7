"""The search for counterexamples: claims as Python predicates, hunted with Hypothesis.

A claim is a function of declared parameters (ranges of integers, or Hypothesis strategies such
as those of `nctheory.strategies`) that returns whether it holds, or its margin: a number,
negative where the claim fails, small near equality, where the search then goes.

    from nctheory import Triangular
    from nctheory.refute import assume, claim, refute

    @claim(r=range(4, 100), s=range(2, 98))
    def four_layers_beat_dnc(r, s):
        "The triangular construction beats DNC with four layers."
        assume(s <= r - 2)
        return Triangular(vertices=r, subset=s).compare_with_dnc(4) == -1

    print(refute(four_layers_beat_dnc))
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nctheory.errors import InputError, integer, require, show

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Given: TypeAlias = Mapping[str, Any]  # a value for each parameter
Values: TypeAlias = "range | SearchStrategy[Any]"  # what a parameter goes through

MOST_EXAMPLES = 10**6
# Hypothesis maximises a score: margins enter it on a scale where 1e-12 and 1e-3 differ.
_FLOOR = 1e-300


@dataclass(frozen=True)
class Claim:
    """A statement about all values of its parameters."""

    name: str
    text: str
    parameters: Mapping[str, Values]
    holds: Callable[..., Any]


@dataclass(frozen=True)
class Hunt:
    """What a search found: a counterexample, minimised, or how near it came.

    Attributes
    ----------
    claim : Claim
    examples : int
        How many different calls the predicate has seen and accepted.
    counterexample : dict or None
        The simplest parameters found for which the claim fails.
    closest : tuple or None
        The least margin of a claim that returns one, and where; None otherwise.
    """

    claim: Claim
    examples: int
    counterexample: Given | None
    closest: tuple[float, Given] | None

    def __str__(self) -> str:
        lines = [f"{self.claim.name}: {self.claim.text}"]
        if self.counterexample is None:
            lines.append(f"no counterexample among {self.examples} examples")
        else:
            lines.append(f"REFUTED by {_shown(self.counterexample)}")
        if self.closest is not None:
            margin, where = self.closest
            lines.append(f"least margin {margin:.3g} at {_shown(where)}")
        return "\n".join(lines)


def claim(**parameters: Values
          ) -> Callable[[Callable[..., Any]], Claim]:
    """A decorator: the function's name, docstring and these parameters become a `Claim`.

    Call `assume` in the function for conditions between parameters.
    """
    def decorate(holds: Callable[..., Any]) -> Claim:
        text = " ".join((holds.__doc__ or "").split())
        return Claim(holds.__name__.replace("_", "-"), text, parameters, holds)

    return decorate


def refute(claim: Claim, *, examples: int = 1000, seed: int = 0) -> Hunt:
    """Hunt for a counterexample: random examples, then towards equality, then smaller ones.

    Parameters
    ----------
    claim : Claim
    examples : int
        How many examples Hypothesis may try (minimising a counterexample comes on top).
    seed : int
        The same seed, the same hunt.

    Returns
    -------
    Hunt

    Raises
    ------
    InputError
        Where Hypothesis is missing, the parameters can never be satisfied, or the predicate
        itself fails with an error: that is no counterexample.

    Examples
    --------
    >>> from nctheory.refute import claim, refute
    >>> @claim(n=range(10**6))
    ... def small(n):
    ...     "n < 1000."
    ...     return 1000 - n - 0.5
    >>> dict(refute(small).counterexample)
    {'n': 1000}
    """
    try:
        import hypothesis
    except ImportError:
        raise InputError("refute needs Hypothesis: pip install hypothesis, "
                         "got no such module") from None
    examples = integer("examples", examples, 1, MOST_EXAMPLES)
    failing: list[Given] = []
    closest: list[tuple[float, Given]] = []
    seen: set[str] = set()

    @hypothesis.settings(max_examples=examples, database=None, deadline=None,
                         report_multiple_bugs=False, verbosity=hypothesis.Verbosity.quiet,
                         suppress_health_check=list(hypothesis.HealthCheck),
                         phases=[hypothesis.Phase.generate, hypothesis.Phase.target,
                                 hypothesis.Phase.shrink])
    @hypothesis.seed(seed)
    @hypothesis.given(**{name: _strategy(name, item) for name, item in claim.parameters.items()})
    def attempt(**given: Any) -> None:
        try:
            outcome = claim.holds(**given)
        except _Outside:
            hypothesis.reject()
        seen.add(repr(given))
        if _fails(outcome):
            failing.append(given)
            raise _Refuted
        if outcome is True:
            return
        margin = float(outcome)
        if not closest or margin < closest[0][0]:
            closest[:] = [(margin, given)]
        hypothesis.target(-math.log(max(margin, _FLOOR)), label="towards equality")

    try:
        attempt()
    except _Refuted:
        # Hypothesis ends with its simplest, one parameter at a time.
        return Hunt(claim, len(seen), _minimised(claim, failing[-1]), None)
    except hypothesis.errors.Unsatisfiable:
        raise InputError(f"{claim.name} must have parameters that it accepts, "
                         "got none after many tries") from None
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{claim.name} must not raise, got {type(error).__name__}: "
                         f"{show(str(error))}") from error
    return Hunt(claim, len(seen), None, closest[0] if closest else None)


def assume(condition: object) -> None:
    """Inside a claim: pass over these parameters unless `condition` holds."""
    if not condition:
        raise _Outside


class _Outside(Exception):
    """The parameters are outside the claim's domain."""


class _Refuted(Exception):
    """The claim fails here."""


def _strategy(name: str, item: Values) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    if not isinstance(item, range):
        return item
    require(len(item) > 0 and item.step == 1, name, "be a range of integers, one by one", item)
    return st.integers(item[0], item[-1])


def _fails(outcome: Any) -> bool:
    if isinstance(outcome, bool | np.bool_) or outcome is None:
        return not outcome
    return not float(outcome) >= 0  # NaN refutes, too


def _minimised(claim: Claim, given: Given) -> Given:
    """The simplest counterexample near `given`, lowering all integers of ranges together."""
    ranges = {name: item for name, item in claim.parameters.items() if isinstance(item, range)}
    reach = {1: 100, 2: 12, 3: 6}.get(len(ranges), 3)
    while True:
        nearby = itertools.product(*(range(max(item[0], given[name] - reach), given[name] + 1)
                                     for name, item in ranges.items()))
        for values in sorted(nearby, key=sum):
            simpler = {**given, **dict(zip(ranges, values, strict=True))}
            if sum(values) == sum(given[name] for name in ranges):
                return given
            try:
                if _fails(claim.holds(**simpler)):
                    given = simpler
                    break
            except _Outside:
                continue
        else:
            return given


def _shown(given: Given) -> str:
    return ", ".join(f"{name}={value}" if isinstance(value, str) or hasattr(value, "numerator")
                     else f"{name}={show(value)}" for name, value in given.items())
