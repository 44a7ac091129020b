"""The benchmark of annotation: its recall, its readings, and a run on the example films."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.annotation import main, questions, true_text
from benchmarks.annotation_search import Asked, at_random, recall_at
from benchmarks.annotation_ways import READINGS, Films, floors, material_of, named
from indexer.annotate.table import Annotated
from models.annotators.lung_words import DENSE
from models.measures import findings as measures


def films(*rows: tuple[str, str, str]) -> Films:
    """Of (patient, findings, split)."""
    return [
        (
            Path(f"{at}.png"),
            {
                **{"path": f"{at}.png", "patient_id": patient, "findings": text},
                **{"label": "", "split": split},
            },
        )
        for at, (patient, text, split) in enumerate(rows)
    ]


FILMS = films(
    ("a", "Mass", "archive"),
    ("b", "Mass; Effusion", "query"),
    ("c", "No Finding", "query"),
    ("d", "Effusion", "query"),
)


def test_recall_does_not_hang_on_the_order_of_equals() -> None:
    relevant = np.array([True, False, False, True])
    asked = [Asked("x", relevant)]
    assert recall_at(np.array([[0.9, 0.1, 0.2, 0.8]]), asked, 2) == 1.0
    assert recall_at(np.array([[0.9, 0.1, 0.2, 0.8]]), asked, 1) == 0.5
    assert recall_at(np.zeros((1, 4)), asked, 2) == pytest.approx(at_random(4, 2)) == 0.5
    # The first is sure; of the three equals one more place is left.
    assert recall_at(np.array([[0.9, 0.5, 0.5, 0.5]]), asked, 2) == pytest.approx((1 + 1 / 3) / 2)
    assert at_random(3, 10) == 1.0


def test_what_was_said_beside_what_is_true() -> None:
    material = material_of(FILMS, least=1)
    assert material.known.names == ("Effusion", "Mass") and len(material.rows) == 3
    told = {
        "1.png": Annotated("1.png", "Mass", "m", findings={"Mass": 0.9, "Effusion": 0.2}),
        "2.png": Annotated("2.png", "No Finding", "m", findings={"Mass": 0.1, "Effusion": 0.3}),
        "3.png": Annotated("3.png", "effusion; Mass", "m", findings={"Mass": 0.6, "Effusion": 0.7}),
    }
    effusion, mass = measures.report(named(material, told, reads=False))["findings"]
    assert (effusion["recall"]["value"], effusion["precision"]["value"]) == (0.5, 1.0)
    assert effusion["auc"]["value"] == 0.5
    assert (mass["recall"]["value"], mass["precision"]["value"]) == (1.0, 0.5)


def test_measurements_are_read_as_written_down() -> None:
    material = material_of(FILMS, least=1)
    said = "opacity in patient's left lower zone"
    told = {"1.png": Annotated("1.png", said, "m", measurements={"left_lower_bright": 0.6})}
    found = named(material, told, reads=True)
    assert found.said.tolist() == [[True, False], [False, False], [False, False]]
    assert found.scores[0, 0] == 0.6 and np.isnan(found.scores[:, 1]).all()
    used = {name for reading in READINGS.values() for name in reading.measurements}
    assert {f"{zone}_bright" for zone in DENSE} < used


def test_the_floors() -> None:
    both = {name: measures.report(one) for name, one in floors(material_of(FILMS, 1)).items()}
    assert both["nothing annotated"]["micro_recall"]["value"] == 0.0
    assert both["nothing annotated"]["micro_precision"]["value"] is None
    assert both["prevalence"]["micro_recall"]["value"] == 1.0
    assert both["prevalence"]["micro_precision"]["value"] == pytest.approx(3 / 6)
    assert both["prevalence"]["macro_auc"]["value"] == 0.5


def test_a_patient_on_two_sides_ends_it() -> None:
    with pytest.raises(SystemExit, match="a patient has films on both sides"):
        material_of([*FILMS, *films(("a", "Mass", "query"))], least=1)


def test_the_questions() -> None:
    asked = questions(material_of(FILMS, least=1))
    words, texts = asked.values()
    assert [(one.text, one.relevant.tolist()) for one in words] == [
        ("Effusion", [True, False, True]),
        ("Mass", [True, False, False]),
    ]
    assert [one.text for one in texts] == ["Effusion", "Mass; Effusion", "No Finding"]
    assert true_text({"findings": "", "label": "normal"}) == "No Finding"
    assert true_text({"findings": "", "label": "tuberculosis"}) == "tuberculosis"


@pytest.mark.slow
def test_a_quick_run(tmp_path: Path) -> None:
    shown: list[str] = []
    main(["--quick", "--json", str(tmp_path / "told.json")], shown.append)
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["films"]["query"] == 12 and told["learned from query films"] == {"segmenter": 0}
    assert told["annotated_by"] == {"segmenter": "chest-lungs 6b3647d38913"}
    assert set(told["all"]) == {"segmenter", "nothing annotated", "prevalence"}
    assert told["search"]["true annotation"]["a finding's word, recall@10"] == 1.0
    assert "| tuberculosis | 4 / 12 |" in shown[0]
