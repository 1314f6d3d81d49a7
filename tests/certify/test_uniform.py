"""The uniform theorems as certificates."""

import pytest

from nctheory.certify import UNIFORM, cell, checker, to_json
from nctheory.certify.uniform import two_layer_range


def test_the_two_layer_rule_is_what_integers_say():
    """Far past the last exception; the proof for all r is the uniform theorem."""
    for r in range(4, 120):
        assert [s for s in range(2, r - 1) if cell(r, s, 2).verdict == "below"] == list(
            two_layer_range(r))
        assert all(cell(r, s, 2).verdict != "equal" or (r, s) == (4, 2)
                   for s in range(2, r - 1))


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_theorems_are_verified(name):
    certificates = UNIFORM[name]()
    assert all(result.verified for result in checker.check_file(to_json(certificates).encode()))
