"""What outputs state of themselves: against their matrices."""

from fractions import Fraction

import numpy as np
import pytest

from nctheory import InputError
from nctheory.constructions.outputs import Identity, Simplex
from nctheory.losses import Margins


@pytest.mark.parametrize("made", [Identity(2), Identity(5), Simplex(2), Simplex(7)],
                         ids=lambda made: made.label)
def test_spectrum_and_margins_are_those_of_the_matrix(made):
    S = made.matrix()
    stated = sorted(float(theta) for theta, m in made.spectrum().items() for _ in range(m))
    found = [value for value in np.linalg.eigvalsh(S.T @ S) if value > 1e-9]
    assert stated == pytest.approx(found, abs=1e-12)
    scales = np.array([0.1, 1.0, 10.0])
    assert made.margins().fit(scales) == pytest.approx(Margins.of(S).fit(scales), rel=1e-13)
    assert made.least_margin() == (1, 1)


def test_the_share_is_what_can_be_fitted_of_the_identity():
    """min over z of |z S - I|^2 / K = 1 - tau."""
    assert Identity(4).share == 1 and Identity(4, Fraction(2, 3)).share == Fraction(2, 3)
    with pytest.raises(NotImplementedError):  # the simplex is of centred losses alone
        Simplex(4).share  # noqa: B018


def test_one_class_has_no_simplex():
    with pytest.raises(InputError, match="classes must be at least 2"):
        Simplex(1)
