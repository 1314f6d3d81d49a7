"""Pairs of classes: [GK25] Theorems 1 and 7, and known losses."""

from fractions import Fraction

import pytest

from nctheory import Orthogonal, Pairs, Problem, activations, losses

MODEL = losses.get("ce"), activations.homogeneous("relu")


@pytest.mark.parametrize("K, L, n, decay, collapse, pairs", [  # THEORY.md section 4
    (10, 2, 5, 2**-10, 0.0906622, 0.0800127), (4, 2, 1, 1e-3, 0.0188949, 0.0192415),
    (10, 6, 1, 1e-4, 0.0063994, 0.0043636)])
def test_known_losses(K, L, n, decay, collapse, pairs):
    problem = Problem(classes=K, layers=L, samples=n, weight_decay=decay, loss="ce",
                      activation="linear")
    assert Orthogonal(classes=K).loss(problem) == pytest.approx(collapse, abs=5e-8)
    assert Pairs(classes=K).loss(problem) == pytest.approx(pairs, abs=5e-8)


def test_theorem_1_in_integers():
    """[GK25, Theorem 1]: pairs beat DNC iff m 2^(2/(L+1)) < 2m - 1, for even K = 2m."""
    for m in range(2, 40):
        for L in range(1, 12):
            sign = Pairs(classes=2 * m).compare_with_dnc(L)
            assert (sign == -1) == (m ** (L + 1) * 4 < (2 * m - 1) ** (L + 1))
            assert (sign == -1) == (L >= 3 or L == 2 and m >= 3)


def test_theorem_7_thresholds():
    """THEORY.md section 5 for even K: L = 4 from K = 14, L = 5 from K = 10.  For odd K, whose
    last class adds 1 to c and to K - 1 alike (ours), just where K - 1 does."""
    for L, even in ((4, 14), (5, 10)):
        for K in range(4, 60):
            sign = Pairs(classes=K).compare_with_dnc(L, "ce", "relu")
            assert (sign == -1) == (K >= even)
    assert Pairs(classes=15).cost(4, "ce", "relu") == pytest.approx(13.856, abs=5e-4)
    for L in (2, 3, 4, 5, 9):
        for K in range(5, 40, 2):
            odd, even = Pairs(classes=K), Pairs(classes=K - 1)
            assert odd.cost(L, "ce", "relu") == pytest.approx(
                even.cost(L, "ce", "relu") + 1, rel=1e-14)
    for K in range(4, 200, 2):  # P = (2K+4)^(L-2) (2K)^3 / 4^(L-1)
        for L in (2, 3, 5):
            cost = Pairs(classes=K).network(*MODEL).representation_cost(L)
            P = Fraction((2 * K + 4) ** (L - 2) * (2 * K) ** 3, 4 ** (L - 1))
            assert cost.compare(P) == 0
