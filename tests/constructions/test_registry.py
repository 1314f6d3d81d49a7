"""Constructions by name, and families of one's own."""

import pytest

from nctheory import InputError, Orthogonal, construct, register
from nctheory.constructions import FAMILIES
from nctheory.constructions.registry import Family
from tests.constructions.samples import points_of_a_square


@pytest.mark.parametrize("text, message", [
    ("pyramid:r=5", "construction must be one of dnc"),
    ("triangular", "triangular:r must be given, as in triangular:r=..,s=.."),
    ("triangular:r=5", "triangular:s must be given"),
    ("triangular:r=5,s=x", "triangular:s must be an integer, got 'x'"),
    ("triangular:r=5,s=3,t=1", "triangular must have the parameters of"),
    ("triangular:5,3", "triangular must be written as triangular:r=..,s=.."),
    ("triangular:r=3,s=2", "vertices must be an integer at least 4"),
    ("", "construction must be one of")])
def test_bad_text_is_named(text, message):
    with pytest.raises(InputError, match=message):
        construct(text)


def test_a_registered_family_is_used_by_tables_and_text():
    from nctheory import threshold_table

    def best(classes, layers, loss, activation):
        return points_of_a_square() if classes == 4 and layers >= 2 else None

    register("square", Family(points_of_a_square, best=best))
    try:
        assert construct("square+dnc:K=1").classes == 5
        rows = threshold_table([4], range(2, 40), library=["square"]).rows
        assert rows[-1].construction.label.startswith("square")
        assert rows[-1].verdict == "dnc beaten" and rows[-1].evidence == "rational bounds"
    finally:
        del FAMILIES["square"]
    with pytest.raises(InputError, match="name must not be taken"):
        register("dnc", Family(Orthogonal))
