"""Basins without decay: counted, reproducible, and judged by their tables."""

from dataclasses import replace

from nctheory.reproduce import experiment
from nctheory.reproduce.gkt26 import Gaussian, Spectral

SMALL = {"classes": [4], "layers": [1, 3], "runs": 3, "trained": 3, "steps": 60,
         "depths": [2], "widths": [4, 6], "repulsion": [1, 2]}


def test_it_runs_and_is_reproducible():
    found, steps = experiment("gkt26-basins"), []
    tiny = replace(found, quick={**found.quick, **SMALL})
    first = tiny.run(quick=True, progress=lambda done, total: steps.append((done, total)))
    assert first.tables == tiny.run(quick=True).tables and steps[-1] == (4, 4)
    most = {L: max(row.ratio for row in first.tables["repulsion"] if row.layers == L)
            for L in (1, 2)}
    assert most[1] < 1.1001 and most[2] > 1.11 and first.figure().axes


def test_the_verdict_is_no_where_depth_changes_nothing():
    found = experiment("gkt26-basins")
    spectral = [Spectral(4, L, run, run % 2 == 0, 1.0) for L in (1, 2, 3) for run in range(50)]
    gaussian = [Gaussian(4, 2, width, run, width > 10, 3, 0.0)
                for width in (6, 24) for run in range(20)]
    tables = {"spectral": spectral, "gaussian": gaussian, "repulsion": []}
    assert found.judge(tables, found.quick).verdict == "no match"
    falls = [row._replace(dnc=row.dnc and row.layers == 1) for row in spectral]
    assert found.judge({**tables, "spectral": falls}, found.quick).verdict == "trend"
