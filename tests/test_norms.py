"""Costs in other norms against explicit matrices, and the theorem against random networks."""

import math

import numpy as np
import pytest

from nctheory import Orthogonal, Pairs, Triangular, construct
from nctheory.norms import NORMS, log_cost, norm_table


@pytest.mark.parametrize("made, loss, activation", [
    (Triangular(vertices=5, subset=3), "mse", "relu"), (Orthogonal(classes=4), "mse", "relu"),
    (Pairs(classes=6), "ce", "linear"), (Pairs(classes=6), "ce", "relu"),
    (construct("triangular:r=5,s=3+dnc:K=1"), "mse", "relu")], ids=str)
def test_frobenius_is_the_cost(made, loss, activation):
    found = log_cost(made, 4, "frobenius", loss, activation)
    assert math.exp(found) == pytest.approx(made.cost(4, loss, activation), rel=1e-9)


def test_norms_are_at_least_frobenius():
    rng = np.random.default_rng(0)
    for shape in ((3, 5), (6, 2)):
        matrix = rng.standard_normal(shape)
        for word in ("rows", "columns", "entries"):
            assert NORMS[word](matrix) >= NORMS["frobenius"](matrix)
            assert NORMS[word](np.repeat(matrix, 2, axis=0) if word == "rows" else matrix) >= (
                NORMS[word](matrix))
    assert NORMS["spectral"](np.diag([3.0, 4.0])) == 4


def test_dnc_costs_one_in_the_spectral_norm_and_nothing_costs_less():
    assert log_cost(Orthogonal(classes=7), 3, "spectral") == pytest.approx(0)
    for row in norm_table([6, 10, 15], [2, 3, 4], "spectral").rows:
        assert row.ratio >= 1 - 1e-12


def test_spectral_budget_on_random_networks():
    """Both bounds of the theorem, on networks of spectral norms 1 with columns of norm 1."""
    rng = np.random.default_rng(1)
    for K, L, d in ((3, 2, 8), (4, 3, 12)):
        for _ in range(50):
            H = np.maximum(rng.standard_normal((d, K)), -rng.uniform())
            H /= np.linalg.norm(H, axis=0)
            for layer in range(L):
                W = rng.standard_normal((K if layer == L - 1 else d, d))
                W /= np.linalg.norm(W, 2)
                H = W @ (np.maximum(H, 0) if layer else H)
            gaps = (H.diagonal() - H).sum() / (K * (K - 1))
            assert gaps <= 1 and (np.linalg.norm(H, axis=0) <= 1 + 1e-12).all()


def test_verdicts_say_what_is_proved(run):
    assert not norm_table([5], [3], "spectral", loss="ce", activation="leaky:a=1/10").proved
    status, out, _ = run("thresholds", "--classes", "10", "--layers", "4", "--norm", "spectral")
    assert status == 0 and "dnc optimal" in out
    assert norm_table([10], [4], "rows").rows[0].ratio < 1
