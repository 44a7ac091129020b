"""Generations: how an index changes without a moment at which it is neither old nor new.

A generation is a folder that is written once. `CURRENT` names the live one together with the
SHA-256 of its manifest, and is replaced last, by a rename; the manifest holds the SHA-256 of every
other file. FAISS and Arrow report neither a full disk nor a flipped bit reliably, so every file is
synced and hashed here.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
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
NEXT = "CURRENT.new"
FOLDER = re.compile(r"(gen|tmp)-(\d{20})")
_PARTS = ("instances-", "previews/", "regions/")
"""What is never written anew under the same name."""
_LINE = re.compile(rb"(gen-[0-9]{20}) ([0-9a-f]{64})\n")


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
        if not index.is_dir():
            index.mkdir(parents=True, exist_ok=True)
            sync(index.parent)
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


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tail_of(path: Path) -> str:
    """SHA-256 of a parquet file's footer, hexadecimal; of the whole file if it has none.

    The footer says where each column lies; the columns have checksums of their own
    (`indexer.store`). So a large file can be read in part and still be believed.
    """
    with path.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - 8))
        length = int.from_bytes(handle.read(4), "little")
        handle.seek(max(0, size - 8 - length))
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_file(path: Path, data: bytes | memoryview) -> None:
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
    found = of_any_schema(index)
    schema = SCHEMA if found is None else found.manifest["schema"]
    if schema != SCHEMA:
        older = type(schema) is int and schema < SCHEMA
        raise IndexUnusable(
            f"{index} is of schema {schema}, this version reads {SCHEMA}; "
            + (f"bring it up to date with `cbir migrate --index {index}`, " if older else "")
            + "build it again with `cbir index --no-resume`, or use the version that wrote it"
        )
    return found


def of_any_schema(index: Path) -> Generation | None:
    """The live generation as `live` gives it, of whatever schema it is. Raises `IndexDamaged`."""
    told = _current(index)
    if told is None:
        return None
    name, digest = told
    manifest = index / name / MANIFEST
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{manifest}, which {CURRENT} names, cannot be read") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise IndexDamaged(f"{manifest} is not what was written, or {CURRENT} beside it is not")
    return Generation(index / name, int(name.removeprefix("gen-")), json.loads(data))


def _current(index: Path) -> tuple[str, str] | None:
    """The live generation's folder and its manifest's hash. None: nothing was ever committed."""
    current = index / CURRENT
    try:
        data = current.read_bytes()
    except FileNotFoundError:
        # A first commit that stopped half-way has left what was to become CURRENT.
        if highest(index) and not (index / NEXT).exists():
            raise IndexDamaged(f"{current} is missing") from None
        return None
    except OSError as error:
        raise IndexDamaged(f"{current} cannot be read") from error
    match = _LINE.fullmatch(data)
    if match is None:
        raise IndexDamaged(f"{current} does not name a generation")
    return match[1].decode("ascii"), match[2].decode("ascii")


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
        check_size(path, told)
        if sha256_of(path) != told["sha256"]:
            raise IndexDamaged(f"{path} is not what was written")


def check_size(path: Path, told: Mapping[str, Any]) -> None:
    """Raises `IndexDamaged` if a file is missing, or of another size than the manifest says."""
    if not path.is_file():
        raise IndexDamaged(f"{path} is missing")
    if path.stat().st_size != told["bytes"]:
        raise IndexDamaged(f"{path} is not what was written: it has another size")


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
    named = [FOLDER.fullmatch(path.name) for path in index.glob("gen-*")]
    return max((int(match[2]) for match in named if match), default=0)


def publish(
    index: Path,
    folder: Path,
    number: int,
    manifest: dict[str, Any],
    old: Generation | None = None,
) -> Generation:
    """Makes what lies in `folder` the live generation.

    Every file is synced and hashed, the folder is renamed, and `CURRENT` is replaced last. What is
    linked from `old` keeps the hash that it has there: a file that has changed since is found out,
    not believed. Raises `CannotWrite`; the old generation then stays.
    """
    final = index / f"gen-{number:020d}"
    with writing(folder):
        told = {**manifest, "schema": SCHEMA, "generation": number, "files": _seal(folder, old)}
        data = json.dumps(told, indent=1, sort_keys=True).encode()
        write_file(folder / MANIFEST, data)
        sync(folder)
        line = f"{final.name} {hashlib.sha256(data).hexdigest()}\n"
        write_file(index / NEXT, line.encode("ascii"))
        folder.rename(final)
        sync(index)
        (index / NEXT).replace(index / CURRENT)
        sync(index)
    return Generation(final, number, told)


def _is_link(path: Path, other: Path) -> bool:
    return other.exists() and path.samefile(other)


def _seal(folder: Path, old: Generation | None) -> dict[str, dict[str, Any]]:
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        known = None if old is None else old.manifest["files"].get(name)
        if known is not None and old is not None and _is_link(path, old.path / name):
            files[name] = known
            continue
        sync(path)
        files[name] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        if path.suffix == ".parquet":
            files[name]["tail"] = tail_of(path)
        if known not in (None, files[name]) and name.startswith(
            _PARTS
        ):  # copied, for want of links
            raise IndexDamaged(f"{path} is not what was written")
    for path in (p for p in folder.rglob("*") if p.is_dir()):
        sync(path)
    return files
