"""Batches for metric learning: several films of a class, of several patients; two views."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.errors import UsageError
from models.heads.leave_out import Indices

if TYPE_CHECKING:
    from models.training.metric_batches import ClassBatches

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def drawn(labels: Indices, patients: Indices, batch: int, balance: float) -> "ClassBatches":
    from models.networks import Takes
    from models.training.augment import Augmentation
    from models.training.films import Films
    from models.training.metric_batches import ClassBatches, Kinds

    pictures = np.random.default_rng(0).integers(0, 256, (len(labels), 16, 16, 1), np.uint8)
    films = Films(pictures, [f"p{one}" for one in patients], labels)
    takes = Takes(16, (128.0,) * 3, (64.0,) * 3)
    kinds = Kinds(labels, patients, batch, balance)
    return ClassBatches(films, takes, Augmentation(), kinds)


def counts(batches: "ClassBatches", labels: Indices, batch: int, epoch: int = 0) -> list[list[int]]:
    rows = np.arange(len(labels))
    order = batches.order(rows, epoch, 0).reshape(-1, batch)
    return [np.bincount(labels[one], minlength=labels.max() + 1).tolist() for one in order]


def test_each_batch_has_several_films_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [70, 20, 10])
    patients = np.arange(100)
    alike = counts(drawn(labels, patients, 12, 1.0), labels, 12)
    assert alike == [[4, 4, 4]] * 8
    as_they_are = counts(drawn(labels, patients, 20, 0.0), labels, 20)
    assert as_they_are == [[14, 4, 2]] * 5


def test_of_many_classes_some_are_in_a_batch() -> None:
    labels = np.repeat(np.arange(10), 8)
    found = counts(drawn(labels, np.arange(80), 8, 0.5), labels, 8)
    assert len(found) == 10
    assert all(sorted(one, reverse=True)[:3] == [4, 4, 0] for one in found)
    assert (np.array(found).sum(axis=0) > 0).sum() > 5


def test_a_batch_has_as_many_patients_of_a_class_as_there_are() -> None:
    """Eight films of four patients each: four films of a class are of four patients."""
    labels = np.repeat([0, 1], 8)
    patients = np.repeat(np.arange(8), 2)
    batches = drawn(labels, patients, 8, 1.0)
    for epoch in range(5):
        order = batches.order(np.arange(16), epoch, 0).reshape(-1, 8)
        assert all(len(set(patients[one].tolist())) == 8 for one in order)


def test_few_films_come_again_and_an_epoch_is_as_long_as_the_films_are() -> None:
    labels = np.array([0] * 30 + [1] * 2)
    batches = drawn(labels, np.arange(32), 8, 1.0)
    order = batches.order(np.arange(32), 3, 0)
    assert len(order) == 32 and (labels[order] == 1).sum() == 16
    np.testing.assert_array_equal(order, batches.order(np.arange(32), 3, 0))
    assert not np.array_equal(order, batches.order(np.arange(32), 4, 0))
    assert len(batches.order(np.arange(5), 0, 0)) == 8  # fewer films than a batch has


def test_a_batch_too_small_to_compare_in_is_refused() -> None:
    labels = np.array([0, 0, 1, 1])
    with pytest.raises(UsageError, match="a batch of 3 cannot hold two films of each of two"):
        drawn(labels, np.arange(4), 3, 1.0)


def test_two_views_of_each_film_which_do_not_disturb_what_is_drawn() -> None:
    import torch

    from models.networks import Takes
    from models.training.augment import Augmentation
    from models.training.films import Films
    from models.training.metric_batches import TwoViews

    pictures = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1), np.uint8)
    films = Films(pictures, ["a", "b", "c", "d"], np.full(4, -1))
    takes = Takes(16, (0.0,) * 3, (255.0,) * 3)
    still = TwoViews(films, takes, 3, Augmentation.none())
    batch = still.changed(np.array([2, 0]), 5)
    assert batch.rows.tolist() == [2, 0, 2, 0]
    torch.testing.assert_close(batch.pictures[:2], batch.pictures[2:])
    moving = TwoViews(films, takes, 3, Augmentation(rotation=20))
    torch.manual_seed(1)
    before = torch.rand(3)
    torch.manual_seed(1)
    one, other = moving.views(np.arange(4), 7)
    assert torch.equal(torch.rand(3), before)
    assert not torch.allclose(one, other)
    assert torch.equal(one, moving.views(np.arange(4), 7)[0])
