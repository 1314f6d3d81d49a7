"""Citations: every key that the sources name stands in the bibliography, and BibTeX is printed."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import nctheory
from nctheory.citations import BIBLIOGRAPHY, bibliography, cited, keys
from nctheory.cli import cli
from nctheory.constructions import FAMILIES
from nctheory.errors import InputError

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("nctheory", "proofs", "docs", "tests")
           for path in sorted((ROOT / folder).rglob("*.*"))
           if path.suffix in (".py", ".md") and "_build" not in path.parts]


def test_every_key_cited_is_in_the_bibliography():
    named = {key: path.name for path in [*SOURCES, ROOT / "README.md"]
             for key in keys(path.read_text(encoding="utf-8"))}
    assert len(named) > 8
    assert {key: place for key, place in named.items() if key not in bibliography()} == {}


def test_the_bibliography_is_well_formed():
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    assert len(bibliography()) == text.count("\n@") > 10
    for key, entry in bibliography().items():
        assert entry.count("{") == entry.count("}")
        assert {"author", "title", "year"} <= set(re.findall(r"^  (\w+) +=", entry, re.M)), key
        arxiv = re.search(r"eprint += \{(.*)\}", entry)
        assert arxiv is None or re.fullmatch(r"\d{4}\.\d{5}", arxiv[1])
        assert key.endswith(re.search(r"year += \{\d\d(\d\d)\}", entry)[1])


@pytest.mark.parametrize("name", ["SLM99", "triangle:r=5", ""])
def test_unknown_names_are_refused(name):
    with pytest.raises(InputError, match="name must be a key of the bibliography"):
        cited(name)


def test_constructions_cite_their_docstrings():
    assert cited("dnc:K=4") == ["SLM24", "GK25"]
    assert cited("pairs:K=4 ") == ["GK25"]
    for family in FAMILIES.values():
        for example in family.examples:
            assert set(cited(example)) <= set(bibliography())


def test_the_command_prints_bibtex():
    done = CliRunner().invoke(cli, ["cite", "Z24", "triangular:r=5,s=3"])
    assert done.exit_code == 0
    assert re.findall(r"^@\w+\{(\w+),$", done.output, re.M) == ["nctheory", "Z24", "SLM24"]
    assert f"version       = {{{nctheory.__version__}}}" in done.output
