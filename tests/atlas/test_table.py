"""The table of best known costs, and submissions."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from nctheory.atlas.table import OPEN, atlas, lower_bound
from nctheory.cli import cli


@pytest.fixture(scope="module")
def cells():
    return atlas(range(2, 31), range(1, 13))


def test_bounds_enclose_and_verdicts_follow(cells):
    for cell in cells:
        K, L = cell.classes, cell.layers
        assert 0 < cell.lower <= cell.cost <= K * (1 + 1e-15)
        if cell.status == "dnc optimal":
            assert cell.lower == pytest.approx(cell.cost) == K
        elif cell.status == OPEN:
            assert cell.cost == pytest.approx(K) and cell.lower < K
        else:
            assert cell.certified and cell.cost < K
            assert cell.construction.compare_with_dnc(L) == -1


@pytest.mark.parametrize("K", [2, 3, 7, 15])
def test_lower_bound_is_what_dnc_costs_where_dnc_is_optimal(K):
    assert lower_bound(K, 1) == K**2
    assert lower_bound(2, K) == 2 ** (K + 1)


def test_no_construction_is_below_the_lower_bound(cells):
    for cell in cells:
        low, high = cell.construction.cost_bounds(cell.layers)
        assert high ** (cell.layers + 1) >= lower_bound(cell.classes, cell.layers)


def test_the_atlas_beats_dnc_where_the_papers_are_silent(cells):
    """[SLM24, Theorem 5] has K >= 6 for L >= 4 and K >= 10 for L = 3; certified below (ours)."""
    beaten = {(cell.classes, cell.layers) for cell in cells if cell.status == "dnc beaten"}
    assert {(K, L) for K in range(3, 31) for L in range(4, 13)} <= beaten
    assert {(K, 3) for K in range(7, 31)} <= beaten


def save(folder, **arrays):
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


def test_commands(tmp_path):
    run = CliRunner().invoke
    out = run(cli, ["atlas", "--classes", "3:4", "--layers", "3:4", "--format", "json"])
    assert [row["classes"] for row in json.loads(out.output)["rows"]] == [3, 3, 4, 4]
    path = save(tmp_path, H_1=np.eye(3), W_1=np.eye(3))
    assert "no improvement" in run(cli, ["atlas", "submit", str(path)]).output
    answer = json.loads(run(cli, ["atlas", "submit", str(path), "--format", "json"]).output)
    assert answer["classes"] == 3 and not answer["improves"]
    out = run(cli, ["atlas", "search", "--classes", "3", "--layers", "4", "--seconds", "0.5",
                    "--data", str(tmp_path)])
    assert out.exit_code == 0 and "K=3 L=4" in out.output
    assert math.isfinite(float(out.output.split("->")[1].split()[0]))
