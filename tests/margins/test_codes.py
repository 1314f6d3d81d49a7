"""Codes that are found: feasible, enclosed, and at numbers known otherwise."""

import numpy as np
import pytest

from nctheory import Groups, Orthogonal
from nctheory.margins import SoftmaxCode, compare, softmax_code
from nctheory.margins.margin import cost_bounds


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
