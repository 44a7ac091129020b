"""The parts of training, each on numbers that one can work out: losses, rates, what is frozen."""

import math
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from models.errors import UsageError

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def test_the_rate_rises_and_falls() -> None:
    from models.training.schedule import factor
    from models.training.settings import TrainingSettings

    cosine = TrainingSettings(epochs=11, warm_up=1.0)
    assert factor(cosine, 0.0) == 0.01
    assert factor(cosine, 0.5) == 0.5
    assert factor(cosine, 1.0) == 1.0
    assert factor(cosine, 6.0) == pytest.approx(0.505)
    assert factor(cosine, 11.0) == pytest.approx(0.01)
    steps = TrainingSettings(epochs=8, warm_up=0.0, schedule="steps")
    assert [factor(steps, epoch) for epoch in (0, 3, 4, 5.9, 6, 8)] == [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert factor(TrainingSettings(epochs=4, warm_up=0.0, schedule="linear"), 2.0) == 0.505
    assert factor(TrainingSettings(epochs=4, warm_up=0.0, schedule="constant"), 4.0) == 1.0
    # Warm-up never takes more than half of a short run.
    assert factor(TrainingSettings(epochs=2, warm_up=5.0), 1.0) == 1.0


def test_rare_classes_weigh_more_and_the_mean_over_films_is_one() -> None:
    import torch

    from models.training.losses import class_weights

    labels = torch.tensor([0] * 8 + [1] * 2 + [-1])
    assert class_weights(labels, 2, 0.0).tolist() == [1.0, 1.0]
    assert class_weights(labels, 2, 1.0).tolist() == pytest.approx([0.625, 2.5])
    half = class_weights(labels, 2, 0.5)
    assert float(half[1] / half[0]) == pytest.approx(2.0)
    assert float((8 * half[0] + 2 * half[1]) / 10) == pytest.approx(1.0)
    assert class_weights(labels, 3, 0.5)[2] == 0.0


def test_cross_entropy_of_smoothed_labels() -> None:
    import torch

    from models.training.losses import soft_cross_entropy

    logits = torch.log(torch.tensor([[0.7, 0.3]]))
    weights = torch.tensor([1.0, 2.0])
    sure, smooth = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.9, 0.1]])
    assert float(soft_cross_entropy(logits, sure, weights)) == pytest.approx(-math.log(0.7))
    expected = -0.9 * math.log(0.7) - 2 * 0.1 * math.log(0.3)
    assert float(soft_cross_entropy(logits, smooth, weights)) == pytest.approx(expected)


def test_dice_of_masks() -> None:
    import torch

    from models.training.losses import dice_and_cross_entropy, dice_loss, mask_cross_entropy

    truth = torch.zeros(1, 1, 10, 10)
    truth[..., :5] = 1
    right, wrong = torch.where(truth > 0, 20.0, -20.0), torch.where(truth > 0, -20.0, 20.0)
    assert float(dice_loss(right, truth)) == pytest.approx(0.0, abs=1e-5)
    assert float(dice_loss(wrong, truth)) == pytest.approx(1 - 1 / 101, abs=1e-4)
    half = torch.full_like(truth, 20.0)
    assert float(dice_loss(half, truth)) == pytest.approx(1 - 101 / 151, abs=1e-4)
    assert float(mask_cross_entropy(torch.zeros_like(truth), truth)) == pytest.approx(math.log(2))
    both = float(dice_and_cross_entropy(half, truth))
    assert both == pytest.approx(1 - 101 / 151 + 10.0, abs=1e-3)
    nothing = torch.zeros_like(truth)
    assert float(dice_loss(nothing - 20, nothing)) == pytest.approx(0.0, abs=1e-4)


def test_findings_that_are_not_known_do_not_count() -> None:
    import torch

    from models.training.losses import known_cross_entropy

    logits = torch.tensor([[0.0, 5.0], [2.0, -3.0]], requires_grad=True)
    told = torch.tensor([[1.0, math.nan], [math.nan, math.nan]])
    loss = known_cross_entropy(logits, told)
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None and logits.grad.tolist() == [[-0.5, 0.0], [0.0, 0.0]]
    assert known_cross_entropy(logits, torch.full((2, 2), math.nan)).item() == 0.0


def test_biases_do_not_decay_and_the_trunk_learns_slower() -> None:
    from models.networks import trunk
    from models.training.classify import Classifier
    from models.training.optimise import freeze, optimiser_of
    from models.training.settings import TrainingSettings

    network = Classifier(trunk("small"), 2, 0.0)
    told = TrainingSettings(learning_rate=0.1, trunk_rate=0.5, weight_decay=0.01)
    groups = optimiser_of(network, told).param_groups
    kinds = {
        (g["lr"], g["weight_decay"], {p.ndim > 1 for p in g["params"]} == {True}) for g in groups
    }
    assert kinds == {(0.1, 0.01, True), (0.1, 0.0, False), (0.05, 0.01, True), (0.05, 0.0, False)}
    before = sum(p.requires_grad for p in network.parameters())
    freeze(network.trunk, 1)
    assert before - sum(p.requires_grad for p in network.parameters()) == 6
    sgd = optimiser_of(network, TrainingSettings(optimiser="sgd", momentum=0.8))
    assert type(sgd).__name__ == "SGD" and sgd.defaults["momentum"] == 0.8


def test_what_is_frozen_stays_as_it_was() -> None:
    import torch

    from models.networks import trunk
    from models.training.optimise import freeze, training_mode

    network = trunk("small")
    freeze(network, 2)
    training_mode(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    network(torch.randn(4, 3, 32, 32)).sum().backward()
    optimiser.step()
    changed = {
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed and all(name.startswith(("blocks.2", "connected")) for name in changed)
    assert "blocks.2.0.1.running_mean" in changed


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"epochs": 1.5}, "the training setting epochs is 1.5"),
        ({"epochs": True}, "the training setting epochs is true"),
        ({"schedule": "sine"}, "schedule is 'sine'; there are: cosine, linear, steps, constant"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it is a number from"),
        ({"momentum": 1.0}, r"momentum is 1\.0; it is a number from 0"),
        ({"speed": 1}, "there is no training setting 'speed'; there are: averaging, batch"),
    ],
)
def test_settings_that_do_not_fit(told: dict[str, Any], words: str) -> None:
    from models.training.settings import TrainingSettings

    with pytest.raises(UsageError, match=words):
        TrainingSettings.from_json(told)
    assert TrainingSettings.from_json({"weight_decay": 0}) == TrainingSettings(weight_decay=0)


def test_temperature_undoes_what_was_done() -> None:
    from models.training.classify import temperature_of

    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(3, p=row / row.sum()) for row in shares.astype(float)])
    assert temperature_of(logits * 3, truth) == pytest.approx(3, rel=0.06)
