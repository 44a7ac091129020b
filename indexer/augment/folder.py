"""The enlarged archive's folder: it is there whole, or not at all.

It grows beside its place, in a hidden folder that no command takes for an archive, and is renamed
when it is complete. What an interrupted run has made is found again there.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexer.augment.summary import Enlarged
from indexer.commit import locked, sync, writing
from models.errors import UsageError
from models.files import write_whole

TOLD = "augment.json"
TABLE = "cases.csv"
_ASKED = "asked.json"
_JOURNAL = "journal.jsonl"
_LOCK = "LOCK"


def finished(out: Path, identity: str) -> Enlarged | None:
    """What is in `out`, if it is the whole of what is asked for; None if there is nothing yet.

    Raises `UsageError` if it holds anything else, `CannotWrite` if it cannot be looked into.
    """
    if not out.exists():
        return None
    with writing(out):
        if not out.is_dir():
            raise UsageError(f"{out} is a file; give a folder of its own")
        if not any(out.iterdir()):
            return None
    try:
        told = json.loads((out / TOLD).read_text(encoding="utf-8"))
        same = told["identity"] == identity
        found = Enlarged.from_json(told["summary"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{out} holds something else; give a new or an empty folder") from error
    if not same:
        raise UsageError(
            f"{out} was made of another state of the archive or with other settings; give another "
            "folder, or remove this one"
        )
    return found


def check_apart(archive: Path, out: Path) -> None:
    """Raises `UsageError` if the archive would be written into, or `out` holds it."""
    root = (archive if archive.is_dir() else archive.parent).resolve()
    place = out.resolve()
    if place.is_relative_to(root) or root.is_relative_to(place):
        raise UsageError(
            f"{out} and the archive {archive} lie in each other; the enlarged archive needs a "
            "folder of its own, elsewhere"
        )


@contextmanager
def growing(out: Path, identity: str) -> Iterator["Growing"]:
    """The folder in which it grows, for one process.

    Raises `IndexLocked` if another one is at it, `CannotWrite`.
    """
    folder = out.absolute()
    folder = folder.with_name(f".{folder.name}.part")
    with locked(folder):
        grown = Growing(folder, identity)
        try:
            yield grown
        finally:
            grown.close()


class Growing:
    """What has been written so far. Files are written whole; a journal names those that count."""

    def __init__(self, folder: Path, identity: str) -> None:
        """Keeps what a run with the same identity has left, and removes anything else."""
        self._folder = folder
        asked = folder / _ASKED
        with writing(folder):
            if not asked.is_file() or asked.read_text(encoding="utf-8") != identity:
                _clear(folder)
                write_whole(asked, identity.encode())
            self._records = dict(self._read())
            self._journal = (folder / _JOURNAL).open("a", encoding="utf-8")

    def record(self, name: str) -> dict[str, Any] | None:
        """What is known of a film that was dealt with before; None if it has to be made."""
        return self._records.get(name)

    def keep(self, name: str, told: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        """Writes the files of a film, by path, and then its record. Raises `CannotWrite`."""
        for path, content in files.items():
            write_whole(self._folder / path, content)
        sizes = {path: len(content) for path, content in files.items()}
        line = json.dumps({"name": name, "told": told, "sizes": sizes})
        with writing(self._folder):
            self._journal.write(f"\n{line}")  # a torn line before it does no harm
            self._journal.flush()
        self._records[name] = dict(told)

    def link(self, source: Path, path: str) -> None:
        """Puts a file of the archive there: the same file where the disk allows it, else a copy."""
        target = self._folder / path
        if target.exists():
            return
        part = target.with_name(f".{target.name}.new")
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            try:
                os.link(source.resolve(), part)
            except OSError:  # another disk, or a file of another user
                shutil.copy2(source, part)
                sync(part)
            part.replace(target)

    def publish(self, out: Path, table: bytes, told: Mapping[str, Any]) -> None:
        """Makes it the folder `out`, in one step. Raises `CannotWrite`."""
        self.close()
        write_whole(self._folder / TOLD, json.dumps(told, indent=1).encode())
        write_whole(self._folder / TABLE, table)
        with writing(out):
            for torn in (self._folder / "made").rglob(".*"):  # a process was killed as it wrote
                torn.unlink()
            for name in (_JOURNAL, _ASKED, _LOCK):
                (self._folder / name).unlink(missing_ok=True)
            for folder in [self._folder, *(p for p in self._folder.rglob("*") if p.is_dir())]:
                sync(folder)
            self._folder.rename(out.absolute())  # over an empty folder too
            sync(out.absolute().parent)

    def close(self) -> None:
        """Closes the journal."""
        self._journal.close()

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The records whose files are there with the size that was written."""
        with contextlib.suppress(FileNotFoundError):
            for line in (self._folder / _JOURNAL).read_text(encoding="utf-8").splitlines():
                try:
                    record = json.loads(line)
                    whole = all(
                        (self._folder / path).stat().st_size == size
                        for path, size in record["sizes"].items()
                    )
                    if whole:
                        yield record["name"], record["told"]
                except (ValueError, KeyError, TypeError, OSError):
                    continue


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
