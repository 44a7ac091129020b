"""Words only beyond the limits."""

import pytest

from models.annotators.lung_words import DENSE, LARGE_HEART, phrases

USUAL = {"right_lung_area": 0.12, "left_lung_area": 0.1, "left_to_right": 0.83, "asymmetry": 0.09}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ()),
        ({"heart_to_chest": LARGE_HEART}, ()),
        ({"heart_to_chest": LARGE_HEART + 0.001}, ("enlarged heart shadow",)),
        ({"left_to_right": 0.5}, ("patient's left lung small",)),
        ({"left_to_right": 1.3}, ("patient's right lung small",)),
        ({"right_upper_bright": 0.14}, ("opacity in patient's right upper zone",)),
        ({"left_lower_bright": 0.45, "right_lower_bright": 0.2}, ()),
        (
            {"left_lower_bright": 0.6, "left_upper_bright": 0.2},
            ("opacity in patient's left upper zone", "opacity in patient's left lower zone"),
        ),
    ],
)
def test_what_is_said(change: dict[str, float], said: tuple[str, ...]) -> None:
    assert phrases({**USUAL, **change}) == said


def test_a_lung_that_was_not_found_is_said() -> None:
    assert phrases({}) == ("lungs not found",)
    assert phrases({"right_lung_area": 0.1}) == ("patient's left lung not found",)


def test_every_zone_has_a_limit() -> None:
    assert sorted(DENSE) == [
        *("left_lower", "left_middle", "left_upper"),
        *("right_lower", "right_middle", "right_upper"),
    ]
