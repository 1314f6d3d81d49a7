"""The atlas as a site: every link leads somewhere, every number is the atlas's or a checker's."""

import gzip
import hashlib
import json
import re
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from nctheory.atlas.submit import submit
from nctheory.atlas.table import atlas, lower_bound
from nctheory.certify import check_file
from nctheory.cli import cli
from nctheory.constructions import stored
from nctheory.errors import InputError
from nctheory.report import atlas_site
from nctheory.report.atlas_pages import Page, cell_page, colour, kind
from nctheory.report.atlas_site import write_site

pytest.importorskip("matplotlib")

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
        links = [link for link in re.findall(r'(?:href|src)="([^"]*)"', text)
                 if link != "data:,"]
        assert links
        for link in links:
            target, _, place = link.partition("#")
            assert (page.parent / target).resolve().exists(), (page.name, link)
            assert not place or target == "../index.html"


def test_a_page_has_both_bounds_and_where_they_are_from(site, cells):
    for (K, L), cell in cells.items():
        text = (site / "cells" / f"{K}-{L}.html").read_text(encoding="utf-8")
        assert f"c ≤ {cell.cost:.10g}" in text and f"c ≥ {cell.lower:.10g}" in text
        assert str(lower_bound(K, L)) in text
        assert cell.construction.label in text and cell.status in text
        assert "accepted by the checker" in text and "NOT accepted" not in text


def test_where_a_theorem_decides_both_bounds_are_those_of_dnc():
    cell, = atlas([3], [2])
    text = page_of(cell)
    assert cell.status == "dnc optimal" and "c ≤ 3," in text
    assert "c ≥ 3, by the theorem above" in text and "theorem: no exact fit costs less" in text
    assert "No collapsed exact fit can" in text and "atlas submit" not in text


def page_of(cell, drawn=None):
    return cell_page(Page(cell, atlas_site.evidence(cell), drawn, None, []))


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
    assert not atlas_site.evidence(cell).verified
    assert "NOT accepted by the checker" in page_of(cell)


def test_the_map_counts(site, cells):
    text = (site / "index.html").read_text(encoding="utf-8")
    beaten = [key for key, cell in cells.items() if cell.status == "dnc beaten"]
    assert f"{len(cells)} cells; " in text and f"DNC is beaten in {len(beaten)} cells" in text
    assert "<li>L = 2: in no cell</li><li>L = 4: K = 6, 10–11</li>" in text
    assert {K for K, L in beaten if L == 4} == {6, 10, 11}
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
    copied = shutil.copytree(site, tmp_path / "copy")
    done = CliRunner().invoke(cli, ["atlas", "site", str(copied), "--classes", "6:6", "--layers",
                                    "2:2"])
    assert done.exit_code == 0 and done.output.strip() == str(copied / "index.html")
    assert [path.name for path in (copied / "cells").glob("*.html")] == ["6-2.html"]  # no other


def test_a_claim_is_counted_only_if_its_certificate_proves_it(cells):
    proof = atlas_site.evidence(cells[10, 4])
    assert proof.below(10) and not proof.below(5)
    assert not atlas_site.Evidence(proof.packed, proof.bound, False, proof.digest).below(10)


def test_the_matrices_of_a_page_are_those_of_its_cell(site, cells):
    for (K, L), cell in cells.items():
        text = (site / "cells" / f"{K}-{L}.html").read_text(encoding="utf-8")
        assert 'src="../constructions/' in text  # its picture, whose being there is tested above
        files = re.findall(r'href="\.\./(constructions/[^"]*)\.npz"', text)
        blocks = getattr(cell.construction, "blocks", None)
        assert len(files) == len(set(blocks))
        for name in files:
            with np.load(site / f"{name}.npz") as arrays:
                held = {key: arrays[key].tolist() for key in arrays}
            assert json.loads((site / f"{name}.json").read_text()) == held
        if len(files) == len(blocks) == 1:
            verdict = submit(site / f"{files[0]}.npz", L)
            assert verdict.cost == pytest.approx(cell.cost, rel=1e-12)
            assert not verdict.improves


def test_a_better_submission_names_the_page(tmp_path, monkeypatch):
    chain = stored.chain(3, 4)
    np.savez(tmp_path / "mine.npz", **{f"{'W' if i else 'H'}_{i or 1}": np.array(m, dtype=float)
                                       for i, m in enumerate(chain.matrices)})
    monkeypatch.setenv("NCTHEORY_DATA", str(tmp_path / "data"))
    # As if it were not known.
    monkeypatch.setattr("nctheory.atlas.submit._judge", lambda block, layers: "improves the cell")
    done = CliRunner().invoke(cli, ["atlas", "submit", str(tmp_path / "mine.npz")])
    assert "cells/3-4.html would change" in done.output


def test_labels_have_files_of_their_own():
    labels = {cell.construction.label for cell in atlas(range(2, 65), [2, 5])}
    assert len({atlas_site.slug(label) for label in labels}) == len(labels)
