"""Threshold tables: against [SLM24]'s theorem, against brute force, and their verdicts."""

import itertools
import math

import pytest

from nctheory import (
    DirectSum,
    InputError,
    Orthogonal,
    Problem,
    Triangular,
    activations,
    losses,
    network,
    threshold_table,
)
from nctheory.thresholds import BEATEN, NOT_BEATEN, OPTIMAL, ZERO, ZERO_OPTIMAL

RELU = losses.get("mse"), activations.homogeneous("relu")


@pytest.fixture(scope="module")
def table():
    return threshold_table(range(2, 61), range(1, 9), library=["triangular"])


def test_slm24_theorem_5_cell_by_cell(table):
    """[SLM24, Theorem 5]: DNC is not optimal for K >= 6, L >= 4 and for K >= 10, L = 3.

    The table says the same in every cell with L >= 3, and more with L = 2, where the theorem
    is silent: beaten from K = 15 on (P = 3250 < 15^3 at K = 15; ours).
    """
    differences = []
    for row in table.rows:
        claimed = row.classes >= 6 and row.layers >= 4 or row.classes >= 10 and row.layers == 3
        if (row.verdict == BEATEN) != claimed:
            differences.append((row.classes, row.layers))
    assert differences == [(K, 2) for K in range(15, 61)]


def test_every_cell_is_certified_or_rests_on_a_theorem(table):
    for row in table.rows:
        if row.layers == 1 or row.classes == 2 or (row.classes, row.layers) == (3, 2):
            assert row.verdict == OPTIMAL and not row.certified
            assert row.evidence.startswith("theorem")
        else:
            assert row.verdict in (BEATEN, NOT_BEATEN)
            assert row.certified and row.evidence == "integers"


def test_verdicts_agree_with_the_costs(table):
    for row in table.rows:
        assert row.construction.classes == row.classes
        assert row.cost == pytest.approx(row.construction.cost(row.layers), rel=1e-15)
        assert (row.verdict == BEATEN) == (row.ratio < 1 - 1e-12)
        sign = row.construction.compare_with_dnc(row.layers)
        assert sign == (-1 if row.verdict == BEATEN else 0)


def test_least_cost_is_subadditive_and_never_grows_faster_than_dnc(table):
    cost = {(row.classes, row.layers): row.cost for row in table.rows}
    for L in (2, 3, 5, 8):
        for a, b in itertools.product(range(2, 31), repeat=2):
            assert cost[a + b, L] <= cost[a, L] + cost[b, L] + 1e-9
        for K in range(3, 61):
            assert cost[K, L] <= cost[K - 1, L] + 1 + 1e-9


def test_losses_at_a_weight_decay():
    row = threshold_table([10], [4], weight_decay=0.004).rows[0]
    # THEORY.md section 3: 0.0811362 against DNC's 0.0991799.
    assert row.loss == pytest.approx(0.0811362, abs=5e-8)
    assert row.dnc_loss == pytest.approx(0.0991799, abs=5e-8)
    assert row.loss_ratio == row.loss / row.dnc_loss


def test_given_a_weight_decay_blocks_are_chosen_by_loss():
    """Against every sum of two kinds of blocks, at decays where some of them die."""
    for decay in (1e-4, 5e-3, 9e-3, 1.1e-2):
        for row in threshold_table(range(12, 22), [4], weight_decay=decay).rows:
            problem = Problem(classes=row.classes, layers=4, weight_decay=decay)
            blocks = [Triangular.best(K, 4, *RELU) for K in (6, 10, 15, 21)]
            for count in range(4):
                for chosen in itertools.combinations_with_replacement(blocks, count):
                    rest = row.classes - sum(block.classes for block in chosen)
                    if rest >= 0:
                        parts = [*chosen] + ([Orthogonal(classes=rest)] if rest else [])
                        other = DirectSum(parts).loss(problem)
                        assert row.loss <= other * (1 + 1e-12)


def test_zero_optimal_is_said_exactly_where_zero_is_the_best():
    for decay in (0.004, 0.012, 0.02, 0.05, 0.3, 1.0):
        for row in threshold_table(range(2, 25), range(1, 7), weight_decay=decay).rows:
            assert (row.verdict in (ZERO, ZERO_OPTIMAL)) == (row.loss == 0.5)
            if row.verdict == BEATEN:
                assert row.loss < row.dnc_loss
            elif row.verdict != ZERO:
                assert row.loss == pytest.approx(row.dnc_loss, rel=1e-14)


def test_more_samples_are_more_regularisation():
    few, many = (threshold_table([10], [3], samples=n, weight_decay=0.004).rows[0]
                 for n in (1, 81))
    lam = 0.004 * 3  # 81^(1/4)
    one = threshold_table([10], [3], weight_decay=lam).rows[0]
    assert few.loss < many.loss == pytest.approx(one.loss, rel=1e-13)


def test_large_tables():
    rows = threshold_table([1000], [2, 50, 1000]).rows
    assert all(row.verdict == BEATEN and row.certified for row in rows)
    assert [row.ratio for row in rows] == sorted((row.ratio for row in rows), reverse=True)
    assert math.isfinite(rows[-1].cost)


@pytest.mark.parametrize("arguments, message", [
    (([], [3]), "classes must be a non-empty range"),
    (([3], []), "layers must be a non-empty range"),
    (([1], [3]), "classes must be an integer at least 2, got 1"),
    (([3], [0]), "layers must be an integer between 1 and 10000, got 0")])
def test_bad_ranges_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        threshold_table(*arguments)


def test_the_whole_library_is_never_worse_than_a_part():
    part = threshold_table(range(3, 31), range(2, 12), library=["triangular"]).rows
    whole = threshold_table(range(3, 31), range(2, 12)).rows
    for one, all_ in zip(part, whole, strict=True):
        assert all_.cost <= one.cost * (1 + 1e-14)


@pytest.mark.parametrize("library, message", [
    (["pyramid"], "library must be one of 'dnc'"),
    ("triangular", "library must be names of families, got the text")])
def test_bad_libraries_are_named(library, message):
    with pytest.raises(InputError, match=message):
        threshold_table([3], [3], library=library)


def test_bad_decay_and_samples_are_named():
    with pytest.raises(InputError, match="weight_decay must be a finite number greater than 0"):
        threshold_table([3], [3], weight_decay=math.nan)
    with pytest.raises(InputError, match="samples must be an integer at least 1"):
        threshold_table([3], [3], samples=0)


def test_partial_fits_join_at_a_weight_decay():
    """Where DNC is zero a partial fit may still beat zero: exact, and confirmed by its forward
    pass (K = 6, L = 2 at 0.067: 0.49629, and K = 5 at 0.0796: 0.49938)."""
    for K, decay, loss in ((6, 0.067, 0.49629), (5, 0.0796, 0.49938)):
        row, = threshold_table([K], [2], weight_decay=decay).rows
        assert row.verdict == BEATEN and row.certified and row.dnc_loss == 0.5
        assert row.loss <= loss + 5e-6  # better ones may be found
        problem = Problem(classes=K, layers=2, weight_decay=decay)
        assert network.loss(row.construction.weights(problem), problem) == pytest.approx(
            row.loss, rel=1e-12)


def test_zero_is_called_optimal_where_a_theorem_says_so_alone():
    table = threshold_table([2, 7], [1, 2], weight_decay=0.6)
    assert {(row.classes, row.layers): row.verdict for row in table.rows} == {
        (2, 1): ZERO_OPTIMAL, (7, 1): ZERO_OPTIMAL, (2, 2): ZERO_OPTIMAL, (7, 2): ZERO}
