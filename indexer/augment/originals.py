"""The scans of an archive, each looked at once: what can be made of it, and whose it is."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.archive import Listing, group
from indexer.augment.asked import Asked
from indexer.copies import MOVED, Copies
from indexer.facts import Facts, facts_of, owner_of
from indexer.look import looker
from indexer.rejects import DUPLICATE, Reject
from indexer.row import BadRowError, inside
from indexer.scan import Header
from indexer.sources import Source
from indexer.workers import Outcome, WorkerPool
from models.training.progress import Progress
from models.training.splits import SET_APART

WORKER = "indexer.augment.worker:run"
LESION_MASK = "lesion_mask"
"""The manifest's column of masks that show what is ill."""


@dataclass(frozen=True, slots=True)
class Original:
    """A scan of the archive.

    `patient`: whose; a scan that names nobody is a patient of its own. `apart`: the archive keeps
    it for choosing or measuring. `declined`: why nothing is made of it, else "". `mask`, `lesion`:
    mask files in the archive that fit it, else "". `region`: whether its lungs can be found.
    """

    source: Source
    facts: Facts
    patient: str
    apart: bool
    declined: str
    mask: str
    lesion: str
    region: bool
    colour: bool

    @property
    def key(self) -> str:
        """Its first file's path in the archive."""
        return self.source.key

    @property
    def label(self) -> str:
        """Its class, "" if there is none."""
        return str(self.facts["label"] or "")

    @property
    def usable(self) -> bool:
        """Whether films may be made of it."""
        return not (self.apart or self.declined)

    @property
    def stratum(self) -> tuple[str, ...]:
        """What two films must share to be put together."""
        kind = (str(self.facts[name] or "") for name in ("modality", "body_part", "view"))
        return self.label, *kind, "colour" if self.colour else "grey"


@dataclass(frozen=True, slots=True)
class Looked:
    """What an archive holds. `remarks`: for a person."""

    originals: tuple[Original, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]


def look_at(listing: Listing, pool: WorkerPool, asked: Asked, progress: Progress) -> Looked:
    """Every scan of an archive, decoded once in the workers; by key."""
    told = dict(looker(pool, listing.root)(listing.entries))
    sources, rejects = group(listing.entries, told)
    lesions = {source.key: _lesion_of(source, listing.root) for source in sources}
    collected = _Collector([*listing.rejects, *rejects])
    for done, outcome in enumerate(pool.run(_jobs(sources, lesions, listing.root, asked)), 1):
        collected.take(outcome, lesions[outcome.key.key])
        progress("look", done, len(sources))
    return collected.looked(listing.remarks)


def _jobs(
    sources: Sequence[Source], lesions: dict[str, str], root: Path, asked: Asked
) -> Iterator[tuple[Source, dict[str, Any]]]:
    config = json.dumps(asked.config.to_json())
    for source in sources:
        files = files_of(root, source.paths, source.mask, lesions[source.key])
        yield source, {"job": "look", "film": files, "config": config}


def files_of(root: Path, paths: Sequence[str], mask: str, lesion: str) -> dict[str, Any]:
    """The files of one film, as a worker is told."""
    return {
        "paths": [os.fspath(root / path) for path in paths],
        "mask": os.fspath(root / mask) if mask else "",
        "lesion": os.fspath(root / lesion) if lesion else "",
    }


def _lesion_of(source: Source, root: Path) -> str:
    """The file that the column `lesion_mask` names, if it is in the archive."""
    named = source.row.extra.get(LESION_MASK, "") if source.row else ""
    try:
        path = inside(named, root, LESION_MASK) if named else ""
    except BadRowError:
        return ""
    there = root / path
    within = there.is_file() and there.resolve().is_relative_to(root.resolve())
    return path if path and within else ""


class _Collector:
    """Turns what workers say into originals and rejects."""

    def __init__(self, rejects: list[Reject]) -> None:
        self._rejects = rejects
        self._originals: list[Original] = []
        self._copies = Copies()
        self._odd_masks = 0

    def take(self, outcome: Outcome[Source], lesion: str) -> None:
        source, meta = outcome.key, outcome.meta
        if outcome.error is not None:
            self._refuse(source, outcome.error.code, str(outcome.error))
            return
        facts = facts_of(source, Header(**meta["header"]))
        patient = owner_of(facts, source.key)
        first = self._copies.first(source.key, meta["sha256"], patient, facts["split"])
        if first != source.key:  # else a film could stand on both sides of a split
            self._refuse(source, DUPLICATE, f"the same bytes as {first}")
            return
        self._odd_masks += meta["mask"] == "odd"
        self._originals.append(
            Original(
                source=source,
                facts=facts,
                patient=patient,
                apart=_set_apart(facts),
                declined=str(meta["declined"]),
                mask=source.mask if meta["mask"] == "fits" else "",
                lesion=lesion if meta["lesion"] == "fits" else "",
                region=meta["mask"] == "fits" or bool(meta["segmented"]),
                colour=bool(meta["colour"]),
            )
        )

    def _refuse(self, source: Source, code: str, sentence: str) -> None:
        together = source.key if len(source.paths) > 1 else ""
        self._rejects += [Reject(path, code, sentence, together) for path in source.paths]

    def looked(self, remarks: Sequence[str]) -> Looked:
        """All of it. A patient with a scan that is kept apart is kept apart altogether."""
        sides = self._copies.sides()
        moved = [_moved(one, sides.get(one.key)) for one in self._originals]
        kept = {one.patient for one in moved if one.apart}
        originals = tuple(_apart(one, kept) for one in moved)
        told = [*remarks, *self._remarks(originals)]
        if sides:
            told.append(MOVED.format(len(sides)))
        return Looked(originals, tuple(self._rejects), tuple(told))

    def _remarks(self, originals: Sequence[Original]) -> Iterator[str]:
        for reason, count in Counter(one.declined for one in originals if one.declined).items():
            yield f"scans that nothing is made of, since {reason}: {count}"
        nobodys = sum(not one.facts["patient_id"] for one in originals)
        if nobodys:
            yield (
                f"scans that name no patient, each taken for a patient of its own: {nobodys}; "
                "leakage between the sides of a split cannot be excluded"
            )
        if self._odd_masks:
            yield f"masks that do not fit their scan, not used: {self._odd_masks}"
        both = sum(a.apart != b.apart for a, b in zip(self._originals, originals, strict=True))
        if both:
            yield f"scans whose patient is kept apart for measuring too, not used: {both}"


def _set_apart(facts: Facts) -> bool:
    return str(facts["split"] or "").casefold() in SET_APART


def _moved(one: Original, side: str | None) -> Original:
    return one if side is None else replace(one, facts={**one.facts, "split": side}, apart=True)


def _apart(one: Original, patients: set[str]) -> Original:
    return replace(one, apart=True) if one.patient in patients else one
