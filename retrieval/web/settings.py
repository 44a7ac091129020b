"""What a server is started with."""

from dataclasses import dataclass, field
from pathlib import Path

from retrieval.web.access.binding import Binding
from retrieval.web.access.limits import AccessLimits

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Curated:
    """The archive that may be changed. `path`: as `cbir index` was given it; `label_from` too."""

    path: Path
    label_from: str = "auto"

    @property
    def root(self) -> Path:
        """The folder that its paths are relative to."""
        return self.path if self.path.is_dir() else self.path.parent


@dataclass(frozen=True, slots=True)
class Limits:
    """What people may ask of a server.

    `upload_bytes`, `upload_files`: of one scan. `upload_s`: within which the body of a request must
    have come. `held_bytes`: of all scans that were handed in, and of all frames that were made for
    viewers. `held_s`: how long a scan is kept after it was last used. `waiting`: requests that may
    wait for an engine; more are told to come back. `body_bytes`: of a request in JSON. `hits`: the
    most that one query may ask for. Pixels and seconds of decoding: `indexer.read.contract.Limits`
    and `indexer.workers.WorkerLimits`, as for an archive.
    """

    upload_bytes: int = 1024 * MB
    upload_files: int = 4000
    held_bytes: int = 4096 * MB
    held_s: float = 900.0
    upload_s: float = 300.0
    waiting: int = 64
    body_bytes: int = 1 * MB
    hits: int = 100


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What is served and how.

    `index`: the index's folder. `engines`: how many answer at the same time. `binding`: where the
    server listens, who may ask it and how. `audit`: the file that says who asked what and saw which
    case, or None. `curated`: the archive, where curators may change it. `access`: bounds for each
    person who is signed in.
    """

    index: Path
    engines: int = 2
    binding: Binding = field(default_factory=Binding)
    audit: Path | None = None
    limits: Limits = field(default_factory=Limits)
    access: AccessLimits = field(default_factory=AccessLimits)
    curated: Curated | None = None
