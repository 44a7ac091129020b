"""Where a training run stands, on disk: so that it goes on after an interruption at any step.

`state.json` names two files of tensors and their SHA-256, and is replaced last. So whatever is
interrupted, it names a whole state. A file that is not what it says is refused, never loaded.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn, optim

from models.errors import ModelUnusable, UsageError
from models.files import write_whole
from models.training.told import STATE

_ANEW = "begin anew with --no-resume"

Tensors = dict[str, Tensor]


@dataclass(slots=True)
class Standing:
    """What a run knows of itself besides its tensors.

    `epoch`, `step`: the next ones to be done, `step` within the epoch. `steps`: done in all.
    `loss_sum`: over the steps of this epoch. `best`: the best score so far, at `best_epoch`.
    `history`: a row for every finished epoch. `seconds`: spent so far.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    best: float | None = None
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    finished: bool = False


class Keeper:
    """Keeps the state of one run in its folder."""

    def __init__(self, folder: Path, told: Mapping[str, Any]) -> None:
        """`told`: all that decides the outcome; a state of another such is not gone on with."""
        self._folder = folder
        self._told = json.loads(json.dumps(told))
        self._best: dict[str, str] = {}

    def save(self, standing: Standing, tensors: Tensors, best: Tensors | None = None) -> None:
        """Writes a state; `best`: tensors of the best epoch, if it is this one. `CannotWrite`."""
        before = {path.name for path in self._folder.glob("*.safetensors")}
        if best is not None:
            self._best = self._write(f"best-{standing.steps:09d}", best)
        state = self._write(f"state-{standing.steps:09d}", tensors)
        told = {
            "run": self._told,
            "standing": asdict(standing),
            "state": state,
            "best": self._best,
        }
        write_whole(self._folder / STATE, json.dumps(told, indent=1).encode())
        for name in before - {state["file"], self._best.get("file", "")}:
            with contextlib.suppress(OSError):
                (self._folder / name).unlink()

    def load(self) -> tuple[Standing, Tensors] | None:
        """The state that was saved last, or None if there is none.

        Raises `UsageError` if it is of a run that was asked for otherwise, `ModelUnusable` if it is
        damaged.
        """
        path = self._folder / STATE
        if not path.exists():
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            standing = Standing(**told["standing"])
            state, self._best = dict(told["state"]), dict(told["best"])
            before = dict(told["run"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelUnusable(f"{path} is damaged; {_ANEW}") from error
        other = sorted(
            key
            for key in self._told.keys() | before.keys()
            if self._told.get(key) != before.get(key)
        )
        if other:
            raise UsageError(
                f"the run in {self._folder} was begun with another {', '.join(other)}; {_ANEW}, or "
                "choose another --out"
            )
        return standing, self._read(state)

    def best(self) -> Tensors:
        """The tensors of the best epoch. Raises `ModelUnusable`."""
        return self._read(self._best)

    def clear(self) -> None:
        """Forgets the run."""
        for path in [self._folder / STATE, *self._folder.glob("*.safetensors")]:
            path.unlink(missing_ok=True)

    def _write(self, name: str, tensors: Tensors) -> dict[str, str]:
        from safetensors.torch import save

        content = save({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
        write_whole(self._folder / f"{name}.safetensors", content)
        return {"file": f"{name}.safetensors", "sha256": hashlib.sha256(content).hexdigest()}

    def _read(self, told: Mapping[str, str]) -> Tensors:
        from safetensors.torch import load

        path = self._folder / Path(told.get("file", "")).name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelUnusable(f"the checkpoint {path} is missing; {_ANEW}") from error
        if hashlib.sha256(content).hexdigest() != told.get("sha256"):
            raise ModelUnusable(f"the checkpoint {path} is not what was written; {_ANEW}")
        tensors: Tensors = load(content)
        return tensors


def fill(network: nn.Module, tensors: Tensors) -> None:
    """Gives a network its tensors. Raises `ModelUnusable` if they are of another architecture."""
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    if wanted != found:
        odd = sorted(
            name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
        )
        raise ModelUnusable(
            f"the checkpoint is of another architecture: {len(odd)} tensors differ, the first is "
            f"{odd[0]}; {_ANEW}"
        )
    network.load_state_dict(tensors)


def optimiser_tensors(optimiser: optim.Optimizer) -> Tensors:
    """What an optimiser remembers of each parameter, by number and name."""
    state = optimiser.state_dict()["state"]
    return {
        f"{number}.{name}": value
        for number, told in state.items()
        for name, value in told.items()
        if isinstance(value, Tensor)
    }


def fill_optimiser(optimiser: optim.Optimizer, tensors: Tensors) -> None:
    """Gives an optimiser back what `optimiser_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors with a prefix before their names."""
    return {f"{prefix}/{name}": value for name, value in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """Those with that prefix, without it."""
    start = f"{prefix}/"
    return {name[len(start) :]: v for name, v in tensors.items() if name.startswith(start)}
