"""Enlarges an archive: the whole way on one screen.

walk -> look at every film -> circles of patients -> plan -> make -> link -> table -> publish
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.archive import Listing, walk
from indexer.augment.asked import Asked
from indexer.augment.circles import circles
from indexer.augment.folder import Growing, check_apart, finished, growing
from indexer.augment.originals import LESION_MASK, WORKER, Looked, Original, files_of, look_at
from indexer.augment.plan import Making, Plan, plan
from indexer.augment.summary import Enlarged
from indexer.augment.table import ORIGINALS, Made, check_columns, table
from indexer.rejects import LASTING, PASSING, Reject
from indexer.workers import Outcome, WorkerPool
from models.errors import NothingToIndex
from models.training.progress import Progress, silent

VERSION = 1
"""Raised whenever the same archive and settings would give other films than before."""


def enlarge(
    archive: Path,
    out: Path,
    asked: Asked | None = None,
    progress: Progress = silent,
    dry_run: bool = False,
) -> Enlarged:
    """Writes an enlarged archive to the folder `out`, going on where it was interrupted.

    Only films that may be learned from have films made of them; those that the archive's column
    `split` keeps apart are copied as they are. Raises `UsageError`, `NothingToIndex` where no film
    can be made, `IndexLocked`, `CannotWrite`. Until it is whole there is no folder `out`.
    """
    asked = asked or Asked()
    asked.check()
    listing = walk(archive, asked.label_from)
    check_apart(archive, out)
    identity = _identity(listing, asked)
    there = finished(out, identity)
    if there is not None:
        return replace(there, out=str(out), unchanged=True)
    with WorkerPool(asked.workers or os.cpu_count() or 1, WORKER) as pool:
        pool.start()
        looked = look_at(listing, pool, asked, progress)
        check_columns(looked.originals)
        groups = circles(looked.originals, asked.paired, asked.seed)
        planned = plan(looked.originals, groups, asked)
        task = _Task(out, listing.root, asked, looked, groups, planned)
        if not planned.makings:
            raise NothingToIndex(_nothing(archive, looked, planned))
        if dry_run:
            return replace(task.summary([], ()), dry_run=True, made=_ways(planned.makings, asked))
        with growing(out, identity) as folder:
            made, left_out = task.make(pool, folder, progress)
            task.link(folder)
            summary = task.summary(made, left_out)
            kept = replace(summary, out="").to_json()  # the folder may be moved
            told = {"identity": identity, "asked": asked.to_json(), "summary": kept}
            folder.publish(out, table(looked.originals, made, groups), told)
    return summary


@dataclass(frozen=True, slots=True)
class _Task:
    """One enlargement: what was found and what is to be made."""

    out: Path
    root: Path
    asked: Asked
    looked: Looked
    groups: Mapping[str, str]
    planned: Plan

    def make(
        self, pool: WorkerPool, folder: Growing, progress: Progress
    ) -> tuple[list[Made], list[Reject]]:
        """Every film that can be made, and those that cannot, in the order of the plan."""
        makings = self.planned.makings
        todo = [one for one in makings if folder.record(one.path) is None]
        done = len(makings) - len(todo)
        progress("make", done, len(makings))
        refused: dict[str, dict[str, Any]] = {}
        for number, outcome in enumerate(pool.run(self._jobs(todo)), done + 1):
            _take(outcome, folder, refused)
            progress("make", number, len(makings))
        passing = [one for one in todo if _may_pass(refused.get(one.path))]
        for outcome in pool.run(self._jobs(passing)):
            refused.pop(outcome.key.path)
            _take(outcome, folder, refused)
        made, left_out = [], []
        for one in makings:
            told = refused.get(one.path) or folder.record(one.path)
            assert told is not None
            if "sentence" in told:
                left_out.append(Reject(one.origin.key, told["code"], told["sentence"]))
            else:
                partners = [] if told["partner"] < 0 else [one.partners[told["partner"]]]
                endings = tuple(told["endings"])
                made.append(Made(one, (one.origin, *partners), told["told"], endings))
        return made, left_out

    def _jobs(self, makings: Sequence[Making]) -> Iterator[tuple[Making, dict[str, Any]]]:
        config = json.dumps(self.asked.config.to_json())
        for one in makings:
            told = {"job": "make", "way": one.way, "seed": one.seed, "config": config}
            partners = [self._files(partner) for partner in one.partners]
            yield one, {**told, "film": self._files(one.origin), "partners": partners}

    def _files(self, one: Original) -> dict[str, Any]:
        return files_of(self.root, one.source.paths, one.mask, one.lesion)

    def link(self, folder: Growing) -> None:
        """Puts the originals and their masks there."""
        for one in self.looked.originals:
            names = [*one.source.paths, *(name for name in (one.source.mask, one.lesion) if name)]
            for name in names:
                folder.link(self.root / name, f"{ORIGINALS}/{name}")

    def summary(self, made: Sequence[Made], left_out: Sequence[Reject]) -> Enlarged:
        """What there is."""
        originals = self.looked.originals
        labels = Counter(one.label for one in originals)
        labels.update(one.making.origin.label for one in made)
        whose = {self.groups.get(one.patient, one.patient) for one in originals}
        return Enlarged(
            out=str(self.out),
            originals=len(originals),
            origins=len({one.origin.key for one in self.planned.makings}),
            made=_ways([one.making for one in made], self.asked),
            labels=dict(sorted(labels.items())),
            groups=len(whose),
            rejects=self.looked.rejects,
            left_out=tuple(left_out),
            remarks=(
                *self.looked.remarks,
                *self.planned.remarks,
                *_of_passing([*self.looked.rejects, *left_out]),
            ),
        )


def _take(outcome: Outcome[Making], folder: Growing, refused: dict[str, dict[str, Any]]) -> None:
    making = outcome.key
    if outcome.error is None:
        names = {"film": ".png", "mask": "-mask.png", "lesion": "-lesion.png"}
        files = {making.path + names[name]: a.tobytes() for name, a in outcome.arrays.items()}
        folder.keep(making.path, {**outcome.meta, "endings": sorted(outcome.arrays)}, files)
        return
    told = {"code": outcome.error.code, "sentence": str(outcome.error)}
    refused[making.path] = told
    if outcome.error.code in LASTING:  # else another run may have more luck
        folder.keep(making.path, told, {})


def _may_pass(refused: Mapping[str, Any] | None) -> bool:
    return refused is not None and refused["code"] in PASSING


def _of_passing(rejects: Sequence[Reject]) -> Iterator[str]:
    """What a person should know of films that are missing for no reason of their own."""
    codes = Counter(one.code for one in rejects if one.code in PASSING)
    if codes:
        told = ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
        yield (
            f"films are missing for reasons that may pass ({told}); enlarging the archive to "
            "another folder tries them again"
        )


def _ways(makings: Sequence[Making], asked: Asked) -> dict[str, int]:
    counts = Counter(one.way for one in makings)
    return {way: counts[way] for way in asked.ways}


def _identity(listing: Listing, asked: Asked) -> str:
    entries = listing.state(LESION_MASK)
    told = {"version": VERSION, "asked": asked.to_json(), "entries": entries}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _nothing(archive: Path, looked: Looked, planned: Plan) -> str:
    notes = [*looked.remarks, *planned.remarks]
    notes += [f"{one.path}: {one.sentence}" for one in looked.rejects[:1]]
    return f"no film can be made of {archive}" + "".join(f"; {note}" for note in notes)
