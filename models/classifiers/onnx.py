"""A classifier out of an ONNX file."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import ClassifierSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER, unseen
from models.runtime.network import Network


class OpenVinoClassifier:
    """A classifier that runs on OpenVINO's CPU device; safe to call from several threads."""

    def __init__(
        self,
        spec: ClassifierSpec,
        onnx: bytes,
        threads: int = 0,
        cache: CompiledCache | None = None,
    ) -> None:
        """Arguments as of `models.runtime.network.Network`.

        Raises `ModelUnusable` if OpenVINO cannot run the network or if it is not what the spec
        says.
        """
        self.spec = spec
        self._network = Network(spec, onnx, threads, cache)
        sizes = [int(np.prod(shape)) for shape in self._network.shapes]
        if sizes[:2] != [spec.members * spec.dim, spec.members * len(spec.classes)]:
            raise ModelUnusable(
                f"the classifier {spec.name!r} gives {sizes} numbers a picture, its spec says "
                f"{spec.dim} and one for each of {len(spec.classes)} classes, times "
                f"{spec.members}"
            )

    @classmethod
    def load(cls, name: str, threads: int = 0) -> Self:
        """The classifier of that name, or of the spec at that path. Raises `ModelUnusable`."""
        from models.runtime.registry import checked

        spec, onnx = checked(name, ClassifierSpec)
        return cls(spec, onnx, threads, CompiledCache.default())

    def classify(
        self, batch: ByteImage, left_out: Sequence[int] = ()
    ) -> tuple[FloatImage, FloatImage]:
        """Class probabilities, float32 (n, classes), and embeddings, float32 (n, dim).

        `batch`: uint8 (n, size, size, 3), RGB, 0..255. `left_out`: of each picture the member of a
        committee that has not learned from it, or `NO_MEMBER`, as of which the members' means
        count. Rows of probabilities sum to 1; embeddings are as the network gives them, not of unit
        length.
        """
        members = list(left_out) or [NO_MEMBER] * len(batch)
        embedding, logits = (
            unseen(told.reshape(len(batch), self.spec.members, -1), members)
            for told in self._network.run(batch, outputs=2)
        )
        scaled = logits / np.float32(self.spec.temperature)
        scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
        raised = np.exp(scaled)
        probabilities = raised / raised.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32), embedding

    def check(self) -> None:
        """Runs it on two pictures that differ: what it gives must be numbers, and differ.

        Raises `ModelUnusable`.
        """
        size, name = self.spec.size, self.spec.name
        pictures = np.zeros((2, size, size, 3), np.uint8)
        pictures[1] = np.random.default_rng(0).integers(0, 256, pictures.shape[1:], np.uint8)
        probabilities, embedding = self.classify(pictures)
        if not (np.isfinite(probabilities).all() and np.isfinite(embedding).all()):
            raise ModelUnusable(f"the classifier {name!r} gives numbers that are not finite")
        if np.allclose(embedding[0], embedding[1], atol=1e-6):
            raise ModelUnusable(f"the classifier {name!r} gives the same for every picture")
