"""Everybody can use it: both languages, keys alone, a screen reader, a tablet."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.retrieval.web.page.looking import Looking

FILM = "queries/Shenzhen_0357.dcm"
STATIC = Path(__file__).parents[4] / "retrieval" / "web" / "static"
KEY = re.compile(r"^  (\w+): \"(.*)\",$", re.MULTILINE)


def words(language: str) -> dict[str, str]:
    """Key and sentence of a dictionary."""
    text = (STATIC / "js/words" / f"{language}.js").read_text("utf-8")
    return {key: json.loads(f'"{said}"') for key, said in KEY.findall(text)}


def test_both_dictionaries_have_the_same_keys() -> None:
    english, chinese = words("en"), words("zh")
    assert list(english) == list(chinese)
    assert len(english) > 250
    for key, said in english.items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_chinese_is_chinese() -> None:
    same = {"cbir {version}", "HTML", "PDF"}
    for key, said in words("zh").items():
        assert said in same or re.search(r"[\u4e00-\u9fff]", said), key


def test_every_sentence_that_is_asked_for_exists() -> None:
    known = set(words("en"))
    code = "\n".join(path.read_text("utf-8") for path in STATIC.rglob("*.js"))
    asked = set(re.findall(r"\bt\(\s*\"(\w+)\"", code)) | set(re.findall(r"say: \"(\w+)\"", code))
    assert asked - known == set()
    assert len(asked) > 150


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_of_the_page_is_left_in_another_language(
    chromium: Browser, films: str, examples: Path, language: str
) -> None:
    with Looking.at(chromium, films, locale="zh-CN" if language == "zh" else "en-GB") as looking:
        looking.hand_in(examples / FILM)
        expect(looking.page.locator("html")).to_have_attribute(
            "lang", "zh-Hans" if language == "zh" else "en"
        )
        bar = looking.page.locator("#bar nav").inner_text().split()
        assert bar == (["检索", "病例库"] if language == "zh" else ["Search", "Archive"])
        spoken = looking.page.evaluate(
            "() => [...document.querySelectorAll('button, h2, summary, caption, .explained li')]"
            ".filter((one) => !one.closest('[lang=en]:not(html)')).map((one) => one.innerText)"
        )
        chinese = [one for one in spoken if re.search(r"[\u4e00-\u9fff]", one)]
        assert (len(chinese) >= 12) is (language == "zh")


def test_the_language_is_changed_without_losing_the_scan(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / FILM)
    with looking.query() as body:
        looking.page.get_by_label("Language").select_option("zh")
    assert body["scan_id"]
    expect(looking.page.locator(".verdict")).to_have_text("建议 tuberculosis")
    expect(looking.pane("query")).to_contain_text("窗宽 1860")
    looking.page.reload()
    expect(looking.page.locator("#bar nav")).to_contain_text("病例库")


def _serious(looking: Looking, axe: str) -> list[str]:
    """What axe-core finds that is serious or critical: its rule and where."""
    looking.page.evaluate(axe)  # through the debugger, which no CSP of the page concerns
    found = looking.page.evaluate("() => axe.run(document)")
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_axe_finds_no_serious_fault(looking: Looking, examples: Path, axe: str) -> None:
    expect(looking.page.locator(".drop")).to_be_visible()
    assert _serious(looking, axe) == []
    looking.hand_in(examples / FILM)
    assert _serious(looking, axe) == []
    for panel in ("weights", "filter", "region", "more"):
        looking.page.locator(f'[data-panel="{panel}"]').click()
        assert _serious(looking, axe) == []
    looking.page.locator(f'[data-panel="{panel}"]').click()
    looking.page.keyboard.press("?")
    assert _serious(looking, axe) == []
    looking.page.keyboard.press("Escape")
    looking.hits().first.locator(".case-link").click()
    expect(looking.page.locator(".case-page h1")).to_be_visible()
    assert _serious(looking, axe) == []
    looking.page.get_by_role("link", name="Archive").click()
    expect(looking.page.locator(".cases")).to_be_visible()
    assert _serious(looking, axe) == []


def test_axe_sees_faults_at_all(looking: Looking, axe: str) -> None:
    expect(looking.page.locator(".drop")).to_be_visible()
    looking.page.evaluate(
        "() => document.querySelector('main').append(document.createElement('button'))"
    )
    assert any(one.startswith("button-name") for one in _serious(looking, axe))


def test_keys_alone_reach_everything(looking: Looking, examples: Path) -> None:
    """From the page's top by Tab: search by words, open a hit, mark it, open its case."""
    expect(looking.page.locator(".drop")).to_be_visible()
    assert "Choose files" in list(_tabbed(looking))
    looking.page.get_by_label("Search by words alone").focus()
    looking.page.keyboard.type("effusion")
    with looking.query():
        looking.page.keyboard.press("Enter")
    names = list(_tabbed(looking))
    for wanted in ("Skip to the content", "Window and level", "Query", "Case", "Weights"):
        assert any(one.startswith(wanted) for one in names), wanted
    assert any(one.startswith("Show beside the query: ") for one in names)
    assert any(one.startswith("More like this: ") for one in names)
    assert "" not in names
    looking.hits().nth(1).locator(".tile-open").focus()
    looking.page.keyboard.press("Enter")
    expect(looking.pane("hit").locator(".corner-high")).to_contain_text("2 ·")
    expect(looking.hits().nth(1).locator(".tile-open")).to_be_focused()


def _tabbed(looking: Looking) -> Iterator[str]:
    """The names of all that Tab reaches, from the top on; each must show that it has the focus."""
    looking.page.locator(".skip").focus()
    first = None
    for _ in range(120):
        told = looking.page.evaluate("""() => {
          const at = document.activeElement;
          if (!at || at === document.body) return null;
          const name = at.ariaLabel || at.labels?.[0]?.innerText || at.innerText || at.id || "";
          const seen = getComputedStyle(at).outlineStyle !== "none" || at.id === "main";
          return [name.trim().split("\\n")[0], seen];
        }""")
        if told is None or told == first:
            return
        first = first or told
        assert told[1], f"{told[0]} does not show that it has the focus"
        yield told[0]
        looking.page.keyboard.press("Tab")


def test_a_screen_reader_is_told_what_happens(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / FILM)
    expect(looking.page.locator("#said")).to_have_text("5 cases found. tuberculosis")
    film = looking.pane("query").get_by_role("img")
    expect(film).to_have_attribute("aria-label", re.compile("^Query, .*W 1860 · L 993"))


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (768, 1024)])
def test_it_fits_the_screen(
    chromium: Browser, films: str, examples: Path, size: tuple[int, int]
) -> None:
    width, height = size
    with Looking.at(chromium, films, viewport={"width": width, "height": height}) as looking:
        looking.hand_in(examples / FILM)
        across = looking.page.evaluate("() => document.documentElement.scrollWidth")
        assert across <= width
        for name in ("query", "hit"):
            box = looking.pane(name).bounding_box()
            assert box is not None
            assert box["width"] >= 300
            assert box["height"] >= 300
            assert box["y"] + box["height"] <= height


def test_fingers_are_enough_on_a_tablet(chromium: Browser, films: str, examples: Path) -> None:
    given = {"viewport": {"width": 1024, "height": 768}, "has_touch": True}
    with Looking.at(chromium, films, **given) as looking:
        looking.hand_in(examples / FILM)
        looking.hits().nth(1).locator(".tile-open").tap()
        expect(looking.pane("hit").locator(".corner-high")).to_contain_text("2 ·")
        with looking.query() as body:
            looking.hits().nth(0).locator(".like").tap()
        assert len(body["like"]) == 1
        tools = looking.page.locator(".tools .tool").all()
        sizes = [box for one in tools if (box := one.bounding_box())]
        assert min(box["height"] for box in sizes) >= 32
