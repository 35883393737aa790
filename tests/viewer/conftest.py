"""The browser that the viewer's tests drive; says which part of it is missing."""

import shutil

import pytest

from tests.viewer.files import DIST

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""WebGL without a GPU."""


@pytest.fixture(scope="session")
def browser():
    if not (DIST / "single.html").exists():
        pytest.skip("the viewer is not built: make viewer")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no chromium on the path")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser):
    """A page in which nothing may go wrong: no error thrown, none in the console."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console", lambda line: (line.type == "error" and page.complaints.append(line.text)) or None
    )
    yield page
    page.close()
    assert page.complaints == []
