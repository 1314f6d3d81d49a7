"""Activations: slopes against finite differences, and their words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import activations
from nctheory.activations import ACTIVATIONS
from nctheory.specs import examples


def outputs(seed):
    return np.random.default_rng(seed).normal(size=(4, 7)) * 3


@pytest.mark.parametrize("word", examples(ACTIVATIONS))
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_slopes_are_finite_differences_and_words_find_themselves(word, seed):
    sigma, H = activations.get(word), outputs(seed)
    assert activations.get(sigma.word) == sigma and sigma(np.zeros((1, 1))) == 0
    rise = (sigma(H + 1e-7) - sigma(H - 1e-7)) / 2e-7
    assert sigma.slope(H) == pytest.approx(rise, rel=1e-5, abs=1e-8)
    if sigma.homogeneous:
        assert sigma(2.5 * H) == pytest.approx(2.5 * sigma(H), rel=1e-15)
    if sigma.kink is not None:
        low, high = sigma.kink
        assert (sigma(-np.ones(1))[0], sigma(np.ones(1))[0]) == (-low, high)
