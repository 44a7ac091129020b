"""Encoders: CNNs (ONNX files with a spec) that turn a picture into an embedding."""

from dataclasses import dataclass
from typing import Protocol

from models.arrays import ByteImage, FloatImage

DEFAULT = "efficientnet-lite0"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What one must know to run an encoder's ONNX file; stored as JSON beside it.

    The network takes `(x - mean) / std` of RGB values x in 0..255, `size` pixels high and wide,
    and gives `dim` numbers a picture.
    """

    name: str
    file: str
    sha256: str
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    dim: int
    licence: str
    source: str
    layout: str = "NCHW"
    note: str = ""


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
