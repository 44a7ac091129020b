"""A network for findings and masks together, out of an ONNX file."""

from typing import Self

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import AnnotatorSpec
from models.runtime.compiled import CompiledCache
from models.runtime.network import Network


class OpenVinoAnnotator:
    """Probabilities of findings, and masks, on OpenVINO's CPU device."""

    def __init__(
        self, spec: AnnotatorSpec, onnx: bytes, threads: int = 0, cache: CompiledCache | None = None
    ) -> None:
        """Arguments as of `models.runtime.network.Network`.

        Raises `ModelUnusable` if OpenVINO cannot run the network or if it is not what the spec
        says.
        """
        self.spec = spec
        self._network = Network(spec, onnx, threads, cache)
        wanted: list[tuple[int, ...]] = [(len(spec.findings),)]
        if spec.regions:
            wanted.append((len(spec.regions), spec.size, spec.size))
        if self._network.shapes != wanted:
            raise ModelUnusable(
                f"the annotator {spec.name!r} gives {self._network.shapes} a picture, its spec "
                f"says {wanted}"
            )

    @classmethod
    def load(cls, name: str, threads: int = 0) -> Self:
        """The annotator of that name, or of the spec at that path. Raises `ModelUnusable`."""
        from models.runtime.registry import checked

        spec, onnx = checked(name, AnnotatorSpec)
        return cls(spec, onnx, threads, CompiledCache.default())

    def annotate(self, batch: ByteImage) -> tuple[FloatImage, FloatImage]:
        """How probable each finding is, float32 (n, findings), and each pixel's membership in each
        region, float32 (n, regions, size, size); both 0..1.

        `batch`: uint8 (n, size, size, 3), RGB, 0..255.
        """
        given = self._network.run(batch, outputs=2)
        size = self.spec.size
        masks = given[1] if self.spec.regions else np.zeros((len(batch), 0, size, size), np.float32)
        return _sigmoid(given[0]), _sigmoid(masks)

    def check(self) -> None:
        """Runs it on two pictures that differ: what it gives must be numbers, and differ.

        Raises `ModelUnusable`.
        """
        size, name = self.spec.size, self.spec.name
        pictures = np.zeros((2, size, size, self.spec.channels), np.uint8)
        pictures[1] = np.random.default_rng(0).integers(0, 256, pictures.shape[1:], np.uint8)
        findings, masks = self.annotate(pictures)
        if not (np.isfinite(findings).all() and np.isfinite(masks).all()):
            raise ModelUnusable(f"the annotator {name!r} gives numbers that are not finite")
        if np.allclose(findings[0], findings[1], atol=1e-7):
            raise ModelUnusable(f"the annotator {name!r} gives the same for every picture")


def _sigmoid(logits: FloatImage) -> FloatImage:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
