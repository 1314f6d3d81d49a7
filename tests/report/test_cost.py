"""What `nctheory cost` tells of one construction."""

from fractions import Fraction

import pytest
import sympy

from nctheory import construct
from nctheory.report.cost import Setting, records


@pytest.mark.parametrize("activation", ["relu", "leaky:a=1/3"])
def test_the_exact_cost_is_that_of_the_activation(activation):
    """P = c^(L+1): the float c and the text of P come from different places."""
    found, = records(construct("triangular:r=5,s=3"), [4], Setting(1, 0.004, "mse", activation))
    assert float(sympy.sympify(found["exact"])) == pytest.approx(found["cost"] ** 5, rel=1e-12)


def test_a_sum_has_no_exact_product():
    made = construct("triangular:r=5,s=3+dnc:K=1")
    found, = records(made, [3], Setting(1, 0.004, "mse", "relu"))
    assert found["exact"] is None


def test_under_a_centred_loss_the_scale_is_told():
    found, = records(construct("pairs:K=10"), [2], Setting(5, 2.0**-10, "ce", "linear"))
    assert found["comparison"] == "beats DNC"  # [GK25] Theorem 1
    assert found["cost"] == pytest.approx(5 * float(Fraction(4)) ** (1 / 3))
