"""Cross-entropy on outputs: against forty digits, at any size."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import losses

CE = losses.get("ce")
LABELS = np.array([0, 0, 1, 2])


def exact(outputs):
    """The mean of log sum_j e^(z_j - z_label)."""
    with mpmath.workdps(40):
        columns = [[mpmath.mpf(float(z)) - mpmath.mpf(float(column[label])) for z in column]
                   for column, label in zip(outputs.T, LABELS, strict=True)]
        return float(sum(mpmath.log(sum(map(mpmath.exp, column))) for column in columns)
                     / len(columns))


@given(st.integers(0, 10**6), st.floats(0, 200))
def test_the_fit_keeps_its_digits_at_any_scale(seed, scale):
    outputs = scale * np.random.default_rng(seed).normal(size=(3, 4))
    assert float(CE.fit(outputs, LABELS)) == pytest.approx(exact(outputs), rel=1e-12)


def test_separated_classes_cost_next_to_nothing_and_raise_no_warning():
    """The rest of the powers underflows: log1p(0), never log(0); warnings are errors here."""
    outputs = 2000.0 * np.eye(3)[:, LABELS]
    assert float(CE.fit(outputs, LABELS)) == 0
    assert float(CE.fit(outputs[[1, 2, 0]], LABELS)) == 2000
