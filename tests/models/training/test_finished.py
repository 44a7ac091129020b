"""A finished run is opened again, or refused with a sentence."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelUnusable
from models.training.told import told_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of one epoch, as `cbir train classifier` leaves it."""
    import torch

    from models.networks import trunk
    from models.training.augment import Augmentation
    from models.training.classify import Classification
    from models.training.films import Films
    from models.training.run import train
    from models.training.settings import TrainingSettings
    from models.training.splits import Split

    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (24, 32, 32, 1), np.uint8)
    films = Films(pictures, [str(n) for n in range(24)], np.arange(24) % 2, ("a", "b"))
    settings = TrainingSettings(epochs=1, batch=8)
    split = Split(np.arange(16), np.arange(16, 24), np.arange(0))
    torch.manual_seed(0)
    task = Classification(trunk("small"), films, split.train, settings, Augmentation.none())
    about = {"network": "small", "size": 32, "classes": ["a", "b"]}
    told = {**about, "settings": settings.to_json()}
    (tmp_path / "settings.json").write_text(json.dumps(told))
    trained = train(task, split, settings, about, tmp_path, lambda *_: None)
    np.save(tmp_path / "weights.npy", trained.network.state_dict()["classes.weight"].numpy())
    return tmp_path


def changed(run: Path, **told: object) -> None:
    path = run / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **told}))


def test_the_best_weights_come_back(run: Path) -> None:
    from models.training.finished import finished

    found = finished(run)
    assert found.told["classes"] == ["a", "b"] and not found.network.training
    weights = found.network.state_dict()["classes.weight"].numpy()
    np.testing.assert_array_equal(weights, np.load(run / "weights.npy"))


@pytest.mark.parametrize("name", ["best", "state"])
def test_weights_with_another_hash(run: Path, name: str) -> None:
    from models.training.finished import finished

    path = next(run.glob(f"{name}-*.safetensors"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="is not what was written"):
        finished(run)


def test_a_run_that_says_another_network(run: Path) -> None:
    from models.training.finished import finished

    changed(run, network="mobilenetv2")
    with pytest.raises(ModelUnusable, match="was begun with another network"):
        finished(run)
    state = json.loads((run / "state.json").read_text())
    state["run"]["network"] = "mobilenetv2"
    (run / "state.json").write_text(json.dumps(state))
    with pytest.raises(ModelUnusable, match="the checkpoint is of another architecture"):
        finished(run)


def test_a_run_that_has_not_ended(run: Path) -> None:
    from models.training.finished import finished

    state = json.loads((run / "state.json").read_text())
    state["standing"]["finished"] = False
    (run / "state.json").write_text(json.dumps(state))
    with pytest.raises(ModelUnusable, match="has not ended; run its `cbir train` again"):
        finished(run)
    (run / "state.json").unlink()
    with pytest.raises(ModelUnusable, match="has not ended"):
        finished(run)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"network": 3}', '{"network": "small"}'])
def test_no_run_at_all(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "settings.json").write_text(content)
    with pytest.raises(ModelUnusable, match="is not the folder of a training run: settings"):
        told_of(tmp_path)
