"""The page of one cell of the atlas."""

import json

import pytest
from click.testing import CliRunner

from nctheory.cli import cli


def test_show(tmp_path):
    run = CliRunner().invoke
    text = run(cli, ["atlas", "show", "3", "4"]).output
    assert "3 points in the plane" in text and "symmetry: a group of order 2 (S_2)" in text
    data = json.loads(run(cli, ["atlas", "show", "11", "3", "--format", "json"]).output)
    assert data["symmetry"]["order"] == 24 and data["hidden"][0]["name"] == "edges of K_5 + loop"
    pytest.importorskip("matplotlib")
    for K, L in ((3, 4), (6, 5), (7, 3), (10, 3)):  # plane, section, graph with and without loop
        path = tmp_path / f"{K}.svg"
        assert run(cli, ["atlas", "show", str(K), str(L), "--figure", str(path)]).exit_code == 0
        assert "<svg" in path.read_text()


@pytest.mark.parametrize("arguments, message", [
    (["1", "4"], "classes must be an integer at least 2, got 1"),
    (["3", "1"], "layers must be an integer at least 2, got 1"),
    (["x", "4"], "not a valid integer")])
def test_what_cannot_be_shown(arguments, message, tmp_path, monkeypatch, capsys):
    from nctheory.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["nctheory", "atlas", "show", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
