"""The table of best known costs, and submissions."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from nctheory import InputError, Triangular, threshold_table
from nctheory.atlas.submit import IMPROVES, REFUSED, TIE, WORSE, submit
from nctheory.atlas.table import OPEN, atlas, lower_bound
from nctheory.cli import cli
from nctheory.constructions import stored


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


# --- submissions ---

def save(folder, **arrays):
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


def test_the_triangular_construction_ties_with_itself(tmp_path):
    """At K = 10, L = 3 it is the best known; its own factors, in floats, are no improvement."""
    made = Triangular(vertices=5, subset=3)
    known = threshold_table([10], [3]).rows[0]
    path = save(tmp_path, features=made.shapes(3)[0], rows=made.shapes(3)[1])
    verdict = submit(path, layers=3)
    assert verdict.cost == pytest.approx(made.cost(3), rel=1e-12)
    assert verdict.known == pytest.approx(known.cost)
    if known.construction.label.startswith("triangular"):
        assert verdict.verdict in (TIE, WORSE, IMPROVES)  # floats of V are rounded


def test_deep_neural_collapse_is_no_improvement(tmp_path):
    frame = {f"W{i}": np.eye(5) for i in range(1, 5)}
    assert submit(save(tmp_path, H1=np.eye(5), **frame)).verdict == WORSE  # L = 4
    assert submit(save(tmp_path, H1=np.eye(3), W1=np.eye(3))).verdict == TIE  # L = 2


def test_a_last_layer_that_fits_roughly_is_measured_and_replaced(tmp_path):
    chain = stored.chain(3, 4)
    first, *rest = chain.unit_factors(4)[0]
    rest[-1] = rest[-1] * (1 + 1e-5)
    verdict = submit(save(tmp_path, H1=first, **{f"W{i}": w for i, w in enumerate(rest, 1)}))
    assert verdict.error == pytest.approx(1e-5, rel=1e-6)
    assert "off by 1e-05" in verdict.reason
    assert verdict.cost == pytest.approx(chain.cost(4), rel=1e-12)
    assert verdict.layers == 4


def test_an_improvement_is_recognised(tmp_path, monkeypatch):
    """Without the atlas in the registry, its chain improves on what is left."""
    from nctheory.constructions import FAMILIES

    chain = stored.chain(5, 4)
    monkeypatch.delitem(FAMILIES, "atlas")
    path = save(tmp_path, H1=chain.matrices[0].astype(float), **{
        f"W{i}": m.astype(float) for i, m in enumerate(chain.matrices[1:], 1)})
    verdict = submit(path)
    assert verdict.improves and verdict.layers == 4
    assert verdict.known == pytest.approx(5)


@pytest.mark.parametrize("arrays, message", [
    (dict(H1=np.eye(3), W1=np.eye(2)), "W_1 must have 3 columns"),
    (dict(H1=np.eye(3)), "file must hold H1, W1"),
    (dict(H1=np.eye(3), W2=np.eye(3)), "file must hold H1, W1"),
    (dict(H1=np.eye(3), W1=np.ones((3, 3))), "rank 3, got 1"),
    (dict(H1=np.eye(3), W1=np.full((3, 3), np.nan)), "W1 must be a matrix of finite real"),
    (dict(H1=np.eye(3), W1=np.ones(3)), "W1 must be a matrix of finite real"),
    (dict(H1=np.eye(3), W1=np.array([["a"]])), "W1 must be a matrix of finite real"),
    (dict(features=-np.eye(3), rows=np.eye(3)), r"features\[0, 0\] must be nonnegative"),
    (dict(features=np.ones((2, 2)), rows=np.eye(2)), "parallel")])
def test_bad_submissions_are_refused_with_a_reason(arrays, message, tmp_path):
    verdict = submit(save(tmp_path, **arrays))
    assert verdict.verdict == REFUSED
    assert message.replace("\\", "") in verdict.reason or message in verdict.reason


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="file must be a readable .npz file"):
        submit(tmp_path / "nowhere.npz")
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="file must be a readable .npz file"):
        submit(path)


def test_commands(tmp_path):
    run = CliRunner().invoke
    out = run(cli, ["atlas", "--classes", "3:4", "--layers", "3:4", "--format", "json"])
    assert [row["classes"] for row in json.loads(out.output)["rows"]] == [3, 3, 4, 4]
    path = save(tmp_path, H1=np.eye(3), W1=np.eye(3))
    assert "no improvement" in run(cli, ["atlas", "submit", str(path)]).output
    answer = json.loads(run(cli, ["atlas", "submit", str(path), "--format", "json"]).output)
    assert answer["classes"] == 3 and not answer["improves"]
    out = run(cli, ["atlas", "search", "--classes", "3", "--layers", "4", "--seconds", "0.5",
                    "--data", str(tmp_path)])
    assert out.exit_code == 0 and "K=3 L=4" in out.output
    assert math.isfinite(float(out.output.split("->")[1].split()[0]))
