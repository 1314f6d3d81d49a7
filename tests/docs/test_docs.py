"""The documentation: built without a warning, links that lead somewhere, and a browser's view.

Slow: the build runs the tutorials and the proofs.  What is built already is not built again.
"""

import gzip
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from nctheory import certify

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "docs" / "_build"
PAGES = ("index", "auto/tutorials/1_where_dnc_stops", "auto/tutorials/5_for_my_paper",
         "auto/theorems/index", "auto/theorems/gk25-theorem-7", "auto/reference/nctheory.network",
         "metrics", "guide", "formats", "certificates", "check", "atlas", "auto/commands",
         "atlas/index", "atlas/cells/9-6")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docs")]  # it is built once


@pytest.fixture(scope="module", autouse=True)
def built():
    pytest.importorskip("sphinx_gallery")
    done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs",
                           "docs/_build"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


class Page(HTMLParser):
    """The links, the names to link to, and what is loaded."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names, self.loaded = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names |= {given.get("id"), given.get("name")}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "link") and (given.get("src") or given.get("href")):
            if given.get("rel") not in ("canonical", "prev", "next"):
                self.loaded.append(given.get("src") or given["href"])


def test_links_between_pages_and_nothing_from_elsewhere():
    pages = {path: Page(path) for path in SITE.rglob("*.html")
             if "_static" not in path.parts}  # the theme's templates
    assert len(pages) > 300
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto", "data"):
                if link in page.loaded and parts.scheme != "data":
                    broken.append((path.name, link, "from a network"))
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                broken.append((path.name, link, "no file"))
            elif parts.fragment and target in pages and parts.fragment not in pages[target].names:
                broken.append((path.name, link, "no such place"))
    assert broken == [], broken[:20]


def test_every_theorem_and_public_name_has_its_place():
    import nctheory
    from proofs import THEOREMS

    for name in THEOREMS:
        text = (SITE / "auto" / "theorems" / f"{name}.html").read_text(encoding="utf-8")
        shown = re.sub(r"<[^>]+>", "", text)
        assert "NOT VERIFIED" not in shown and f"python -m proofs {name}" in shown
    index = (SITE / "genindex.html").read_text(encoding="utf-8")
    for name in nctheory.__all__:
        if callable(getattr(nctheory, name)):
            assert f"{name}()" in index or f"{name} (class" in index or name == "InputError", name


def opened(width, height):
    selenium = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium-driver)")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}"):
        options.add_argument(argument)
    return selenium.Chrome(options=options, service=Service(driver))


@pytest.fixture(scope="module")
def browser():
    found = opened(1300, 900)
    yield found
    found.quit()


@pytest.mark.parametrize("name", PAGES)
def test_no_complaint_and_no_overflow_on_a_phone(browser, name):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
    browser.get_log("browser")
    browser.get((SITE / f"{name}.html").as_uri())
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= 360, f"{name} is {wide} wide"
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_keys_of_the_map(browser):
    from selenium.webdriver.common.keys import Keys

    browser.get((SITE / "atlas" / "index.html").as_uri() + "#at-9-6")
    browser.refresh()
    said = browser.find_element("id", "said")
    assert said.text.startswith("K=9 L=6")
    for key, expected in ((Keys.ARROW_RIGHT, "K=9 L=7"), (Keys.ARROW_DOWN, "K=10 L=7"),
                          (Keys.HOME, "K=10 L=1"), (Keys.ARROW_LEFT, "K=10 L=1")):
        browser.switch_to.active_element.send_keys(key)
        assert said.text.startswith(expected + ":")
    assert len(browser.find_elements("css selector", "#map a[tabindex='0']")) == 1


def test_search_finds(browser):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((SITE / "search.html").as_uri() + "?q=triangular")
    WebDriverWait(browser, 30).until(
        lambda b: b.find_elements("css selector", "#search-results li a"))


def test_the_checker_accepts_and_refuses(browser, tmp_path):
    from selenium.webdriver.support.ui import WebDriverWait

    text = certify.to_json([certify.cell(6, 3, 2), certify.cost(3, 4)])
    assert text.count('"below"') == 1
    for content, expected in ((text.encode(), "2 of 2 certificates verified"),
                              (gzip.compress(text.encode()), "2 of 2 certificates verified"),
                              (text.replace('"below"', '"above"').encode(), "1 of 2 certificates"),
                              (b"\x1f\x8b and no more", "not a certificate file"),
                              (b"{}", "not a certificate file")):
        file = tmp_path / "certificate.json"
        file.write_bytes(content)
        browser.get((SITE / "check.html").as_uri())
        browser.find_element("id", "certificate").send_keys(str(file))
        WebDriverWait(browser, 60).until(
            lambda b, wanted=expected: wanted in b.find_element("id", "verdict").text)
    assert re.search(r"class=\"[^\"]*bd-article", browser.page_source)
