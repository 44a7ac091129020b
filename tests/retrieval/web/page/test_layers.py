"""What is laid over the films, fingers, keys, colours, and a real series."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.retrieval.web.page.looking import Looking


def test_what_made_them_similar_is_laid_over_both(film: Looking) -> None:
    plain = [film.grey(name, 0.5, 0.5) for name in ("query", "hit")]
    assert all(red == green == blue for red, green, blue, _ in plain)
    with film.page.expect_response("**/api/v1/maps", timeout=60_000):
        film.use("map")
    expect(film.page.locator(".map-note")).to_contain_text("They do not show disease")
    film.drawn()
    for name in ("query", "hit"):
        assert _coloured(film, name) > 20
    whole = film.greys("hit", [(0.5, 0.5), (0.3, 0.4), (0.7, 0.6), (0.4, 0.7)])
    film.page.locator('[data-map="apart"]').click()
    film.drawn()
    assert film.greys("hit", [(0.5, 0.5), (0.3, 0.4), (0.7, 0.6), (0.4, 0.7)]) != whole
    film.page.get_by_label("Opacity").fill("0")
    film.drawn()
    for name, before in zip(("query", "hit"), plain, strict=True):
        red, green, blue, _ = film.grey(name, 0.5, 0.5)
        assert red == green == blue
        assert abs(red - before[0]) <= 4  # the note below has made the films a little smaller


def _coloured(looking: Looking, name: str) -> int:
    """How many of 400 places of a pane are not grey."""
    places = [(x / 20 + 0.025, y / 20 + 0.025) for x in range(20) for y in range(20)]
    return sum(max(one[:3]) - min(one[:3]) > 12 for one in looking.greys(name, places))


def test_a_mask_is_laid_over_where_there_is_one(slices: Looking) -> None:
    with slices.page.expect_response("**/instances/*/mask/*") as mask:
        slices.use("mask")
    assert mask.value.ok, mask.value.text()
    assert set(mask.value.body()) == {0, 255}
    for name in ("query", "hit"):
        expect(slices.pane(name).locator("canvas")).to_have_attribute("data-mask", "yes")
        assert _coloured(slices, name) > 20
    slices.use("mask")
    slices.drawn()
    assert _coloured(slices, "hit") == 0


def test_where_there_is_no_mask_it_says_so(film: Looking) -> None:
    film.expected.add(404)
    film.use("mask")
    for name in ("query", "hit"):
        expect(film.pane(name)).to_contain_text("No mask of this picture")
        assert _coloured(film, name) == 0


def test_two_fingers_zoom(film: Looking) -> None:
    before = film.told("query")
    film.pane("query").evaluate("""(node) => {
      const box = node.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      node.setPointerCapture = () => undefined;
      const send = (kind, id, dx) => node.dispatchEvent(new PointerEvent(kind, { pointerId: id,
        pointerType: "touch", clientX: x + dx, clientY: y, bubbles: true, cancelable: true }));
      send("pointerdown", 11, -20);
      send("pointerdown", 12, 20);
      for (let far = 25; far <= 80; far += 5) {
        send("pointermove", 12, far);
        send("pointermove", 11, -far);
      }
      send("pointerup", 11, -80);
      send("pointerup", 12, 80);
    }""")
    film.drawn()
    after = film.told("query")
    zoom = [int(one.split("Zoom ")[1].split(" ")[0]) for one in (before, after)]
    assert zoom[1] / zoom[0] == pytest.approx(4, rel=0.05)
    assert before.split("\n")[0] == after.split("\n")[0]  # the window is as it was


def test_all_keys_are_listed(looking: Looking) -> None:
    looking.page.locator("#main").wait_for()
    expect(looking.page.locator(".drop")).to_be_visible()
    looking.page.keyboard.press("?")
    keys = set(looking.page.locator("dialog kbd").all_inner_texts())
    assert {*"12345irlhvzc", "Space", "↑", "↓", "PgUp", "PgDn", "?"} <= keys
    looking.page.keyboard.press("Escape")
    expect(looking.page.locator("dialog")).to_have_count(0)


def test_a_colour_picture_stays_coloured(looking: Looking, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    picture = np.full((200, 300, 3), (40, 80, 200), np.uint8)  # BGR
    cv2.circle(picture, (150, 100), 60, (30, 160, 90), -1)
    cv2.imwrite(str(tmp_path / "skin.png"), picture)
    looking.hand_in(tmp_path / "skin.png")
    looking.drawn()
    assert looking.grey("query", 0.5, 0.5)[:3] == [90, 160, 30]


@pytest.mark.shared
def test_a_real_ct_series_is_read_slice_by_slice(looking_at_series: Looking, shared: Path) -> None:
    looking = looking_at_series
    looking.hand_in(*sorted((shared / "chest_ct/pneumonia/cap001").glob("*.dcm")))
    expect(looking.pane("query")).to_contain_text("Slice 15 of 28")
    expect(looking.pane("query")).to_contain_text("HU")
    looking.pane("query").focus()
    looking.page.keyboard.press("2")
    expect(looking.pane("query")).to_contain_text("W 1500 · L -600 HU")
