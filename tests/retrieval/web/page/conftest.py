"""Chromium, servers of the example films and of CT series, and a page that tolerates no fault."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.pipeline import build
from tests.retrieval.web.page.looking import Looking
from tests.retrieval.web.serving import served as serving

pytest.importorskip("playwright", reason="playwright is not installed (pip install -e '.[dev]')")
from playwright.sync_api import Browser, Error, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
STARTS_WITHIN_S = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test beside this file drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window. Skips where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no Chromium here (apt-get install chromium)")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        except Error as error:
            pytest.skip(f"Chromium does not start: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core. Skips where it was not installed."""
    if not AXE.exists():
        pytest.skip(f"axe-core is not installed (npm ci --prefix {AXE.parents[2].name})")
    return AXE.read_text()


@pytest.fixture(scope="session")
def films(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the example films."""
    index = tmp_path_factory.mktemp("page") / "films"
    build(examples / "archive", index)
    with served(index) as address:
        yield address


@pytest.fixture(scope="session")
def series(volume_index: Path) -> Iterator[str]:
    """The address of a server of three CT series."""
    with served(volume_index) as address:
        yield address


@contextmanager
def served(index: Path, *arguments: str) -> Iterator[str]:
    """The address of `cbir serve` of this index; it is ended afterwards."""
    with serving(index, *arguments) as one:
        yield one.address


@pytest.fixture
def looking(chromium: Browser, films: str) -> Iterator[Looking]:
    """A fresh page on the example films, 1280 x 800; no fault of it goes unnoticed."""
    with Looking.at(chromium, films) as one:
        yield one


@pytest.fixture
def looking_at_series(chromium: Browser, series: str) -> Iterator[Looking]:
    """The same on CT series."""
    with Looking.at(chromium, series) as one:
        yield one


@pytest.fixture
def film(looking: Looking, examples: Path) -> Looking:
    """The page with a film of 12 bits and its hits."""
    looking.hand_in(examples / "queries/Shenzhen_0357.dcm")
    expect(looking.pane("hit")).to_contain_text("W 255")
    looking.seen()
    return looking


@pytest.fixture
def slices(looking_at_series: Looking, volumes: Path) -> Looking:
    """The page with a CT series of six slices and its hits."""
    looking_at_series.hand_in(*sorted((volumes / "b").glob("*.dcm")))
    expect(looking_at_series.pane("hit")).to_contain_text("Slice")
    looking_at_series.seen()
    return looking_at_series
