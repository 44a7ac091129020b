"""The files below a folder that may be scans: never outside of it, whatever links say."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.rejects import Reject

# What lies beside scans and is none. Left out quietly, but counted.
SIDECARS = frozenset(
    {
        *(".csv", ".tsv", ".json", ".md", ".txt", ".xml", ".html", ".htm", ".parquet", ".log"),
        *(".toml", ".yaml", ".yml", ".ini", ".bval", ".bvec"),
    }
)
# DICOM PS3.10 8.6: DICOMDIR is a table of contents. The other is a cache of Windows.
NO_SCANS = frozenset({"dicomdir", "thumbs.db"})


@dataclass(frozen=True, slots=True)
class File:
    """A regular file. `path`: relative to the root, POSIX."""

    path: str
    size: int
    mtime_ns: int


class Tree:
    """Lists files below `root`; what cannot be taken is collected in `rejects`."""

    def __init__(self, root: Path) -> None:
        """Open nothing yet."""
        self.rejects: list[Reject] = []
        self._root = root
        self._real = root.resolve()
        self._sidecars = 0
        self._linked_folders = 0
        self._inside: dict[Path, bool] = {}

    def remarks(self) -> tuple[str, ...]:
        """What was left out without a reject, in words."""
        remarks = []
        if self._sidecars:
            remarks.append(
                f"tables, texts and the like beside the scans, left out: {self._sidecars}"
            )
        if self._linked_folders:
            remarks.append(f"links to folders, not followed: {self._linked_folders}")
        return tuple(remarks)

    def files(self, below: str = "") -> Iterator[File]:
        """Every file below a folder that may be a scan, sorted by path.

        Hidden ones, sidecars, DICOMDIR and the folders of an index are left out; a link to a file
        is followed if it stays below the root, a link to a folder is not.
        """
        folders = [below]
        found: list[File] = []
        while folders:
            folder = folders.pop()
            for name, kind in self._names(folder):
                path = f"{folder}/{name}" if folder else name
                if kind == "folder":
                    folders.append(path)
                elif name.lower() in NO_SCANS or Path(name).suffix.lower() in SIDECARS:
                    self._sidecars += 1
                else:
                    found += self.file(path)
        yield from sorted(found, key=lambda file: file.path)

    def at(self, path: str) -> Iterator[File]:
        """The file at `path`, or all files below it if it is a folder."""
        if (self._root / path).is_dir() and self._stays(path):
            yield from self.files("" if path == "." else path)
        else:
            yield from self.file(path)

    def file(self, path: str) -> Iterator[File]:
        """The file at `path`, if it can be taken; if not, a reject."""
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            self._refuse(shown, "bad_name", "the name is not UTF-8; rename the file")
            return
        try:
            status = (self._root / path).stat()
        except FileNotFoundError:
            self._refuse(path, "missing", "there is no such file")
            return
        except OSError as error:
            self._refuse(path, "permission", f"the file cannot be opened: {error.strerror}")
            return
        if not self._stays(path):
            self._refuse(path, "outside", "the link leads out of the archive; copy the file there")
        elif not stat.S_ISREG(status.st_mode):
            self._refuse(path, "not_a_file", "this is a folder or a device, not a file")
        else:
            yield File(path, status.st_size, status.st_mtime_ns)

    def holds(self, path: str) -> bool:
        """Whether there is a file at `path`, in the archive."""
        return (self._root / path).is_file() and self._stays(path)

    def _names(self, folder: str) -> list[tuple[str, str]]:
        try:
            with os.scandir(self._root / folder) as listing:
                there = [item for item in listing if not item.name.startswith(".")]
                kinds = [(item.name, self._kind(item)) for item in there]
        except OSError as error:
            why = f"the folder cannot be opened: {error.strerror}"
            self._refuse(folder or ".", "permission", why)
            return []
        if ("CURRENT", "file") in kinds and any(name.startswith("gen-") for name, _ in kinds):
            return []  # an index that was built into its own archive
        return [(name, kind) for name, kind in kinds if kind]

    def _kind(self, item: "os.DirEntry[str]") -> str:
        if item.is_dir(follow_symlinks=False):
            return "folder"
        if item.is_symlink() and item.is_dir():
            self._linked_folders += 1
            return ""
        return "file"

    def _stays(self, path: str) -> bool:
        """Whether `path` is below the root when all links are followed."""
        full = self._root / path
        if full.is_symlink():
            return full.resolve().is_relative_to(self._real)
        if full.parent not in self._inside:
            self._inside[full.parent] = full.parent.resolve().is_relative_to(self._real)
        return self._inside[full.parent]

    def _refuse(self, path: str, code: str, sentence: str) -> None:
        self.rejects.append(Reject(path, code, sentence))
