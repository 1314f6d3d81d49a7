"""`nctheory phases`."""

import json

import pytest


def test_command(run, tmp_path):
    grid = ("--classes", "4", "--layers", "2:3", "--weight-decay", "1e-3:1:4")
    status, out, _ = run("phases", *grid)
    assert status == 0 and " 2   DNC from 0.001, " in out and "zero from" in out
    _, out, _ = run("phases", *grid, "--format", "json")
    data = json.loads(out)
    assert data["axes"] == ["layers", "weight_decay"] and data["families"][1][0] == "pairs"
    pytest.importorskip("matplotlib")
    status, _, _ = run("phases", *grid, "--figure", str(tmp_path / "a.pdf"))
    assert status == 0 and (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("arguments, message", [
    (("--weight-decay", "1:2"), "must be a number or low:high:points"),
    (("--weight-decay", "1:0.5:4"), "with 0 < low < high"),
    (("--layers", "2", "--weight-decay", "1e-3"), "exactly two of classes"),
    (("--layers", "2:3", "--weight-decay", "1e-3:1:2", "--figure", "/nowhere/a.pdf"),
     "--figure must be a writable file"),
    (("--layers", "2:3", "--weight-decay", "1e-3:1:2", "--figure", "a.xyz"),
     "--figure must end in .png, .pdf, .svg")])
def test_command_refusals(run, arguments, message):
    status, out, err = run("phases", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nctheory: error: ") and err.count("\n") == 1 and message in err
