"""An encoder out of an ONNX file."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import EncoderSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER, unseen
from models.runtime.network import Network


class OpenVinoEncoder:
    """An encoder that runs on OpenVINO's CPU device; safe to call from several threads."""

    def __init__(
        self,
        spec: EncoderSpec,
        onnx: bytes,
        threads: int = 0,
        cache: CompiledCache | None = None,
        left_out: Mapping[str, int] | None = None,
    ) -> None:
        """Arguments as of `models.runtime.network.Network`.

        `left_out`: of a committee, from `models.runtime.registry.trained_on`. Raises
        `ModelUnusable` if OpenVINO cannot run the network or if it is not what the spec says.
        """
        self._spec = spec
        self._network = Network(spec, onnx, threads, cache, feature_map=True)
        shape = self._network.shapes[0]
        self._left_out = left_out or {}
        if int(np.prod(shape)) != spec.dim * spec.members:
            of_each = f", of each of {spec.members} members" if spec.members > 1 else ""
            raise ModelUnusable(
                f"the encoder {spec.name!r} gives {shape} numbers a picture, its spec says "
                f"dim {spec.dim}{of_each}; correct the spec or export the pooled feature"
            )

    @property
    def spec(self) -> EncoderSpec:
        """What it is and what it takes."""
        return self._spec

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        """Embeddings of a batch; see `models.encoders.Encoder`.

        Zeros where the network gives zeros. Raises `ValueError` for another shape or type.
        """
        return self._embeddings(self._network.run(batch)[0], files)

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """(rows, columns, channels) of its feature map; None if it has none."""
        place = self._network.feature_map
        if place is None:
            return None
        channels, rows, columns = self._network.shapes[place]
        return rows, columns, channels

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """Embeddings, and the feature maps that they are pooled from.

        The maps are float32 (n, rows, columns, channels), of a committee those of one member; None
        for a network that pools nothing. Otherwise as `encode`.
        """
        return self._with_map(self._network.feature_map, batch, files)

    def encode_detail(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """Embeddings, and the last map with at least twice the rows and columns of the feature map.

        The feature map itself where there is no finer one. Otherwise as `encode_maps`.
        """
        return self._with_map(self._network.detail_map, batch, files)

    def _with_map(
        self, place: int | None, batch: ByteImage, files: Sequence[str]
    ) -> tuple[FloatImage, FloatImage | None]:
        if place is None:
            return self.encode(batch, files), None
        told = self._network.run(batch, place + 1)
        return self._embeddings(told[0], files), np.moveaxis(told[place], 1, -1)

    def _embeddings(self, told: FloatImage, files: Sequence[str]) -> FloatImage:
        told = told.reshape(len(told), self._spec.members, self._spec.dim)
        members = [self._left_out.get(digest, NO_MEMBER) for digest in files]
        found = unseen(told, members or [NO_MEMBER] * len(told))
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=found, where=lengths > 0)
        return found

    def check(self) -> None:
        """Runs it on two pictures that differ: what it gives must be numbers, and differ.

        Raises `ModelUnusable`.
        """
        size, name = self._spec.size, self._spec.name
        pictures = np.zeros((2, size, size, 3), np.uint8)
        pictures[1] = np.random.default_rng(0).integers(0, 256, pictures.shape[1:], np.uint8)
        found = self.encode(pictures)
        if not np.isfinite(found).all():
            raise ModelUnusable(f"the encoder {name!r} gives numbers that are not finite")
        if np.allclose(found[0], found[1], atol=1e-6):
            raise ModelUnusable(f"the encoder {name!r} gives the same for every picture")
