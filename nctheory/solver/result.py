"""What `solve` returns: a row a seed, measured by the NumPy reference, not by the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import activations, losses
from nctheory.constructions import FAMILIES
from nctheory.network import Array, Parameters, class_means, forward, loss
from nctheory.problem import Problem
from nctheory.solver.outcome import EndPoint, outcome, ranks
from nctheory.solver.state import TRACED
from nctheory.solver.stationarity import Stationarity, clarke
from nctheory.tabular import Tabular

# Runs may end at any numbers: what overflows is inf, and no warning.
QUIET = np.errstate(all="ignore")


@dataclass(frozen=True)
class Result(Tabular):
    """End points of a batch of runs.

    Attributes
    ----------
    loss : (runs,) floats
        Of the end points; nan for a run that diverged or failed.
    stationarity : (runs,) floats
        See `nctheory.solver.stationarity`: kinks are pre-activations of at most 1e-7.
    ranks : (runs, L, 2) ints
        Numerical ranks of M_1..M_L before and after sigma: singular values above 1e-3 of the
        largest; -1 for a run that diverged or failed.
    gap_ranks : (runs, L, 2) ints
        The same by the largest gap between singular values
        (`nctheory.metrics.gap_rank`): where the two differ, a rank is doubtful.
    excess : dict of (runs,) arrays
        The loss minus the closed-form losses of the constructions that exist for the problem:
        "dnc", "triangular", "pairs", "groups", each the best of its family, and "best", the
        least of these; empty for classes of unequal size.  Below 0: better than any of the
        family with exact outputs z I.  (Direct sums, a search of their own, are compared by
        `nctheory.thresholds`.)
    label : (runs,) strings
        What the run became; see `nctheory.solver.outcome.EndPoint`; or "diverged", "failed".
    diverged : (runs,) ints
        The step at which a run blew up (lower its learning rate), or -1.
    failed : (runs,) strings
        The error that ended a run, or "".
    steps : (runs,) ints
        Steps done, or evaluations for quasi-Newton.
    finished : (runs,) bools
        False only after an interruption.
    interrupted : bool
        Whether Ctrl-C ended the batch (`solve(..., keep_partial=True)`).
    trace : dict of (runs, points) arrays
        "loss", "fit", "regularisation", "gradient_norm" and "step"; nan after the end.
        Descent: at `trace_steps` (empty for quasi-Newton).  Quasi-Newton: at the start, after
        each smoothing width, and at the end; there the gradient is the smoothed loss's, and
        steps are evaluations.
    trace_ranks : (runs, points, L, 2) ints
        `ranks` at these points, -1 where there is none: for descent, only if `trace_every` is
        given, as they cost more than some hundred steps.
    """

    problem: Problem
    width: int
    method: str
    seeds: NDArray[np.int64]
    solutions: list[Parameters]
    slopes: list[list[Array] | None]
    steps: NDArray[np.int64]
    finished: NDArray[np.bool_]
    diverged: NDArray[np.int64]
    failed: NDArray[np.str_]
    trace_values: NDArray[np.float64]
    trace_ranks: NDArray[np.int64]
    trace_steps: NDArray[np.int64]
    interrupted: bool
    seconds: float

    def __len__(self) -> int:
        return len(self.seeds)

    def __repr__(self) -> str:
        best = np.nanmin(self.loss) if np.isfinite(self.loss).any() else np.nan
        counts = {"diverged": self.diverged >= 0, "failed": self.failed != "",
                  "unfinished": ~self.finished}
        parts = [f"{len(self)} runs of {self.method}", f"width {self.width}",
                 *(f"{n} {word}" for word, rows in counts.items() if (n := int(rows.sum()))),
                 f"least loss {best:.7g}"]
        return ("interrupted " if self.interrupted else "") + f"Result({', '.join(parts)})"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The seed."""
        return ("seed",)

    def records(self) -> list[dict[str, Any]]:
        """A record a finished run; numbers that a diverged one does not have are None."""
        found: list[dict[str, Any]] = []
        for i in map(int, np.flatnonzero(self.finished)):
            sound = self.sound(i)
            ranks = self.ranks[i].tolist()
            found.append({
                "seed": int(self.seeds[i]),
                "loss": float(self.loss[i]) if sound else None,
                "stationarity": float(self.stationarity[i]) if sound else None,
                "ranks": {"before": [before for before, _ in ranks],
                          "after": [after for _, after in ranks[1:]]} if sound else None,
                "label": str(self.label[i]),
                "steps": int(self.steps[i]),
                "advice": self.advice(i) or None})
        return found

    def parameters(self, i: int) -> Parameters:
        """[H_1, W_1, ..., W_L] of run i."""
        return self.solutions[i]

    def sound(self, i: int) -> bool:
        """Whether run i ended on finite numbers."""
        return bool(self.diverged[i] < 0 and not self.failed[i])

    @property
    def trace(self) -> dict[str, NDArray[np.float64]]:
        """The trace by name: "loss", "fit", "regularisation", "gradient_norm", "step"."""
        return {name: self.trace_values[:, :, i] for i, name in enumerate(TRACED)}

    def advice(self, i: int) -> str:
        """A sentence on a run that diverged or failed; empty for the others."""
        if self.sound(i):
            return ""
        if self.failed[i]:
            return f"seed {self.seeds[i]} failed: {self.failed[i]}"
        return (f"seed {self.seeds[i]} diverged at step {self.diverged[i]}: "
                "use a smaller learning_rate or scale")

    @cached_property
    @QUIET
    def loss(self) -> NDArray[np.float64]:
        """The losses of the end points, by the NumPy reference."""
        return np.array([float(loss(self.parameters(i), self.problem)) if self.sound(i)
                         else np.nan for i in range(len(self))])

    @QUIET
    def stationary(self, i: int) -> Stationarity:
        """The stationarity of run i with the slopes that attain it."""
        return clarke(self.parameters(i), self.problem, guess=self.slopes[i], enough=1e-8)

    @cached_property
    def stationarity(self) -> NDArray[np.float64]:
        """The stationarity of the end points (`nctheory.solver.stationarity`)."""
        return np.array([self.stationary(i).value if self.sound(i) else np.nan
                         for i in range(len(self))])

    def means(self, i: int) -> list[Array]:
        """[M_1, ..., M_L], class means of the features of run i, before sigma."""
        features, _ = forward(self.parameters(i), self.problem)
        return [class_means(h, self.problem) for h in features]

    @cached_property
    @QUIET
    def ranks(self) -> NDArray[np.int64]:
        """Ranks of M_1..M_L before and after sigma, by `nctheory.metrics.numerical_rank`."""
        found = np.full((len(self), self.problem.layers, 2), -1)
        for i in filter(self.sound, range(len(self))):
            found[i] = ranks(self.parameters(i), self.problem)
        return found

    @cached_property
    def gap_ranks(self) -> NDArray[np.int64]:
        """The same by the largest gap between singular values."""
        found = np.full((len(self), self.problem.layers, 2), -1)
        for i in filter(self.sound, range(len(self))):
            found[i] = self.outcome(i).gap_ranks
        return found

    @cached_property
    def excess(self) -> dict[str, NDArray[np.float64]]:
        """The loss minus each family's closed form, by name."""
        return {name: self.loss - value for name, value in family_losses(self.problem).items()}

    @QUIET
    def outcome(self, i: int) -> EndPoint:
        """Everything measured of what run i became."""
        return outcome(self.parameters(i), self.problem)

    @cached_property
    def label(self) -> NDArray[np.str_]:
        """What each run became."""
        return np.array([self.outcome(i).label if self.sound(i) else
                         "failed" if self.failed[i] else "diverged" for i in range(len(self))])


def family_losses(problem: Problem) -> dict[str, float]:
    """The least loss of each family of constructions that has a member for `problem`, and of
    all of them ("best"); partial fits apart, and empty for classes of unequal size.

    >>> found = family_losses(Problem(classes=10, layers=4))
    >>> {name: round(loss, 7) for name, loss in found.items()}
    {'dnc': 0.0991799, 'triangular': 0.0811362, 'arc': 0.1428244, 'best': 0.0811362}
    """
    if isinstance(problem.samples, tuple):
        return {}
    K, L, loss = problem.classes, problem.layers, losses.get(problem.loss)
    found: dict[str, float] = {}
    for name, family in FAMILIES.items():
        made = None if family.best is None else family.best(
            K, L, loss, activations.homogeneous(problem.activation))
        if made is not None and (loss.centred or made.outputs(loss).share == 1):
            found[name] = made.loss(problem)
    return {**found, "best": min(found.values())} if found else {}
