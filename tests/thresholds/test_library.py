"""Tables of a given width: against brute force over direct sums, and at the ends."""

import itertools

import numpy as np
import pytest

from nctheory import (
    DirectSum,
    InputError,
    Orthogonal,
    Triangular,
    activations,
    losses,
    threshold_table,
)
from nctheory.thresholds.library import knapsack


def brute_force(K, L, width):
    """The least cost of triangular blocks and DNC on K classes within the width, over all sums
    of at most two blocks (there is no room for more below K = 18), layers counted as the table
    counts them: each block as wide as its widest layer."""
    blocks = [Triangular(vertices=r, subset=s) for r in (4, 5, 6) for s in range(2, r - 1)]
    best = float(K)
    for count in (1, 2):
        for chosen in itertools.combinations_with_replacement(blocks, count):
            rest = K - sum(block.classes for block in chosen)
            needed = sum(block.required_width(L) for block in chosen) + rest
            if rest >= 0 and needed <= width:
                best = min(best, sum(block.cost(L) for block in chosen) + rest)
    return best


@pytest.mark.parametrize("L", [2, 3, 4])
def test_the_best_that_fits_is_that_of_all_partitions(L):
    for K in range(6, 18):
        for width in range(K, K + 9):
            row, = threshold_table([K], [L], library=["triangular"], width=width).rows
            assert row.cost == pytest.approx(brute_force(K, L, width), rel=1e-12)
            assert row.width <= width


def test_width_decides_at_fifteen_classes_and_two_layers():
    """The balanced cuts that beat DNC there have 20 rows; narrower ones cost more than DNC."""
    beaten = [threshold_table([15], [2], library=["triangular"], width=d).rows[0].verdict
              for d in (15, 19, 20)]
    assert beaten == ["not beaten by this library"] * 2 + ["dnc beaten"]
    # s = r - 2 needs K rows only, and beats DNC with three layers from K = 10 on.
    row, = threshold_table([15], [3], library=["triangular"], width=15).rows
    assert row.construction == Triangular(vertices=6, subset=4) and row.verdict == "dnc beaten"


def test_a_wide_enough_table_is_the_table():
    wide = threshold_table(range(3, 25), [3, 5], width=10**4 // 50)
    plain = threshold_table(range(3, 25), [3, 5])
    assert [row.cost for row in wide.rows] == [row.cost for row in plain.rows]


def test_too_narrow_is_refused():
    with pytest.raises(InputError, match="width must be an integer at least 15, got 14"):
        threshold_table([15], [3], width=14)
    # Under cross-entropy the linear model needs K - 1, and pairs half of that.
    row, = threshold_table([10], [3], loss="ce", activation="linear", width=9,
                           library=["pairs"]).rows
    assert row.construction.label == "pairs 10"


def test_costs_that_are_whole_numbers_are_exact():
    assert Orthogonal(classes=3).cost(2) == 3 and Triangular(vertices=4, subset=2).cost(2) == 6
    assert DirectSum([Triangular(vertices=4, subset=2), Orthogonal(classes=3)]).cost(2) == 9
    assert not [row for row in threshold_table(range(2, 41), range(1, 7)).rows if row.ratio > 1]


RELU = losses.get("mse"), activations.homogeneous("relu")


def test_direct_sums_are_the_best_of_all_partitions():
    """Brute force over every multiset of blocks with at most 30 classes."""
    blocks = {K: Triangular.best(K, 5, *RELU).cost(5) for K in (6, 10, 15, 21, 28)}
    for row in threshold_table(range(3, 31), [5], library=["triangular"]).rows:
        best = min(
            row.classes - sum(sizes) + sum(blocks[size] for size in sizes)
            for count in range(6)
            for sizes in itertools.combinations_with_replacement(blocks, count)
            if sum(sizes) <= row.classes)
        assert row.cost == pytest.approx(best, rel=1e-13)


@pytest.mark.parametrize("compiled", [True, False])
def test_knapsack_compiled_and_in_python(compiled):
    solve = knapsack if compiled else knapsack.py_func
    sizes = np.array([3, 5, 7])
    gains = np.array([[1.0, 2.0, 2.9], [0.0, -1.0, -2.0], [1.0, 1.0, 5.0]])
    counts = solve(sizes, gains, np.array([15, 30, 13]))
    assert counts.tolist() == [[0, 3, 0], [0, 0, 0], [2, 0, 1]]


def test_sums_are_chosen_by_the_cost_under_the_activation():
    """With a leak, where costs are not those of ReLU: against all sums, by recursion."""
    def cost(K):
        return threshold_table([K], [4], library=["triangular"],
                               activation="leaky:a=1/5").rows[0].cost

    sizes = {1: 1.0} | {r * (r - 1) // 2: cost(r * (r - 1) // 2) for r in range(4, 10)}
    best = [0.0]
    for K in range(1, 37):
        best.append(min(best[K - size] + c for size, c in sizes.items() if size <= K))
    assert [cost(K) for K in (21, 25, 30, 36)] == pytest.approx(
        [best[K] for K in (21, 25, 30, 36)], rel=1e-12)
