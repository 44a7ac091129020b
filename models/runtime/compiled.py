"""Networks as OpenVINO compiled them, kept for the next process.

Compiling an int8 network takes about half a second, longer than all else that a cold query does.
What is kept is only ever read back from a folder that belongs to this user and that nobody else
may write, and only if it is, byte for byte, what was written.
"""

import hashlib
import logging
import os
import platform
import stat
import tempfile
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)
_DIGEST_BYTES = 32
_KEPT = 8
SWITCH = "CBIR_COMPILE_CACHE"
"""Environment: a folder, or `off`."""


class CompiledCache:
    """A folder of compiled networks. What goes wrong with it is logged and costs only time."""

    def __init__(self, folder: Path) -> None:
        """`folder`: made when something is first kept."""
        self.folder = folder

    @classmethod
    def default(cls) -> "CompiledCache | None":
        """The user's own, in `CBIR_COMPILE_CACHE` or the XDG cache folder; None if switched off."""
        chosen = os.environ.get(SWITCH, "")
        if chosen.lower() in ("off", "0", "no"):
            return None
        if chosen:
            return cls(Path(chosen))
        home = os.environ.get("XDG_CACHE_HOME", "")
        root = Path(home) if home and Path(home).is_absolute() else Path.home() / ".cache"
        return cls(root / "cbir" / "compiled")

    def key(self, core: Any, onnx: bytes, settings: object) -> str:
        """What must be the same for a compiled network to be used again.

        The network, how it is run, the version of OpenVINO and the CPU with what it can do.
        """
        cpu = core.get_property("CPU", "FULL_DEVICE_NAME")
        can = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        version = core.get_versions("CPU")["CPU"].build_number
        facts = (hashlib.sha256(onnx).hexdigest(), settings, version, cpu, can, platform.machine())
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def get(self, key: str) -> bytes | None:
        """The compiled network of that key, or None."""
        try:
            if not self._ours():
                return None
            kept = self._path(key).read_bytes()
        except OSError:
            return None
        digest, body = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
        return body if hashlib.sha256(body).digest() == digest else None

    def put(self, key: str, body: bytes) -> None:
        """Keeps a compiled network and drops the oldest beyond a few."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._ours():
                return
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(body).digest() + body)
                Path(name).replace(self._path(key))
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._drop_oldest()
        except OSError as error:
            _log.info("the compiled network is not kept: %s", error.strerror)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.blob"

    def _ours(self) -> bool:
        """Whether the folder is this user's and nobody else may write in it."""
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
            return False
        return not hasattr(os, "getuid") or found.st_uid == os.getuid()

    def _drop_oldest(self) -> None:
        kept = sorted(self.folder.glob("*.blob"), key=lambda p: p.stat().st_mtime, reverse=True)
        for path in kept[_KEPT:]:
            path.unlink(missing_ok=True)
