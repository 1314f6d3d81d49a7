"""What a run became, in the measures of `nctheory.metrics`, and the structure it is nearest to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import losses, metrics
from nctheory.constructions import FAMILIES
from nctheory.errors import InputError
from nctheory.metrics import Moments, Recognition
from nctheory.metrics.structures import direct_sum
from nctheory.network import Array, activate, check_parameters, class_means, forward, labels
from nctheory.problem import Problem

FLOOR = 1e-8  # of a layer's unit: class means below have rank 0
SURVIVES = 1e-2  # least share of the largest class-mean output that a surviving class has
CLOSE = 0.1  # distance to an ideal structure below which a run is called by its name


@dataclass(frozen=True)
class EndPoint:
    """
    Attributes
    ----------
    label : str
        "zero", "dropped classes", the nearest of `distances` if it is below 0.1 (a family's
        name, "dnc", "triangular", "pairs", ..., or "direct sum"), "other low rank" (a rank below
        that of DNC, and no structure known here) or "other".
    distances : dict
        To each structure that exists for the surviving classes, as its family recognises it:
        see `nctheory.metrics.Recognition`.
    survivors : integer array
        Indices of classes whose mean output is not 0.
    ranks, gaps, gap_ranks : (L, 2) arrays
        Of M_l before and after sigma: the three numbers of `nctheory.metrics.gap_rank`.  A rank
        with a small gap is doubtful.
    balancedness : float
        See `nctheory.metrics.balancedness`.
    dnc1, trace_ratio : (L,) arrays
        `nctheory.metrics.nc1` and `trace_ratio` of H_l; nan where all class means are equal.
    dnc2, dnc2_activated : (L,) arrays
        `nctheory.metrics.gram_distance` to I of the Gram matrix of M_l, and of what W_l
        multiplies, M_1, sigma(M_2), ...; nan where it is 0.
    dnc3 : (L,) array
        `nctheory.metrics.dnc3` of W_l and what it multiplies; nan where either is 0.
    """

    label: str
    distances: dict[str, float]
    survivors: NDArray[np.int64]
    ranks: NDArray[np.int64]
    gaps: NDArray[np.float64]
    gap_ranks: NDArray[np.int64]
    balancedness: float
    dnc1: NDArray[np.float64]
    trace_ratio: NDArray[np.float64]
    dnc2: NDArray[np.float64]
    dnc2_activated: NDArray[np.float64]
    dnc3: NDArray[np.float64]


def feature_units(problem: Problem) -> NDArray[np.float64]:
    """u_l, l = 1..L, the units in which M_l is measured: 1 where all decays are equal.

    With u_j = sqrt(lam_eff / lam_j) for the factors H_1, W_1, ..., W_L the product of all is 1,
    so writing each factor as u_j times another changes no output, and the regularisation becomes
    that of equal decays lam_eff (ours; sigma is positively homogeneous).  M_l is in units of the
    product of the first l of them.

    >>> feature_units(Problem(classes=2, layers=2, weight_decay=(4e-4, 1e-4, 5e-5))).round(3)
    array([0.561, 0.63 ])
    """
    halves = (problem.log_decay - np.log(problem.decays)) / 2
    return np.asarray(np.exp(np.clip(np.cumsum(halves)[:-1], -600, 600)))


def ranks(parameters: Sequence[ArrayLike], problem: Problem) -> NDArray[np.int64]:
    """(L, 2) numerical ranks of M_1..M_L before and after sigma (`nctheory.metrics`)."""
    features, _ = forward(parameters, problem)
    means = [class_means(h, problem) for h in features]
    floors = FLOOR * feature_units(problem)
    return np.array([[metrics.numerical_rank(m, floor=floor) for m in pair] for *pair, floor
                     in zip(means, _active(means, problem), floors, strict=True)])


def _active(means: list[Array], problem: Problem) -> list[Array]:
    """What W_1, ..., W_L multiply, for collapsed features."""
    return [means[0], *(activate(m, problem) for m in means[1:])]


def recognitions() -> dict[str, Recognition]:
    """How each registered family that can be recognised is, and direct sums.

    >>> list(recognitions())
    ['dnc', 'triangular', 'pairs', 'direct sum']
    """
    found = {name: family.recognise for name, family in FAMILIES.items() if family.recognise}
    return {**found, "direct sum": direct_sum}


def outcome(parameters: Sequence[ArrayLike], problem: Problem,
            recognised: Mapping[str, Recognition] | None = None) -> EndPoint:
    """Measure a point, and say which structure its surviving classes form.

    Parameters
    ----------
    recognised : mapping of name to `Recognition`, optional
        The structures to compare with; by default `recognitions()`.

    Examples
    --------
    >>> frame = [np.eye(4)] * 4
    >>> outcome(frame, Problem(classes=4, layers=3)).label
    'dnc'
    """
    parameters = check_parameters(parameters, problem)
    features, outputs = forward(parameters, problem)
    means = [class_means(h, problem) for h in features]
    active = _active(means, problem)
    floors = FLOOR * feature_units(problem)
    found = np.array([[metrics.gap_rank(m, floor=floor) for m in pair]
                      for *pair, floor in zip(means, active, floors, strict=True)])
    mean_outputs = class_means(outputs, problem)
    survivors = _survivors(mean_outputs)
    distances = _distances([m[:, survivors] for m in means], [a[:, survivors] for a in active],
                           mean_outputs[:, survivors], problem,
                           recognitions() if recognised is None else recognised)
    moments = [Moments.of(h.T, labels(problem)) for h in features]
    return EndPoint(
        label=_label(distances, survivors, found[1:, 0, 0], problem), distances=distances,
        survivors=survivors, ranks=found[..., 0].astype(int), gaps=found[..., 1],
        gap_ranks=found[..., 2].astype(int),
        balancedness=metrics.balancedness(parameters, problem.decays),
        dnc1=_defined(metrics.nc1, moments),
        trace_ratio=_defined(metrics.trace_ratio, moments),
        dnc2=_defined(_frame_distance, means),
        dnc2_activated=_defined(_frame_distance, active),
        dnc3=_defined(metrics.dnc3, [a.T for a in active], parameters[1:],
                      [metrics.STRUCTURE] * problem.layers, list(floors)))


def _survivors(outputs: Array) -> NDArray[np.int64]:
    size = np.linalg.norm(outputs, axis=0)
    return np.flatnonzero(size > SURVIVES * max(float(size.max()), SURVIVES))


def _distances(means: list[Array], active: list[Array], outputs: Array, problem: Problem,
               recognised: Mapping[str, Recognition]) -> dict[str, float]:
    if outputs.shape[1] < 2:
        return {}
    found = {name: recognise(means, active, outputs, problem)
             for name, recognise in recognised.items()}
    return {name: distance for name, distance in found.items() if distance is not None}


def _label(distances: dict[str, float], survivors: NDArray[np.int64],
           ranks: NDArray[np.float64], problem: Problem) -> str:
    if survivors.size == 0:
        return "zero"
    if survivors.size < problem.classes:
        return "dropped classes"
    if distances:
        name = min(distances, key=lambda key: distances[key])
        if distances[name] < CLOSE:
            return name
    full = problem.classes - losses.get(problem.loss).centred
    return "other low rank" if ranks.size and ranks.min() < full else "other"


def _frame_distance(means: Array) -> float:
    return metrics.gram_distance(metrics.gram(means.T), np.eye(means.shape[1]))


def _defined(metric: Callable[..., float], *layers: Sequence[object]) -> NDArray[np.float64]:
    """A metric of every layer; nan where it is not defined."""
    def value(*arguments: object) -> float:
        try:
            return metric(*arguments)
        except InputError:
            return np.nan

    return np.array([value(*arguments) for arguments in zip(*layers, strict=True)])
