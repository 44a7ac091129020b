"""Encoders: CNNs (ONNX files with a spec) that turn a picture into an embedding."""

from collections.abc import Sequence
from typing import Protocol

from models.arrays import ByteImage, FloatImage
from models.runtime import EncoderSpec

__all__ = ["DEFAULT", "Encoder", "EncoderSpec"]

DEFAULT = "efficientnet-lite0"


class Encoder(Protocol):
    """What the pipeline and the engine ask of an encoder."""

    @property
    def spec(self) -> EncoderSpec:
        """What it is and what it takes."""
        ...

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        """Embeddings of a batch.

        `batch`: uint8 (n, size, size, 3), RGB, 0..255. `files`: the SHA-256 of the file that each
        picture is from: a committee answers by a member that has not learned from it. Returns
        float32 (n, dim), rows of unit length.
        """
        ...

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """(rows, columns, channels) of its feature map; None if it has none."""
        ...

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """Embeddings as `encode` gives them, and the feature maps that they are pooled from.

        The maps are float32 (n, rows, columns, channels); None for an encoder without.
        """
        ...

    def encode_detail(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """Embeddings as `encode` gives them, and a finer map, of what lies closer together.

        The maps are float32 (n, rows, columns, channels); None for an encoder without.
        """
        ...
