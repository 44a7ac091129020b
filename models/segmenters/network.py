"""A segmentation network out of an ONNX file: masks of named regions of a picture."""

from typing import Self

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import SegmenterSpec
from models.runtime.compiled import CompiledCache
from models.runtime.network import Network
from models.shrink import shrink


class OpenVinoSegmenter:
    """A segmentation network that runs on OpenVINO's CPU device."""

    def __init__(
        self, spec: SegmenterSpec, onnx: bytes, threads: int = 0, cache: CompiledCache | None = None
    ) -> None:
        """Arguments as of `models.runtime.network.Network`.

        Raises `ModelUnusable` if OpenVINO cannot run the network or if it is not what the spec
        says.
        """
        self.spec = spec
        self._network = Network(spec, onnx, threads, cache)
        wanted = (len(spec.regions), spec.size, spec.size)
        if self._network.shapes[0] != wanted:
            raise ModelUnusable(
                f"the segmenter {spec.name!r} gives {self._network.shapes[0]} a picture, its spec "
                f"says {wanted}"
            )

    @classmethod
    def load(cls, name: str, threads: int = 0) -> Self:
        """The segmenter of that name, or of the spec at that path. Raises `ModelUnusable`."""
        from models.runtime.registry import checked

        spec, onnx = checked(name, SegmenterSpec)
        return cls(spec, onnx, threads, CompiledCache.default())

    def probabilities(self, batch: ByteImage) -> FloatImage:
        """How probably each pixel is in each region: float32 (n, regions, size, size), 0..1.

        `batch`: uint8 (n, size, size, channels), 0..255.
        """
        (logits,) = self._network.run(batch)
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    def on(self, picture: FloatImage) -> FloatImage:
        """The same for one grey picture of any size, in its own size: (regions, H, W).

        `picture`: float32 (H, W), range 0..1.
        """
        size = self.spec.size
        levels = cv2.convertScaleAbs(shrink(picture, size, size), alpha=255.0)
        batch = np.repeat(np.asarray(levels, np.uint8)[None, ..., None], self.spec.channels, -1)
        found = self.probabilities(batch)[0]
        height, width = picture.shape
        drawn = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in found]
        return np.stack(drawn)

    def check(self) -> None:
        """Runs it on two pictures: what it gives must be numbers. Raises `ModelUnusable`."""
        size, channels = self.spec.size, self.spec.channels
        pictures = np.zeros((2, size, size, channels), np.uint8)
        pictures[1] = np.random.default_rng(0).integers(0, 256, pictures.shape[1:], np.uint8)
        if not np.isfinite(self.probabilities(pictures)).all():
            raise ModelUnusable(f"the segmenter {self.spec.name!r} gives numbers that are no such")
