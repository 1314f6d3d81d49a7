"""Points and lines of finite planes."""

from itertools import combinations

import pytest

from nctheory.feature_sets.designs import affine_plane, projective_plane


@pytest.mark.parametrize("plane", [projective_plane(5), affine_plane(5)],
                         ids=lambda plane: plane.name)
def test_two_points_lie_on_one_line(plane):
    together = plane.matrix @ plane.matrix.T
    assert {together[i, j] for i, j in combinations(range(len(together)), 2)} == {1}
