"""The atlas as a site: every link leads somewhere, every number is the atlas's or a checker's."""

import gzip
import hashlib
import json
import re

import pytest
from click.testing import CliRunner

from nctheory.atlas.table import atlas, lower_bound
from nctheory.certify import check_file
from nctheory.cli import cli
from nctheory.errors import InputError
from nctheory.report import atlas_site
from nctheory.report.atlas_site import colour, kind, write_site

CLASSES, LAYERS = (6, 10, 11), (2, 4)  # DNC, a family of one name, a direct sum or a chain


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write_site(tmp_path_factory.mktemp("atlas"), CLASSES, LAYERS).parent


@pytest.fixture(scope="module")
def cells():
    return {(cell.classes, cell.layers): cell for cell in atlas(CLASSES, LAYERS)}


def test_every_link_leads_to_a_file(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) == 1 + len(CLASSES) * len(LAYERS)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "[[" not in text and "http" not in text  # all filled in, nothing from elsewhere
        links = [link for link in re.findall(r'href="([^"]*)"', text) if link != "data:,"]
        assert links
        for link in links:
            assert (page.parent / link).resolve().exists(), (page.name, link)


def test_a_page_has_both_bounds_and_where_they_are_from(site, cells):
    for (K, L), cell in cells.items():
        text = (site / "cells" / f"{K}-{L}.html").read_text(encoding="utf-8")
        assert f"c ≤ {cell.cost:.10g}" in text and f"c ≥ {cell.lower:.10g}" in text
        assert str(lower_bound(K, L)) in text
        assert cell.construction.label in text and cell.status in text
        assert "accepted by the checker" in text and "NOT accepted" not in text


def test_where_a_theorem_decides_both_bounds_are_those_of_dnc():
    cell, = atlas([3], [2])
    text = atlas_site.cell_page(cell, atlas_site.evidence(cell), None, [])
    assert cell.status == "dnc optimal" and "c ≤ 3," in text
    assert "c ≥ 3, by the theorem above" in text and "theorem: no exact fit costs less" in text


def test_certificates_are_what_the_pages_say(site, cells):
    for K, L in cells:
        text = gzip.decompress((site / "cells" / f"{K}-{L}.json.gz").read_bytes())
        assert all(result.verified for result in check_file(text))
        page = (site / "cells" / f"{K}-{L}.html").read_text(encoding="utf-8")
        assert hashlib.sha256(text).hexdigest() in page
        made = json.loads(text)["certificates"][0]["parameters"]
        assert (made["K"], made["L"]) == (str(K), str(L))


def test_a_certificate_that_fails_is_said_to(cells, monkeypatch):
    cell = cells[10, 4]
    monkeypatch.setattr(atlas_site, "check_file", lambda text: check_file(
        text.replace(b'"reached"', b'"exceeded"')))
    found = atlas_site.evidence(cell)
    assert not found.verified
    assert "NOT accepted by the checker" in atlas_site.cell_page(cell, found, None, [])


def test_the_map_counts(site, cells):
    text = (site / "index.html").read_text(encoding="utf-8")
    beaten = sum(cell.status == "dnc beaten" for cell in cells.values())
    assert f"{len(cells)} cells: DNC is beaten in {beaten}," in text
    assert text.count("<td><a ") == len(cells)
    assert len(json.loads((site / "atlas.json").read_text())["rows"]) == len(cells)


def test_kinds_and_colours(cells):
    assert kind(cells[6, 2].construction) == "DNC"
    assert {kind(cell.construction) for cell in cells.values()} <= {"DNC", "chain", "sum",
                                                                    "named"}
    assert colour(1.0) == (254, 232, 56) and colour(0.0) == (0, 34, 78)
    light = [sum(colour(step / 20)) for step in range(21)]
    assert light == sorted(light)


def test_a_site_is_written_over_a_site_only(site, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="directory must be new, empty, or a site of the atlas"):
        write_site(tmp_path, [3], [2])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    done = CliRunner().invoke(cli, ["atlas", "site", str(site), "--classes", "6:6", "--layers",
                                    "2:2"])
    assert done.exit_code == 0 and done.output.strip() == str(site / "index.html")
