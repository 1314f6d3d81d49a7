"""Questions that judges ask of tables: groups of rows, trends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.stats import spearmanr
from scipy.stats import t as student

from nctheory.statistics import wilson

CHANCE = 0.01  # a trend that chance makes with a larger probability does not count


def group(rows: Iterable[Any], *columns: str) -> dict[Any, list[Any]]:
    """Rows by the values of one column, or of several as a tuple; in order of appearance."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        values = tuple(getattr(row, column) for column in columns)
        found.setdefault(values if len(values) > 1 else values[0], []).append(row)
    return found


def share(rows: Sequence[Any], holds: Callable[[Any], bool]) -> tuple[float, float, float]:
    """The share of rows of which something holds, and its Wilson 95 % interval.

    >>> [round(value, 3) for value in share([1] * 10, bool)]
    [1.0, 0.722, 1.0]
    """
    hits = sum(map(holds, rows))
    return hits / len(rows), *wilson(hits, len(rows))


def counted(rows: Sequence[Any], holds: Callable[[Any], bool]) -> str:
    """How many rows something holds of, with the interval of the probability, in words.

    >>> counted([1] * 10, bool)
    '10 of 10 [0.72, 1.00]'
    """
    _, low, high = share(rows, holds)
    return f"{sum(map(holds, rows))} of {len(rows)} [{low:.2f}, {high:.2f}]"


BRACKETS = "In brackets: 95 % intervals of the probability over random starts."


def trend(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation; 0 where y does not move.

    >>> trend([1, 2, 3], [5, 5, 5]), round(trend([1, 2, 3], [1, 4, 9]), 12)
    (0.0, 1.0)
    """
    if len(set(y)) < 2 or len(set(x)) < 2:
        return 0.0
    return float(spearmanr(x, y).statistic)


def clear(x: Sequence[float], y: Sequence[float], sign: int) -> bool:
    """Whether y rises (sign 1) or falls (-1) with x over single runs: Spearman's rank
    correlation has this sign, and chance gives one as large with probability 1/100 at most."""
    if len(set(y)) < 2 or len(set(x)) < 2:
        return False
    alternative: Literal["greater", "less"] = "greater" if sign > 0 else "less"
    return bool(spearmanr(x, y, alternative=alternative).pvalue <= CHANCE)


class Interval(NamedTuple):
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]"


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of independent values and Student's 95 % interval; unbounded for one value.

    >>> print(mean_interval([1.0, 2.0, 3.0]))
    2 [-0.484, 4.48]
    """
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Interval(mean, -math.inf, math.inf)
    half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """b of the least-squares fit log y = a + b log x.

    >>> round(exponent([1.0, 2.0, 4.0], [3.0, 12.0, 48.0]), 12)
    2.0
    """
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
