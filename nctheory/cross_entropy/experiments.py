"""The experiments of [GK25] on the deep UFM itself: what gradient descent ends in.

Every row is a batch of runs by `nctheory.solver.solve`; closed forms stand beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.constructions import Orthogonal, Pairs
from nctheory.problem import Problem
from nctheory.solver import solve

# [GK25] Figs 1, 2 and 5; Fig 6 is RELU.
LINEAR = Problem(classes=10, layers=2, samples=5, width=70, weight_decay=2**-10, loss="ce",
                 activation="linear")
RELU = Problem(classes=10, layers=3, samples=5, width=70, weight_decay=2**-9, loss="ce",
               activation="relu")


@dataclass(frozen=True)
class Batch:
    """What the runs of one problem became.

    Attributes
    ----------
    problem : Problem
    dnc_loss, pairs_loss : float
        Closed forms: the least loss of deep neural collapse and of pairs.
    loss : ndarray, shape (runs,)
    ranks : ndarray of int, shape (runs,)
        Of the class means M_L before sigma; -1 for a run that diverged.
    labels : dict
        How many runs became what (`nctheory.solver.outcome`).
    """

    problem: Problem
    dnc_loss: float
    pairs_loss: float
    loss: NDArray[np.float64]
    ranks: NDArray[np.int64]
    labels: dict[str, int]

    @property
    def probability_of_dnc(self) -> float:
        """The share of runs that ended in deep neural collapse."""
        return self.labels.get("dnc", 0) / len(self.loss)

    @property
    def mean_rank(self) -> float:
        """Over the runs that did not diverge."""
        sound = self.ranks[self.ranks >= 0]
        return float(sound.mean()) if len(sound) else float("nan")


def run(problem: Problem, *, seeds: Iterable[int] = range(10),  # noqa: B008
        **settings: Any) -> Batch:
    """Solve from a random start for each seed and count what the runs became.

    `settings` go to `nctheory.solver.solve`, whose defaults they override.

    Examples
    --------
    >>> small = Problem(classes=3, layers=2, width=8, weight_decay=1e-2, loss="ce",
    ...                 activation="linear")
    >>> batch = run(small, seeds=range(4), steps=5000)
    >>> batch.probability_of_dnc, round(batch.mean_rank)
    (1.0, 2)
    """
    result = solve(problem, seeds=seeds, **settings)
    return Batch(problem, Orthogonal(classes=problem.classes).loss(problem),
                 Pairs(classes=problem.classes).loss(problem), result.loss,
                 result.ranks[:, -1, 0], dict(Counter(result.label.tolist())))


def against_width(widths: Iterable[int], problem: Problem = LINEAR, **settings: Any
                  ) -> list[Batch]:
    """[GK25] probability of DNC and rank against the width d (the wider, the more often DNC)."""
    return [run(replace(problem, width=width), **settings) for width in widths]


def against_decay(decays: Iterable[float], problem: Problem = LINEAR, **settings: Any
                  ) -> list[Batch]:
    """[GK25] probability of DNC and rank against the weight decay lam."""
    return [run(replace(problem, weight_decay=decay), **settings) for decay in decays]
