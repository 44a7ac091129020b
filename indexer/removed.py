"""What was taken out on purpose, and may not come back with the next `cbir index`.

`REMOVED`, beside the generations, holds no name and no id: of each file's path and of its content
only an HMAC-SHA256 (RFC 2104), under a key that is drawn once for the index. Who has the index and
guesses a path or has the file can tell that it was removed; nobody can read off what was.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.archive import Listing
from indexer.commit import Generation, sync, write_file, writing
from indexer.work import FileRecord
from models.errors import IndexDamaged

FILE = "REMOVED"
COUNT = "removed"
"""In a manifest: how many marks there have to be at least."""

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Removed:
    """The marks of what was removed. `key`: 32 bytes; empty where nothing ever was."""

    key: bytes = b""
    marks: frozenset[str] = frozenset()

    def has_path(self, path: str) -> bool:
        """Whether a file of that path, relative to the archive, was removed."""
        return bool(self.marks) and self._mark("path", path) in self.marks

    def has_content(self, sha256: str) -> bool:
        """Whether a file of these bytes was removed."""
        return bool(self.marks) and self._mark("content", sha256) in self.marks

    def and_files(self, files: Iterable[FileRecord]) -> "Removed":
        """The same, and these files too."""
        grown = replace(self, key=self.key or secrets.token_bytes(32))
        told = [(file.path, file.sha256) for file in files]
        paths = {grown._mark("path", path) for path, _ in told}
        contents = {grown._mark("content", sha256) for _, sha256 in told}
        return replace(grown, marks=self.marks | paths | contents)

    def left_out(self, listing: Listing) -> tuple[Listing, int]:
        """The listing without the files that were removed, and how many those are."""
        if not self.marks:
            return listing, 0
        entries = tuple(entry for entry in listing.entries if not self.has_path(entry.path))
        rejects = tuple(one for one in listing.rejects if not self.has_path(one.path))
        count = len(listing.entries) - len(entries) + len(listing.rejects) - len(rejects)
        return replace(listing, entries=entries, rejects=rejects), count

    def write(self, index: Path) -> None:
        """Writes the marks into the index, whole or not at all. Raises `CannotWrite`."""
        told = {"schema": _SCHEMA, "key": self.key.hex(), "marks": sorted(self.marks)}
        data = json.dumps({**told, "sha256": _digest(told)}, indent=0).encode()
        with writing(index / FILE):
            new = index / f".{FILE}.new"
            write_file(new, data)
            new.replace(index / FILE)
            sync(index)

    def _mark(self, kind: str, value: str) -> str:
        told = f"{kind}\0{value}".encode("utf-8", "surrogateescape")
        return hmac.new(self.key, told, "sha256").hexdigest()


def read(index: Path, live: Generation | None) -> Removed:
    """What `Removed.write` wrote; nothing where nothing was removed.

    Raises `IndexDamaged` if the file is not what was written, or is gone though the live
    generation knows of it.
    """
    least = 0 if live is None else int(live.manifest.get(COUNT, 0))
    path = index / FILE
    try:
        told = json.loads(path.read_bytes())
        digest = told.pop("sha256")
        found = Removed(bytes.fromhex(told["key"]), frozenset(told["marks"]))
        whole = hmac.compare_digest(digest, _digest(told)) and told["schema"] == _SCHEMA
    except FileNotFoundError:
        found, whole = Removed(), True
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(_damaged(path)) from error
    if not whole or len(found.marks) < least:
        raise IndexDamaged(_damaged(path))
    return found


def is_marked(index: Path) -> bool:
    """Whether anything was removed."""
    return (index / FILE).exists()


def forget(index: Path) -> None:
    """Removes every mark: what was removed may come back. Raises `CannotWrite`."""
    with writing(index / FILE):
        (index / FILE).unlink(missing_ok=True)
        sync(index)


def _digest(told: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path) -> str:
    return (
        f"{path} is not what was written, so what was removed is not known; `cbir index` with "
        "--take-back takes back all of it"
    )
