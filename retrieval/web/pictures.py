"""Scans as a viewer shows them: frames that a sandboxed worker wrote once, kept as files."""

import json
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.config import Config
from indexer.workers import WorkerPool
from models.errors import UnreadableScan
from retrieval.web.problems import Problem

_SAMPLE_BYTES = {"uint8": 1, "uint16": 2, "int16": 2}
_NOT_TOLD = ("mask", "quality", "sex", "age")


@dataclass(frozen=True, slots=True)
class Picture:
    """A scan's frames in `folder`, and what is told of them; see `indexer.display`."""

    folder: Path
    told: Mapping[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """What a viewer needs."""
        return {name: value for name, value in self.told.items() if name not in _NOT_TOLD}

    @property
    def size(self) -> int:
        """Of its files, in bytes."""
        return sum(file.stat().st_size for file in self.folder.iterdir())

    def frame(self, number: int) -> bytes:
        """One frame, raw and little-endian, row-major. Raises `Problem`."""
        size = self._pixels * self.told["samples"] * _SAMPLE_BYTES[self.told["dtype"]]
        return self._part("frames", number, size)

    def mask(self, number: int) -> bytes:
        """The region on one frame, uint8 0 or 255. Raises `Problem` where there is none."""
        if not self.told["mask"]:
            raise Problem(404, "no_mask", "no region was segmented on this scan")
        return self._part("mask", number, self._pixels)

    @property
    def _pixels(self) -> int:
        return int(self.told["width"]) * int(self.told["height"])

    def _part(self, name: str, number: int, size: int) -> bytes:
        if not 0 <= number < self.told["frames"]:
            raise Problem(404, "no_frame", f"there is no frame {number}: {self.told['frames']}")
        with (self.folder / name).open("rb") as file:
            file.seek(number * size)
            part = file.read(size)
        if len(part) != size:
            raise Problem(422, "failed", "the frames are not of the size that was told")
        return part


def described(pool: WorkerPool, files: Sequence[str], config: Config, folder: Path) -> Picture:
    """Has a worker write a scan's frames into `folder`, a new one. Raises `UnreadableScan`."""
    folder.mkdir(mode=0o700)
    job = {
        "job": "display",
        "paths": list(files),
        "config": json.dumps(config.to_json()),
        "frames": str(folder / "frames"),
        "mask": str(folder / "mask"),
    }
    try:
        (outcome,) = pool.run([("display", job)])
        if outcome.error is not None:
            raise outcome.error
        return _checked(Picture(folder, outcome.meta))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _checked(picture: Picture) -> Picture:
    """What a worker says is looked at: a file may have taken it over."""
    told = picture.told
    numbers = [told.get(name) for name in ("frames", "width", "height", "samples")]
    fits = all(isinstance(one, int) and 0 < one < 1 << 20 for one in numbers)
    if not fits or told.get("dtype") not in _SAMPLE_BYTES:
        raise UnreadableScan("failed", "what the worker told of the scan does not fit")
    return picture


class PictureShelf:
    """Pictures of the archive's scans, the last used ones, up to so many bytes."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """`folder`: a private one, where each gets a folder of its own."""
        self._folder, self._most = folder, most_bytes
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._lock = threading.Lock()
        self._made = 0

    def known(self, key: str) -> Picture | None:
        """The picture of that key, if it is here."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def forget_before(self, generation: int) -> None:
        """Forgets the pictures of earlier generations: one of them may show what was removed."""
        with self._lock:
            old = [key for key in self._kept if int(key.partition("/")[0]) < generation]
            gone = [self._kept.pop(key) for key in old]
        for picture in gone:
            shutil.rmtree(picture.folder, ignore_errors=True)

    def get(self, key: str, make: Callable[[Path], Picture]) -> Picture:
        """The picture of that key, made by `make` in a new folder if it is not here."""
        known = self.known(key)
        if known is not None:
            return known
        with self._lock:
            self._made += 1
            folder = self._folder / f"picture-{self._made}"
        picture = make(folder)
        with self._lock:
            self._kept[key] = picture
            whole = sum(one.size for one in self._kept.values())
            while whole > self._most and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                whole -= oldest.size
                shutil.rmtree(oldest.folder, ignore_errors=True)
        return picture
