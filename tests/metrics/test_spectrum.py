"""The one rule for numerical ranks, against spectra whose rank is known by construction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError
from nctheory.metrics import distance_to_rank, gap_rank, numerical_rank, stable_rank
from nctheory.metrics.spectrum import row_space


def matrix(values, rows=9, cols=7, seed=0):
    """A matrix with exactly these singular values, in random bases."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((n, len(values))))[0] for n in (rows, cols))
    return left @ np.diag(values) @ right.T


def test_rank_and_its_gap():
    assert gap_rank(np.diag([1.0, 0.5, 1e-6])) == (2, pytest.approx(5e5), 2)
    assert gap_rank(np.eye(3)) == (3, np.inf, 3)
    assert gap_rank(np.zeros((3, 2))) == (0, np.inf, 0)
    # The tolerance counts a third direction that stands apart from the first two, and the
    # largest gap does not see a spectrum that falls evenly, nor rounding below 1e-12.
    assert gap_rank(np.diag([1.0, 0.5, 2e-3, 1e-5]))[::2] == (3, 2)
    assert gap_rank(np.diag(0.2 ** np.arange(6.0)))[::2] == (5, 6)
    assert gap_rank(np.diag([1.0, 1e-15, 1e-30])).by_gap == 1


@settings(max_examples=50)
@given(st.integers(1, 7), st.floats(1e-100, 1e100), st.integers(0, 100))
def test_rank_is_exact_up_to_rounding_whatever_the_scale(rank, scale, seed):
    """With tolerance 0 only rounding is left out: the rank of the factors, at any scale."""
    found = matrix(scale * np.geomspace(1, 1e-8, rank), seed=seed)
    assert numerical_rank(found, tolerance=0) == rank
    assert numerical_rank(found, floor=2 * scale) == 0 < numerical_rank(found, floor=scale / 2)
    assert row_space(found, 0).shape == (rank, 7)
    np.testing.assert_allclose(found @ row_space(found, 0).T @ row_space(found, 0), found,
                               atol=1e-13 * scale)


def test_the_span_has_the_rank_that_is_reported():
    found = matrix([1.0, 0.1, 2e-3, 5e-4, 1e-9])
    assert len(row_space(found)) == numerical_rank(found) == 3
    assert distance_to_rank(found, 3) == pytest.approx(5e-4, rel=1e-9)
    assert stable_rank(found) == pytest.approx(1.010004250000000001, rel=1e-12)


def test_empty_and_refused():
    assert numerical_rank(np.zeros((4, 0))) == 0 and gap_rank(np.zeros((0, 3))).rank == 0
    with pytest.raises(InputError, match=r"tolerance must be in \[0, 1\), got 1"):
        numerical_rank(np.eye(2), tolerance=1)
