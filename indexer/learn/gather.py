"""Gathers the films of an archive to train on, once; a later run takes them from its folder.

Films are decoded in the sandboxed workers, exactly as `cbir index` does, and kept as squares of
bytes. What cannot be read is a named reject, not the end of the run.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from indexer.archive import Listing, walk
from indexer.commit import writing
from indexer.config import Config
from indexer.copies import MOVED, Copies
from indexer.facts import facts_of, owner_of
from indexer.look import looker
from indexer.plan import plan
from indexer.rejects import DUPLICATE, Reject
from indexer.scan import Header
from indexer.sources import Source
from indexer.workers import Outcome, WorkerPool
from models.arrays import ByteImage
from models.errors import NothingToIndex, UnreadableScan
from models.files import write_whole
from models.training.progress import Progress

WORKER = "indexer.learn.film:run"
FOLDER = "films"
_TOLD = "films.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which films, and in what form.

    `config`: how they are preprocessed and segmented. `size`: pixels of the square. `whole`: the
    whole picture, not the region's box alone. `workers`: processes that decode; None: one a core.
    """

    config: Config
    size: int
    whole: bool = False
    workers: int | None = None
    label_from: str = "auto"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The films of an archive: n pictures of m scans.

    `pictures`: uint8 (n, size, size, 1 or 3), a memory map. `masks`: uint8 (n, size, size), 0..255,
    or None if no scan has one. `masked`: bool (n,). `scan`: (n,), which scan a picture is of.
    `facts`: of each scan, see `indexer.facts`. `keys`: of each scan, its path in the archive.
    `sha256`: of each scan's files.
    """

    pictures: ByteImage
    masks: ByteImage | None
    masked: np.ndarray
    scan: np.ndarray
    facts: tuple[dict[str, Any], ...]
    keys: tuple[str, ...]
    sha256: tuple[tuple[str, ...], ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]

    def column(self, name: str) -> list[str]:
        """What the archive says in that column of each picture's scan; "" where nothing."""
        told = [str(facts.get(name) or "") for facts in self.facts]
        return [told[row] for row in self.scan]

    def patients(self) -> list[str]:
        """Whose each picture is; a scan that names nobody is a patient of its own."""
        told = [owner_of(facts, key) for facts, key in zip(self.facts, self.keys, strict=True)]
        return [told[row] for row in self.scan]


def gather(archive: Path, run: Path, asked: Asked, progress: Progress) -> Gathered:
    """The films of `archive`, kept in the folder `run` for the next time.

    Raises `NothingToIndex` if there is none that can be read, `UsageError`, `CannotWrite`.
    """
    listing = walk(archive, asked.label_from)
    folder = run / FOLDER
    identity = _identity(listing, asked)
    kept = _kept(folder, identity)
    if kept is None:
        kept = _read_anew(listing, folder, asked, progress)
        write_whole(folder / _TOLD, json.dumps({"identity": identity, **kept}).encode())
    found = _loaded(folder, kept, asked.size)
    if not len(found.pictures):
        first = found.rejects[0] if found.rejects else None
        why = f"; the first: {first.path}: {first.sentence}" if first else ""
        raise NothingToIndex(f"no film of {archive} could be read{why}")
    return found


def _identity(listing: Listing, asked: Asked) -> str:
    told = {"asked": [asdict(replace(asked, config=Config())), asked.config.to_json()]}
    text = json.dumps({**told, "entries": listing.state()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(folder: Path, identity: str) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        whole = all((folder / name).stat().st_size == size for name, size in told["sizes"].items())
        return told if told["identity"] == identity and whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_anew(listing: Listing, folder: Path, asked: Asked, progress: Progress) -> dict[str, Any]:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _TOLD).unlink(missing_ok=True)
    with WorkerPool(asked.workers or os.cpu_count() or 1, WORKER) as pool:
        pool.start()
        planned = plan(listing.entries, {}, looker(pool, listing.root))
        told = _Told(rejects=[*listing.rejects, *planned.rejects], remarks=list(listing.remarks))
        outcomes = pool.run(_jobs(planned.sources, listing.root, asked))
        with writing(folder), _Squares(folder, asked.size) as squares:
            for done, outcome in enumerate(outcomes, start=1):
                told.take(outcome, squares)
                progress("read", done, len(planned.sources))
            return {**told.to_json(), **squares.to_json()}


def _jobs(
    sources: Sequence[Source], root: Path, asked: Asked
) -> Iterator[tuple[Source, dict[str, Any]]]:
    config = asked.config
    if asked.whole:
        config = replace(config, segment={"": "none", "CT": "none"})
    told = json.dumps(config.to_json())
    for source in sources:
        yield (
            source,
            {
                "job": "film",
                "paths": [str(root / path) for path in source.paths],
                "mask": str(root / source.mask) if source.mask else "",
                "config": told,
                "size": asked.size,
            },
        )


class _Told:
    """What is known of the scans that were read."""

    def __init__(self, rejects: list[Reject], remarks: list[str]) -> None:
        self._rejects, self._remarks = rejects, remarks
        self._scans: list[dict[str, Any]] = []
        self._copies = Copies()
        self._odd_masks = 0

    def take(self, outcome: Outcome[Source], squares: "_Squares") -> None:
        source = outcome.key
        if outcome.error is not None:
            self._refuse(source, outcome.error)
            return
        facts = facts_of(source, Header(**outcome.meta["header"]))
        patient = owner_of(facts, source.key)
        hashes = sorted(outcome.meta["sha256"])
        first = self._copies.first(source.key, hashes, patient, facts["split"])
        if first != source.key:
            self._refuse(source, UnreadableScan(DUPLICATE, f"the same bytes as {first}"))
            return
        self._odd_masks += outcome.meta["mask"] == "another size"
        count = squares.add(outcome.arrays["pictures"], outcome.arrays.get("masks"))
        self._scans.append(
            {
                "key": source.key,
                "facts": {name: value for name, value in facts.items() if value is not None},
                "sha256": hashes,
                "pictures": count,
                "mask": outcome.meta["mask"] == "taken",
            }
        )

    def _refuse(self, source: Source, error: UnreadableScan) -> None:
        self._rejects.append(Reject(source.key, error.code, str(error)))

    def to_json(self) -> dict[str, Any]:
        remarks = list(self._remarks)
        if self._odd_masks:
            remarks.append(f"masks of another size than their scan, left out: {self._odd_masks}")
        if self._rejects:
            remarks.append(f"films that could not be read, left out: {len(self._rejects)}")
        sides = self._copies.sides()
        for scan in self._scans:
            if scan["key"] in sides:
                scan["facts"]["split"] = sides[scan["key"]]
        if sides:
            remarks.append(MOVED.format(len(sides)))
        rejects = [asdict(reject) for reject in self._rejects]
        return {"scans": self._scans, "rejects": rejects, "remarks": remarks}


class _Squares:
    """Two files of squares: pictures, and masks (black where a picture has none)."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        self._channels = 1
        self._pictures: BinaryIO | None = None
        self._masks: BinaryIO | None = None

    def __enter__(self) -> "_Squares":
        self._pictures = (self._folder / "pictures").open("wb")
        self._masks = (self._folder / "masks").open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._pictures, self._masks):
            if file is not None:
                file.close()

    def add(self, pictures: ByteImage, masks: ByteImage | None) -> int:
        """Appends them; gives how many."""
        assert self._pictures is not None and self._masks is not None
        if pictures.shape[-1] > self._channels:
            self._colour()
        if pictures.shape[-1] < self._channels:
            pictures = np.repeat(pictures, self._channels, axis=-1)
        self._pictures.write(np.ascontiguousarray(pictures).tobytes())
        if masks is None:
            masks = np.zeros(pictures.shape[:3], np.uint8)
        self._masks.write(np.ascontiguousarray(masks).tobytes())
        return len(pictures)

    def _colour(self) -> None:
        """The first colour picture: what is there is written again with three channels."""
        assert self._pictures is not None
        self._pictures.close()
        path = self._folder / "pictures"
        grey = np.fromfile(path, np.uint8)
        self._channels = 3
        self._pictures = path.open("wb")
        self._pictures.write(np.repeat(grey, 3).tobytes())

    def to_json(self) -> dict[str, Any]:
        for file in (self._pictures, self._masks):
            if file is not None:
                file.flush()
                os.fsync(file.fileno())
        sizes = {name: (self._folder / name).stat().st_size for name in ("pictures", "masks")}
        return {"channels": self._channels, "sizes": sizes}


def _loaded(folder: Path, told: Mapping[str, Any], size: int) -> Gathered:
    scans = told["scans"]
    counts = [scan["pictures"] for scan in scans]
    total = sum(counts)
    masked = np.repeat(np.array([scan["mask"] for scan in scans], bool), counts)
    return Gathered(
        pictures=_map(folder / "pictures", (total, size, size, told["channels"])),
        masks=_map(folder / "masks", (total, size, size)) if masked.any() else None,
        masked=masked,
        scan=np.repeat(np.arange(len(scans)), counts),
        facts=tuple(scan["facts"] for scan in scans),
        keys=tuple(scan["key"] for scan in scans),
        sha256=tuple(tuple(scan["sha256"]) for scan in scans),
        rejects=tuple(Reject(**reject) for reject in told["rejects"]),
        remarks=tuple(told["remarks"]),
    )


def _map(path: Path, shape: tuple[int, ...]) -> ByteImage:
    if not shape[0]:
        return np.zeros(shape, np.uint8)
    return np.memmap(path, np.uint8, "r", shape=shape)
