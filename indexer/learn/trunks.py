"""The trunk that a training run begins with, and where its weights are from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelUnusable, UsageError
from models.runtime import ModelSpec
from models.runtime.registry import trained_on
from models.runtime.spec import read_spec

if TYPE_CHECKING:
    from torch import nn


def trunk_for(name: str, pretrained: bool, frozen: int, seed: int) -> "nn.Module":
    """The network of that name, the same for the same seed; see `models.networks.Trunk`.

    `frozen`: how many of its first stages stay as they are; -1 for all of them. Raises `UsageError`
    for a name that does not exist.
    """
    import torch

    from models.networks import trunk
    from models.networks.weights import pretrained as with_weights
    from models.training.optimise import freeze

    torch.manual_seed(seed)
    network = with_weights(name) if pretrained else trunk(name)
    stages = network.stages()  # type: ignore[operator]
    freeze(network, len(stages) if frozen < 0 else frozen)
    return network


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a run begins with.

    `trunk`: with its weights, its first stages frozen. `origin`, `licence`: as of `origin_of`.
    `sha256`: of the weights of another run, "" where it begins with none. `seen`: of the films that
    run learned from, by SHA-256.
    """

    trunk: "nn.Module"
    origin: str
    licence: str
    sha256: str = ""
    seen: frozenset[str] = frozenset()


def begun_with(name: str, begin: str | Path, frozen: int, seed: int) -> Beginning:
    """The trunk `name` with what `begin` says: "imagenet", "nothing", or a finished run's folder.

    `frozen`, `seed`: as of `trunk_for`. Raises `UsageError` if the run is of another network or of
    a committee, `ModelUnusable` if there is no such run or it has not ended.
    """
    pretrained = begin == "imagenet"
    trunk = trunk_for(name, pretrained, frozen, seed)
    if not isinstance(begin, Path):
        origin, licence = origin_of(name, pretrained)
        return Beginning(trunk, origin, licence)
    from models.training.finished import finished

    run = finished(begin)
    if run.told["network"] != name:
        raise UsageError(
            f"the run {begin} is of the network {run.told['network']!r}, not {name!r}; name the "
            f"same one: --network {run.told['network']}"
        )
    if int(run.told.get("members", 1)) > 1:
        raise UsageError(f"the run {begin} is of a committee; begin with a run of one network")
    own = run.network.trunk
    from_it = own[0] if hasattr(own, "__len__") else own  # type: ignore[index]
    weights = from_it.state_dict()  # type: ignore[union-attr]
    trunk.load_state_dict(weights)
    digest = hashlib.sha256()
    for value in weights.values():
        digest.update(value.numpy().tobytes())
    spec, seen = _model_of(begin)
    return Beginning(
        trunk, f"from a run of its own ({spec.source})", spec.licence, digest.hexdigest(), seen
    )


def _model_of(run: Path) -> tuple[ModelSpec, frozenset[str]]:
    """The model that a finished run has written, and the films that it learned from."""
    specs = sorted((run / "model").glob("*.json"))
    if not specs:
        raise ModelUnusable(f"the run {run} has no model; run its `cbir train` again, to the end")
    return read_spec(specs[0]), frozenset(trained_on(str(specs[0])))


def origin_of(name: str, pretrained: bool) -> tuple[str, str]:
    """What it was trained from, in words, and the licence of what comes of it."""
    from models.networks.weights import ORIGINS

    origin = ORIGINS.get(name) if pretrained else None
    if origin is None:
        return "from random weights", "as the films it was trained on"
    return f"from {origin.package} {origin.version}", origin.licence
