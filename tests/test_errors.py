"""Error messages stay one short line, whatever came."""

import pytest

from nctheory.errors import InputError, integer, show


@pytest.mark.parametrize("value", [10**6000, "x" * 10**6, "two\nlines", object()],
                         ids=["huge", "long", "lines", "object"])
def test_any_value_is_shown_on_one_short_line(value):
    assert len(show(value)) <= 80 and "\n" not in show(value)


def test_huge_integers_are_compared_and_named():
    assert integer("n", 10**6000, 1) == 10**6000
    with pytest.raises(InputError, match="got an integer of 19932 bits"):
        integer("n", 10**6000, 1, 10)
