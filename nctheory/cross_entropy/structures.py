"""The best known structure of the linear model for given K, L, n and weight decay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nctheory.constructions import FAMILIES, Construction
from nctheory.cross_entropy.direct import Minimum, minimise
from nctheory.problem import Problem
from nctheory.thresholds.library import Library
from nctheory.thresholds.table import cells

SAME = 1e-9  # relative difference of losses below which a found minimum is a known family's


@dataclass(frozen=True)
class Structure:
    """A candidate for the optimum: `name`, `rank` of its logits, `loss`, and itself."""

    name: str
    rank: int
    loss: float
    source: Construction | Minimum


def structures(problem: Problem, *, ranks: Iterable[int] | None = None, starts: int = 64,
               seed: int = 0) -> list[Structure]:
    """All candidates, by increasing loss: the families of the library, then what direct
    minimisation finds at each rank and no family accounts for.

    Parameters
    ----------
    problem : Problem
        Cross-entropy, linear, equal classes.
    ranks, starts, seed
        As for `minimise`.

    Examples
    --------
    >>> problem = Problem(classes=4, layers=2, weight_decay=1e-3, loss="ce", activation="linear")
    >>> [(s.name, s.rank, round(s.loss, 7)) for s in structures(problem, starts=8)[:2]]
    [('DNC 4', 3, 0.0188949), ('pairs 4', 2, 0.0192415)]
    """
    L, model = problem.layers, (problem.loss, problem.activation)
    cell, = cells(Library(tuple(FAMILIES), *model, L), [problem.classes], 1, None)
    known = [Structure(made.label, made.ranks(L, *model).before[0], made.loss(problem), made)
             for made in cell.choices]
    losses = np.array([structure.loss for structure in known])
    found = [Structure(f"found rank {minimum.rank}", minimum.rank, minimum.loss, minimum)
             for minimum in minimise(problem, ranks=ranks, starts=starts, seed=seed)]
    new: dict[int, Structure] = {}
    for structure in found:  # by increasing loss: the first of each rank is the best
        if np.abs(losses / structure.loss - 1).min() > SAME:
            new.setdefault(structure.rank, structure)
    return sorted([*known, *new.values()], key=lambda structure: structure.loss)
