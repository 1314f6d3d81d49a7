"""Short kernels in integers."""

import itertools
import math

from nctheory.atlas.rounding import short_kernel
from nctheory.integers import as_integers


def test_short_kernels_are_whole_kernels():
    """Of index 1: the maximal minors of a basis of all integer solutions have no common factor."""
    equations = as_integers([[6, 10, 15, 7], [2, 4, 8, 1]])
    basis = short_kernel(equations, 4)
    assert not (equations @ basis.T).any()
    minors = [int(basis[0][i] * basis[1][j] - basis[0][j] * basis[1][i])
              for i, j in itertools.combinations(range(4), 2)]
    assert math.gcd(*minors) == 1
