"""The atlas in every format, and its pictures, refused before anything is computed."""

import json

import pytest

from nctheory import files
from nctheory.atlas.table import atlas
from nctheory.report.atlas import FORMATS
from nctheory.report.atlas_pictures import draw_phases


@pytest.fixture(scope="module")
def cells():
    return atlas(range(2, 12), range(1, 6))


def test_formats(cells):
    rows = json.loads(FORMATS["json"](cells))["rows"]
    assert {"classes", "layers", "cost", "lower", "construction", "certified",
            "ranks"} <= set(rows[0])
    assert len(rows) == len(cells)
    assert FORMATS["csv"](cells).count("\n") == len(cells) + 1
    assert FORMATS["latex"](cells).count(r"\\") == len({c.classes for c in cells}) + 1
    assert "cells beat deep neural collapse" in FORMATS["text"](cells)


def test_phase_diagram(cells, tmp_path):
    pytest.importorskip("matplotlib")
    draw_phases(cells, tmp_path / "phases.png")
    assert (tmp_path / "phases.png").stat().st_size > 1000


@pytest.mark.parametrize("command", [("atlas",), ("atlas", "show", "3", "4"), ("phases",)])
@pytest.mark.parametrize("file, message", [
    ("x.exe", "figure must end in .png, .pdf, .svg, got 'x.exe'"),
    ("x", "figure must end in .png, .pdf, .svg, got 'x'"),
    ("nowhere/x.png", "figure must be a writable file, got 'nowhere/x.png'"),
    ("folder.png", "figure must be a writable file, got 'folder.png'"),
    ("good.png", "figures need the extra 'plot' (matplotlib is missing)")])
def test_pictures_are_refused_before_the_work(command, file, message, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    if file == "good.png":
        monkeypatch.setattr(files, "find_spec", lambda name: None)
    status, out, err = run(*command, "--figure", file)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1
