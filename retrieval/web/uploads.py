"""Scans that were handed in: kept in the private folder until they are let go or forgotten."""

import re
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from retrieval.web.pictures import Picture
from retrieval.web.problems import Problem
from retrieval.web.settings import Limits

_SUFFIX = re.compile(r"(\.nii)?\.[A-Za-z0-9]{1,5}\Z")
_CHUNK = 1 << 20


@dataclass(slots=True)
class Held:
    """One scan. `path`: its file, or the folder of its slices. `size`: of its files, in bytes.

    `owner`: who has handed it in. `picture`: once it was made.
    """

    scan_id: str
    folder: Path
    path: Path
    size: int
    owner: str = ""
    used: float = field(default_factory=time.monotonic)
    picture: Picture | None = None


class Uploads:
    """What is held. Safe to use from several threads."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """`folder`: a private one."""
        self._folder, self._limits = folder, limits
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()

    def take(self, parts: Sequence[tuple[str, IO[bytes]]], owner: str = "") -> Held:
        """Copies a scan's files, (name, content) each. Raises `Problem`.

        Names come from outside: files are named by number, and only a harmless ending is kept.
        """
        self.forget_old()
        if not parts:
            raise Problem(422, "no_files", "no file was sent", "Send at least one as `files`.")
        scan_id = secrets.token_urlsafe(18)
        folder = self._folder / f"scan-{scan_id}"
        files = folder / "files"
        files.mkdir(parents=True, mode=0o700)
        try:
            size = sum(
                self._copied(content, files / f"{number:05d}{_ending(name)}")
                for number, (name, content) in enumerate(parts)
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        path = files if len(parts) > 1 else next(files.iterdir())
        held = Held(scan_id, folder, path, size, owner)
        with self._lock:
            self._held[scan_id] = held
        return held

    def get(self, scan_id: str, owner: str = "") -> Held:
        """A scan that is held, used now. Raises `Problem`, also if it is somebody else's."""
        with self._lock:
            held = self._held.get(scan_id)
            if held is None or held.owner != owner:
                raise Problem(
                    404, "no_scan", "this scan is not held (any more)", "Hand it in again."
                )
            held.used = time.monotonic()
            return held

    def let_go(self, scan_id: str) -> None:
        """Forgets a scan, if it is held."""
        with self._lock:
            held = self._held.pop(scan_id, None)
        if held is not None:
            shutil.rmtree(held.folder, ignore_errors=True)

    def forget_old(self) -> None:
        """Forgets what nobody has used for long, and the least used ones beyond the bytes held."""
        now = time.monotonic()
        with self._lock:
            kept = sorted(self._held.values(), key=lambda held: -held.used)
            gone, whole = [], 0
            for held in kept:
                whole += held.size + (held.picture.size if held.picture else 0)
                if now - held.used > self._limits.held_s or whole > self._limits.held_bytes:
                    gone.append(held.scan_id)
        for scan_id in gone:
            self.let_go(scan_id)

    def _copied(self, content: IO[bytes], target: Path) -> int:
        size = 0
        with target.open("xb") as file:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                file.write(chunk)
        return size


def _ending(name: str) -> str:
    found = _SUFFIX.search(name)
    return found.group().lower() if found else ""
