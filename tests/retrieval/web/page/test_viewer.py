"""The viewer: what a radiologist expects of one, by mouse, by key and by finger."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.retrieval.web.page.looking import Looking

FILM = "queries/Shenzhen_0357.dcm"


def test_sixteen_bit_values_reach_the_browser(looking: Looking, examples: Path) -> None:
    with looking.page.expect_response("**/frames/0") as fetched:
        looking.hand_in(examples / FILM)
    sent = fetched.value.body()
    assert len(sent) == 384 * 384 * 2
    low = int.from_bytes(sent[:2], "little")
    assert (
        max(int.from_bytes(sent[at : at + 2], "little") for at in range(0, 40000, 2)) > 255 > -low
    )


def test_left_drag_changes_the_window_in_the_browser(film: Looking) -> None:
    before = film.grey("query", 0.5, 0.5)[0]
    asked: list[str] = []
    film.page.on("request", lambda request: asked.append(request.url))
    film.drag("query", (0, 60))
    assert "W 1860 · L 993" not in film.told("query")
    assert "W 1860" in film.told("query")
    assert film.grey("query", 0.5, 0.5)[0] < before  # a higher level makes it darker
    film.drag("query", (100, 0))
    assert "W 1860" not in film.told("query")
    assert asked == []


def test_windows_follow_in_step_by_share_where_units_differ(film: Looking) -> None:
    film.drag("query", (80, 0))
    wide = float(film.told("query").split("W ")[1].split(" ")[0]) / 1860
    assert wide > 1
    hit = float(film.told("hit").split("W ")[1].split(" ")[0]) / 255
    assert hit == pytest.approx(wide, abs=0.01)


def test_zoom_pan_and_reset(film: Looking) -> None:
    film.pane("query").focus()
    fitted = film.told("query")
    film.page.keyboard.press("z")
    film.drag("query", (0, -80))
    assert film.told("query") != fitted
    assert film.told("hit").split("Zoom")[1] != fitted.split("Zoom")[1]  # in step
    film.page.keyboard.press("p")
    corner = film.grey("query", 0.5, 0.5)
    film.drag("query", (60, 40))
    film.drag("query", (30, 0), button="middle")
    assert film.grey("query", 0.5, 0.5) != corner
    film.page.keyboard.press(" ")
    film.drawn()
    assert film.told("query") == fitted


def test_right_drag_and_wheel_zoom(film: Looking) -> None:
    fitted = film.told("query")
    film.drag("query", (0, -60), button="right")
    closer = film.told("query")
    assert closer != fitted
    film.pane("query").hover()
    film.page.mouse.wheel(0, -300)
    film.drawn()
    assert film.told("query") not in (closer, fitted)


def test_invert_turn_and_flip(film: Looking) -> None:
    film.pane("query").focus()
    places = {"upper left": (0.3, 0.4), "upper right": (0.7, 0.4), "lower left": (0.3, 0.6)}

    def greys() -> dict[str, int]:
        film.drawn()
        return {name: film.grey("query", *place)[0] for name, place in places.items()}

    upright = greys()
    film.page.keyboard.press("i")
    inverted = greys()
    for name, grey in upright.items():
        assert inverted[name] == pytest.approx(255 - grey, abs=2)
    film.page.keyboard.press("i")
    film.page.keyboard.press("h")
    assert greys()["upper left"] == pytest.approx(upright["upper right"], abs=12)
    film.page.keyboard.press("h")
    film.page.keyboard.press("v")
    assert greys()["upper left"] == pytest.approx(upright["lower left"], abs=12)
    film.page.keyboard.press("v")
    for key in "rrrr":
        film.page.keyboard.press(key)
    assert greys() == upright
    film.page.keyboard.press("r")
    turned = greys()
    assert turned != upright
    film.page.keyboard.press("l")
    assert greys() == upright


def test_panes_can_go_their_own_ways(film: Looking) -> None:
    film.use("link")
    other = film.told("hit")
    film.drag("query", (60, 60))
    film.pane("query").focus()
    film.page.keyboard.press("+")
    film.drawn()
    assert film.told("hit") == other
    film.use("link")
    film.drawn()
    assert film.told("hit") != other


def test_slices_are_scrolled_by_wheel_key_and_slider(slices: Looking) -> None:
    pane = slices.pane("query")
    expect(pane).to_contain_text("Slice 4 of 6")
    pane.hover()
    slices.page.mouse.wheel(0, 100)
    expect(pane).to_contain_text("Slice 5 of 6")
    pane.focus()
    slices.page.keyboard.press("ArrowUp")
    slices.page.keyboard.press("ArrowUp")
    expect(pane).to_contain_text("Slice 3 of 6")
    pane.locator(".slices").fill("0")
    expect(pane).to_contain_text("Slice 1 of 6")
    slices.page.keyboard.press("ArrowUp")
    expect(pane).to_contain_text("Slice 1 of 6")
    slices.use("scroll")
    slices.drag("query", (0, 40))
    expect(pane).to_contain_text("Slice 4 of 6")


def test_slices_go_in_step(slices: Looking) -> None:
    hit = slices.pane("hit")
    before = int(slices.told("hit").split("Slice ")[1].split(" ")[0])
    slices.pane("query").focus()
    slices.page.keyboard.press("ArrowUp")
    expect(hit).to_contain_text(f"Slice {before - 1} of 6")
    slices.page.keyboard.press("s")
    slices.page.keyboard.press("ArrowUp")
    slices.drawn()
    expect(hit).to_contain_text(f"Slice {before - 1} of 6")


def test_presets_of_ct_are_in_hounsfield_units(slices: Looking) -> None:
    slices.pane("query").focus()
    for key, told in {
        "1": "W 400 · L 40 HU",
        "2": "W 1500 · L -600 HU",
        "3": "W 150 · L 90 HU",
        "4": "W 2500 · L 480 HU",
        "5": "W 80 · L 40 HU",
    }.items():
        slices.page.keyboard.press(key)
        for name in ("query", "hit"):
            expect(slices.pane(name)).to_contain_text(told)
    slices.page.get_by_label("CT windows").select_option("2")
    expect(slices.pane("query")).to_contain_text("W 1500 · L -600 HU")
    slices.pane("hit").focus()
    slices.page.keyboard.press("PageDown")  # the next case is seen in the same window
    expect(slices.pane("hit").locator(".corner-high")).to_contain_text("2 ·")
    expect(slices.pane("hit")).to_contain_text("W 1500 · L -600 HU")


def test_a_film_without_hounsfield_units_has_no_presets(film: Looking) -> None:
    before = film.told("query")
    film.pane("query").focus()
    film.page.keyboard.press("2")
    film.drawn()
    assert film.told("query") == before
    expect(film.page.locator('[data-tool="presets"]')).to_have_count(0)


def test_cine_plays_and_stops(slices: Looking) -> None:
    slices.pane("query").focus()
    slices.page.keyboard.press("c")
    seen = set()
    for _ in range(40):
        seen.add(slices.told("query").split("\n")[0])
        slices.page.wait_for_timeout(50)
    assert len(seen) == 6
    slices.page.keyboard.press("c")
    slices.page.wait_for_timeout(200)
    stopped = slices.told("query")
    slices.page.wait_for_timeout(400)
    assert slices.told("query") == stopped


def test_orientation_marks_turn_with_the_picture(slices: Looking) -> None:
    def marks() -> str:
        slices.drawn()
        sides = ("left", "top", "right", "bottom")
        pane = slices.pane("query")
        return "".join(pane.locator(f".mark-{side}").inner_text() for side in sides)

    assert marks() == "RALP"
    slices.pane("query").focus()
    slices.page.keyboard.press("r")
    assert marks() == "PRAL"
    slices.page.keyboard.press("h")
    assert marks() == "ARPL"
    slices.page.keyboard.press(" ")
    slices.page.keyboard.press("v")
    assert marks() == "RPLA"


def test_lengths_are_in_millimetres(slices: Looking) -> None:
    slices.use("length")
    box = slices.pane("query").bounding_box()
    assert box is not None
    zoom = int(slices.told("query").split("Zoom ")[1].split(" ")[0]) / 100
    slices.drag("query", (100, 0))
    said = slices.page.locator("#said")
    expect(said).to_contain_text("millimetres")
    millimetres = float(said.inner_text().split(" ")[0])
    assert millimetres == pytest.approx(100 / zoom * 2, rel=0.01)  # 2 mm a pixel


def test_lengths_by_key(slices: Looking) -> None:
    slices.pane("query").focus()
    slices.page.keyboard.press("m")
    slices.page.keyboard.press("Enter")
    slices.page.keyboard.press("Enter")
    for _ in range(5):
        slices.page.keyboard.press("Shift+ArrowRight")
    slices.page.keyboard.press("Enter")
    width = int(slices.pane("query").locator(".slices").get_attribute("data-width") or 64)
    step = max(1, round(width / 50))
    expect(slices.page.locator("#said")).to_have_text(f"{5 * step * 2:.1f} millimetres")


def test_there_are_no_lengths_where_the_spacing_is_not_known(film: Looking) -> None:
    tool = film.page.locator('[data-tool="length"]')
    expect(tool).to_be_disabled()
    expect(tool).to_have_attribute("title", "No lengths: the distance between pixels is not known")


def test_page_keys_go_from_hit_to_hit(film: Looking) -> None:
    film.pane("hit").focus()
    film.page.keyboard.press("PageDown")
    expect(film.pane("hit").locator(".corner-high")).to_contain_text("2 ·")
    expect(film.hits().nth(1)).to_have_attribute("data-chosen", "true")
    film.page.keyboard.press("PageUp")
    film.page.keyboard.press("PageUp")
    expect(film.pane("hit").locator(".corner-high")).to_contain_text("1 ·")
