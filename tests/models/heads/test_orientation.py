"""How films lie: told where it can be, declined where it cannot, and false only rarely."""

from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatImage
from models.heads.orientation import (
    FINDINGS,
    KINDS,
    Examples,
    OrientationHead,
    OrientationHeads,
    fit,
)

DIM = 60
FILMS = 48


def unit(vectors: np.ndarray) -> FloatImage:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def examples(apart: float, others: int = 200, seed: int = 0) -> Examples:
    """Films around a common direction; each kind is moved by `apart` into one of its own."""
    random = np.random.default_rng(seed)
    common = np.zeros(DIM)
    common[0] = 6.0
    moved = np.zeros((len(KINDS), DIM))
    for place in range(1, len(KINDS)):
        moved[place, place] = apart
    films = common + random.standard_normal((FILMS, DIM)) * 0.5
    seen = films[:, None] + moved + random.standard_normal((FILMS, len(KINDS), DIM)) * 0.05
    rest = common + random.standard_normal((others, DIM)) * 0.5
    return Examples(unit(films), unit(seen), unit(rest))


def fitted(given: Examples) -> OrientationHead:
    head = fit("CR CHEST", given)
    assert isinstance(head, OrientationHead)
    return head


def test_turned_films_are_told_from_others() -> None:
    head = fitted(examples(6.0))
    assert set(head.limits) == set(KINDS[1:])
    assert all(share >= 0.98 for share in head.found.values())
    fresh = examples(6.0, seed=1)
    told = OrientationHeads((head,))
    assert sum(map(bool, told.findings(fresh.others))) <= 2
    for place, kind in enumerate(KINDS[1:], start=1):
        texts = told.findings(fresh.copies[:, place])
        assert texts.count(FINDINGS[kind]) >= FILMS - 1


def test_films_whose_turned_copies_look_alike_are_not_judged() -> None:
    assert fit("SM LUNG", examples(0.05)) == "how its films lie cannot be told"


def test_one_kind_may_be_told_and_another_not() -> None:
    given = examples(6.0)
    copies = given.copies.copy()
    copies[:, KINDS.index("over")] = given.films
    head = fitted(replace(given, copies=copies))
    assert set(head.limits) == {"left", "right", "inverted"}
    assert "over" not in head.kinds(given.copies[:, KINDS.index("over")])


def test_some_films_of_the_archive_may_lie_wrong_already() -> None:
    given = examples(6.0)
    others = given.others.copy()
    others[:6] = examples(6.0, seed=2).copies[:6, KINDS.index("over")]
    told = OrientationHeads((fitted(replace(given, others=others)),)).findings(others)
    assert told[:6] == [FINDINGS["over"]] * 6
    assert not any(told[6:])


def test_a_film_that_lies_wrong_is_no_example_of_how_films_lie() -> None:
    given = examples(6.0)
    films, copies = given.films.copy(), given.copies.copy()
    films[:3] = given.copies[:3, KINDS.index("left")]
    copies[:3, 0] = given.copies[:3, KINDS.index("left")]
    head = fitted(replace(given, films=films, copies=copies))
    told = OrientationHeads((head,)).findings(films)
    assert told[:3] == [FINDINGS["left"]] * 3
    assert sum(map(bool, told[3:])) <= 1


def test_previews_of_another_picture_are_no_examples() -> None:
    given = examples(6.0)
    strangers = unit(np.random.default_rng(3).standard_normal(given.copies.shape))
    why = fit("CT CHEST", replace(given, copies=strangers))
    assert why == "what the encoder sees is not what the previews show"


def test_another_kind_of_picture_is_not_judged() -> None:
    head = fitted(examples(6.0))
    foreign = unit(np.random.default_rng(4).standard_normal((20, DIM)))
    assert OrientationHeads((head,)).findings(foreign) == [""] * 20


def test_the_nearest_group_judges() -> None:
    chest = fitted(examples(6.0))
    flipped = examples(6.0, seed=5)
    hand = fitted(
        Examples(
            *(np.flip(part, axis=-1) for part in (flipped.films, flipped.copies, flipped.others))
        )
    )
    told = OrientationHeads((chest, hand))
    over = KINDS.index("over")
    assert told.findings(flipped.copies[:5, over]) == [FINDINGS["over"]] * 5
    assert told.findings(np.flip(flipped.copies[:5, over], axis=-1)) == [FINDINGS["over"]] * 5


def test_a_picture_of_a_known_group_is_judged_by_its_own_head_alone() -> None:
    head = fitted(examples(6.0))
    films = examples(6.0, seed=6).copies[:3, KINDS.index("over")]
    told = OrientationHeads((head,), (("MR HEAD", "too few"),))
    assert told.findings(films, ["CR CHEST", "MR HEAD", "never heard of"]) == [
        *(FINDINGS["over"], "", FINDINGS["over"])
    ]
    foreign = unit(np.random.default_rng(4).standard_normal((1, DIM)))
    assert told.findings(foreign, ["CR CHEST"]) == [""]


def test_what_is_more_like_a_group_without_a_head_is_not_judged() -> None:
    head = fitted(examples(6.0))
    films = examples(6.0, seed=6).copies[:3, KINDS.index("over")]
    rivals = unit(films[:1] + 0.001)
    assert OrientationHeads((head,), rivals=rivals).findings(films)[0] == ""


def test_nothing_fitted_says_nothing() -> None:
    assert OrientationHeads().findings(np.ones((2, DIM), np.float32)) == ["", ""]
    assert OrientationHeads((fitted(examples(6.0)),)).findings(np.zeros((0, DIM), np.float32)) == []


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_finding_begins_with_its_code(kind: str) -> None:
    code, _, words = FINDINGS[kind].partition(": ")
    assert code == ("inverted" if kind == "inverted" else "rotated")
    assert words.startswith("looks ")
