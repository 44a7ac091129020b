"""The training loop: it learns, it can be interrupted at any step, and a seed decides it all."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.errors import ModelUnusable, UsageError

if TYPE_CHECKING:
    from models.training.films import Films
    from models.training.run import Trained

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def discs(count: int = 48, size: int = 32) -> "Films":
    """Pictures of two classes: a bright disc, or a bright ring."""
    from models.training.films import Films

    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    rows, columns = np.mgrid[:size, :size]
    pictures = np.empty((count, size, size, 1), np.uint8)
    masks = np.empty((count, size, size), np.uint8)
    for number in range(count):
        middle = rng.uniform(size * 0.4, size * 0.6, 2)
        radius = rng.uniform(size * 0.2, size * 0.35)
        away = np.hypot(rows - middle[0], columns - middle[1])
        inside = away < radius
        ring = inside & (away > radius * 0.6) if labels[number] else inside
        noise = rng.normal(60, 10, (size, size))
        pictures[number, ..., 0] = np.clip(noise + 120 * ring, 0, 255)
        masks[number] = ring * 255
    patients = [f"p{number // 2}" for number in range(count)]
    return Films(pictures, patients, labels, ("disc", "ring"), masks, np.ones(count, bool))


def run(films: "Films", folder: Path, stop_at: int = 0, **changed: Any) -> "Trained":
    """A classifier of discs and rings; `stop_at`: interrupt it at that step."""
    import torch

    from models.networks import trunk
    from models.training.augment import Augmentation
    from models.training.classify import Classification
    from models.training.run import train
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    split = Split(np.arange(32), np.arange(32, 48), np.arange(0))
    told = {"epochs": 3, "batch": 8, "warm_up": 0.5, "learning_rate": 0.01, "trunk_rate": 1.0}
    settings = TrainingSettings(**{**told, **changed})
    torch.manual_seed(settings.seed)
    task = Classification(
        trunk("small"), films, split.train, settings, Augmentation(rotation=20, noise=0.05)
    )

    def progress(stage: str, done: int, total: int) -> None:
        if stop_at and done == stop_at:
            raise KeyboardInterrupt

    return train(task, split, settings, {"network": "small"}, folder, progress)


def weights(trained: "Trained") -> "dict[str, Any]":
    return {name: value.numpy() for name, value in trained.network.state_dict().items()}


def test_it_learns(tmp_path: Path) -> None:
    trained = run(discs(), tmp_path, epochs=6)
    assert [row["epoch"] for row in trained.history] == [1, 2, 3, 4, 5, 6]
    assert trained.history[-1]["loss"] < 0.7 * trained.history[0]["loss"]
    assert max(row["auc"] for row in trained.history) > 0.95
    text = (tmp_path / "curves.csv").read_text().splitlines()
    assert text[0] == "epoch,loss,rate,auc,balanced_accuracy,log_loss,score,seconds"
    assert len(text) == 7
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("step", [1, 3, 4, 5, 11, 12])
def test_interrupted_at_any_step_it_ends_as_if_it_was_not(
    tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also between two epochs; a state is kept after every step here."""
    monkeypatch.setattr("models.training.loop.SAVED_EVERY_S", 0.0)
    films = discs()
    whole = run(films, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(films, tmp_path / "cut", stop_at=step)
    again = run(films, tmp_path / "cut")
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(again)[name], value, err_msg=name)
    kept = [{k: v for k, v in row.items() if k != "seconds"} for row in whole.history]
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in again.history] == kept


def test_another_seed_gives_another_network(tmp_path: Path) -> None:
    films = discs()
    first, second = run(films, tmp_path / "a"), run(films, tmp_path / "b", seed=1)
    assert not np.array_equal(weights(first)["classes.weight"], weights(second)["classes.weight"])


def test_a_run_with_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    films = discs()
    run(films, tmp_path)
    with pytest.raises(UsageError, match="was begun with another settings; begin anew"):
        run(films, tmp_path, learning_rate=0.02)


@pytest.mark.parametrize("damage", ["state", "best", "json", "gone"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    films = discs()
    run(films, tmp_path)
    if damage == "json":
        (tmp_path / "state.json").write_text("{")
    elif damage == "gone":
        next(tmp_path.glob("state-*.safetensors")).unlink()
    else:
        path = next(tmp_path.glob(f"{damage}-*.safetensors"))
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="begin anew with --no-resume"):
        run(films, tmp_path)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    import torch

    from models.training.checkpoint import fill

    run(discs(), tmp_path)
    with pytest.raises(ModelUnusable, match="another architecture: 2 tensors differ"):
        fill(torch.nn.Linear(2, 3), {"weight": torch.zeros(3, 4), "bias": torch.zeros(2)})


def test_it_stops_when_it_gets_no_better(tmp_path: Path) -> None:
    trained = run(discs(), tmp_path, epochs=40, patience=2)
    assert 3 <= len(trained.history) < 40
    scores = [row["score"] for row in trained.history]
    assert max(scores) == scores[-3]


def test_a_rate_that_is_too_high_is_named(tmp_path: Path) -> None:
    films = discs()
    films.pictures[:] = 0  # so that normalisation divides by next to nothing
    with pytest.raises(UsageError, match="the learning rate 10 is too high; try a tenth of it"):
        run(films, tmp_path, optimiser="sgd", learning_rate=10.0, weight_decay=1.0, epochs=400)


def test_exhausted_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.training.batches import Batches

    def starved(*_: object) -> None:
        raise RuntimeError(
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        )

    monkeypatch.setattr(Batches, "changed", starved)
    with pytest.raises(UsageError, match="not enough memory for batches of 8; take a smaller"):
        run(discs(), tmp_path)


def test_masks_are_learned(tmp_path: Path) -> None:
    import torch

    from models.networks.unet import UNet
    from models.training.augment import Augmentation
    from models.training.run import train
    from models.training.segment import Segmentation
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    films = discs(size=64)
    split = Split(np.arange(32), np.arange(32, 48), np.arange(0))
    settings = TrainingSettings(epochs=6, batch=8, learning_rate=0.01, warm_up=0.5)
    torch.manual_seed(0)
    task = Segmentation(UNet(width=4, size=64), films, Augmentation(rotation=5), "both")
    trained = train(task, split, settings, {}, tmp_path, lambda *_: None)
    assert trained.history[-1]["dice"] > 0.8
    with pytest.raises(
        UsageError, match="there is no loss 'hinge'; there are: dice, cross-entropy"
    ):
        Segmentation(UNet(), films, Augmentation(), "hinge")
