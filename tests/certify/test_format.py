"""Certificates as text: every number a string, nothing inexact."""

import json
from fractions import Fraction

import pytest

from nctheory.certify.format import FORMAT, Certificate, plain, to_json


def test_numbers_are_written_in_full():
    assert plain({"a": [10**40, Fraction(-3, 4)], "b": (1, "x")}) == {
        "a": [str(10**40), "-3/4"], "b": ["1", "x"]}


@pytest.mark.parametrize("value", [0.5, True, None, {"a": 1.0}, [False]])
def test_what_is_not_exact_is_refused(value):
    with pytest.raises(TypeError, match="words, integers and fractions"):
        plain(value)


def test_a_file_holds_a_certificate_a_line():
    made = Certificate("cell", {"r": 5}, "by hand", {"a": Fraction(1, 3)}, "below")
    text = to_json([made, made])
    found = json.loads(text)
    assert found["format"] == FORMAT and len(found["certificates"]) == 2
    assert found["certificates"][0] == {"claim": "cell", "parameters": {"r": "5"},
                                        "method": "by hand", "data": {"a": "1/3"},
                                        "verdict": "below"}
    assert text.count('"claim"') == sum('"claim"' in line for line in text.splitlines())
