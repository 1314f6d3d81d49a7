"""Deep neural collapse: reference losses."""

import pytest

from nctheory import Orthogonal, Problem


@pytest.mark.parametrize("K, L, loss", [  # THEORY.md section 3, n = 1, lam = 0.004
    (10, 4, 0.0991799), (10, 3, 0.0791833), (6, 4, 0.0597077)])
def test_reference_losses_of_dnc(K, L, loss):
    assert Orthogonal(classes=K).loss(Problem(classes=K, layers=L)) == pytest.approx(
        loss, abs=5e-8)
