"""Submissions to the atlas: measured, judged, refused with a reason."""

import numpy as np
import pytest

from nctheory import InputError, Triangular, threshold_table
from nctheory.atlas.submit import IMPROVES, REFUSED, TIE, WORSE, submit
from nctheory.constructions import stored


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
    frame = {f"W_{i}": np.eye(5) for i in range(1, 5)}
    assert submit(save(tmp_path, H_1=np.eye(5), **frame)).verdict == WORSE  # L = 4
    assert submit(save(tmp_path, H_1=np.eye(3), W_1=np.eye(3))).verdict == TIE  # L = 2


def test_a_last_layer_that_fits_roughly_is_measured_and_replaced(tmp_path):
    chain = stored.chain(3, 4)
    first, *rest = chain.unit_factors(4)[0]
    rest[-1] = rest[-1] * (1 + 1e-5)
    verdict = submit(save(tmp_path, H_1=first, **{f"W_{i}": w for i, w in enumerate(rest, 1)}))
    assert verdict.error == pytest.approx(1e-5, rel=1e-6)
    assert "off by 1e-05" in verdict.reason
    assert verdict.cost == pytest.approx(chain.cost(4), rel=1e-12)
    assert verdict.layers == 4


def test_an_improvement_is_recognised(tmp_path, monkeypatch):
    """Without the atlas in the registry, its chain improves on what is left."""
    from nctheory.constructions import FAMILIES

    chain = stored.chain(5, 4)
    monkeypatch.delitem(FAMILIES, "chain")
    path = save(tmp_path, H_1=chain.matrices[0].astype(float), **{
        f"W_{i}": m.astype(float) for i, m in enumerate(chain.matrices[1:], 1)})
    verdict = submit(path)
    assert verdict.improves and verdict.layers == 4
    assert verdict.known == pytest.approx(5)


def test_an_improvement_is_kept_with_the_users_data(tmp_path, monkeypatch, run):
    """Beside a package without chains: found in tables and by name, nothing else written."""
    chain = stored.chain(5, 4)
    path = save(tmp_path, H_1=chain.matrices[0].astype(float), **{
        f"W_{i}": m.astype(float) for i, m in enumerate(chain.matrices[1:], 1)})
    package, mine = tmp_path / "package", tmp_path / "mine"
    monkeypatch.setattr(stored, "PACKAGE", package)
    monkeypatch.setenv("NCTHEORY_DATA", str(mine))

    code, out, _ = run("atlas", "submit", str(path))
    assert code == 0 and "improves the cell" in out and f"kept in {mine}" in out
    out = run("atlas", "submit", str(path))[1]
    assert "no improvement: equal" in out and "kept" not in out
    (found,) = stored.chains(5)
    assert found.by == "submission mine.npz" and found.found.startswith("20")
    assert threshold_table([5], [4]).rows[0].construction.log_cost(4) == pytest.approx(
        chain.log_cost(4))
    assert stored.chain_sizes() == (5,) and not package.exists()


@pytest.mark.parametrize("system, variables, ends", [
    ("linux", {"XDG_DATA_HOME": "/x"}, "/x/nctheory"), ("linux", {}, ".local/share/nctheory"),
    ("darwin", {}, "Application Support/nctheory"),
    ("win32", {"LOCALAPPDATA": "/local"}, "/local/nctheory"),
    ("linux", {"NCTHEORY_DATA": "/data"}, "/data")])
def test_where_a_system_keeps_a_users_data(system, variables, ends, monkeypatch):
    for name in ("NCTHEORY_DATA", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", system)
    assert stored.user_folder().as_posix().endswith(ends)


@pytest.mark.parametrize("arrays, message", [
    (dict(H_1=np.eye(3), W_1=np.eye(2)), "W_1 must have 3 columns"),
    (dict(H_1=np.eye(3)), "file must hold H_1, W_1"),
    (dict(H_1=np.eye(3), W_2=np.eye(3)), "file must hold H_1, W_1"),
    (dict(H_1=np.eye(3), W_1=np.ones((3, 3))), "rank 3, got 1"),
    (dict(H_1=np.eye(3), W_1=np.full((3, 3), np.nan)), "W_1 must be a matrix of finite real"),
    (dict(H_1=np.eye(3), W_1=np.ones(3)), "W_1 must be a matrix of finite real"),
    (dict(H_1=np.eye(3), W_1=np.array([["a"]])), "W_1 must be a matrix of finite real"),
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
