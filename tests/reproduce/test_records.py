"""Records of experiments: they say what was found, and the documentation's are of these sizes."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError
from nctheory.reproduce import experiment, read_record
from nctheory.reproduce.kept import packed, unpacked
from nctheory.reproduce.tables import Interval

RECORDS = sorted((Path(__file__).parents[2] / "docs" / "experiments").glob("*.json.gz"))


def test_a_record_says_the_same(tmp_path):
    made = experiment("slm24-fig1").run()
    path = tmp_path / "slm24-fig1.json.gz"
    path.write_bytes(made.record())
    again = read_record(path)
    assert again.text == made.text and again.seed == made.seed
    assert again.record() == made.record()
    for table, rows in made.tables.items():
        assert [row[-1] for row in again.tables[table]] == pytest.approx(
            [row[-1] for row in rows], rel=1e-9)


@given(st.lists(st.tuples(*[st.floats(allow_nan=False)] * 3), min_size=1))
def test_what_is_kept_comes_back_to_the_last_bit(values):
    rows = [Interval(*value) for value in values]
    assert unpacked(json.loads(json.dumps(packed({"a": rows})))) == {"a": rows}


@pytest.mark.parametrize("content", [
    b"not", gzip.compress(b"{}"), gzip.compress(b"[1]"),
    gzip.compress(b'{"experiment": "x", "parameters": {}, "seed": 0, "tables": {}}')],
    ids=["no gzip", "empty", "a list", "no experiment"])
def test_what_is_no_record_is_refused(content, tmp_path):
    (tmp_path / "a.json.gz").write_bytes(content)
    for name in ("a.json.gz", "missing.json.gz"):
        with pytest.raises(InputError, match="path must be a record of an experiment"):
            read_record(tmp_path / name)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_records_of_the_documentation_are_of_these_experiments(path):
    """Of the full size, and judged as they are judged now: else run the experiment again."""
    found, written = read_record(path), json.loads(gzip.decompress(path.read_bytes()))
    own = found.experiment
    assert path.name in (f"{own.name}.json.gz", f"{own.name}-{written['parameters'].get('data')}"
                         ".json.gz")
    full = json.loads(json.dumps(dict(own.full)))
    assert found.parameters == full | {key: value for key, value in found.parameters.items()
                                       if key == "data"}
    assert (written["source"], written["claim"]) == (own.source, own.claim)
    assert (written["verdict"], written["sentence"]) == (found.verdict, found.sentence)


def test_a_changed_size_is_noticed():
    """What the test above compares: an experiment of another size is another one."""
    path = RECORDS[0]
    found = read_record(path)
    other = replace(found.experiment, full={**found.experiment.full, "layers": 99})
    assert found.parameters != dict(other.full)
