"""What is too large is refused before the work, in a line with the bound and the estimate."""

import pytest

from nctheory import InputError, Problem, limits, solve, threshold_table
from nctheory.report import graph
from nctheory.trained import Recipe, train


@pytest.mark.parametrize("ask, words", [
    (lambda: limits.affordable("x", 7, work=2 * limits.WORK), "x must .*1e.12.* got 7.*2e.12"),
    (lambda: limits.affordable("x", 7, memory=10**400), "4.3 GB.* got 7.*1e.300 and more GB"),
    (lambda: limits.few("x", range(10**30)), "x must be at most 1000000 numbers, got more"),
    # 10 runs of 10^8 steps of 10^4 + 6 N d (L d + K) = 10^4 + 6 * 10 * 30 * 130 operations.
    (lambda: solve(Problem(classes=10, layers=4), seeds=range(10), steps=10**8),
     r"steps must need at most 1e\+14 operations, got 100000000, for about 2.44e\+14"),
    (lambda: solve(Problem(classes=3, layers=2), 4, [0], steps=10**30), "for about 1.08e.34"),
    (lambda: graph.table(10**6), r"table must .*1e\+12 operations, got 1000000, for about 1e\+13"),
    # A table of 991 x 1001 places, for each of the blocks, is made; of 991 x 10^9 it is not.
    (lambda: threshold_table([990], [2], width=10**7), "width must need .* got 10000000"),
])
def test_refused(ask, words):
    with pytest.raises(InputError, match=words) as found:
        ask()
    assert "\n" not in str(found.value)


def test_epochs_are_bounded_by_the_size_of_the_network(tmp_path):
    pytest.importorskip("sklearn")
    with pytest.raises(InputError, match=r"epochs must need at most 1e\+14 operations, got "):
        train("digits", tmp_path, hidden=(128, 128), recipe=Recipe(epochs=10**8))
    assert not list(tmp_path.iterdir())


def test_what_is_below_passes():
    limits.affordable("x", 7, work=limits.WORK, memory=limits.MEMORY)
    limits.affordable("x", 7, work=limits.TRAINING, most=limits.TRAINING)
    wide, = threshold_table([990], [2], width=10**30).rows
    assert wide.cost == threshold_table([990], [2]).rows[0].cost
