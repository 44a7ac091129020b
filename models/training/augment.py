"""Augmentation: what a scan could also have looked like, by torchvision's transforms v2.

Anatomically wrong changes are off unless asked for: a chest film is not mirrored left to right,
because then the heart is on the wrong side.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from models.errors import UsageError

if TYPE_CHECKING:
    from torchvision.transforms import v2


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How strongly a picture is changed; 0 (or False) switches a change off.

    `rotation`: degrees to each side. `scale`: 0.15 for 0.85 to 1.15 times. `shift`: share of the
    side. `crop`: up to this share of the area is cut away and the rest enlarged. `flip_horizontal`,
    `flip_vertical`: probabilities. `brightness`, `contrast`: 0.25 for 0.75 to 1.25 times. `gamma`:
    exponent, 0.3 for exp(-0.3) to exp(0.3). `noise`: standard deviation, of a range of 1; a quarter
    of the pictures get it. `elastic`: displacement (root mean square) in pixels of
    256; a fifth of them get it. `erase`: probability that a rectangle is covered.
    """

    rotation: float = 10.0
    scale: float = 0.15
    shift: float = 0.08
    crop: float = 0.0
    flip_horizontal: float = 0.0
    flip_vertical: float = 0.0
    brightness: float = 0.2
    contrast: float = 0.25
    gamma: float = 0.3
    noise: float = 0.03
    elastic: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        """Raises `UsageError` naming the change whose strength does not fit."""
        for field in fields(self):
            value, most = getattr(self, field.name), _MOST.get(field.name, 1.0)
            if isinstance(value, bool) or not 0 <= value <= most:
                raise UsageError(
                    f"augmentation {field.name} is {value}; it is a number from 0 to {most:g}"
                )

    @classmethod
    def none(cls) -> Self:
        """No change at all."""
        return cls(**{field.name: 0.0 for field in fields(cls)})

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `to_json` gave, or a person wrote. Raises `UsageError`."""
        known = {field.name for field in fields(cls)}
        for name, value in told.items():
            if name not in known:
                raise UsageError(
                    f"there is no augmentation {name!r}; there are: {', '.join(sorted(known))}"
                )
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"augmentation {name} is {value!r}; it is a number")
        return cls(**{name: float(value) for name, value in told.items()})

    def to_json(self) -> dict[str, float]:
        """A plain dictionary that `from_json` takes back."""
        return asdict(self)


_MOST = {"rotation": 180.0, "shift": 0.5, "scale": 0.9, "crop": 0.9, "elastic": 20.0, "gamma": 2.0}


def transform(augmentation: Augmentation, size: int) -> "v2.Transform":
    """What does it to one picture of `size` pixels, or to a picture and its mask alike.

    Takes `tv_tensors.Image` uint8 (channels, size, size) and `tv_tensors.Mask`; draws from torch's
    own random numbers. Gives a float32 image, range 0..1.
    """
    from torchvision.transforms import v2

    told = augmentation
    shapes = _shapes(told, size)
    greys = [
        v2.ColorJitter(brightness=told.brightness, contrast=told.contrast),
        _OnPicture(_gamma(told.gamma)),
        v2.RandomApply([v2.GaussianNoise(sigma=told.noise)], 0.25),
        _OnPicture(v2.RandomErasing(told.erase, scale=(0.01, 0.08), value=0)),
    ]
    wanted = (told.brightness or told.contrast, told.gamma, told.noise, told.erase)
    chosen = [step for step, asked in zip(greys, wanted, strict=True) if asked]
    return v2.Compose([*shapes, v2.ToDtype(torch.float32, scale=True), *chosen])


def _shapes(told: Augmentation, size: int) -> list[Any]:
    from torchvision.transforms import InterpolationMode, v2

    steps: list[Any] = []
    if told.rotation or told.scale or told.shift:
        steps.append(
            v2.RandomAffine(
                told.rotation,
                translate=(told.shift, told.shift),
                scale=(1 - told.scale, 1 + told.scale),
                interpolation=InterpolationMode.BILINEAR,
            )
        )
    if told.elastic:
        smooth = size / 20
        # torchvision scales uniform noise that was smoothed, in units of half a pixel.
        left_of_noise = 3**-0.5 / (2 * math.sqrt(math.pi) * smooth) / 2
        alpha = told.elastic * size / 256 / left_of_noise
        displaced = v2.ElasticTransform(alpha=alpha, sigma=smooth)
        steps.append(v2.RandomApply([displaced], 0.2))
    if told.crop:
        steps.append(
            v2.RandomResizedCrop(size, scale=(1 - told.crop, 1.0), ratio=(0.9, 1.1), antialias=True)
        )
    if told.flip_horizontal:
        steps.append(v2.RandomHorizontalFlip(told.flip_horizontal))
    if told.flip_vertical:
        steps.append(v2.RandomVerticalFlip(told.flip_vertical))
    return steps


class _OnPicture(torch.nn.Module):
    """Does something to a picture (float, 0..1) and leaves its mask as it is."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._change = change

    def forward(self, *parts: Tensor) -> Any:
        from torchvision import tv_tensors

        changed = [
            tv_tensors.wrap(self._change(torch.Tensor(part)), like=part)
            if isinstance(part, tv_tensors.Image)
            else part
            for part in parts
        ]
        return changed[0] if len(changed) == 1 else tuple(changed)


def _gamma(strength: float) -> Callable[[Tensor], Tensor]:
    """Raises a picture to a random power."""

    def change(picture: Tensor) -> Tensor:
        power = float(torch.empty(()).uniform_(-strength, strength).exp())
        return picture.clamp(0, 1) ** power

    return change
