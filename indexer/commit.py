"""Generations: how an index changes without a moment at which it is neither old nor new.

A generation is a folder that is written once. `CURRENT` names the live one together with the
SHA-256 of its manifest, and is replaced last, by a rename; the manifest holds the SHA-256 of every
other file. FAISS and Arrow report neither a full disk nor a flipped bit reliably, so every file is
synced and hashed here.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import CannotWrite, IndexDamaged, IndexLocked, IndexUnusable

SCHEMA = 2
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
WORK = "work"
_LOCK = "LOCK"
_FOLDER = re.compile(r"(gen|tmp)-(\d{20})")


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable state of an index: its folder, its number and its manifest."""

    path: Path
    number: int
    manifest: dict[str, Any]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what the system says about a failed write into `CannotWrite`, naming `path`."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            why = "the disk is full"
        raise CannotWrite(
            f"{path} cannot be written: {why}; make room or choose another folder, and run the "
            "same command again"
        ) from error


@contextmanager
def locked(index: Path) -> Iterator[None]:
    """Holds the index for one writer. The system lets go of a dead one's lock by itself.

    Raises `IndexLocked` if another process holds it, `CannotWrite` if the folder is read-only.
    """
    with writing(index):
        index.mkdir(parents=True, exist_ok=True)
        handle = os.open(index / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with writing(index / _LOCK):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IndexLocked(
                    f"{index} is being written by another process; try later"
                ) from error
        yield
    finally:
        os.close(handle)


def hold(generation: Generation) -> int | None:
    """Keeps a generation from being swept away; gives what `let_go` takes.

    None where the system has no locks for a file that is only read: then a reader depends on being
    done before the index has changed twice.
    """
    try:
        handle = os.open(generation.path / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return handle


def let_go(held: int | None) -> None:
    """Ends what `hold` began."""
    if held is not None:
        os.close(held)


def _is_held(folder: Path) -> bool:
    """Whether a reader holds a generation."""
    try:
        handle = os.open(folder / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_file(path: Path, data: bytes) -> None:
    """Writes a whole file and syncs it. Raises `CannotWrite`."""
    with writing(path), path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def sync(path: Path) -> None:
    """Makes a file's bytes, or the names in a folder, last beyond a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def live(index: Path) -> Generation | None:
    """The live generation, or None where nothing was ever committed.

    Raises `IndexDamaged` naming the file that is not what was written, and `IndexUnusable` for
    another schema version.
    """
    current = index / CURRENT
    try:
        name, _, digest = current.read_text(encoding="ascii").strip().partition(" ")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged(f"{current} cannot be read") from error
    number = name.removeprefix("gen-")
    if not (number.isdigit() and len(number) == 20 and len(digest) == 64):
        raise IndexDamaged(f"{current} does not name a generation")
    manifest = index / name / MANIFEST
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{manifest} cannot be read") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise IndexDamaged(f"{manifest} is not what was written")
    told = json.loads(data)
    if told["schema"] != SCHEMA:
        raise IndexUnusable(
            f"{index} is of schema {told['schema']}, this version reads {SCHEMA}; "
            "build it again with `cbir index --no-resume`, or use the version that wrote it"
        )
    return Generation(index / name, int(number), told)


def opened(index: Path) -> Generation:
    """The live generation. Raises `IndexUnusable` where there is none, and as `live` does."""
    if not index.is_dir():
        raise IndexUnusable(f"there is no index {index}; build one with `cbir index ARCHIVE --out`")
    found = live(index)
    if found is None:
        raise IndexUnusable(f"{index} holds no index (no {CURRENT}); build one with `cbir index`")
    return found


def check(generation: Generation, only: tuple[str, ...] | None = None) -> None:
    """Compares a generation's files (or those whose names start with `only`) with its manifest.

    Raises `IndexDamaged` naming the first that is missing, of another size or of other bytes.
    """
    for name, told in generation.manifest["files"].items():
        if only is not None and not name.startswith(only):
            continue
        path = generation.path / name
        if not path.is_file():
            raise IndexDamaged(f"{path} is missing")
        if path.stat().st_size != told["bytes"] or sha256_of(path) != told["sha256"]:
            raise IndexDamaged(f"{path} is not what was written")


def begin(index: Path, number: int) -> Path:
    """An empty folder for the generation to be written, beside the others."""
    folder = index / f"tmp-{number:020d}"
    with writing(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
    return folder


def discard(folder: Path) -> None:
    """Removes what an unfinished generation has written."""
    shutil.rmtree(folder, ignore_errors=True)


def highest(index: Path) -> int:
    """The highest number that any generation here ever had, live or not."""
    named = [_FOLDER.fullmatch(path.name) for path in index.glob("gen-*")]
    return max((int(match[2]) for match in named if match), default=0)


def publish(index: Path, folder: Path, number: int, manifest: dict[str, Any]) -> Generation:
    """Makes what lies in `folder` the live generation.

    Every file is synced and hashed, the folder is renamed, and `CURRENT` is replaced last. Raises
    `CannotWrite`; the old one then stays.
    """
    final = index / f"gen-{number:020d}"
    with writing(folder):
        told = {**manifest, "schema": SCHEMA, "generation": number, "files": _seal(folder)}
        data = json.dumps(told, indent=1, sort_keys=True).encode()
        write_file(folder / MANIFEST, data)
        sync(folder)
        folder.rename(final)
        sync(index)
        line = f"{final.name} {hashlib.sha256(data).hexdigest()}\n"
        write_file(index / f"{CURRENT}.new", line.encode("ascii"))
        (index / f"{CURRENT}.new").replace(index / CURRENT)
        sync(index)
    return Generation(final, number, told)


def _seal(folder: Path) -> dict[str, dict[str, Any]]:
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        sync(path)
        name = path.relative_to(folder).as_posix()
        files[name] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    for path in (p for p in folder.rglob("*") if p.is_dir()):
        sync(path)
    return files


def sweep(index: Path, keep: Generation, before: int) -> None:
    """Removes the generations but `keep` and number `before`, and what unfinished runs have left.

    What a reader holds stays, and so does the one before, for one that opens it at this moment.
    """
    for path in index.iterdir():
        named = _FOLDER.fullmatch(path.name)
        if not named or not path.is_dir():
            continue
        kept = int(named[2]) in (keep.number, before)
        old = named[1] == "gen" and not kept and not _is_held(path)
        if named[1] == "tmp" or old:
            shutil.rmtree(path, ignore_errors=True)
