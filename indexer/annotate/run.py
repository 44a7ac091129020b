"""Annotates an archive or a scan by models: the whole way on one screen."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.annotate.table import Annotated, content_of
from indexer.archive import Listing, walk
from indexer.config import Config, check_steps
from indexer.dicom_terms import another_kind, may_be_frontal_chest
from indexer.facts import Facts, facts_of
from indexer.look import looker
from indexer.plan import plan
from indexer.rejects import Reject
from indexer.scan import Header
from indexer.sources import Source
from indexer.take import Progress
from indexer.workers import Outcome, WorkerPool
from models.annotators import LUNGS, NOTHING_FOUND, Annotation, Annotator, Taken
from models.arrays import ByteImage
from models.errors import NothingToIndex, UsageError
from models.runtime import ModelSpec
from models.runtime.members import NO_MEMBER
from models.runtime.registry import trained_on

WORKER = "indexer.annotate.square:run"


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """`models`: names of models, or paths of specs. `config`: how scans are prepared.

    `workers`: processes that decode; None: one a core.
    """

    models: tuple[str, ...]
    config: Config = field(default_factory=Config)
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedArchive:
    """What came of it: a row for each scan that could be read, and the others."""

    rows: tuple[Annotated, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]
    annotated_by: str


def annotate(archive: Path, options: AnnotateOptions, progress: Progress) -> AnnotatedArchive:
    """Annotates every scan of `archive`; see `indexer.archive` for what that may be.

    Raises `NothingToIndex` if no scan can be read, `ModelUnusable`, `UsageError`.
    """
    check_steps(options.config)
    annotators = _annotators(options.models)
    seen = [trained_on(name) for name in options.models]
    by = "; ".join(_named(one) for one in annotators)
    listing = walk(archive, "none")
    with WorkerPool(options.workers or os.cpu_count() or 1, WORKER) as pool:
        pool.start()
        planned = plan(listing.entries, {}, looker(pool, listing.root))
        rejects = [*listing.rejects, *planned.rejects]
        rows = []
        learned, unlike = [0] * len(annotators), [0] * len(annotators)
        unmeasured = 0
        jobs = _jobs(planned.sources, listing, options, annotators)
        for done, outcome in enumerate(pool.run(jobs), start=1):
            if outcome.error is not None:
                error = outcome.error
                rejects.append(Reject(outcome.key.key, error.code, str(error)))
            else:
                left_out = [_left_out(outcome.meta["files"], known) for known in seen]
                others = [_of_another_kind(outcome, one.spec) for one in annotators]
                for place, (member, other) in enumerate(zip(left_out, others, strict=True)):
                    learned[place] += member is None and not other
                    unlike[place] += other
                unmeasured += _unmeasured(outcome, annotators, others)
                rows.append(_row(outcome, annotators, by, left_out, others))
            progress("annotate", done, len(planned.sources))
    if not rows:
        why = f"; the first: {rejects[0].path}: {rejects[0].sentence}" if rejects else ""
        raise NothingToIndex(f"no scan of {archive} could be annotated{why}")
    remarks = (
        *listing.remarks,
        *_of_learned(annotators, learned),
        *_of_unlike(annotators, unlike),
        *_of_unmeasured(unmeasured),
    )
    return AnnotatedArchive(tuple(rows), tuple(rejects), remarks, by)


def _left_out(digests: Sequence[str], known: Mapping[str, int]) -> int | None:
    """The member that has not learned from a scan of these files; None if the model has."""
    members = {known[digest] for digest in digests if digest in known}
    if not members:
        return NO_MEMBER
    return members.pop() if len(members) == 1 and NO_MEMBER not in members else None


def _of_learned(annotators: Sequence[Annotator], counts: Sequence[int]) -> Iterator[str]:
    """What a person should know of scans that a model has learned from."""
    for one, count in zip(annotators, counts, strict=True):
        if count:
            yield (
                f"{one.spec.name} has learned from {count} of these scans: what it says of them "
                "repeats what it was told, and is no measure of what it can"
            )


def _of_another_kind(outcome: Outcome[Source], spec: ModelSpec) -> bool:
    """Whether a scan is of another modality or body part than the films of a model."""
    return another_kind(_facts(outcome), spec.modalities, spec.body_parts)


def _of_unlike(annotators: Sequence[Annotator], counts: Sequence[int]) -> Iterator[str]:
    for one, count in zip(annotators, counts, strict=True):
        if count:
            known = " ".join([*one.spec.modalities, *one.spec.body_parts])
            yield (
                f"{one.spec.name} has learned from films of {known}: it says nothing of {count} "
                "scans, which are of another modality or body part"
            )


def _unmeasured(
    outcome: Outcome[Source], annotators: Sequence[Annotator], others: Sequence[bool]
) -> bool:
    """Whether a model that measures lungs, and knows this kind of scan, does not measure it."""
    measuring = [
        LUNGS in getattr(one.spec, "regions", ()) and not other
        for one, other in zip(annotators, others, strict=True)
    ]
    return any(measuring) and not _taken(outcome).may_be_frontal_chest


def _of_unmeasured(count: int) -> Iterator[str]:
    if count:
        yield f"lungs not measured, because it is no chest film from the front: {count}"


def _annotators(names: Sequence[str]) -> list[Annotator]:
    from models.annotators import load

    if not names:
        raise UsageError("no model was named that annotates; name one or more with --model")
    found = [load(name) for name in names]
    called = [one.spec.name for one in found]
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise UsageError(
            f"two models are called {twice[0]!r}, so their numbers could not be told apart; train "
            "or add one of them under another --name"
        )
    return found


def _named(annotator: Annotator) -> str:
    """The model with the beginning of its SHA-256: another training has another."""
    return f"{annotator.spec.name} {annotator.spec.sha256[:12]}"


def _jobs(
    sources: Sequence[Source],
    listing: Listing,
    options: AnnotateOptions,
    annotators: Sequence[Annotator],
) -> Iterator[tuple[Source, dict[str, Any]]]:
    config = json.dumps(options.config.to_json())
    wanted = [(one.sees, one.spec.size) for one in annotators]
    for source in sources:
        paths = [str(listing.root / path) for path in source.paths]
        yield source, {"job": "squares", "paths": paths, "config": config, "wanted": wanted}


def _row(
    outcome: Outcome[Source],
    annotators: Sequence[Annotator],
    by: str,
    left_out: Sequence[int | None],
    others: Sequence[bool],
) -> Annotated:
    """The row of a scan. `others`: of each annotator, whether the scan is of no kind it knows."""
    taken = _taken(outcome)
    told: list[Annotation] = []
    for place, (one, member) in enumerate(zip(annotators, left_out, strict=True)):
        if others[place]:
            told.append(Annotation())
            continue
        squares = _with_channels(outcome.arrays[f"squares{place}"], one.spec.channels)
        told.append(one.annotate(squares, taken, NO_MEMBER if member is None else member))
    return Annotated(
        path=outcome.key.key,
        text=_joined([one.text for one in told]),
        annotated_by=by,
        sha256=content_of(outcome.meta["files"]),
        findings=_merged([one.findings for one in told], annotators),
        measurements=_merged([one.measurements for one in told], annotators),
    )


def _facts(outcome: Outcome[Source]) -> Facts:
    return facts_of(outcome.key, Header(**outcome.meta["header"]))


def _taken(outcome: Outcome[Source]) -> Taken:
    rows, columns = outcome.meta["shape"]
    spacing = outcome.meta["spacing_mm"]
    return Taken(
        (rows, columns),
        None if spacing is None else (spacing[0], spacing[1]),
        not outcome.meta["volume"] and may_be_frontal_chest(_facts(outcome)),
    )


def _with_channels(squares: ByteImage, channels: int) -> ByteImage:
    """Grey three times for a network that takes colour; the mean for one that takes grey."""
    if squares.shape[-1] == channels:
        return squares
    if channels == 1:
        return np.asarray(squares.mean(axis=-1, keepdims=True), np.uint8)
    return np.repeat(squares, channels, axis=-1)


def _joined(texts: Sequence[str]) -> str:
    """All phrases, each once; that nothing was found only where no model found anything."""
    phrases = dict.fromkeys(phrase for text in texts for phrase in text.split("; ") if phrase)
    if len(phrases) > 1:
        phrases.pop(NOTHING_FOUND, None)
    return "; ".join(phrases)


def _merged(told: Sequence[Any], annotators: Sequence[Annotator]) -> dict[str, float]:
    """All numbers by name; where two models give a number of the same name, with the model's."""
    names = [name for one in told for name in one]
    return {
        name if names.count(name) == 1 else f"{annotator.spec.name}:{name}": value
        for one, annotator in zip(told, annotators, strict=True)
        for name, value in one.items()
    }
