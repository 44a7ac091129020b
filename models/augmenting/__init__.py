"""Ways to make a further film out of one, or out of two of different patients and one class.

A new one is a file here and a line in `TABLE`; one that takes two films stands in `PAIRED` too.

They run on numpy and OpenCV, not on the transforms that training applies in torch: an archive is
enlarged by the base installation, in workers without torch, at the films' own size and with their
16 bits. Where both do the same, their strengths are the same, and a test holds them to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.arrays import FloatImage, Mask
from models.table import load as _load

TABLE: dict[str, str] = {
    "geometry": "models.augmenting.geometry:geometry",
    "grey": "models.augmenting.grey:grey",
    "elastic": "models.augmenting.elastic:elastic",
    "mix": "models.augmenting.mix:mix",
    "intensity": "models.augmenting.intensity:intensity",
    "lesion": "models.augmenting.lesion:lesion",
}
PAIRED = frozenset({"mix", "intensity", "lesion"})
"""The ways that take a second film."""

Told = Mapping[str, float | str]
"""What was drawn, by name: with it a person can tell what was done."""


@dataclass(frozen=True, slots=True)
class Film:
    """A picture as a viewer shows it, and what is known of it.

    `pixels`: float32 (H, W) grey or (H, W, 3) RGB, range 0..1. `region`: bool (H, W), the lungs, or
    whatever the archive's masks show. `lesion`: bool (H, W), what is ill. None: not known.
    """

    pixels: FloatImage
    region: Mask | None = None
    lesion: Mask | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def colour(self) -> bool:
        """Whether it has three channels."""
        return self.pixels.ndim == 3


class Way(Protocol):
    """One way. The same films and the same state of `rng` give the same film."""

    def __call__(
        self, film: Film, partner: Film | None, rng: np.random.Generator
    ) -> tuple[Film, Told]:
        """A film of the size of `film`, and what was drawn; the films given stay as they are.

        `partner`: for those in `PAIRED`, a film of another patient. Raises `UsageError` where it
        cannot be done with these films.
        """
        ...


def load(name: str) -> Way:
    """The way of that name. Raises `UsageError` if there is none."""
    way: Way = _load(TABLE, name, "way to make films")
    return way
