"""How much each block of a query counts."""

import numpy as np
import pytest

from models.errors import UsageError
from retrieval.weighing import check_weights, for_vote, scaled, weighted

BLOCKS = {
    "colour": np.array([[1, 0]], np.float32),
    "text": np.zeros((1, 3), np.float32),
    "learned": np.array([[0.6, 0.8]], np.float32),
}
WEIGHTS = {"colour": 0.3, "text": 0.3, "learned": 0.4}


def test_what_the_query_has_sums_to_1() -> None:
    assert scaled(WEIGHTS, BLOCKS) == pytest.approx({"colour": 3 / 7, "text": 0, "learned": 4 / 7})


def test_side_by_side() -> None:
    found = weighted(BLOCKS, {"colour": 0.5, "text": 0.0, "learned": 0.5})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.5, 0, 0, 0, 0, 0.3, 0.4]], atol=1e-7)


def test_labels_do_not_vote_twice() -> None:
    own = {"colour": 0.7, "text": 0.3}
    assert for_vote(own, {}, BLOCKS) == {"colour": 1, "text": 0, "learned": 0}
    # Who asks by the learned block alone still gets a vote, by the weights that it was fitted with.
    assert for_vote(own, {"colour": 0, "learned": 1}, BLOCKS)["colour"] == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"smell": 1.0}, "no descriptor 'smell'; there are: colour, text, learned"),
        ({"colour": -1.0}, "the weight of colour is -1.0"),
        ({"colour": float("nan")}, "the weight of colour is nan"),
    ],
)
def test_weights_that_do_not_fit(asked: dict[str, float], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check_weights(asked, BLOCKS)


def test_nothing_to_search_by() -> None:
    nothing = {name: np.zeros_like(block) for name, block in BLOCKS.items()}
    with pytest.raises(UsageError, match="none of the asked words"):
        scaled(WEIGHTS, nothing)
    with pytest.raises(UsageError, match="weighted 0"):
        scaled(dict.fromkeys(WEIGHTS, 0.0), BLOCKS)
    with pytest.raises(UsageError, match="too large"):
        scaled(dict.fromkeys(WEIGHTS, 1e308), BLOCKS)
