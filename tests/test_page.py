"""The page of a report, opened without a network in a headless Chromium, and used as a reader does."""

import base64
import shutil

import pytest
from pages import HOSTILE, every_part

from seqmem.report import report
from seqmem.report.page.blocks import Parallel
from tuning.display.sections import TrialsSection

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not shutil.which("chromium") or not shutil.which("chromedriver"), reason="no Chromium"
    ),
]
WIDTHS = (400, 1600)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with every part, a search among them, and a hostile title."""
    return report(tmp_path_factory.mktemp("page") / "a.html", *every_part(), _search(), title=HOSTILE)


def _search():
    import pandas as pd

    rows = [
        {
            "trial": str(n),
            "status": "completed",
            "cell": cell,
            "units": units,
            "lookback": lookback,
            "cause": "",
        }
        | {"loss": 1 + n / 10, "ratio": 1 + n / 10}
        for n, (cell, units, lookback) in enumerate([("lstm", 8, 10), ("gru", 16, 20), ("rnn", 8, 40)])
    ]
    table = pd.DataFrame(rows)
    fits = pd.concat([table, table.assign(ratio=table["ratio"] + 0.1)])
    about = {
        "taken": "0",
        "sentences": ["Taken: trial 0."],
        "error": 0.05,
        "naive": "no change",
        "naive_loss": 1.0,
    }
    return TrialsSection(table, fits, ["cell", "units", "lookback"], **about)


@pytest.fixture(scope="module")
def chromium():
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(params=WIDTHS)
def opened(request, page, chromium):
    """The page at a width, its figures drawn."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    rates = dict.fromkeys(("latency", "downloadThroughput", "uploadThroughput"), 0)
    chromium.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **rates})
    chromium.get(page.as_uri())
    wait = "const done = arguments[0]; const go = () => document.querySelectorAll('.canvas svg').length =="
    wait += " document.querySelectorAll('.canvas').length ? done(true) : setTimeout(go, 50); go();"
    assert chromium.execute_async_script(wait)
    return chromium


def _run(driver, script, *arguments):
    return driver.execute_script(f"return (() => {{ {script} }})()", *arguments)


OUTSIDE = """
    const out = (box) => box.left < -1 || box.right > innerWidth + 1;
    return [...document.querySelectorAll('svg text')].filter((text) => out(text.getBoundingClientRect()))
      .map((text) => text.textContent)"""
OVERLAPS = """
    const aside = (a, b) => a.left >= b.right - 1 || b.left >= a.right - 1;
    const meet = (a, b) => !aside(a, b) && a.top < b.bottom - 4 && b.top < a.bottom - 4;
    return [...document.querySelectorAll('figure.chart svg')].flatMap((svg) => {
      const texts = [...svg.querySelectorAll(':scope > text')];
      const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
      return boxes.flatMap(([a, p], n) =>
        boxes.slice(n + 1).filter(([, q]) => meet(p, q)).map(([b]) => `${a} / ${b}`));
    })"""


def test_it_is_drawn_at_any_width_and_nothing_is_asked_of_the_network(opened):
    assert _run(opened, "return document.documentElement.scrollWidth - innerWidth") <= 0
    assert _run(opened, OUTSIDE) == []
    assert _run(opened, OVERLAPS) == []
    assert [line for line in opened.get_log("browser") if line["level"] == "SEVERE"] == []
    sent = [one["message"] for one in opened.get_log("performance")]
    sent = [one for one in sent if '"Network.requestWillBeSent"' in one]
    assert sent
    assert all('"url":"file://' in one for one in sent)
    assert opened.title == HOSTILE
    assert _run(opened, "return document.querySelectorAll('img, iframe').length") == 0


def test_models_are_switched_on_and_off(opened):
    figure = "const all = [...document.querySelectorAll('figure')];"
    figure += "const figure = all.find((f) => f.textContent.includes('volatility forecast'));"
    figure += "const names = [...figure.querySelectorAll('.legend button')];"
    figure += "const own = names.find((b) => b.textContent == 'EWMA');"
    lines = f"{figure} return figure.querySelectorAll('path.line').length"
    before = _run(opened, lines)
    _run(opened, f"{figure} own.click()")
    assert _run(opened, lines) == before - 1
    assert _run(opened, f"{figure} return own.getAttribute('aria-pressed')") == "false"


def test_tables_are_sorted_by_their_heads(opened):
    table = "const all = [...document.querySelectorAll('table')];"
    table += "const table = all.find((t) => t.caption.textContent == 'Trials');"
    table += "const heads = [...table.querySelectorAll('th button')];"
    table += "const at = heads.findIndex((b) => b.textContent == 'lookback');"
    values = "return [...table.tBodies[0].rows].map((row) => Number(row.cells[at].dataset.value));"
    _run(opened, f"{table} heads[at].click()")
    assert _run(opened, table + values) == [10, 20, 40]
    _run(opened, f"{table} heads[at].click()")
    assert _run(opened, table + values) == [40, 20, 10]


def test_it_is_read_by_keyboard_alone(opened):
    from selenium.webdriver.common.keys import Keys

    canvas = opened.find_element("css selector", "figure.chart .canvas")
    output = opened.find_element("css selector", "figure.chart output")
    canvas.send_keys(Keys.END)
    last = output.text
    canvas.send_keys(Keys.ARROW_LEFT)
    assert output.text
    assert output.text != last
    axis = "return document.querySelector('figure.chart svg').textContent"
    whole = _run(opened, axis)
    canvas.send_keys("+")
    assert _run(opened, axis) != whole
    canvas.send_keys(Keys.ESCAPE)
    assert _run(opened, axis) == whole
    trials = opened.find_element("css selector", "figure.parallel .canvas")
    trials.send_keys(Keys.ARROW_DOWN)
    assert "trial 0" in opened.find_element("css selector", "figure.parallel output").text
    used = "return [...document.querySelectorAll('button, .canvas, .scroll, summary')].map((e) => e.tabIndex)"
    assert set(_run(opened, used)) == {0}


def test_it_prints_and_has_a_dark_side(opened):
    printed = base64.b64decode(opened.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")
    assert len(printed) > 20_000
    paper = "return getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
        seen[scheme] = _run(opened, paper)
    assert seen["light"] == "rgb(255, 255, 255)"
    assert seen["dark"] != seen["light"]


def test_parallel_coordinates_have_an_axis_for_each_column():
    (found,) = [one for one in _search().blocks() if isinstance(one, Parallel)]
    assert [axis["label"] for axis in found.to_json()["axes"]] == ["cell", "units", "lookback", "ratio"]
