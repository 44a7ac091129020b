"""The encoder that built an index, for what is fitted anew without an archive at hand."""

from collections.abc import Mapping, Sequence

from indexer.config import Config
from indexer.describe import WORKER, Describer
from indexer.workers import WorkerPool
from models.arrays import FloatImage
from models.errors import ModelUnusable, UnreadableScan

_MISSING = "the encoder that built the index is not installed"


class Turner:
    """Is an `indexer.orientation.Turn`: embeddings of turned previews.

    Encoder and worker are loaded when they are first asked for: a small archive asks for none.
    """

    def __init__(self, config: Config, encoder: Mapping[str, str]) -> None:
        """`encoder`: name and SHA-256 of the one that the index was built with."""
        self._config, self._told = config, encoder
        self._pool: WorkerPool | None = None
        self._describer: Describer | None = None
        self.remarks: tuple[str, ...] = ()

    def close(self) -> None:
        """Ends the worker."""
        if self._pool is not None:
            self._pool.close()

    def __call__(self, previews: Sequence[bytes]) -> FloatImage:
        """float32 (n, kinds, dim). Raises `UnreadableScan`, also where there is no such encoder."""
        if self._describer is None:
            self._describer = self._loaded()
        return self._describer.turned(previews)

    def _loaded(self) -> Describer:
        from models.runtime.registry import load

        try:
            encoder = load(self._config.encoder)
        except ModelUnusable as error:
            raise self._missing() from error
        if encoder.spec.sha256 != self._told["sha256"]:
            raise self._missing()
        self._pool = WorkerPool(1, WORKER)
        return Describer(self._pool, encoder, self._config)

    def _missing(self) -> UnreadableScan:
        self.remarks = (f"how films lie was not fitted again and is not known: {_MISSING}",)
        return UnreadableScan("no_encoder", _MISSING)
