r"""Rank bounds and balancedness as statements that can be checked at any point.

A statement about critical points becomes, with the gradient of the loss on its right side, an
inequality at *every* point; near a critical point it says what the statement says.  Each check
returns the margin, right side minus left side: negative beyond rounding is a counterexample.

Not among them: "rank M_l <= K".  M_l has K columns, so no point could ever refute it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nctheory import activations, limits, losses
from nctheory.constructions import FAMILIES, Construction
from nctheory.errors import InputError
from nctheory.metrics import distance_to_rank, numerical_rank
from nctheory.network import Array, activate, check_parameters, class_means, forward, gradient
from nctheory.problem import Problem

if TYPE_CHECKING:
    from nctheory.solver.methods import MethodName

# Left and right sides are sums of some thousand float products: rounding, relative to the
# largest term.
ROUNDING = 1e-11


class Check(NamedTuple):
    """The outcome at one point: `margin` >= 0 up to rounding where the statement holds."""

    holds: bool
    margin: float
    where: str


class Witness(NamedTuple):
    """Parameters of a problem that a statement is held against, and where they come from."""

    parameters: Sequence[ArrayLike]
    problem: Problem
    origin: str
    construction: Construction | None = None


@dataclass(frozen=True)
class Statement:
    """A bound: in words, the points it is about, its source, and its check."""

    name: str
    text: str
    domain: str
    source: str
    applies: Callable[[Witness], bool]
    sides: Callable[[Witness], Iterable[tuple[str, float, float]]]

    def check(self, point: Witness) -> Check:
        """The least margin over all layers at one point.

        Examples
        --------
        >>> from nctheory import Orthogonal
        >>> problem = Problem(classes=10, layers=4, width=12)
        >>> point = Witness(Orthogonal(classes=10).weights(problem), problem, "DNC")
        >>> STATEMENTS["rank-of-weights"].check(point).holds
        True
        """
        sides = list(self.sides(point))
        where, margin = min(((where, right - left) for where, left, right in sides),
                            key=lambda item: item[1])
        return Check(margin >= -ROUNDING * _size(point), margin, where)


class Verification(NamedTuple):
    """A statement over many points: how many, the least margin, and what broke it if any."""

    statement: Statement
    points: int
    least_margin: float
    counterexample: Witness | None
    where: str


def verify(points: Iterable[Witness]) -> list[Verification]:
    """Check every statement at every point of its domain.

    Examples
    --------
    >>> from nctheory import Triangular
    >>> problem = Problem(classes=6, layers=3)
    >>> points = [Witness(Triangular(vertices=4, subset=2).weights(problem), problem, "T(4)",
    ...                 Triangular(vertices=4, subset=2))]
    >>> all(found.counterexample is None for found in verify(points))
    True
    """
    points = list(points)
    found = []
    for statement in STATEMENTS.values():
        checked = [(statement.check(point), point) for point in points
                   if statement.applies(point)]
        if not checked:
            found.append(Verification(statement, 0, np.nan, None, ""))
            continue
        worst, point = min(checked, key=lambda item: (item[0].holds, item[0].margin))
        found.append(Verification(statement, len(checked), worst.margin,
                                  None if worst.holds else point, worst.where))
    return found


# --- where points come from ---

def construction_points(classes: Iterable[int], layers: Iterable[int],
                        weight_decay: float = 1e-3, activation: str = "relu") -> list[Witness]:
    """DNC and every triangular construction of the given sizes that the activation admits, at
    their optimal scale."""
    classes, layers = limits.cells(classes, layers)
    # Singular values of square matrices of that size.
    limits.affordable("classes", max(classes), memory=8 * max(classes)**2,
                      work=100 * len(layers) * sum(K**3 for K in classes))
    points = []
    for K in classes:
        for construction in (made for family in FAMILIES.values() if family.members is not None
                             for made in family.members(K) if _admits(activation, made)):
            for L in layers:
                if L >= construction.least_layers:
                    problem = Problem(classes=K, layers=L, weight_decay=weight_decay,
                                      activation=activation)
                    weights = construction.weights(problem)
                    # Beyond kappa_c the optimal scale is 0, and so is every rank.
                    stated = construction if weights[0].any() else None
                    points.append(Witness(weights, problem, construction.label, stated))
    return points


def _admits(activation: str, made: Construction) -> bool:
    try:
        made.network(losses.get("mse"), activations.homogeneous(activation))
    except InputError:
        return False
    return True


def solver_points(problem: Problem, width: int, seeds: Iterable[int], *,
                  method: MethodName = "quasi-newton",
                  threads: int | None = None) -> list[Witness]:
    """The end points of gradient solver runs, on all processors or so many threads."""
    from nctheory.solver import solve

    result = solve(problem, width=width, seeds=seeds, method=method, threads=threads)
    return [Witness(result.parameters(i), problem, f"solver, seed {result.seeds[i]}")
            for i in range(len(result)) if result.sound(i)]


# --- the statements ---

def _size(point: Witness) -> float:
    """The largest lam_l |W_l|_F^2: what enters the sides, before anything cancels."""
    return max(decay * float(np.sum(np.square(matrix))) for decay, matrix in zip(
        point.problem.decays, point.parameters, strict=True))


def _linear(point: Witness) -> bool:
    return activations.homogeneous(point.problem.activation).linear


def _everywhere(point: Witness) -> bool:
    return True


def _arrays(point: Witness) -> tuple[list[Array], list[Array]]:
    parameters = check_parameters(point.parameters, point.problem)
    return parameters, gradient(parameters, point.problem)


def _spectral(matrix: Array) -> float:
    return float(np.linalg.norm(matrix, 2))


def _rank_of_weights(point: Witness) -> Iterable[tuple[str, float, float]]:
    # lam_l W_l = grad_l - (data term), and the data term is a product through N columns, or,
    # for linear networks, through the K x N matrix d fit / dZ.
    parameters, gradients = _arrays(point)
    problem = point.problem
    columns = sum(problem.class_sizes)
    bound = problem.classes if _linear(point) else columns
    for index, (matrix, slope) in enumerate(zip(parameters, gradients, strict=True)):
        yield (_name(index), distance_to_rank(matrix, bound),
               float(np.linalg.norm(slope)) / problem.decays[index])


def _name(index: int) -> str:
    return f"W_{index}" if index else "H_1"


def _gram_balance(point: Witness) -> Iterable[tuple[str, float, float]]:
    # W_{l+1}^T grad_{l+1} - grad_l W_l^T: the data terms cancel where no ReLU stands between.
    parameters, gradients = _arrays(point)
    decays = point.problem.decays
    last = len(parameters) - 1 if _linear(point) else 1
    for i in range(last):
        below, above = parameters[i], parameters[i + 1]
        left = decays[i + 1] * above.T @ above - decays[i] * below @ below.T
        right = (_spectral(above) * np.linalg.norm(gradients[i + 1])
                 + np.linalg.norm(gradients[i]) * _spectral(below))
        yield f"{_name(i)}, {_name(i + 1)}", float(np.linalg.norm(left)), float(right)


def _neuron_balance(point: Witness) -> Iterable[tuple[str, float, float]]:
    # The same entry by entry on the diagonal: sigma(h) = sigma'(h) h, also at a kink.
    parameters, gradients = _arrays(point)
    decays = point.problem.decays
    for i in range(len(parameters) - 1):
        below, above = parameters[i], parameters[i + 1]
        left = np.abs(decays[i + 1] * np.sum(above**2, axis=0)
                      - decays[i] * np.sum(below**2, axis=1))
        right = (np.abs(np.sum(above * gradients[i + 1], axis=0))
                 + np.abs(np.sum(below * gradients[i], axis=1)))
        worst = int(np.argmin(right - left))
        yield (f"{_name(i)}, {_name(i + 1)}, neuron {worst}", float(left[worst]),
               float(right[worst]))


def _norm_balance(point: Witness) -> Iterable[tuple[str, float, float]]:
    parameters, gradients = _arrays(point)
    decays = point.problem.decays
    for i in range(len(parameters) - 1):
        shares = [decays[j] * float(np.sum(parameters[j] ** 2)) for j in (i, i + 1)]
        slopes = [float(np.sum(parameters[j] * gradients[j])) for j in (i, i + 1)]
        yield (f"{_name(i)}, {_name(i + 1)}", abs(shares[1] - shares[0]),
               abs(slopes[0]) + abs(slopes[1]))


def _stated_ranks(point: Witness) -> Iterable[tuple[str, float, float]]:
    construction, problem = point.construction, point.problem
    assert construction is not None
    features, _ = forward(point.parameters, problem)
    means = [class_means(matrix, problem) for matrix in features]
    stated = construction.ranks(problem.layers, problem.loss, problem.activation)
    found = [*map(numerical_rank, means),
             *(numerical_rank(activate(mean, problem)) for mean in means[1:])]
    names = [f"M_{i + 1}" for i in range(len(means))]
    names += [f"sigma({name})" for name in names[1:]]
    for name, rank, wanted in zip(names, found, [*stated.before, *stated.after], strict=True):
        # Two-sided: equal ranks leave a margin of 0.
        yield name, abs(rank - wanted), 0.0


STATEMENTS = {statement.name: statement for statement in (
    Statement(
        "construction-ranks",
        "DNC: rank K in every layer. Triangular: rank r = (1 + sqrt(1 + 8K))/2 of M_1..M_L "
        "and sigma(M_2)..sigma(M_{L-1}), but r - 1 of M_L (of M_1, M_2 at L = 2) for balanced "
        "cuts 2s = r; rank K of sigma(M_L).",
        "DNC and the triangular family, where their optimal scale is not 0",
        "[SLM24, section 5]; the case 2s = r is ours",
        lambda point: point.construction is not None, _stated_ranks),
    Statement(
        "rank-of-weights",
        "dist_F(W_l, rank <= R) <= |grad_l|_F / lam_l, with R = K for the linear model and "
        "R = N, the number of samples, with ReLU: at critical points the factors have rank "
        "at most R.",
        "any point; linear or ReLU, mse or ce", "ours, in the manner of [Z24]",
        _everywhere, _rank_of_weights),
    Statement(
        "equal-spectra",
        "|lam_{l+1} W_{l+1}^T W_{l+1} - lam_l W_l W_l^T|_F <= |W_{l+1}|_2 |grad_{l+1}|_F "
        "+ |grad_l|_F |W_l|_2 (W_0 = H_1): at critical points of the linear model all factors "
        "share rank and, for equal decays, singular values. With ReLU this holds for H_1, W_1 "
        "alone, between which no ReLU stands.",
        "any point; all pairs of factors if linear, H_1 and W_1 if ReLU",
        "[GK25, Lemma 1] at critical points; the inequality is ours", _everywhere,
        _gram_balance),
    Statement(
        "balanced-neurons",
        "|lam_{l+1} |W_{l+1} e_j|^2 - lam_l |e_j^T W_l|^2| <= |<W_{l+1} e_j, grad>| + "
        "|<e_j^T W_l, grad>|: at critical points each neuron's incoming and outgoing weights "
        "balance.",
        "any point, linear or ReLU", "positive homogeneity (standard)", _everywhere,
        _neuron_balance),
    Statement(
        "balanced-norms",
        "|lam_{l+1} |W_{l+1}|_F^2 - lam_l |W_l|_F^2| <= |<W_{l+1}, grad>| + |<W_l, grad>|: at "
        "critical points lam_l |W_l|_F^2 is the same for every factor.",
        "any point, linear or ReLU", "positive homogeneity (standard)", _everywhere,
        _norm_balance),
)}
