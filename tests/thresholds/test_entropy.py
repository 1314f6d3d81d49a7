"""Threshold tables for cross-entropy: against Theorems 1 and 7, and what they call certified."""

import json
import math
import sys

import pytest

from nctheory import Orthogonal, Pairs, Problem, cli, threshold_table
from nctheory.thresholds import BEATEN, NOT_BEATEN, OPTIMAL, UNDECIDED, ZERO


def test_theorem_1_cell_by_cell():
    """[GK25, Theorem 1] (even K) and its odd variant: K >= 4 for L >= 3, K >= 6 for L = 2."""
    for row in threshold_table(range(2, 41), range(1, 9), loss="ce", activation="linear").rows:
        K, L = row.classes, row.layers
        if L == 1 or K == 2:
            assert row.verdict == OPTIMAL and not row.certified
        else:
            assert row.verdict == (BEATEN if K >= 4 and L >= 3 or K >= 6 else NOT_BEATEN)
            assert row.certified and (row.verdict == BEATEN) == (row.ratio < 1)


def test_with_relu_the_table_reaches_beyond_theorem_7():
    table = threshold_table(range(3, 20), range(2, 7), loss="ce")
    for row in table.rows:
        K, L = row.classes, row.layers
        if L == 4 and K >= 14 or L == 5 and K >= 10:
            assert row.verdict == BEATEN
        if row.verdict in (BEATEN, NOT_BEATEN):
            assert row.certified
        assert (row.verdict == BEATEN) == (row.ratio < 1)
    # Ours, by the triangular family (K = 15 at L = 3, K = 10 at L = 4), the chains of the atlas
    # and sums: exact decisions, against K = 14 at L = 4 by pairs [GK25, Theorem 7].
    least = table.least_classes()
    assert least[2] is None
    assert all(least[L] <= known for L, known in {3: 14, 4: 8, 5: 6, 6: 6}.items())


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("decay", [1e-6, 1e-3, 0.03, 0.1])
def test_verdicts_agree_with_the_losses(activation, decay):
    for row in threshold_table(range(2, 21), range(1, 6), loss="ce", activation=activation,
                               weight_decay=decay).rows:
        if row.verdict == BEATEN:
            assert row.loss < row.dnc_loss
        if row.verdict == ZERO:
            assert row.loss == math.log(row.classes) and not row.certified
        if row.verdict == UNDECIDED:
            assert activation == "relu"
        problem = Problem(classes=row.classes, layers=row.layers, weight_decay=decay, loss="ce",
                          activation=activation)
        assert row.construction.loss(problem) == row.loss


def test_four_classes_two_layers_depend_on_the_weight_decay():
    """Theorem 1 stops here: DNC wins at small lam, pairs next to where zero wins."""
    cells = {decay: threshold_table([4], [2], loss="ce", activation="linear",
                                    weight_decay=decay).rows[0].verdict
             for decay in (1e-6, 1e-3, 0.05, 0.09, 0.2)}
    assert cells[1e-6] == cells[1e-3] == NOT_BEATEN and cells[0.2] == ZERO
    assert BEATEN in cells.values()


def test_zero_is_excluded_by_bounds_wherever_the_loss_is_clearly_below_log_K():
    for K, L, decay in ((6, 3, 1e-3), (7, 2, 0.02), (10, 6, 1e-8), (40, 2, 1e-4)):
        for made in (Pairs(classes=K), Orthogonal(classes=K)):
            problem = Problem(classes=K, layers=L, weight_decay=decay, loss="ce",
                              activation="linear")
            assert made.loss(problem) < math.log(K) and made.is_zero(problem) is False
    dead = Problem(classes=6, layers=3, weight_decay=0.2, loss="ce", activation="linear")
    assert Pairs(classes=6).is_zero(dead) is None


def test_command_line(monkeypatch, capsys):
    arguments = ["nctheory", "thresholds", "--loss", "ce", "--activation", "linear", "--classes",
                 "10", "--layers", "2", "--samples", "5", "--weight-decay", str(2**-10)]
    monkeypatch.setattr(sys, "argv", [*arguments, "--format", "json"])
    with pytest.raises(SystemExit):
        cli.main()
    data = json.loads(capsys.readouterr().out)
    assert data["parameters"]["loss"] == "ce" and data["parameters"]["activation"] == "linear"
    row, = data["rows"]
    # THEORY.md section 4.
    assert row["loss"] == pytest.approx(0.0800127, abs=5e-8)
    assert row["dnc_loss"] == pytest.approx(0.0906622, abs=5e-8)
    assert row["construction"] == "pairs 10" and row["ranks"]["before"] == [5, 5]
    assert row["verdict"] == BEATEN and row["certified"] is True
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        cli.main()
    assert "cross-entropy, linear" in capsys.readouterr().out
