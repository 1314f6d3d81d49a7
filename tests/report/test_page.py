"""The HTML report in a real browser: sorted, filtered, pointed at, by mouse and keyboard."""

import json
import re
import shutil
from urllib.parse import unquote

import pytest

from nctheory.errors import InputError
from nctheory.report import page
from nctheory.report.page import write_page
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store

THRESHOLDS = Plan("thresholds", grid={"classes": range(3, 23), "layers": range(2, 9)})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "results.db"
    run_plan(THRESHOLDS, path, executor="inline")
    run_plan(Plan("certify", grid={"classes": [5, 6], "layers": [3, 4]}), path,
             executor="inline")
    return path


@pytest.fixture(scope="module")
def browser():
    selenium = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium-driver)")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--window-size=1300,1500"):
        options.add_argument(argument)
    opened = selenium.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


@pytest.fixture
def opened(browser, store, tmp_path):
    write_page(store, tmp_path / "report.html")
    browser.get((tmp_path / "report.html").as_uri())
    yield browser
    assert browser.get_log("browser") == []  # no error, nothing blocked


def css(browser, selector):
    return browser.find_elements("css selector", selector)


def section(browser, task):
    return next(found for found in css(browser, "section")
                if found.find_element("css selector", "h2").text.startswith(task + ","))


def column(found, name):
    heads = [th.text for th in found.find_elements("css selector", "thead tr:first-child th")]
    place = heads.index(name) + 1
    return [cell.text for cell in
            found.find_elements("css selector", f"tbody td:nth-child({place})")]


def head(found, name):
    return next(button for button in found.find_elements("css selector", "th button")
                if button.text.split("\n")[0].strip(" \u25b2\u25bc") == name)


def test_the_table_holds_the_store(opened, store):
    found = section(opened, "thresholds")
    with Store(store) as source:
        records = list(source.table("thresholds"))[:100]
    assert column(found, "classes K") == [str(record["classes"]) for record in records]
    assert [float(text) for text in column(found, "ratio c/K")] == pytest.approx(
        [record["ratio"] for record in records], rel=1e-6)
    assert "140 points, 0 failed" in found.text and "1 to 100 of 140" in found.text


def test_sorting_by_mouse_and_keyboard(opened):
    from selenium.webdriver.common.keys import Keys
    found = section(opened, "thresholds")
    button = head(found, "ratio c/K")
    button.click()
    values = [float(text) for text in column(found, "ratio c/K")]
    assert values == sorted(values) and values[0] < 0.7
    cell = button.find_element("xpath", "..")
    assert cell.get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.ENTER)
    values = [float(text) for text in column(found, "ratio c/K")]
    assert values == sorted(values, reverse=True)
    assert cell.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("name, text, test", [
    ("classes K", "10:12", lambda value: 10 <= float(value) <= 12),
    ("ratio c/K", "<0.8", lambda value: float(value) < 0.8),
    ("ratio c/K", ">=0.9", lambda value: float(value) >= 0.9),
    ("layers L", "=3", lambda value: value == "3"),
    ("construction", "r=5 s=3", lambda value: "r=5 s=3" in value)])
def test_filters(opened, name, text, test):
    found = section(opened, "thresholds")
    field = found.find_element("css selector", f"input[aria-label='filter {name}']")
    field.send_keys(text)
    values = column(found, name)
    assert values and all(map(test, values))
    field.clear()
    field.send_keys("no such thing" if name == "construction" else ">99")
    assert column(found, name) == []
    assert found.find_element("css selector", "[role=status]").text == "no points"


def test_a_malformed_filter_is_named_and_hides_nothing(opened):
    """It said "no points", as if there were none."""
    found = section(opened, "thresholds")
    field = found.find_element("css selector", "input[aria-label='filter ratio c/K']")
    for text in (">x", "<1.2.3", "3:"):
        field.clear()
        field.send_keys(text)
        status = found.find_element("css selector", "[role=status]").text
        assert f"not a filter: {text}" in status and "of 140" in status
        assert field.get_attribute("aria-invalid") == "true"


def test_labels_of_decays_have_room(browser, tmp_path):
    """The canvas is asked where it wrote: left of its edge nothing may begin."""
    run_plan(Plan("thresholds", grid={"classes": [4, 5], "layers": [3],
                                      "weight_decay": {"log": [1e-5, 1e-2, 8]}}),
             tmp_path / "decays.db", executor="inline")
    assert write_page(tmp_path / "decays.db", tmp_path / "a.html") == {}
    browser.get((tmp_path / "a.html").as_uri())
    least = browser.execute_script("""
        let least = Infinity;
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
          if (this.textAlign === "right") least = Math.min(least,
            x - this.measureText(text).width);
          return write.call(this, text, x, y);
        };
        window.dispatchEvent(new Event("resize"));
        return least;""")
    assert 18 <= least < 100  # 12 px from the edge stands the axis's name


def test_pages(opened):
    found = section(opened, "thresholds")
    previous, following = found.find_elements("css selector", ".bar button")
    assert not previous.is_enabled()
    following.click()
    assert "101 to 140 of 140" in found.text and not following.is_enabled()
    assert len(column(found, "classes K")) == 40


def test_heat_map_tells_values_under_the_mouse_and_the_keys(opened, store):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    found = section(opened, "thresholds")
    canvas, told = (found.find_element("css selector", name) for name in ("canvas", "output"))
    with Store(store) as source:
        ratios = {(r["classes"], r["layers"]): r["ratio"] for r in source.table("thresholds")}

    def check():
        K, L, ratio = re.fullmatch(
            r"classes K = (\d+), layers L = (\d+): ratio c/K = ([\d.]+)", told.text).groups()
        assert float(ratio) == pytest.approx(ratios[int(K), int(L)], rel=1e-6)
        return int(K), int(L)

    ActionChains(opened).move_to_element(canvas).perform()
    K, L = check()
    canvas.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP)
    assert check() == (K + 1, L + 1)
    canvas.send_keys(Keys.ARROW_LEFT * 40)
    assert check() == (3, L + 1)
    # Filters act on the map, too.
    found.find_element("css selector", "input[aria-label='filter layers L']").send_keys("=4")
    canvas.send_keys(Keys.ARROW_UP)
    assert check() == (3, 4)


def test_everything_is_reached_by_the_tabulator(opened):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    reached = set()
    for _ in range(40):
        ActionChains(opened).send_keys(Keys.TAB).perform()
        active = opened.switch_to.active_element
        reached.add(active.get_attribute("id") or active.tag_name)
    assert reached >= {"theme", "canvas", "select", "button", "input", "summary"}


def test_light_and_dark(opened):
    def ground():
        return opened.execute_script("return getComputedStyle(document.body).backgroundColor")

    light = ground()
    button = opened.find_element("id", "theme")
    button.click()
    assert ground() != light and button.text == "Light"
    button.click()
    assert ground() == light
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": "dark"}]})
    opened.refresh()
    assert ground() != light
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_certificates_are_linked(opened):
    from nctheory.certify import check_file

    found = section(opened, "certify")
    links = found.find_elements("css selector", "a[download]")
    assert len(links) == 4
    text = unquote(links[0].get_attribute("href").partition(",")[2])
    assert all(result.verified for result in check_file(text.encode()))


def test_versions_and_plans_are_named(opened):
    text = opened.execute_script("return document.body.textContent")
    assert "numpy" in text and "Written by nctheory" in text and '"task": "thresholds"' in text


def test_nothing_is_loaded(opened):
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0
    source = page.TEMPLATE.read_text()
    assert "default-src 'none'" in source and not re.search(r"(src|href)=[\"']?http", source)


def test_text_in_results_stays_text(browser, tmp_path, rewrite):
    path = tmp_path / "hostile.db"
    run_plan(Plan("loss", fixed={"construction": "dnc:K=6"}, grid={"layers": [3, 4]}), path,
             executor="inline")
    hostile = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    rewrite(path, "UPDATE points SET result = json_set(result, '$.note', ?) WHERE id = 1",
            hostile)
    write_page(path, tmp_path / "hostile.html")
    browser.get((tmp_path / "hostile.html").as_uri())
    assert browser.title == "hostile.db: nctheory report"
    assert hostile in [cell.text for cell in css(browser, "td")]
    assert css(browser, "img") == []


def test_empty_large_and_unwritable(store, tmp_path, monkeypatch):
    Store(tmp_path / "empty.db", writable=True).close()
    write_page(tmp_path / "empty.db", tmp_path / "empty.html")
    assert "holds no points yet" in (tmp_path / "empty.html").read_text()
    monkeypatch.setattr(page, "LARGEST_TABLE", 10)
    write_page(store, tmp_path / "cut.html")
    text = (tmp_path / "cut.html").read_text()
    data = json.loads(re.search(r'application/json">(.*?)</script>', text, re.DOTALL)[1])
    table = data["tables"][1]
    assert (len(table["rows"]), table["total"]) == (10, 140)
    with pytest.raises(InputError, match="output must be a writable file"):
        write_page(store, tmp_path / "none" / "a.html")
    with pytest.raises(InputError, match="store must be a file that exists"):
        write_page(tmp_path / "none.db", tmp_path / "a.html")
