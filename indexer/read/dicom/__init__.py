"""DICOM files (PS3.3, PS3.5, PS3.10) as scans."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydicom import config

from indexer.read.contract import Limits, Peek
from indexer.read.dicom.file import open_dicom
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.header import header_of, instance_number
from indexer.read.dicom.laid import edges_of
from indexer.read.dicom.place import place_of, series_key
from indexer.read.dicom.scan import checked, scan_of
from indexer.read.dicom.series import volume_of
from indexer.read.dicom.shape import shape_of
from indexer.read.dicom.tags import LAID_TAGS, PEEK_TAGS
from indexer.read.quiet import quiet
from indexer.read.reasons import unreadable
from indexer.scan import Scan
from models.errors import UnreadableScan


def peek(path: Path, limits: Limits) -> Peek:
    """What the file says; its pixels stay on the disk. Raises `UnreadableScan`."""
    with translated("bad_header"):
        opened = open_dicom(path, limits, PEEK_TAGS)
        shape, slide = checked(opened, limits)
        groups = Groups(opened.dataset)
        alone = slide is not None or shape.frames > 1
        place = None if alone else place_of(groups)
        return Peek(
            kind="dicom",
            header=header_of(opened.dataset),
            series="" if alone else series_key(opened.dataset, groups),
            position_mm=place.along_normal_mm if place else None,
            instance_number=instance_number(opened.dataset),
            frames=1 if slide else shape.frames,
        )


def read(paths: Sequence[Path], limits: Limits) -> Scan:
    """One file, or the slices of one series as a volume. Raises `UnreadableScan`."""
    with translated("damaged_pixels"):
        if len(paths) > 1:
            return volume_of(paths, limits)
        with translated("bad_header"):
            opened = open_dicom(paths[0], limits)
            shape_of(opened)
        return scan_of(opened, limits)


def edges(path: Path, limits: Limits) -> dict[str, str] | None:
    """Which side of the patient each edge is on, see `laid`. Raises `UnreadableScan`."""
    with translated("bad_header"):
        return edges_of(open_dicom(path, limits, LAID_TAGS).dataset)


@contextmanager
def translated(code: str) -> Iterator[None]:
    """What pydicom and the codecs raise for a bad file (eight types were seen) as our own error.

    Their messages hold values of the header, so only the type is kept.
    """
    try:
        with quiet(), config.disable_value_validation():
            yield
    except (UnreadableScan, MemoryError, OSError):
        raise
    except Exception as error:
        raise unreadable(code, type(error).__name__) from None
