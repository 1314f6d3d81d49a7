"""Margins without decay against explicit matrices, exact comparisons, and found codes."""

import math

import numpy as np
import pytest

from nctheory import Circle, Groups, InputError, Orthogonal, Pairs
from nctheory.constructions.edge_code import EdgeCode
from nctheory.losses import get
from nctheory.margins import SoftmaxCode, compare, limit, log_margin, margin_table, softmax_code
from nctheory.margins.margin import cost_bounds

MADE = [Orthogonal(classes=5), Pairs(classes=6), Groups(sizes=(2, 2, 1)),
        Groups(sizes=(3, 1, 1, 1)), Circle(classes=7), EdgeCode(vertices=5)]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.label)
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_margin_is_that_of_explicit_matrices(made, layers):
    """The least margin over the Schatten quasi-norm, by numpy's singular values."""
    S = made.outputs(get("ce")).matrix()
    s = np.linalg.svd(S, compute_uv=False)
    p = 2 / (layers + 1)
    least = (S.diagonal() - S)[~np.eye(len(S), dtype=bool)].min()
    expected = math.log(least) - math.log((s[s > 1e-9] ** p).sum()) / p
    assert log_margin(made, layers) == pytest.approx(expected, abs=1e-12)
    low, high = cost_bounds(made, layers)
    assert low <= high and float(low) == pytest.approx(made.cost(layers, "ce", "linear"))


def test_singles_are_centred():
    """What taking the mean off saves: s = sqrt(1 - q/K), by hand for one single of five."""
    spectrum = Groups(sizes=(2, 2, 1)).spectrum()
    assert sorted((float(theta), m) for theta, m in spectrum.items()) == [(0.8, 1), (4.0, 2)]
    assert log_margin(Groups(sizes=(2, 2, 1)), 3) > log_margin(Pairs(classes=5), 3)


def test_pairs_against_dnc_is_theorem_1_of_gk25():
    """m 2^(2/(L+1)) < 2m-1: K >= 4 at L >= 3, K >= 6 at L = 2."""
    for m in (2, 3, 4):
        for L in (1, 2, 3, 4):
            sign = compare(Pairs(classes=2 * m), Orthogonal(classes=2 * m), L)
            assert sign == (1 if m >= 3 and L >= 2 or L >= 3 else -1)


def test_a_tie_stays_undecided():
    assert compare(Pairs(classes=6), Groups(sizes=(2, 2, 2)), 2) is None


def test_limit_orders_by_rank_and_then_by_the_geometric_mean():
    circle, pairs = limit(Circle(classes=8)), limit(Pairs(classes=8))
    assert circle[0] == 2 and pairs == (4, 2.0)
    for L in (200, 400):  # c = r + (2/(L+1)) r log g + ...
        c = Circle(classes=8).cost(L, "ce", "linear")
        assert c == pytest.approx(2 * circle[1] ** (2 / (L + 1)), rel=1e-12)


def test_codes_are_feasible_and_enclosed():
    code = softmax_code(7, 3, 3, starts=6)
    margin, _ = code.least_margin()
    S = code.matrix()
    least = (S.diagonal() - S)[~np.eye(7, dtype=bool)].min()
    assert float(margin) == pytest.approx(least, rel=1e-12)
    low, high = cost_bounds(code, 3)
    assert low < high and float(high - low) < 1e-12
    # 5.204836 is the best family's: pairs and a centred single, rank 4.
    assert float(high) < 5.1470 < Groups(sizes=(2, 2, 2, 1)).cost(3, "ce", "linear")
    assert compare(code, Orthogonal(classes=7), 3) == 1


def test_enclosures_hold_for_repeated_eigenvalues():
    points = (1, 0), (0, 1), (-1, 0), (0, -1)
    low, high = cost_bounds(SoftmaxCode(points, points), 3)
    assert low**2 <= 8 <= high**2 and float(high - low) < 1e-12


def test_table():
    table = margin_table([3, 4, 8], [1, 3, 5])
    verdicts = {(cell.classes, cell.layers): cell.verdict for cell in table.cells}
    assert verdicts[3, 5] == verdicts[8, 1] == "dnc optimal" and verdicts[4, 3] == "dnc beaten"
    assert table.takeovers()[8] == [(1, 7), (3, 4), (5, 2)]
    with pytest.raises(InputError, match="classes"):
        margin_table([2], [1])


def test_relu_beside_it():
    table = margin_table([6], [2, 3], activation="relu")
    assert [cell.verdict for cell in table.cells] == ["not beaten by these", "dnc beaten"]
    assert table.cells[1].best.label == "edgecode r=4"


def test_the_command_tells_and_draws(run, tmp_path):
    status, out, _ = run("margins", "--classes", "4:5", "--layers", "2:3", "--figure",
                         str(tmp_path / "ranks.png"))
    assert status == 0 and "K=4: rank 3 from L=2, rank 2 from L=3" in out
    assert (tmp_path / "ranks.png").stat().st_size > 1000
