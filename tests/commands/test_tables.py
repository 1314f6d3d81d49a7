"""`nctheory thresholds`, `cost` and `graph`."""

import csv
import io
import json

import pytest

from nctheory import construct


def test_default_table(run):
    status, out, _ = run("thresholds")
    assert status == 0
    assert "triangular r=6 s=3" in out
    assert "least K with DNC beaten:  L=2: 15, L=3: 7, L=4..5: 3" in out
    assert "\x1b" not in out  # no colour but on a terminal


def test_json_rows(run):
    status, out, _ = run("thresholds", "--classes", "9:11", "--layers", "3", "--format", "json",
                         "--weight-decay", "0.004", "--samples", "2")
    data = json.loads(out)
    assert status == 0 and set(data) >= {"parameters", "version", "rows"}
    assert data["parameters"]["weight_decay"] == 0.004 and data["parameters"]["samples"] == 2
    assert [row["classes"] for row in data["rows"]] == [9, 10, 11]
    row = data["rows"][1]
    assert row["construction"] == "triangular r=5 s=3"
    assert row["cost"] == pytest.approx(9.23437, abs=1e-5) and row["dnc_cost"] == 10
    assert row["ratio"] == row["cost"] / 10 and row["loss_ratio"] < 1
    assert row["verdict"] == "dnc beaten" and row["certified"] is True
    assert row["ranks"] == {"before": [5, 5, 5], "after": [5, 10]}


def test_csv_and_latex_hold_the_same_rows(run, tmp_path):
    path = tmp_path / "table.csv"
    status, out, _ = run("thresholds", "--classes", "10", "--layers", "3:4", "--format", "csv",
                         "--output", str(path))
    assert (status, out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["layers"] for row in rows] == ["3", "4"]
    assert rows[0]["ranks"] == "5 5 5 / 5 10"
    _, out, _ = run("thresholds", "--classes", "10", "--layers", "3:4", "--format", "latex")
    lines = out.splitlines()
    columns = lines[2].split("}{")[1].rstrip("}")
    body = [line for line in lines if line.startswith("10 &")]
    assert len(body) == 2 and all(line.count("&") == len(columns) - 1 for line in body)


def test_cost_of_a_construction(run):
    status, out, _ = run("cost", "triangular:r=6,s=3", "--layers", "2:3")
    assert status == 0 and "3250" in out and "beats DNC" in out
    _, out, _ = run("cost", "triangular:r=5,s=3+dnc:K=1", "--layers", "3", "--format", "json")
    row = json.loads(out)["rows"][0]
    assert row["ratio"] == pytest.approx(0.9304, abs=5e-5) and row["certified"] is True


def cross_entropy_row(run, construction, *arguments):
    status, out, err = run("cost", construction, "--loss", "ce", "--format", "json", *arguments)
    assert (status, err) == (0, "")
    row, = json.loads(out)["rows"]
    return row


def test_cost_for_cross_entropy(run):
    """THEORY.md section 4: (10, 2, 5, 2^-10) and (4, 2, 1, 1e-3)."""
    row = cross_entropy_row(run, "pairs:K=10", "--activation", "linear", "--layers", "2",
                            "--samples", "5", "--weight-decay", str(2**-10))
    assert row["loss"] == pytest.approx(0.0800127, abs=5e-8)
    assert row["dnc_loss"] == pytest.approx(0.0906622, abs=5e-8)
    assert row["loss_ratio"] == row["loss"] / row["dnc_loss"]
    assert row["cost"] == pytest.approx(5 * 4 ** (1 / 3))  # m 4^(1/(L+1))
    assert row["ranks"] == {"before": [5, 5], "after": [5]} and row["width"] == 5
    assert (row["verdict"], row["verdict_certified"], row["certified"]) == (
        "dnc beaten", True, True)
    assert len(row["critical_scales"]) == 2
    assert row["critical_scales"][1] == pytest.approx(row["scale"], rel=1e-9)
    row = cross_entropy_row(run, "pairs:K=4", "--activation", "linear", "--layers", "2",
                            "--weight-decay", "1e-3")
    assert row["loss"] == pytest.approx(0.0192415, abs=5e-8)
    assert (row["verdict"], row["comparison"], row["certified"]) == (
        "dnc not beaten", "does not beat DNC", True)


@pytest.mark.parametrize("construction, activation, layers, verdict", [
    ("groups:sizes=3/3/2", "linear", 3, "dnc beaten"), ("circle:K=10", "linear", 4, "dnc beaten"),
    ("dnc:K=6", "linear", 3, "dnc not beaten"), ("dnc:K=6", "linear", 1, "dnc optimal"),
    ("triangular:r=6,s=3", "relu", 3, "dnc beaten"), ("pairs:K=10", "relu", 4, "undecided")])
def test_cost_of_the_cross_entropy_families(run, construction, activation, layers, verdict):
    arguments = ["--activation", activation, "--layers", str(layers), "--weight-decay", "1e-4"]
    row = cross_entropy_row(run, construction, *arguments)
    assert row["verdict"] == verdict
    assert row["certified"] is True
    _, out, _ = run("cost", construction, "--loss", "ce", *arguments)
    assert f"{row['loss']:.7f}" in out and verdict in out and f"cross-entropy, {activation}" in out


def test_cost_says_where_zero_is_optimal(run):
    row = cross_entropy_row(run, "pairs:K=6", "--activation", "linear", "--layers", "3",
                            "--weight-decay", "0.2")
    assert (row["verdict"], row["scale"]) == ("zero not beaten by this library", 0)


def test_graph(run):
    status, out, _ = run("graph", "triangular:r=5")
    assert status == 0
    for line in ("10, 6, 3, 4", "6", "-2", "realised here"):
        assert line in out


def test_the_table_of_strongly_regular_graphs_is_that_of_their_costs(run):
    status, out, _ = run("graph", "--table", "16", "--format", "json")
    rows = {row["construction"]: row for row in json.loads(out)["graphs"]}
    assert status == 0 and rows["clebsch"]["least_layers"] == 3
    assert rows["clebsch"]["ratios"]["3"] == pytest.approx(construct("clebsch").cost(3) / 16)
    _, text, _ = run("graph", "--table", "16")
    assert all(label in text for label in rows)
