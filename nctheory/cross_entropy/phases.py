"""Phase diagrams: which family of the library is best over two of K, L, lam and d."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import limits, losses
from nctheory.constructions import FAMILIES, Construction
from nctheory.errors import InputError
from nctheory.problem import Problem
from nctheory.tabular import Record, Tabular
from nctheory.thresholds.library import Library
from nctheory.thresholds.table import cells, check_sizes

AXES = ("classes", "layers", "weight_decay", "width")
ZERO = "zero"
NOTHING = "none fits"


@dataclass(frozen=True)
class PhaseDiagram(Tabular):
    """The best family in each cell.

    Attributes
    ----------
    axes : two names of `AXES`, of the rows and of the columns
    values : the two sequences
    names : families met, in the order of their indices
    best : ndarray of int, rows x columns
        Index into `names`; "zero" where no family has a loss below log K.
    loss : ndarray, rows x columns
    ranks : ndarray of int, rows x columns
        Rank of the logits' first features; 0 for zero.
    """

    axes: tuple[str, str]
    values: tuple[tuple[float, ...], tuple[float, ...]]
    names: tuple[str, ...]
    best: NDArray[np.int64]
    loss: NDArray[np.float64]
    ranks: NDArray[np.int64]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The two axes."""
        return self.axes

    def records(self) -> list[Record]:
        """A record a cell, row by row."""
        return [{self.axes[0]: self.values[0][i], self.axes[1]: self.values[1][j],
                 "family": self.names[best], "minimal_loss": float(self.loss[i, j]),
                 "rank": int(self.ranks[i, j])}
                for (i, j), best in np.ndenumerate(self.best)]


def phase_diagram(*, classes: int | Sequence[int], layers: int | Sequence[int],
                  weight_decay: float | Sequence[float],
                  width: int | Sequence[int] | None = None, samples: int = 1,
                  activation: str = "linear") -> PhaseDiagram:
    """The best family of the library over the two arguments that are sequences.

    Parameters
    ----------
    classes, layers, weight_decay, width
        K, L, lam and d; exactly two of them sequences.  Without a width all families fit, with one
        those that need no more.
    samples : int
        n, samples a class.
    activation : str
        A word of `nctheory.activations`.

    Raises
    ------
    InputError
        Where not exactly two arguments are sequences, or a value is outside its domain.

    Examples
    --------
    >>> diagram = phase_diagram(classes=4, layers=(2, 3), weight_decay=(1e-3, 0.015, 1.0))
    >>> [[diagram.names[i] for i in row] for row in diagram.best]
    [['DNC', 'pairs', 'zero'], ['pairs', 'pairs', 'zero']]
    """
    given: dict[str, Any] = dict(zip(AXES, (classes, layers, weight_decay, width), strict=True))
    axes = [name for name in AXES if isinstance(given[name], Sequence | np.ndarray | range)]
    if len(axes) != 2:
        raise InputError("exactly two of classes, layers, weight_decay and width must be "
                         f"sequences, got {len(axes)}: {', '.join(axes) or 'none'}")
    rows, columns = (tuple(limits.few(name, given[name])) for name in axes)
    limits.cells(rows, columns)
    shape = len(rows), len(columns)
    if 0 in shape:
        raise InputError(f"{' and '.join(axes)} must not be empty, got {shape} values")
    names: list[str] = []
    best, ranks = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    loss = np.zeros(shape)
    for cell in itertools.product(*map(range, shape)):
        here = given | {axes[0]: rows[cell[0]], axes[1]: columns[cell[1]]}
        problem = Problem(**here, samples=samples, loss="ce", activation=activation)
        name, loss[cell], ranks[cell] = _best(problem)
        if name not in names:
            names.append(name)
        best[cell] = names.index(name)
    return PhaseDiagram((axes[0], axes[1]), (rows, columns), tuple(names), best, loss, ranks)


def _best(problem: Problem) -> tuple[str, float, int]:
    """(family, loss, rank) of the best member that fits into the width."""
    check_sizes([problem.classes], [problem.layers])
    model = problem.layers, problem.loss, problem.activation
    cell, = cells(Library(tuple(FAMILIES), problem.loss, problem.activation, problem.layers),
                  [problem.classes], 1, None)
    members = [made for made in cell.choices if problem.width is None
               or made.required_width(*model) <= problem.width]
    zero = losses.get(problem.loss).zero(problem.classes)
    if not members:
        return NOTHING, zero, 0
    values = [made.loss(problem) for made in members]
    loss = min(values)
    if loss >= zero:
        return ZERO, zero, 0
    winner = members[values.index(loss)]
    return _family(winner), loss, winner.ranks(*model).before[0]


def _family(made: Construction) -> str:
    """The first word of the label: the same for all members of a family."""
    return made.label.split()[0]
