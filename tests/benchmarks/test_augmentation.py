"""The measurement of augmentation: its scores by hand, and that it runs."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import augmentation
from benchmarks.augmentation_films import Originals, Vectors
from benchmarks.augmentation_scores import Asked, chosen_circles, interval, scores
from models.augmenting import TABLE


def asked(weights: list[list[float]]) -> Asked:
    labels = np.array(["ill", "ill", "well", "well", "well"])
    return Asked(labels, np.array(["A"] * 5), np.array(weights), ("ill", "well"))


def test_scores_by_hand() -> None:
    ill = np.array([0.9, 0.4, 0.4, 0.1, 0.6])
    found = scores(np.stack([ill, 1 - ill], axis=1), asked([[1, 1, 1, 1, 1], [1, 0, 1, 1, 1]]))
    # 0.9 is above all three; 0.4 ties with one, is above one and below one: (3 + 1.5) / 6
    np.testing.assert_allclose(found["AUC"], [0.75, 1.0])
    np.testing.assert_allclose(found["AUC within A"], [0.75, 1.0])
    # 1 of 2 ill and 2 of 3 well; without the second, 1 of 1
    np.testing.assert_allclose(found["balanced accuracy"], [(1 / 2 + 2 / 3) / 2, (1 + 2 / 3) / 2])


def test_patients_are_drawn_with_all_of_their_films() -> None:
    told = Asked.of(
        np.array(["a"] * 4), np.array(["A"] * 4), ["p", "q", "p", "r"], ("a",), resamples=50
    )
    assert told.weights.shape == (51, 4)
    np.testing.assert_array_equal(told.weights[0], [1, 1, 1, 1])
    np.testing.assert_array_equal(told.weights[:, 0], told.weights[:, 2])
    assert (told.weights[1:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_an_interval_by_hand() -> None:
    """Two draws, whose resamples are constant: what varies is which draws are taken."""
    values = np.array([[0.5] + [0.4] * 1000, [0.7] + [0.8] * 1000])
    assert interval(values, np.random.default_rng(0)) == pytest.approx((0.6, 0.4, 0.8))


def test_larger_shares_hold_the_smaller_ones() -> None:
    circle = np.array([f"c{number:02d}" for number in range(40)])
    labels = np.array(["ill", "well"] * 20)
    sets = [chosen_circles(circle, labels, share, 3) for share in (0.1, 0.25, 0.5, 1.0)]
    assert [len(one) for one in sets] == [4, 10, 20, 40]
    assert sets[0] < sets[1] < sets[2] < sets[3]
    assert chosen_circles(circle, labels, 0.1, 4) != sets[0]


def test_films_made_of_others_patients_are_not_learned_from() -> None:
    originals = Originals(
        vectors=np.eye(4, dtype=np.float32),
        labels=np.array(["ill", "ill", "well", "well"]),
        owners=tuple(frozenset({name}) for name in "pqrs"),
        query=np.array([False, False, False, True]),
        circle=np.array(["p + q", "p + q", "r", "s"]),
        pictures=np.zeros((4, 2, 2), np.uint8),
    )
    made = Vectors(
        np.full((3, 4), 0.5, np.float32),
        np.array(["ill", "ill", "well"]),
        (frozenset("pq"), frozenset("q"), frozenset("r")),
        np.zeros(3, bool),
    )
    learn = augmentation.learn_of(originals, made, {"p + q"})
    assert learn.own == 2
    assert learn.labels.tolist() == ["ill"] * 4
    assert set(learn.groups.tolist()) == {"p + q"}
    assert len(augmentation.learn_of(originals, made, {"r"}).labels) == 2


@pytest.mark.slow
def test_it_runs_and_says_what_it_found(tmp_path: Path) -> None:
    shown: list[str] = []
    out = tmp_path / "figures.json"
    augmentation.main(["--quick", "--json", str(out)], shown.append)
    assert "**balanced accuracy**" in shown[0]
    assert "| none | " in shown[0] and "| mix | " in shown[0]
    told = json.loads(out.read_text())
    names = {cell["setting"] for cell in told["cells"]}
    fly = {"on the fly"} if find_spec("torchvision") else set()
    assert names == {"none", "geometry", "mix", "all ways", "each way"} | fly
    assert {cell["share"] for cell in told["cells"]} == {0.5, 1.0}
    assert all(cell["gain"] == 0 for cell in told["cells"] if cell["setting"] == "none")
    assert told["made"]["geometry"] == told["made"]["mix"] == told["made"]["all ways"] == 90
    assert set(augmentation.Size().ways) == set(TABLE)


def test_without_data_it_says_so() -> None:
    with pytest.raises(SystemExit, match="--data FOLDER is needed, or --quick"):
        augmentation.main([])
