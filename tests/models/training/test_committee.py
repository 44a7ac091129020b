"""A committee: no member learns from its fold, and each film is answered by who has not seen it."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.runtime.members import NO_MEMBER
from tests.models.training.test_loop import discs

if TYPE_CHECKING:
    from models.training.committee import CommitteeClassification

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]
MEMBERS = 3


def task(shared: int = 1) -> "CommitteeClassification":
    """Of 48 films, two a patient, 36 are learned from; fold = patient % 3."""
    import torch

    from models.networks import trunk
    from models.training.augment import Augmentation
    from models.training.committee import CommitteeClassification, folds_of
    from models.training.optimise import freeze
    from models.training.settings import TrainingSettings

    torch.manual_seed(0)
    network = trunk("small")
    freeze(network, shared)
    learned = np.arange(36)
    folds = folds_of(learned, 48, learned // 2 % MEMBERS)
    settings = TrainingSettings(dropout=0.0)
    return CommitteeClassification(
        network, discs(), learned, folds, shared, settings, Augmentation()
    )


def gradients(loss: Any) -> None:
    loss.backward()


def test_no_member_learns_from_the_films_of_its_fold() -> None:
    made = task()
    of_fold_0 = np.flatnonzero(made.folds == 0)
    gradients(made.loss(made.batches.plain(of_fold_0)))
    network: Any = made.network
    for member in range(MEMBERS):
        layers = (network.trunk[member], network.classes[member])
        learned = [
            p.grad is not None and bool(p.grad.any())
            for layer in layers
            for p in layer.parameters()
        ]
        assert any(learned) == (member != 0)


def test_each_member_learns_as_fast_as_it_would_alone() -> None:
    from models.training.optimise import training_mode

    made = task()
    training_mode(made.network)  # the frozen beginning's normalisation stays as it is
    batch = made.batches.plain(np.arange(12))
    value = made.loss(batch)
    gradients(value)
    network: Any = made.network
    together = network.classes[1].weight.grad.clone()
    network.zero_grad()
    chosen = np.flatnonzero(made.folds[:12] != 1)
    alone = made.batches.plain(chosen)
    told = network.member(1, network.beginning(alone.pictures))[1]
    gradients(made.loss_of(told, alone.rows))
    np.testing.assert_allclose(
        network.classes[1].weight.grad.numpy(),
        together.numpy(),
        rtol=1e-4,
        atol=1e-6,
    )
    assert 0.3 < value.item() < 1.5  # the mean of the members, not their sum


@pytest.mark.parametrize("count", [0, 2, 4])
def test_the_frozen_beginning_is_what_torch_would_give(count: int) -> None:
    import torch

    from models.networks import trunk
    from models.training.frozen import beginning

    network: Any = trunk("small").eval()
    begin = beginning(network, count, 32)
    for pictures in (3, 1):
        batch = torch.randn(pictures, 3, 32, 32)
        with torch.no_grad():
            wanted = network.through(batch, 0, count)
        np.testing.assert_allclose(begin(batch).numpy(), wanted.numpy(), rtol=1e-3, atol=1e-5)
    assert not network.training


def test_the_frozen_beginning_is_run_once_for_all() -> None:
    made = task()
    network: Any = made.network
    calls = []
    first = network.trunk[0].blocks[0]
    first.register_forward_hook(lambda *_: calls.append("first"))
    for member in range(1, MEMBERS):
        other = network.trunk[member].blocks[0]
        other.register_forward_hook(lambda *_: calls.append("other"))
    embeddings, logits = made.network.eval()(made.batches.plain(np.arange(4)).pictures)
    assert embeddings.shape == (4, MEMBERS, 128) and logits.shape == (4, MEMBERS, 2)
    assert calls == ["first"]


def test_a_film_is_answered_by_the_member_that_has_not_seen_it() -> None:
    from models.training.classify import logits_of

    made = task()
    network = made.network.eval()
    rows = np.array([0, 2, 4, 40])
    told, _ = logits_of(network, made.batches, rows)
    found = made.answers(network, rows)
    np.testing.assert_allclose(found[:3], told[[0, 1, 2], [0, 1, 2]], atol=1e-4)
    np.testing.assert_allclose(found[3], told[3].mean(axis=0), atol=1e-4)
    assert np.ptp(told[:3], axis=1).min() > 0.001  # the members do differ
    assert made.folds[40] == NO_MEMBER


def test_every_batch_has_every_fold_in_the_same_share() -> None:
    made = task()
    order = made.batches.order(np.arange(36), epoch=1, seed=5)
    assert sorted(order) == list(range(36))
    for start in range(0, 36, 6):
        assert np.bincount(made.folds[order[start : start + 6]]).tolist() == [2, 2, 2]
    assert order.tolist() != made.batches.order(np.arange(36), epoch=2, seed=5).tolist()
    assert order.tolist() == made.batches.order(np.arange(36), epoch=1, seed=5).tolist()
