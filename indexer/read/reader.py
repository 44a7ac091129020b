"""The two ways in: `peek` at a header, `read` the pixels. Finds out the format and hands on."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from indexer.read.content import HEAD_BYTES, kind_of
from indexer.read.contract import Kind, Limits, Peek
from indexer.read.inflate import GZIP, inflate
from indexer.read.reasons import unreadable
from indexer.scan import Scan
from models.errors import UnreadableScan
from models.table import load

PEEKS: Mapping[str, str] = {
    "dicom": "indexer.read.dicom:peek",
    "nifti": "indexer.read.nifti:peek",
    "picture": "indexer.read.picture:peek",
}
READS: Mapping[str, str] = {
    "dicom": "indexer.read.dicom:read",
    "nifti": "indexer.read.nifti:read",
    "picture": "indexer.read.picture:read",
}


def peek(path: Path, limits: Limits | None = None) -> Peek:
    """What the file says without its pixels.

    Raises `UnreadableScan`, see `indexer.read.reasons`.
    """
    limits = limits or Limits()
    try:
        seen: Peek = load(PEEKS, kind(path, limits), "file format")(path, limits)
    except (MemoryError, OSError) as error:
        raise _translated(error) from None
    return seen


def edges(path: Path, limits: Limits | None = None) -> dict[str, str] | None:
    """Which side of the patient each edge of a picture is on; None where the file does not say.

    `left`, `right`, `top`, `bottom`, each as letters of L R A P H F. Raises `UnreadableScan`.
    """
    limits = limits or Limits()
    if kind(path, limits) != "dicom":
        return None
    from indexer.read import dicom

    return dicom.edges(path, limits)


def read(paths: Sequence[Path], limits: Limits | None = None) -> Scan:
    """One file as a scan, or the slices of one series (in any order) as a volume.

    Raises `UnreadableScan`, see `indexer.read.reasons`; ``inconsistent_series`` if several paths
    are not slices of one volume.
    """
    limits = limits or Limits()
    try:
        kinds = {kind(path, limits) for path in paths}
        if len(kinds) != 1 or (len(paths) > 1 and kinds != {"dicom"}):
            raise unreadable("inconsistent_series", "only DICOM slices are joined to a volume")
        scan: Scan = load(READS, kinds.pop(), "file format")(paths, limits)
    except (MemoryError, OSError) as error:
        raise _translated(error) from None
    return scan


def kind(path: Path, limits: Limits) -> Kind:
    """What kind of file it is, by its content. Raises `UnreadableScan` and `OSError`."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise unreadable("not_a_file")
    if status.st_size == 0:
        raise unreadable("empty")
    if status.st_size > limits.max_file_bytes:
        raise unreadable("too_large", f"{status.st_size:,} of {limits.max_file_bytes:,} bytes")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        inflated = b""
        if head.startswith(b"\x1f\x8b"):
            file.seek(0)
            inflated = inflate(file, GZIP, HEAD_BYTES)
    found = kind_of(head, inflated)
    if found is None:
        raise unreadable("unknown_format")
    return found


def _translated(error: MemoryError | OSError) -> UnreadableScan:
    if isinstance(error, MemoryError):
        return unreadable("out_of_memory")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return unreadable("missing")
    if isinstance(error, PermissionError):
        return unreadable("permission")
    return unreadable("unreadable", type(error).__name__)
