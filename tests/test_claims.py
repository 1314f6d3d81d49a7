"""The registered claims."""

import pytest

from nctheory import InputError
from nctheory.claims import CLAIMS, load
from nctheory.refute import refute

FALSE = {"dnc-optimal-with-two-layers": {"r": 6, "s": 3}}


@pytest.mark.parametrize("name", CLAIMS)
def test_registered_claims(name):
    found = refute(CLAIMS[name], examples=40)
    if name not in FALSE:
        assert found.counterexample is None and found.examples > 20, str(found)


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("seed", [0, 1])
def test_false_claims_are_refuted_by_the_simplest_counterexample(name, seed):
    found = refute(CLAIMS[name], examples=300, seed=seed)
    assert found.counterexample == FALSE[name]
    assert "REFUTED by r=6, s=3" in str(found)


@pytest.mark.parametrize("text", ["fermat", "nowhere.py:x", f"{__file__}:math"])
def test_unknown_claims(run, text, monkeypatch):
    if text.startswith("/"):
        monkeypatch.chdir("/")
    status, out, err = run("refute", text)
    assert status == 2 and out == "" and len(err.splitlines()) == 1 and "must" in err
    with pytest.raises(InputError):
        load(text)
