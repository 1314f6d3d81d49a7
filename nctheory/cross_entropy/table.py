"""Threshold tables for cross-entropy: the best logits of the library against collapse.

Deep neural collapse (DNC) has c = K - 1 in the linear model.  In the ReLU model K - 1 is the
lower bound of [GK25] under its Assumption 1 (see `nctheory.cross_entropy.relu`), and what DNC is
compared by; the features I_K attain c = K^(L/(L+1)) (K-1)^(1/(L+1)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from nctheory import losses, losses_ce
from nctheory.constructions import FAMILIES, Logits, Orthogonal, Ranks
from nctheory.constructions.logits import Aligned, Centred
from nctheory.errors import integer
from nctheory.exact import log_bounds, root_bounds
from nctheory.problem import Problem
from nctheory.thresholds import (
    BEATEN,
    BOUNDS,
    FLOATS,
    INTEGERS,
    NOT_BEATEN,
    NOTHING,
    OPTIMAL,
    UNDECIDED,
    ZERO,
    Row,
    cheapest_sums,
)

ONE_LAYER = ("theorem: with L = 1 the problem in Z is convex and symmetric under permutations of "
             "the classes (ours)")
TWO_CLASSES = ("theorem: for K = 2 centred logits have rank one and the fit is convex in their "
               "squares (ours)")
BITS = 64


@dataclass(frozen=True)
class EntropyRow(Row):
    """One cell (K, L) for cross-entropy; `construction` is a `Logits`."""

    activation: str = "linear"

    @property
    def dnc_cost(self) -> int:
        """c = K - 1, in the ReLU model a lower bound."""
        return self.classes - 1

    @property
    def ranks(self) -> Ranks:
        """Ranks of M_1..M_L and of sigma(M_2)..sigma(M_L) of the construction."""
        assert isinstance(self.construction, Logits)
        return self.construction.ranks(self.layers, self.activation)


def entropy_rows(K_values: Sequence[int], L_values: Sequence[int], samples: int,
                 weight_decay: float | None, activation: str) -> tuple[EntropyRow, ...]:
    """The rows of `threshold_table(..., loss="ce")`, by layers within classes.

    Without a weight decay the least cost decides for every weight decay where zero is not
    optimal ("dnc beaten", certified), or says that DNC is better than the library as the weight
    decay tends to 0 ("not beaten").  With one, the least loss does: certified where the cost
    alone decides and exact bounds show that zero is not optimal, else in floats.
    """
    integer("samples", samples, 1)
    rows = {}
    for L in L_values:
        for K, candidates in zip(K_values, library(K_values, L, activation), strict=True):
            problem = None if weight_decay is None else Problem(
                classes=K, layers=L, samples=samples, weight_decay=weight_decay, loss="ce",
                activation=activation)
            rows[K, L] = (_by_cost(candidates, K, L, activation) if problem is None
                          else row_at(candidates, problem))
    return tuple(rows[K, L] for K in K_values for L in L_values)


def library(K_values: Sequence[int], layers: int, activation: str) -> list[list[Logits]]:
    """For each K: DNC, then the best member of each family for cross-entropy; with ReLU also the
    cheapest direct sum of MSE constructions."""
    found: list[list[Logits]] = [[Orthogonal(classes=K).logits()] for K in K_values]
    if activation == "relu":
        for members, made in zip(found, cheapest_sums(K_values, layers), strict=True):
            if not isinstance(made, Orthogonal):
                members.append(made.logits())
    for family in FAMILIES.values():
        if family.best_logits is not None:
            for K, members in zip(K_values, found, strict=True):
                member = family.best_logits(K, layers, activation)
                if member is not None:
                    members.append(member)
    return found


def _theorem(K: int, L: int, activation: str) -> str | None:
    if L == 1:
        return ONE_LAYER
    return TWO_CLASSES if K == 2 and activation == "linear" else None


def _by_cost(candidates: list[Logits], K: int, L: int, activation: str) -> EntropyRow:
    best = min(candidates, key=lambda logits: logits.cost(L, activation))
    theorem = _theorem(K, L, activation)
    if theorem is not None:
        verdict = OPTIMAL, theorem
    else:
        others = candidates[1:]
        signs = [logits.compare_with_dnc(L, activation) for logits in others]
        if -1 in signs:
            verdict = BEATEN, evidence([others[signs.index(-1)]], L, activation)
        elif None in signs or best is not candidates[0]:
            # With ReLU, between the lower bound for DNC and what its features I_K attain.
            verdict = UNDECIDED, NOTHING
        else:
            verdict = NOT_BEATEN, evidence(others, L, activation)
    return EntropyRow(K, L, best, best.cost(L, activation), *verdict, activation=activation)


def row_at(candidates: list[Logits], problem: Problem) -> EntropyRow:
    """The row of these candidates at a weight decay; the first of them is DNC."""
    K, L, activation = problem.classes, problem.layers, problem.activation
    values = [logits.loss(problem) for logits in candidates]
    loss = min(values)
    best = candidates[values.index(loss)]
    dnc_loss = collapse_bound(problem)
    theorem = _theorem(K, L, activation)
    if loss >= math.log(K) and dnc_loss >= math.log(K):
        verdict = ZERO, FLOATS
    elif theorem is not None:
        verdict = OPTIMAL, theorem
    elif loss < dnc_loss:
        proof = next((logits for logits in candidates[1:]
                      if logits.compare_with_dnc(L, activation) == -1
                      and beats_zero(logits, problem)), None)
        verdict = BEATEN, FLOATS if proof is None else evidence([proof], L, activation)
    elif loss < values[0]:  # with ReLU, between the lower bound for DNC and its features I_K
        verdict = UNDECIDED, NOTHING
    else:
        verdict = NOT_BEATEN, FLOATS
    return EntropyRow(K, L, best, best.cost(L, activation), *verdict, loss=loss,
                      dnc_loss=dnc_loss, activation=activation)


def collapse_bound(problem: Problem) -> float:
    """The least loss at c = K - 1: that of DNC, or with ReLU a lower bound on it."""
    K, L = problem.classes, problem.layers
    kappa = losses.kappa((L + 1) * math.log(K - 1), problem.balanced_samples, L,
                         problem.log_decay)
    return float(losses_ce.collapse_loss(kappa, L, K))


def evidence(members: Sequence[Logits], layers: int, activation: str) -> str:
    """What exact comparisons of these rest on: integers, or rational bounds as well."""
    return INTEGERS if all(_by_integers(logits, layers, activation)
                           for logits in members) else BOUNDS


def _by_integers(logits: Logits, layers: int, activation: str) -> bool:
    network = logits.network(activation)
    if set(logits.least_margin()) != {Fraction(1)}:
        return False
    if isinstance(network, Aligned):
        return network.representation_cost(layers).decided_by_integers
    if isinstance(network, Centred):
        return len(network.blocks) == 1 and network.costs(layers)[0].surd is not None
    return True  # pairs with ReLU: two square roots at most, of squares


def beats_zero(logits: Logits, problem: Problem) -> bool:
    """Whether rational bounds show the loss at the best scale found to be below log K.

    With e^-beta a rational u, the powers of u, their logarithms and the roots are enclosed by
    rationals.  False where the bounds do not decide (as next to the weight decay at which zero
    becomes optimal).
    """
    L, scale = problem.layers, logits.scale(problem)
    u = Fraction(math.exp(-scale))
    if scale == 0 or u == 0:
        return False
    beta = -log_bounds(u, BITS)[0]
    margins, fit = logits.margins(), Fraction(0)
    for share, gaps, counts in zip(margins.shares, margins.margins, margins.counts,
                                   strict=True):
        total = Fraction(1)
        for gap, count in zip(gaps, counts, strict=True):
            # Rounding a margin down, here to eighths, can only raise the fit.
            eighths = math.floor(8 * gap * (1 - 2**-40))
            power = u ** int(gap) if gap % 1 == 0 else root_bounds(u**eighths, 8, BITS)[1]
            total += Fraction(count) * power
        fit += Fraction(share) * (1 + Fraction(1, 2**50)) * log_bounds(total, BITS)[1]
    decay = math.prod(map(Fraction, problem.decays), start=Fraction(1))
    strength = root_bounds(decay * problem.balanced_samples, L + 1, 2 * BITS)[1]
    cost = logits.network(problem.activation).cost_bounds(L, BITS)[1]
    power = root_bounds(beta**2, L + 1, BITS)[1]
    loss = fit + Fraction(L + 1, 2) * strength * cost * power
    return loss < log_bounds(Fraction(problem.classes), BITS)[0]
