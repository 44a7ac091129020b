"""Findings and masks together: each film teaches what it has."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.models.training.test_loop import discs

if TYPE_CHECKING:
    from models.training.annotate import Annotating
    from models.training.films import Films

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def films() -> "Films":
    """Every third film has no mask, every fifth says nothing of the first finding."""
    told = discs()
    truth = np.stack([told.labels == 1, told.labels == 0], 1).astype(np.float32)
    truth[::5, 0] = np.nan
    masked = np.arange(len(told)) % 3 > 0
    assert told.masks is not None
    masks = told.masks * masked[:, None, None].astype(np.uint8)
    return replace(told, findings=truth, finding_names=("ring", "disc"), masks=masks, masked=masked)


def task(told: "Films", regions: int = 1) -> "Annotating":
    import torch

    from models.networks import trunk
    from models.networks.joint import JointNetwork
    from models.training.annotate import Annotating
    from models.training.augment import Augmentation

    torch.manual_seed(0)
    assert told.findings is not None
    network = JointNetwork(trunk("small"), told.findings.shape[1], regions, dropout=0.0)
    return Annotating(network, told, Augmentation.none())


def loss(asked: "Annotating", rows: list[int]) -> float:
    asked.network.eval()
    return float(asked.loss(asked.batches.plain(np.array(rows))).detach())


def test_a_film_teaches_what_it_has() -> None:
    told = films()
    assert told.findings is not None
    whole = task(told)
    with_mask, without = 1, 3
    alone = task(told, regions=0)
    alone.network.load_state_dict(whole.network.state_dict(), strict=False)
    assert loss(whole, [without]) == pytest.approx(loss(alone, [without]))
    assert loss(whole, [with_mask]) > loss(alone, [with_mask]) + 0.5  # Dice and cross-entropy
    mute = replace(told, findings=np.full_like(told.findings, np.nan))
    assert loss(task(mute), [without]) == 0.0
    assert loss(task(mute), [with_mask]) > 0.5


def test_a_batch_without_masks_moves_no_part_of_the_decoder() -> None:
    asked = task(films())
    asked.loss(asked.batches.plain(np.array([0, 3, 6]))).backward()  # type: ignore[no-untyped-call]
    answer = asked.network.answer.weight.grad  # type: ignore[union-attr]
    assert answer is not None and float(answer.abs().sum()) == 0.0  # type: ignore[operator]


def test_both_are_learned(tmp_path: Path) -> None:
    from models.training.annotate import answers_of, thresholds_of
    from models.training.run import train
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    told = films()
    asked = task(told)
    split = Split(np.arange(32), np.arange(32, 48), np.arange(0))
    settings = TrainingSettings(epochs=10, batch=8, learning_rate=0.01, trunk_rate=1.0)
    trained = train(asked, split, settings, {}, tmp_path, lambda *_: None)
    best = trained.history[-1]
    assert best["auc"] > 0.85 and best["dice"] > 0.7
    assert best["score"] == pytest.approx(best["auc"] - best["log_loss"] / 10 + best["dice"] / 10)
    found, dice = answers_of(trained.network, asked, split.validation)
    assert found.shape == (16, 2) and np.isnan(dice).sum() == np.sum(~asked.masked[32:])
    assert len(thresholds_of(asked.findings[32:], found)) == 2


def test_scores_of_films_that_cannot_be_told_apart() -> None:
    told = films()
    assert told.findings is not None
    asked = task(replace(told, findings=np.ones_like(told.findings)))
    found = asked.scores(asked.network.eval(), np.array([0, 3, 6]))
    assert found["auc"] == 0.5 and "dice" not in found


def test_thresholds_are_where_f1_is_largest() -> None:
    from models.training.annotate import thresholds_of

    present = np.array([1, 1, 0, 1, 1, 1, 0, 0], np.float32)
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.1], np.float32)
    # Five of the first six: F1 is 10 / 11. Half-way between 0.4 and 0.2.
    (own,) = thresholds_of(present[:, None], sure[:, None])
    assert own == pytest.approx(0.3)


def test_a_finding_of_few_films_takes_the_threshold_of_all() -> None:
    from models.training.annotate import thresholds_of

    truth = np.zeros((12, 2), np.float32)
    truth[:6, 0] = 1
    truth[0, 1] = 1
    truth[11, 1] = np.nan
    sure = np.linspace(0.95, 0.05, 12, dtype=np.float32)
    own, shared = thresholds_of(truth, np.stack([sure, sure + np.float32(0.01)], 1))
    assert own == pytest.approx((sure[5] + sure[6]) / 2)
    # All together: the first finding's six and the second's one stand above 0.5409.
    assert shared == pytest.approx((sure[5] + sure[6] + 0.01) / 2)
    nobody = thresholds_of(np.full((3, 1), np.nan, np.float32), np.zeros((3, 1), np.float32))
    assert nobody == (0.5,)
