"""A scan is handed in, and the answer is read."""

from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import expect

from tests.retrieval.web.page.looking import Looking

TUBERCULOSIS = "queries/Shenzhen_0357.dcm"
KNOWN_PATIENT = "NIH-00005712"
"""He has two studies in the archive."""


def test_a_film_is_chosen_and_the_nearest_cases_are_seen(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / TUBERCULOSIS)
    expect(looking.hits()).to_have_count(5)
    expect(looking.hits().first.locator(".label")).to_have_text("tuberculosis")
    scores = [float(one) for one in looking.page.locator(".lane-hits .score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert 0.9 < scores[0] <= 1
    # The first hit stands beside the query, in 12 bits of which the window is the film's own.
    expect(looking.pane("hit").locator(".corner-high")).to_contain_text("1 · tuberculosis")
    assert "W 1860 · L 993" in looking.told("query")
    assert looking.grey("query", 0.5, 0.5)[3] == 255


def test_every_hit_tells_what_each_descriptor_gave(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / TUBERCULOSIS)
    split = looking.hits().first.locator(".split")
    name = split.get_attribute("aria-label") or ""
    said, parts = name.split(": ", 1)
    score = float(said.removeprefix("Score "))
    given = [float(part.rsplit(" ", 1)[1]) for part in parts.split(", ")]
    assert sum(given) == pytest.approx(score, abs=0.005 * (len(given) + 1))
    bar = split.bounding_box()
    widths = [
        box["width"] for one in split.locator(".split-part").all() if (box := one.bounding_box())
    ]
    assert bar is not None
    assert sum(widths) / bar["width"] == pytest.approx(score, abs=0.02)


def test_the_diagnosis_is_told_with_its_set_and_its_calibration(
    looking: Looking, examples: Path
) -> None:
    looking.hand_in(examples / TUBERCULOSIS)
    card = looking.page.locator(".diagnosis")
    expect(card.locator(".verdict")).to_have_text("Suggested tuberculosis")
    rows = card.locator(".probabilities tr").all_inner_texts()
    shares = [int(row.split("\t")[-2].strip(" %<")) for row in rows]
    assert [row.split("\t")[0] for row in rows] == ["tuberculosis", "normal", "pneumonia"]
    assert 98 <= sum(shares) <= 102
    assert [row.split("\t")[-1] for row in rows] == ["possible", "ruled out", "ruled out"]
    expect(card).to_contain_text("Of 40 scans of this archive with such an answer, 33 had")
    expect(card).to_contain_text("In about 10 of 100 cases, whatever their diagnosis")
    expect(card).to_contain_text("Checked on 90 cases of this archive, each left out")


def test_the_nearest_case_with_another_diagnosis_is_in_sight(
    looking: Looking, examples: Path
) -> None:
    looking.hand_in(examples / TUBERCULOSIS)
    against = looking.page.locator(".lane-against")
    expect(against.locator("h2")).to_have_text("Nearest case with another diagnosis")
    expect(against.locator(".label")).to_have_text("normal")
    expect(against.locator(".tile")).to_be_in_viewport(ratio=1)


def test_what_the_answer_is_for_and_what_made_it_is_always_said(
    looking: Looking, examples: Path
) -> None:
    foot = looking.page.locator("#foot")
    for _ in range(2):
        expect(foot).to_contain_text("Decision support for research, not for primary diagnosis")
        expect(foot).to_contain_text("cbir 0.1.0 · encoder efficientnet-lite0 · index generation 1")
        looking.hand_in(examples / TUBERCULOSIS)
        looking.page.get_by_role("button", name="New search").click()


def test_earlier_studies_of_the_patient_stand_apart(
    looking: Looking, examples: Path, tmp_path: Path
) -> None:
    film = pydicom.dcmread(examples / TUBERCULOSIS)
    film.PatientID = KNOWN_PATIENT
    film.save_as(tmp_path / "film.dcm")
    looking.hand_in(tmp_path / "film.dcm")
    priors = looking.page.locator(".lane-priors")
    expect(priors.locator("h2")).to_have_text("Earlier studies of this patient")
    expect(priors.locator(".tile")).to_have_count(2)
    shown = looking.hits().evaluate_all("(all) => all.map((one) => one.dataset.instance)")
    own = priors.locator(".tile").evaluate_all("(all) => all.map((one) => one.dataset.instance)")
    assert not set(shown) & set(own)


def test_sex_age_and_report_are_shown_with_the_words_that_matched(
    looking: Looking, examples: Path
) -> None:
    looking.page.get_by_label("Search by words alone").fill("effusion")
    with looking.page.expect_response("**/api/v1/queries"):
        looking.page.keyboard.press("Enter")
    looking.answered()
    first = looking.hits().first
    expect(first.locator("mark").first).to_have_text("Effusion", ignore_case=True)
    expect(first.locator(".tile-about")).to_contain_text("years · CR CHEST")
    expect(looking.page.locator(".diagnosis")).to_contain_text("Words alone suggest no diagnosis.")
    expect(looking.pane("query")).to_contain_text("there is no scan of your own")


def test_nothing_close_is_said_and_not_hidden_behind_a_label(
    looking: Looking, examples: Path, tmp_path: Path
) -> None:
    import cv2
    import numpy as np

    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    looking.hand_in(tmp_path / "noise.png")
    verdict = looking.page.locator(".verdict")
    expect(verdict).to_have_text("No close match")
    expect(looking.page.locator(".reason")).not_to_be_empty()
    expect(looking.page.locator(".probabilities caption")).to_contain_text(
        "nothing was seen that speaks for any of them"
    )


def test_quality_is_remarked_before_anything_else(
    looking: Looking, examples: Path, tmp_path: Path
) -> None:
    import cv2

    film = cv2.imread(str(examples / "archive/normal/Montgomery_0030.jpg"), cv2.IMREAD_GRAYSCALE)
    assert film is not None
    cv2.imwrite(str(tmp_path / "side.png"), cv2.resize(film, (48, 48)))
    looking.hand_in(tmp_path / "side.png")
    strip = looking.page.locator(".quality")
    expect(strip.locator("h2")).to_have_text("Quality of the scan")
    expect(strip.locator('[data-code="very_small"]')).to_be_visible()
    top, films = strip.bounding_box(), looking.page.locator(".films").bounding_box()
    assert top is not None
    assert films is not None
    assert top["y"] + top["height"] <= films["y"]


def test_progress_is_shown_while_a_scan_is_sent_and_searched(
    looking: Looking, examples: Path
) -> None:
    looking.page.evaluate("""() => {
      window.seen = new Set();
      new MutationObserver(() => {
        for (const one of document.querySelectorAll("progress")) seen.add(one.ariaLabel);
      }).observe(document.body, { subtree: true, childList: true });
    }""")
    looking.hand_in(examples / TUBERCULOSIS)
    seen: list[str] = looking.page.evaluate("() => [...seen]")
    assert any(one.startswith("Sending") for one in seen)
    assert "Sent. The scan is being read…" in seen
    assert "Searching…" in seen


def test_a_scan_can_be_dropped_and_pasted(looking: Looking, examples: Path) -> None:
    film = (examples / "queries/Montgomery_0372.jpg").read_bytes()
    make = """([bytes, kind]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], "film.jpg", { type: "image/jpeg" }));
      const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true,
        cancelable: true }) : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
      document.body.dispatchEvent(event);
    }"""
    for kind in ("drop", "paste"):
        expect(looking.page.locator(".drop")).to_be_visible()
        with looking.query() as body:
            looking.page.evaluate(make, [list(film), kind])
        assert body["scan_id"]
        expect(looking.hits()).to_have_count(5)
        looking.page.get_by_role("button", name="New search").click()


def test_a_file_that_is_no_scan_is_refused_with_what_to_do(
    looking: Looking, tmp_path: Path
) -> None:
    looking.expected.update({400, 415, 422})
    (tmp_path / "letter.txt").write_text("Dear colleague")
    looking.page.locator(".drop input[type=file]").first.set_input_files(tmp_path / "letter.txt")
    problem = looking.page.locator(".problem")
    expect(problem).to_be_visible(timeout=30_000)
    expect(problem.locator("h2")).to_have_text("That did not work")
    assert len(problem.locator("p").all_inner_texts()) >= 1
    expect(looking.page.locator(".drop")).to_be_visible()


def test_a_search_can_be_stopped(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / TUBERCULOSIS)
    looking.page.route("**/api/v1/queries", lambda route: None)  # an answer that does not come
    looking.page.locator("#words").fill("effusion")
    with looking.page.expect_request("**/api/v1/running/*") as stopped:
        looking.page.keyboard.press("Enter")
        looking.page.locator(".working").get_by_role("button", name="Stop").click()
    assert stopped.value.method == "DELETE"
    expect(looking.page.locator(".working")).to_have_count(0)
    expect(looking.hits()).to_have_count(5)
