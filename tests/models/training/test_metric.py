"""Metric learning: it learns, goes on exactly where it was, and its ONNX file says the same."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.errors import ModelUnusable
from tests.models.training.test_loop import discs, weights

if TYPE_CHECKING:
    from models.training.films import Films
    from models.training.metric import MetricLearning
    from models.training.run import Trained

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def task_of(films: "Films", loss: str, folds: int = 1, **changed: Any) -> "MetricLearning":
    import torch

    from models.networks import trunk
    from models.training.augment import Augmentation
    from models.training.committee import folds_of
    from models.training.metric import MetricLearning, Plan
    from models.training.metric_losses import Recipe
    from models.training.self_supervised import SelfSupervision
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    told = {"epochs": 3, "batch": 8, "warm_up": 0.5, "learning_rate": 0.01, "trunk_rate": 1.0}
    settings = TrainingSettings(**{**told, **changed})
    torch.manual_seed(0)
    left_out = folds_of(np.arange(32), len(films), np.arange(32) // 2 % folds)
    plan = Plan(
        recipe=Recipe(loss=loss, dim=16),
        settings=settings,
        augmentation=Augmentation(rotation=20, noise=0.05),
        folds=left_out if folds > 1 else None,
    )
    kind = SelfSupervision if loss == "self-supervised" else MetricLearning
    split = Split(np.arange(32), np.arange(32, 48), np.arange(0))
    return kind(trunk("small"), films, split, plan)


def run(
    films: "Films", folder: Path, loss: str, stop_at: int = 0, folds: int = 1, **changed: Any
) -> "Trained":
    """An encoder of discs and rings; `stop_at`: interrupt it at that step."""
    from models.training.run import train
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    told = {"epochs": 3, "batch": 8, "warm_up": 0.5, "learning_rate": 0.01, "trunk_rate": 1.0}
    split = Split(np.arange(32), np.arange(32, 48), np.arange(0))
    if folds > 1:
        split = Split(np.arange(32), np.arange(32), np.arange(0))

    def progress(stage: str, done: int, total: int) -> None:
        if stop_at and done == stop_at:
            raise KeyboardInterrupt

    task = task_of(films, loss, folds, **changed)
    return train(task, split, TrainingSettings(**{**told, **changed}), {}, folder, progress)


@pytest.mark.parametrize("loss", ["supcon", "proxy", "proxy-anchor", "multi-similarity"])
def test_it_learns(tmp_path: Path, loss: str) -> None:
    trained = run(discs(), tmp_path, loss, epochs=6)
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert max(row["mAP"] for row in trained.history) > 0.9
    names = (tmp_path / "curves.csv").read_text().splitlines()[0]
    assert names == "epoch,loss,rate,mAP,P@1,P@5,score,seconds"


def test_without_labels_a_view_finds_the_other_one(tmp_path: Path) -> None:
    from dataclasses import replace

    films = discs()
    films = replace(films, labels=np.full(48, -1), classes=())
    trained = run(films, tmp_path, "self-supervised", epochs=12)
    assert trained.history[-1]["loss"] < 0.8 * trained.history[0]["loss"]
    # By chance the mean of 1 / rank of 16 is 0.21; discs differ in little but their place.
    assert max(row["reciprocal_rank"] for row in trained.history) > 0.32
    assert set(trained.history[0]) > {"view_found", "alignment", "uniformity"}


@pytest.mark.parametrize(
    ("loss", "folds"), [("supcon", 1), ("proxy-anchor", 2), ("self-supervised", 1)]
)
@pytest.mark.parametrize("step", [3, 4, 9])
def test_interrupted_at_any_step_it_ends_as_if_it_was_not(
    tmp_path: Path, loss: str, folds: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.training.loop.SAVED_EVERY_S", 0.0)
    films = discs()
    whole = run(films, tmp_path / "whole", loss, folds=folds)
    with pytest.raises(KeyboardInterrupt):
        run(films, tmp_path / "cut", loss, step, folds)
    again = run(films, tmp_path / "cut", loss, folds=folds)
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(again)[name], value, err_msg=name)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    from models.training import checkpoint

    one, other = task_of(discs(), "proxy"), task_of(discs(), "supcon")
    tensors = dict(one.network.state_dict())
    with pytest.raises(ModelUnusable, match="another architecture: 1 tensors differ, the first is"):
        checkpoint.fill(other.network, tensors)


@pytest.mark.parametrize("folds", [1, 3])
def test_its_onnx_file_says_what_torch_says(folds: int) -> None:
    """`exported` compares them; without the loss, which is no part of the file."""
    from models.runtime.onnx_file import parameters
    from models.training.export import exported

    films = discs()
    task = task_of(films, "self-supervised", folds)
    network = task.network.eval()
    dim = task.finish(network, np.arange(48))
    assert dim == 16
    content = exported(
        network, task.batches.plain(np.arange(4)).pictures.contiguous().numpy(), ("e",)
    )
    told = task.spoken(task.embeddings(network, np.arange(4)), np.arange(4))
    assert told.shape == (4, 16)
    learned = sum(value.numel() for value in task.network.parameters())
    guides: Any = task.network.guides
    perceptrons = sum(value.numel() for value in guides.parameters())
    assert 0.97 < parameters(content) / (learned - perceptrons) < 1.03


def test_a_member_learns_from_no_film_of_its_fold() -> None:
    """The gradient of member 0 is nothing where a batch has only films that it leaves out."""
    task = task_of(discs(), "proxy", folds=2)
    assert task.folds is not None
    own = np.flatnonzero(task.folds == 0)
    task.loss(task.batches.plain(own)).backward()  # type: ignore[no-untyped-call]
    first, second = task.network.parts()  # type: ignore[operator]
    assert all(one.grad is None for one in first)
    assert any(one.grad is not None and bool(one.grad.abs().sum() > 0) for one in second)


def test_members_are_compared_in_one_space() -> None:
    """Three members with random weights: turned into one space they say nearly the same."""
    task = task_of(discs(), "proxy", folds=3)
    network, rows = task.network.eval(), np.arange(48)
    before = task.embeddings(network, rows)
    task.finish(network, rows)
    after = task.embeddings(network, rows)

    def apart(told: np.ndarray) -> float:
        centred = told - told.mean(axis=0)
        return float(np.linalg.norm(centred[:, 0] - centred[:, 1]) / np.linalg.norm(centred[:, 0]))

    assert apart(after) < 0.6 < apart(before)
    np.testing.assert_allclose(task.spoken(after, rows)[32:], after[32:].mean(axis=1), atol=1e-6)
