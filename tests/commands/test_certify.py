"""`nctheory certify` and `nctheory check` as their users meet them."""

import json

import pytest


def test_a_table_made_checked_and_tampered_with(run, tmp_path):
    path = tmp_path / "certs.json"
    status, out, _ = run("certify", "thresholds", "--classes", "3:20", "--layers", "3:5",
                         "--output", str(path))
    assert (status, out) == (0, "")
    status, out, _ = run("check", str(path))
    assert status == 0 and len(out.splitlines()) == 54
    assert out.count("verified") == 54 and "blocks alone: DNC beaten" in out

    path.write_text(path.read_text().replace('"not beaten"', '"beaten"', 1))
    status, out, _ = run("check", str(path))
    assert status == 1 and out.count("NOT VERIFIED") == 1 and len(out.splitlines()) == 54

    path.write_text(path.read_text()[:-9])
    status, out, err = run("check", str(path))
    assert status == 2 and len(out.splitlines()) == 53 and len(err.splitlines()) == 1

    path.write_text(path.read_text().replace("certificates 1", "certificates 0"))
    status, out, err = run("check", str(path))
    assert status == 2 and out == "" and len(err.splitlines()) == 1


def test_a_budget(run, tmp_path):
    path = tmp_path / "certs.json"
    run("certify", "triangular-thresholds", "--output", str(path))
    status, out, _ = run("check", "--budget", "10000", str(path))
    assert status == 1 and "the work limit of 10000 units" in out
    assert run("check", "--budget", "1000000000", str(path))[0] == 0


@pytest.mark.parametrize("claim, verdict", [
    ("cell:r=6,s=3,L=2", "below"), ("threshold:K=9,L=3", "not beaten"),
    ("chain:K=3,L=4", "beaten"),
    ("minimal-loss:K=10,L=4,decay=0.004", "enclosed"),
    ("minimal-loss:r=5,s=3,L=4,n=2,decay=1/2", "zero"),
    ("cross-entropy:first=pairs,second=dnc,K=10,L=2,n=5,decay=1/1024", "below"),
    ("gk25-theorem-1", "above"),  # L = 1 comes first; pairs win from L = 2 on
])
def test_single_claims(run, tmp_path, claim, verdict):
    status, out, _ = run("certify", claim)
    assert status == 0 and json.loads(out)["certificates"][0]["verdict"] == verdict
    path = tmp_path / "one.json"
    path.write_text(out)
    assert run("check", str(path))[0] == 0


@pytest.mark.parametrize("claim", [
    "nonsense", "cell", "cell:r=5", "cell:r=5,s=4,L=3", "cell:r=5,s=3,L=1",
    "chain:K=6,L=3", "chain:K=2,L=9", "chain:K=3", "cell:r=5,s=3,L=3,x=1",
    "minimal-loss:K=10,L=4,decay=-1", "minimal-loss:K=10,L=4,decay=1/0", "cross-entropy:K=2,L=3",
    "cross-entropy:first=pears,K=4,L=3", "cross-entropy:first=pairs,second=pairs,K=8,L=3",
])
def test_refusals_are_one_line(run, claim):
    status, out, err = run("certify", claim)
    assert status == 2 and out == "" and len(err.splitlines()) == 1 and "must" in err


def test_no_such_file(run, tmp_path):
    status, out, err = run("check", str(tmp_path / "none.json"))
    assert status == 2 and "file must be a readable file" in err


def test_a_construction_by_the_name_that_cost_takes(run, tmp_path):
    path = tmp_path / "cells.json"
    assert run("certify", "triangular:r=5,s=3", "--layers", "3,5", "--output", str(path))[0] == 0
    status, out, _ = run("check", str(path))
    assert status == 0 and out.count("triangular r=5 s=3, L=") == 2
    assert run("cost", "chain:K=3,L=4", "--layers", "4")[0] == 0
    assert run("certify", "chain:K=3,L=4", "--output", str(path))[0] == 0
