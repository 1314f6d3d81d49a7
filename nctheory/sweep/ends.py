"""How often each optimum appears: the end points of many runs of the solver, counted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nctheory.statistics import wilson
from nctheory.sweep.store import Row, Store

SETTLED = 1e-6  # stationarity below which a run is at an end point
SAME = 1e-8  # two end points of one kind whose losses differ by less, relatively, are one

Kind = tuple[str, str]  # label and ranks


def end_points(store: Store, task: str | None = None,
               version: str | None = None) -> Iterator[dict[str, Any]]:
    """The end points of each setting, the lowest loss first, with how many runs came there.

    Runs are at one end point if they have the same label and ranks, and losses that a chain of
    steps below 1e-8 of them connects.  Those that have not settled (stationarity above 1e-6), or
    diverged, are counted without a loss.  The memory needed is a number a run.

    Yields
    ------
    dict
        The parameters, "loss" (the least), "label", "ranks" of M_1, ..., M_L before sigma,
        "runs", "share" of the setting's runs, and "low", "high", its Wilson interval of 95 %.
    """
    setting: dict[str, Any] | None = None
    found: dict[Kind, list[float]] = defaultdict(list)
    for row in store.rows(task, version):
        if row.parameters != setting:
            if setting is not None:
                yield from _counted(setting, found)
            setting, found = row.parameters, defaultdict(list)
        kind, loss = _kind(row)
        found[kind].append(loss)
    if setting is not None:
        yield from _counted(setting, found)


def _kind(row: Row) -> tuple[Kind, float]:
    result = row.result
    if result is None:
        return ("failed", ""), 0.0
    if result["end_loss"] is None:
        return (result["label"], ""), 0.0
    if result["stationarity"] > SETTLED:
        return ("not settled", ""), 0.0
    return (result["label"], json.dumps(result["ranks_before"])), result["end_loss"]


def _counted(setting: dict[str, Any],
             found: dict[Kind, list[float]]) -> Iterator[dict[str, Any]]:
    total = sum(map(len, found.values()))
    ends: list[tuple[float, int, Kind]] = []
    for kind, losses in found.items():
        losses.sort()
        first = 0
        for i, loss in enumerate(losses, start=1):
            if i == len(losses) or losses[i] - loss > SAME * abs(loss):
                ends.append((losses[first], i - first, kind))
                first = i
    for loss, runs, (label, ranks) in sorted(ends, key=lambda end: (not end[2][1], end)):
        low, high = wilson(runs, total)
        yield {**setting, "loss": loss if ranks else None, "label": label,
               "ranks": json.loads(ranks) if ranks else None, "runs": runs,
               "share": runs / total, "low": low, "high": high}
