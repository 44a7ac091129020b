"""A describer that draws its numbers from a file's bytes: what is tested is what happens to them.

Decoding and the encoder would take all the time, and have no part in how an index changes.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from indexer.config import Config
from indexer.describe import WORKER, Described, Describer, Task
from indexer.look import Look
from indexer.read import Peek
from indexer.scan import Header
from indexer.workers import WorkerPool
from models.arrays import ByteImage, FloatImage
from models.descriptors.text import DIM as TEXT_DIM
from models.encoders import EncoderSpec
from models.errors import UnreadableScan
from models.heads.orientation import KINDS
from models.regions.cells import CellBasis, Cells
from models.runtime.registry import available

_LOOKING_S = 0.01
"""So that kills fall into describing too."""
_DIMS = {"colour": 8, "edge": 8, "embedding": 16}


class _NoEncoder:
    """Has the spec of the default encoder, and encodes nothing."""

    def __init__(self) -> None:
        name = Config().encoder
        self.spec = next(spec for spec in available(EncoderSpec) if spec.name == name)

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        """Nothing."""
        raise NotImplementedError

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """Nothing."""
        raise NotImplementedError

    encode_detail = encode_maps

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """None."""
        return None


class Numbers(Describer):
    """Describes each file as a volume of `slices`; notes each in `log`, a byte a scan."""

    def __init__(
        self,
        log: Path,
        slices: int = 1,
        image_dims: Mapping[str, int] = MappingProxyType(_DIMS),
        looking_s: float = _LOOKING_S,
    ) -> None:
        """`slices`: instances a scan has. `looking_s`: that each scan takes."""
        super().__init__(WorkerPool(1, WORKER), _NoEncoder(), Config())
        self._log, self._slices = log, slices
        self._dims, self._looking_s = dict(image_dims), looking_s
        self.basis = CellBasis((2, 2), np.zeros(5, np.float32), np.eye(5, 3, dtype=np.float32))

    @property
    def dims(self) -> dict[str, int]:
        """By default few numbers, so that a change takes a fraction of a second."""
        return {**self._dims, "text": TEXT_DIM}

    def looker(self, root: Path) -> Look:
        """Every file is a scan of its own."""

        def look(entries: Sequence[object]) -> Iterator[tuple[str, Peek | UnreadableScan]]:
            for entry in entries:
                yield str(getattr(entry, "path")), Peek("picture", Header())  # noqa: B009

        return look

    def describe(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Described | UnreadableScan]]:
        """Each task's key and numbers that follow from its bytes alone."""
        for task in tasks:
            data = Path(task.paths[0]).read_bytes()
            with self._log.open("ab") as handle:
                handle.write(b".")
            time.sleep(self._looking_s)
            yield task.key, self._numbers(data)

    def turned(self, previews: Sequence[bytes]) -> FloatImage:
        """Numbers that follow from the previews' bytes."""
        vectors = [_unit(one, len(KINDS), self._dims["embedding"]) for one in previews]
        return np.stack(vectors)

    def _numbers(self, data: bytes) -> Described:
        count = self._slices
        return Described(
            header=Header(),
            blocks={name: _unit(name.encode() + data, count, n) for name, n in self._dims.items()},
            previews=tuple(b"picture %d of " % n + data for n in range(count)),
            slices=tuple(range(count)) if count > 1 else (-1,),
            shape=(64, 64),
            quality=(),
            segmentation="none",
            sha256=(hashlib.sha256(data).hexdigest(),),
            files=(0,) * count,
            cells=Cells.of(_unit(b"cells" + data, count * 4, 3).reshape(count, 4, 3)),
            frames=((0, 0, 64, 64) * 2,) * count,
        )


def _unit(data: bytes, count: int, dim: int) -> FloatImage:
    seed = int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
    values = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), np.float32)
