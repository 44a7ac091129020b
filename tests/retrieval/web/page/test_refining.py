"""Steps of a search: each asks again, can be undone, and stands in the address."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.retrieval.web.page.looking import Looking

FILM = "queries/Shenzhen_0357.dcm"


@pytest.fixture
def film(looking: Looking, examples: Path) -> Looking:
    """The page with a film and its hits."""
    looking.hand_in(examples / FILM)
    expect(looking.pane("hit")).to_contain_text("W 255")
    return looking


def panel(looking: Looking, name: str) -> None:
    looking.page.locator(f'[data-panel="{name}"]').click()


def order(looking: Looking) -> list[str]:
    found: list[str] = looking.hits().evaluate_all(
        "(all) => all.map((one) => one.dataset.instance)"
    )
    return found


def test_weights_are_sliders(film: Looking) -> None:
    before = order(film)
    panel(film, "weights")
    assert film.page.locator("[data-weight]").count() == 5
    for name in ("colour", "edge", "learned"):
        with film.query() as body:
            film.page.locator(f'[data-weight="{name}"]').fill("0")
    assert body["weights"] == {"colour": 0, "edge": 0, "learned": 0}
    parts = film.hits().first.locator(".split-part")
    expect(parts).to_have_count(1)
    expect(parts).to_have_attribute("data-part", "embedding")
    with film.query() as body:
        film.page.get_by_role("button", name="The index's own weights").click()
    assert body["weights"] == {}
    assert order(film) == before


def test_words_beside_the_picture(film: Looking) -> None:
    film.page.locator("#words").fill("infiltration")
    with film.query() as body:
        film.page.keyboard.press("Enter")
    assert body["text"] == "infiltration"
    assert body["scan_id"]
    expect(film.page.locator(".remarks")).to_contain_text("rougher guide")


def test_filters_say_how_many_cases_they_leave(film: Looking) -> None:
    panel(film, "filter")
    labels = film.page.locator('fieldset:has([data-facet="label"]) label')
    assert sorted(labels.all_inner_texts()) == ["normal\n30", "pneumonia\n30", "tuberculosis\n30"]
    with film.query() as body:
        film.page.locator('[data-facet="label"][data-value="normal"]').check()
    assert body["filters"] == {"label": ["normal"]}
    assert set(film.hits().locator(".label").all_inner_texts()) == {"normal"}
    with film.query() as body:
        film.page.locator('[data-facet="label"][data-value="pneumonia"]').check()
    assert body["filters"] == {"label": ["normal", "pneumonia"]}
    with film.query() as body:
        film.page.locator('[data-facet="sex"][data-value="F"]').check()
    assert body["filters"] == {"label": ["normal", "pneumonia"], "sex": ["F"]}
    assert all("female" in one for one in film.hits().locator(".tile-about").all_inner_texts())
    with film.query() as body:
        film.page.get_by_role("button", name="No filters").click()
    assert body["filters"] == {}


def test_a_filter_by_age(film: Looking) -> None:
    panel(film, "filter")
    film.page.get_by_label("from", exact=True).fill("60")
    with film.query() as body:
        film.page.keyboard.press("Enter")
    assert body["filters"] == {"age": [60, 150]}
    ages = film.hits().locator(".tile-about").all_inner_texts()
    assert all(int(one.split(" years")[0].split("· ")[-1]) >= 60 for one in ages)


def test_a_region_is_drawn_and_searched_by(film: Looking) -> None:
    panel(film, "region")
    with film.query() as body:
        film.drag("query", (80, 100))
    region = body["region"]
    zoom = int(film.told("query").split("Zoom ")[1].split(" ")[0]) / 100
    assert region["w"] == pytest.approx(80 / zoom, abs=2)
    assert region["h"] == pytest.approx(100 / zoom, abs=2)
    assert abs(region["x"] - 192) <= 2
    assert region["frame"] == 0
    assert {"text", "weights", "like", "unlike"}.isdisjoint(body)
    expect(film.page.locator(".diagnosis")).to_contain_text("A part of the scan was asked about")
    assert film.hits().count() > 0
    film.drawn()
    assert _inked(film, "query") > 5
    assert _inked(film, "hit") > 5
    film.use("map")
    expect(film.page.locator(".map-note")).to_contain_text("the box on the hit shows the place")


def _inked(looking: Looking, name: str) -> int:
    """How many of 10,000 places of a pane are of the ink in which a region is drawn."""
    places = [(x / 100 + 0.005, y / 100 + 0.005) for x in range(100) for y in range(100)]
    return sum(
        red > 200 and green > 150 and blue < 140
        for red, green, blue, _ in looking.greys(name, places)
    )


def test_a_region_can_be_written(film: Looking) -> None:
    panel(film, "region")
    for name, value in {"x": 40, "y": 60, "w": 100, "h": 90}.items():
        film.page.locator(f'[data-box="{name}"]').fill(str(value))
    with film.query() as body:
        film.page.get_by_role("button", name="Search by this region").click()
    assert body["region"] == {"x": 40, "y": 60, "w": 100, "h": 90, "frame": 0}
    with film.query() as body:
        film.page.get_by_role("button", name="The whole picture").click()
    assert "region" not in body
    film.drawn()
    assert _inked(film, "hit") == 0


def test_marked_hits_are_asked_with_and_not_shown_again(film: Looking) -> None:
    first = order(film)[0]
    with film.query() as body:
        film.hits().nth(0).locator(".like").click()
    assert len(body["like"]) == 1
    second = order(film)[0]
    with film.query() as body:
        film.hits().nth(0).locator(".unlike").click()
    assert (len(body["like"]), len(body["unlike"])) == (1, 1)
    assert not {first, second} & set(order(film))
    marked = film.page.locator(".marked-list li")
    expect(marked).to_have_count(2)
    with film.query() as body:
        marked.first.get_by_role("button", name="Take the mark away").click()
    assert len(body["like"]) + len(body["unlike"]) == 1


def test_steps_are_undone_and_done_again(film: Looking) -> None:
    before = order(film)
    panel(film, "weights")
    with film.query():
        film.page.locator('[data-weight="colour"]').fill("0")
    after = order(film)
    with film.query() as body:
        film.use_step("undo")
    assert body["weights"] == {}
    assert order(film) == before
    with film.query() as body:
        film.use_step("redo")
    assert body["weights"] == {"colour": 0}
    assert order(film) == after
    film.pane("query").focus()
    with film.query() as body:
        film.page.keyboard.press("Control+z")
    assert body["weights"] == {}
    with film.query() as body:
        film.page.keyboard.press("Control+y")
    assert body["weights"] == {"colour": 0}
    with film.query() as body:
        film.page.go_back()
    assert body["weights"] == {}


def test_the_steps_stand_in_the_address_and_come_back(film: Looking) -> None:
    panel(film, "weights")
    with film.query():
        film.page.locator('[data-weight="edge"]').fill("0.5")
    with film.query() as marked:
        film.hits().first.locator(".like").click()
    assert ",edge,0.5~m," in film.hash()
    with film.query() as body:
        film.page.reload()
    assert body == {**marked, "work_id": body["work_id"]}


def test_no_patient_and_no_word_stands_in_the_address(film: Looking) -> None:
    seen = [film.hash()]
    film.page.locator("#words").fill("infiltration in Mr Smith")
    with film.query() as body:
        film.page.keyboard.press("Enter")
    with film.query() as body:
        film.hits().first.locator(".like").click()
    seen.append(film.hash())
    film.hits().nth(1).locator(".case-link").click()
    expect(film.page.locator(".case-page h1")).to_be_visible()
    seen.append(film.hash())
    case = film.page.locator(".case-page dd").first.inner_text()
    for address in seen:
        assert "Smith" not in address
        assert case not in address
        assert not any(one in address for one in body["like"])
    film.page.go_back()
    film.answered()
    with film.query() as body:
        film.page.reload()
    assert body["text"] == ""
    expect(film.page.locator(".note")).to_contain_text("write them again")


def test_more_hits_and_the_suggested_diagnosis_first(film: Looking) -> None:
    panel(film, "more")
    with film.query() as body:
        film.page.locator('[data-option="k"]').fill("8")
        film.page.keyboard.press("Enter")
    assert body["k"] == 8
    expect(film.hits()).to_have_count(8)
    with film.query() as body:
        film.page.locator('[data-option="d"]').check()
    assert body["refine"] == "diagnosis"
    expect(film.hits().first.locator('[data-part="diagnosis"]')).to_be_visible()


def test_words_alone_reach_films_without_a_text(looking: Looking) -> None:
    looking.page.get_by_label("Search by words alone").fill("effusion")
    with looking.query():
        looking.page.keyboard.press("Enter")
    panel(looking, "more")
    with looking.query() as body:
        looking.page.locator('[data-option="p"]').check()
    assert body["spread"] is True
