"""Encoders: CNNs (ONNX files with a spec) that turn a picture into an embedding."""

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

    def encode(self, batch: ByteImage) -> FloatImage:
        """Embeddings of a batch.

        `batch`: uint8 (n, size, size, 3), RGB, 0..255. Returns float32 (n, dim), rows of unit
        length.
        """
        ...
