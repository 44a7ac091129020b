"""What is trained on: pictures in memory, whose they are, and what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.arrays import ByteImage, FloatImage
from models.heads.leave_out import Indices

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Films:
    """n pictures of one size.

    `pictures`: uint8 (n, size, size, 1 or 3), RGB or grey; may be a memory map. `patients`: n ids;
    an empty one is a patient of its own. `labels`: class numbers (n,), `UNKNOWN` where there is
    none. `classes`: their names. `masks`: uint8 (n, size, size), 0 and 255, or None. `masked`: bool
    (n,), which of them has a mask. `findings`: float32 (n, f), 1 present, 0 absent, NaN not known,
    or None. `finding_names`: f names. `sources`: n names of where a picture is from (a hospital),
    or empty ones.
    """

    pictures: ByteImage
    patients: Sequence[str]
    labels: Indices
    classes: tuple[str, ...] = ()
    masks: ByteImage | None = None
    masked: NDArray[np.bool_] | None = None
    findings: FloatImage | None = None
    finding_names: tuple[str, ...] = ()
    sources: Sequence[str] = field(default=())

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.pictures)

    @property
    def size(self) -> int:
        """Pixels, high and wide."""
        return int(self.pictures.shape[1])

    def shown(self, rows: Indices, channels: int) -> ByteImage:
        """The pictures of these rows with 1 or 3 channels: uint8 (n, size, size, channels)."""
        chosen = np.asarray(self.pictures[rows])
        if chosen.shape[-1] == channels:
            return chosen
        if channels == 1:
            return np.asarray(chosen.mean(axis=-1, keepdims=True).round(), np.uint8)
        return np.repeat(chosen, channels, axis=-1)
