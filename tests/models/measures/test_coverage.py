"""How often sets hold the true label, by hand."""

import pytest

from models.measures.coverage import coverage


def test_by_hand() -> None:
    sets = [("a",), ("a", "b"), ("b",), ("a", "b", "c")]
    found = coverage(sets, ["a", "b", "a", "a"], ["a", "b", "c"])
    assert found.overall == 0.75
    assert found.of_class["a"] == pytest.approx(2 / 3)
    assert found.of_class["b"] == 1.0
    assert found.mean_size == 1.75
    assert found.sizes == {1: 2, 2: 1, 3: 1}
    told = found.to_json()
    assert told["of_class"]["c"] is None
    assert told["sizes"] == {"1": 2, "2": 1, "3": 1}


def test_no_film_and_too_few_sets() -> None:
    assert coverage([], [], ["a"]).to_json() == {
        **{"films": 0, "overall": None, "of_class": {"a": None}},
        **{"mean_size": None, "sizes": {}},
    }
    with pytest.raises(ValueError, match="1 sets for 2 labels"):
        coverage([("a",)], ["a", "b"], ["a", "b"])
