"""Wilson's interval, against the equation that defines it."""

import math

import pytest

from nctheory.statistics import wilson

NORMAL = 1.959963984540054  # the 97.5 % point


@pytest.mark.parametrize("successes, trials", [(0, 10), (3, 10), (10, 10), (250, 1000), (1, 1)])
def test_the_ends_are_where_the_score_is_the_normal_point(successes, trials):
    """|p - s/n| = z sqrt(p (1-p) / n) at both ends, but for ends at 0 and 1."""
    for p in wilson(successes, trials):
        if 0 < p < 1:
            spread = NORMAL * math.sqrt(p * (1 - p) / trials)
            assert abs(p - successes / trials) == pytest.approx(spread, rel=1e-9)
    low, high = wilson(successes, trials)
    assert low <= successes / trials <= high
