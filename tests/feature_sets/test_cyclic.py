"""Points of the moment curve."""

from itertools import combinations

from nctheory import integers
from nctheory.feature_sets.cyclic import cyclic


def test_points_of_the_moment_curve_are_in_general_position():
    matrix = cyclic(4, 7).matrix
    assert all(integers.rank(matrix[:, list(some)]) == 4 for some in combinations(range(7), 4))
