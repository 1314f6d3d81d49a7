"""NC0 by optimiser: measured on end points, and judged by medians."""

from dataclasses import replace

import pytest

from nctheory.reproduce import experiment
from nctheory.reproduce.zcml26 import Row


def test_decoupled_muon_ends_at_its_budget():
    """Spectral norms 1/lam, and DNC, as the theorem on spectral budgets has it."""
    found = experiment("zcml26-optimisers")
    tiny = replace(found, quick={**found.quick, "runs": 2, "steps": [100, 4000],
                                 "settings": [["muon", "decoupled", 5e-3, 0.5]]})
    result = tiny.run(quick=True)
    ends = [row for row in result.tables["runs"] if row.steps == 4000]
    assert all(row.dnc and row.nc0 < 1e-6 for row in ends) and result.figure().axes
    assert [row.excess for row in ends] == pytest.approx([1, 1], abs=0.01)


def test_the_verdict_follows_the_medians():
    found = experiment("zcml26-optimisers")
    rows = [Row(name, decay, 0.1, seed, 10, 1e-6 if decay == "coupled" else 1e-2, False, 3, 1.0)
            for name, decay in (("gd", "coupled"), ("adam", "coupled"), ("adam", "decoupled"))
            for seed in range(3)]
    assert found.judge({"runs": rows}, found.quick).verdict == "trend"
    raised = [row._replace(nc0=1e-2) for row in rows]
    assert found.judge({"runs": raised}, found.quick).verdict == "no match"
