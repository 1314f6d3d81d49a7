"""Text that names things: what is accepted, and how each refusal is worded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError, construct
from nctheory.graphs import from_spec
from nctheory.specs import Argument, near, parse, usage

REGISTRY = {"dnc": {"K": Argument(alias="classes")},
            "triangular": {"r": Argument(), "s": Argument()},
            "cell": {"K": Argument(), "n": Argument(optional=True),
                     "word": Argument(str, optional=True)},
            "all": {}}


@pytest.mark.parametrize("text, expected", [
    ("dnc:K=5", ("dnc", {"K": 5})),
    ("dnc:classes=5", ("dnc", {"K": 5})),
    ("triangular:s=3,r=5", ("triangular", {"r": 5, "s": 3})),
    (" triangular : r = 5 , s = 3", ("triangular", {"r": 5, "s": 3})),
    ("cell:K=3,word=a=b", ("cell", {"K": 3, "word": "a=b"})),
    ("all", ("all", {}))])
def test_names_with_arguments(text, expected):
    name, values = parse("thing", text, REGISTRY)
    assert (name, values) == expected and list(values) == list(expected[1])


@pytest.mark.parametrize("text, message", [
    ("", "thing must be one of dnc, triangular, cell, all, got ''"),
    ("trianglar:r=5", r"got 'trianglar:r=5' \(did you mean triangular\?\)"),
    ("xyz", "got 'xyz'$"),
    ("dnc", "dnc:K must be given, as in dnc:K=.., got 'dnc'"),
    ("triangular:r=5", "triangular:s must be given, as in triangular:r=..,s=.."),
    ("dnc:K", "dnc must be written as dnc:K=.., got 'K'"),
    ("dnc:5", "dnc must be written as dnc:K=.., got '5'"),
    ("dnc:K=5,", "dnc must be written as dnc:K=.., got ''"),
    ("dnc:K=five", "dnc:K must be an integer, got 'five'"),
    ("dnc:K=", "dnc:K must be an integer, got ''"),
    ("dnc:K=5,classes=6", "dnc:K must be given once, got 'K=5,classes=6'"),
    ("dnc:K=5,K=5", "dnc:K must be given once"),
    ("dnc:class=5", r"parameters of dnc:K=.., got 'class' \(did you mean classes\?\)"),
    ("all:K=1", "all must have the parameters of all, got 'K'"),
    ("dnc:K=" + "9" * 5000, "dnc:K must be an integer, got '999"),
    (5, "thing must be a text such as 'dnc:K=..', got 5")])
def test_refusals(text, message):
    with pytest.raises(InputError, match=message) as error:
        parse("thing", text, REGISTRY)
    assert len(str(error.value)) < 300


def test_usage_and_near():
    assert usage("cell", REGISTRY["cell"]) == "cell:K=..[,n=..][,word=..]"
    assert near("petersn", ["petersen", "paley"]) == " (did you mean petersen?)"
    assert near("q", ["petersen", "paley"]) == ""


@given(st.dictionaries(st.sampled_from(["r", "s"]), st.integers(), min_size=2))
def test_what_is_written_is_read(values):
    text = "triangular:" + ",".join(f"{key}={value}" for key, value in values.items())
    assert parse("thing", text, REGISTRY) == ("triangular", values)


@given(st.text(alphabet="dnctriagula:=,Krs0123456789+ ", max_size=30))
def test_no_text_raises_anything_else(text):
    try:
        parse("thing", text, REGISTRY)
    except InputError:
        pass


@pytest.mark.parametrize("make, text, message", [
    (construct, "dnc:K=5,classes=6", "dnc:K must be given once"),
    (construct, "triangler:r=5,s=3", "did you mean triangular"),
    (from_spec, "peley:q=5", "did you mean paley"),
    (from_spec, "complement:johnson:n=5", "johnson:k must be given")])
def test_every_kind_of_thing_is_parsed_here(make, text, message):
    with pytest.raises(InputError, match=message):
        make(text)
