"""Where deep neural collapse (DNC) is beaten although no exact fit is cheaper: partial fits.

`PartialFit` says what decides: for some weight decays near the one at which DNC ceases, a
network that fits a share of the outputs is better than DNC and better than zero.  Here such
networks are searched, and followed down to the least decay at which they still win.  What is
found depends on the weight decay, so it stands beside the atlas of exact fits, never in it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nctheory import limits, losses
from nctheory.atlas.kernel import PENALTY, descend
from nctheory.atlas.search import (
    Factors,
    flat,
    forward,
    minimise,
    pruned,
    random_start,
    shaped,
)
from nctheory.constructions import Construction, Orthogonal, Ranks
from nctheory.constructions.partial import PartialFit, rounded
from nctheory.constructions.stored import partial_fits, user_folder, write_partial_fits
from nctheory.errors import integer, positive, require
from nctheory.network import collapse
from nctheory.network import forward as forward_pass
from nctheory.problem import Problem
from nctheory.thresholds import BEATEN, threshold_table

# An exact fit that costs more than so many times DNC is no start.
WIDE = 1.8
DIGITS = 4.5
# What counts as better: in the ratio, and in the onset.
MARGIN = 1e-5


class Lasting(NamedTuple):
    """A construction of some of the classes, the others at zero, as the decay grows.

    `ratio` is c / (tau K) of its own classes, `fitted` the tau K that it fits of them.
    """

    ratio: float
    construction: Construction
    fitted: float
    certified: bool


@dataclass(frozen=True)
class Interval:
    """Decays, as shares of the one at which DNC ceases, where DNC is beaten.

    From `onset` (by the fit `early`, the other classes DNC; None: by an exact fit, at every
    decay) up to 1 DNC is beaten by nonzero networks; from 1 up to 1 / `late.ratio` zero, too, by
    `late`, the other classes at zero.

    Of direct sums nothing more is to be had: times K the loss of one is K/2 less a gain of each
    block, which above 1 is positive up to the block's own 1/ratio, and below 1 is compared with
    DNC on the classes of this block alone.
    """

    classes: int
    layers: int
    early: PartialFit | None
    late: Lasting

    @property
    def onset(self) -> float:
        """The least share at which DNC is beaten, float64."""
        return _onset(self.early) if self.early else 0.0

    @property
    def end(self) -> float:
        """The greatest share at which zero is beaten."""
        return 1 / self.late.ratio

    @property
    def share(self) -> float:
        """tau of the network that lasts longest, of all classes."""
        return self.late.fitted / self.classes

    @property
    def certified(self) -> bool:
        """Whether exact arithmetic proves that DNC is beaten at some decay."""
        return self.late.certified

    @property
    def ranks(self) -> Ranks:
        """Of the network that lasts longest."""
        return self.late.construction.ranks(self.layers)


def intervals(classes: Iterable[int], layers: Iterable[int],
              folder: Path | None = None) -> list[Interval]:
    """The best known interval of each cell where there is one, by layers within classes.

    >>> [(found.classes, round(found.late.ratio, 4)) for found in intervals(range(3, 7), [2])]
    [(4, 0.9987), (5, 0.9815), (6, 0.9744)]
    """
    sizes, depths = list(classes), list(layers)
    rows = {(row.classes, row.layers): row for row in threshold_table(
        range(2, max(sizes, default=2) + 1), depths).rows}
    found = []
    for K, L in product(sizes, depths):
        fits = [fit for k in range(2, K + 1) for fit in partial_fits(k, folder)
                if fit.layers == L and fit.ratio_power < 1]
        exact = [row for k in range(2, K + 1) if (row := rows[k, L]).verdict == BEATEN]
        lasting = [Lasting(fit.ratio, fit, float(fit.classes * fit.share), True) for fit in fits]
        lasting += [Lasting(row.ratio, row.construction, row.classes, row.certified)
                    for row in exact]
        if lasting:
            late = min(lasting, key=lambda one: one.ratio)
            found.append(Interval(K, L, None if exact else min(fits, key=_onset), late))
    return found


def seek(classes: Iterable[int], layers: Iterable[int], *, seconds: float = 10.0, seed: int = 0,
         folder: Path | None = None) -> Iterator[Interval]:
    """Search each cell for `seconds`; store what lasts longer or starts earlier than all known in
    `folder`, by default the user's, and yield the interval of each cell where there is one."""
    seconds, rng = positive("seconds", seconds), np.random.default_rng(integer("seed", seed, 0))
    K_values, depths = limits.cells(classes, layers)
    for K in K_values:
        for L in depths:
            fits = [fit for fit in partial_fits(K, folder) if fit.layers == L]
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                start = _start(K, L, rng)
                if start is not None:
                    fits = _best([*fits, *followed(start)])
            if fits:
                others = [fit for fit in partial_fits(K, folder) if fit.layers != L]
                write_partial_fits([*others, *fits], K, folder or user_folder())
            yield from intervals([K], [L], folder)


def _best(fits: list[PartialFit]) -> list[PartialFit]:
    """The fit that lasts longest, and the one that starts earliest."""
    # What fits all but a rounding error is an exact fit, which the atlas has.
    fits = [fit for fit in fits if fit.ratio_power < 1 and fit.share < 1 - MARGIN]
    if not fits:
        return []
    late, early = min(fits, key=lambda fit: fit.ratio_power), min(fits, key=_onset)
    return [late] if _onset(late) < _onset(early) + MARGIN else [late, early]


def _onset(fit: PartialFit) -> float:
    return fit.onset() or 0.0


def _start(classes: int, layers: int, rng: np.random.Generator) -> PartialFit | None:
    """A partial fit of least ratio near a random exact fit of low rank; None: not below 1.

    From anywhere else descent ends at DNC on some of the classes, of ratio 1.
    """
    rank = int(rng.integers(2, max(3, (classes + 3) // 2)))
    cost, factors = minimise(random_start(classes, layers, rng, rank), (0.3, 0.1, 0.03), 60)
    if cost > (layers + 1) * math.log(WIDE * classes):
        return None
    factors = pruned(factors)
    x, sizes = flat([*factors, np.linalg.pinv(np.maximum(forward(factors)[-1], 0))])
    for smoothing in (0.03, 0.01, 1e-3, 1e-5):
        x = descend(x, sizes, smoothing, PENALTY, 200, 1e-7, True)
    return _fit(shaped(x, sizes))


def _fit(factors: Factors) -> PartialFit | None:
    """Rounded to integers, where the ratio stays below 1."""
    if not all(np.isfinite(f).all() and f.any() for f in factors):
        return None
    fit = rounded(factors, DIGITS)
    return fit if fit.ratio_power < 1 else None


def followed(fit: PartialFit) -> list[PartialFit]:
    """The fit, and what it becomes when trained at ever smaller decays, while it beats DNC."""
    from nctheory.solver import solve

    path, critical = [fit], float(losses.critical_kappa(fit.layers)) / fit.classes
    while True:
        onset = path[-1].onset()
        if not onset:
            return path
        problem = Problem(classes=fit.classes, layers=fit.layers, weight_decay=onset * critical)
        start = path[-1].weights(problem)
        result = solve(problem, width=start[0].shape[0], seeds=[0], method="quasi-newton",
                       init=start, smoothing=0.01, threads=1, steps=4000)
        found = _fit(_compact(result.parameters(0))) if result.sound(0) else None
        if found is None or _onset(found) > onset - MARGIN:
            return path
        path.append(found)


@dataclass(frozen=True)
class Relaxed:
    """What training makes of the best construction of a cell at one weight decay.

    `loss` is that of a network whose outputs need not be z times the identity; `closed_form` that
    of the construction.  Observed: a solver found it, nothing says that it is least.
    """

    problem: Problem
    construction: Construction
    loss: float
    stationarity: float
    share: float

    @property
    def closed_form(self) -> float:
        """The least loss of the construction with its exact fit."""
        return self.construction.loss(self.problem)

    @property
    def dnc(self) -> float:
        """The least loss of DNC, or of zero."""
        return Orthogonal(classes=self.problem.classes).loss(self.problem)


def relax(problem: Problem) -> Relaxed:
    """Train the best construction of the atlas, and the partial fits of its cell, where they lead.

    Parameters
    ----------
    problem : Problem
        MSE and ReLU, the same number of samples n in each class; it is solved with one sample a
        class, which is equivalent for collapsed networks.

    Examples
    --------
    >>> found = relax(Problem(classes=10, layers=3, weight_decay=0.01))
    >>> found.loss < found.closed_form < found.dnc
    True
    """
    from nctheory.solver import solve

    require((problem.loss, problem.activation) == ("mse", "relu"), "problem",
            "have mean squared error and ReLU", (problem.loss, problem.activation))
    K, L = problem.classes, problem.layers
    one = collapse(problem)
    best: Any = threshold_table([K], [L]).rows[0].construction
    starts = [best.weights(one)] + [fit.weights(one) for fit in partial_fits(K) if fit.layers == L]
    ends = [solve(one, width=len(start[0]), seeds=[0], method="quasi-newton", init=start,
                  smoothing=0.01, threads=1) for start in starts if start[0].any()]
    if not ends:  # all of them are zero at this decay
        return Relaxed(problem, best, 0.5, 0.0, 0.0)
    end = min(ends, key=lambda result: float(result.loss[0]))
    outputs = forward_pass(end.parameters(0), one)[1]
    share = np.trace(outputs) ** 2 / max(K * np.sum(outputs**2), 1e-300)
    return Relaxed(problem, best, float(end.loss[0]), float(end.stationarity[0]), float(share))


def _compact(factors: Factors) -> Factors:
    """Without the units that padding added or training switched off."""
    *hidden, last = factors
    for i in range(len(hidden)):
        after = hidden[i + 1] if i + 1 < len(hidden) else last
        alive = (np.abs(hidden[i]).max(axis=1) > 1e-7) & (np.abs(after).max(axis=0) > 1e-7)
        hidden[i] = hidden[i][alive]
        if i + 1 < len(hidden):
            hidden[i + 1] = after[:, alive]
        else:
            last = after[:, alive]
    return [*hidden, last]
