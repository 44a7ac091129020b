"""What a server is started with."""

from dataclasses import dataclass, field
from pathlib import Path

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What people may ask of a server.

    `upload_bytes`, `upload_files`: of one scan. `held_bytes`: of all scans that were handed in, and
    of all frames that were made for viewers. `held_s`: how long a scan is kept after it was last
    used. `waiting`: requests that may wait for an engine; more are told to come back.
    `body_bytes`: of a request in JSON. `hits`: the most that one query may ask for.
    """

    upload_bytes: int = 1024 * MB
    upload_files: int = 4000
    held_bytes: int = 4096 * MB
    held_s: float = 900.0
    waiting: int = 64
    body_bytes: int = 1 * MB
    hits: int = 100


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What is served and how.

    `index`: the index's folder. `engines`: how many answer at the same time. `host`, `port`: where
    the server listens; what a request may call it follows from them.
    """

    index: Path
    engines: int = 2
    host: str = "127.0.0.1"
    port: int = 8600
    limits: Limits = field(default_factory=Limits)
