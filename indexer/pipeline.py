"""The whole way from an archive to an index, on one screen.

    walk -> plan -> take (read, quality, preprocess, segment, describe) -> changes
         -> assemble the store -> fit -> vectors -> commit

Stages do not know each other; this file joins them.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from indexer import commit
from indexer.archive import Listing, walk
from indexer.commit import Generation
from indexer.config import Config, check_steps, identity
from indexer.contents import Changes, changes
from indexer.describe import WORKER, Describer
from indexer.facts import disputes
from indexer.generation import Built, write_generation
from indexer.machine_made import MachineMade
from indexer.made import without_made
from indexer.moved import descriptions, moved
from indexer.plan import Plan, plan, unreachable
from indexer.previous import Previous, check_own
from indexer.profile import Profile
from indexer.rejects import Reject
from indexer.removed import Removed, forget, is_marked
from indexer.removed import read as read_removed
from indexer.search_plan import Kind, Wish
from indexer.summary import Summary
from indexer.sweep import sweep
from indexer.take import Progress, Taker
from indexer.work import Workbench, as_they_were
from indexer.workers import WorkerPool
from models.errors import NothingToIndex
from models.regions.cells import basis_of
from models.runtime.registry import trained_on


def _silent(stage: str, done: int, total: int) -> None:
    """Shows nothing."""


def _unheard(text: str) -> None:
    """Shows nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `workers`: processes that decode; None: one a core.

    `resume`: keep what was described before. `prune`: take out scans whose files are gone.
    `label_from`: see `indexer.archive`. `annotations`: a table of machine-made texts for scans that
    nobody annotated; `drop_annotations`: take out those that are there (`indexer.machine_made`).
    `take_back`: take what was removed (`indexer.remove`) as any other file again. `vectors`,
    `memory` (bytes), `recall`: how it is searched (`indexer.search_plan`); None: as before. `tell`
    hears what that will cost.
    """

    config: Config = field(default_factory=Config)
    resume: bool = True
    prune: bool = False
    dry_run: bool = False
    label_from: str = "auto"
    workers: int | None = None
    annotations: Path | None = None
    drop_annotations: bool = False
    take_back: bool = False
    vectors: Kind | None = None
    memory: int | None = None
    recall: float | None = None
    tell: Callable[[str], None] = _unheard

    def wish(self, before: Wish) -> Wish:
        """How the index is to be searched: as asked, else as before."""
        return Wish(
            vectors=self.vectors or before.vectors,
            memory=self.memory or before.memory,
            recall=self.recall or before.recall,
        )


def build(
    archive: Path, out: Path, options: Options | None = None, progress: Progress = _silent
) -> Summary:
    """Builds the index of `archive` in `out`, or brings it up to date, and says what was done.

    Raises `NothingToIndex`, `IndexLocked`, `IndexDamaged`, `CannotWrite`, `ModelUnusable` or
    `UsageError`. Whatever is raised, the index is then as it was before.
    """
    from models.runtime.registry import load

    began = time.perf_counter()
    options = options or Options()
    check_steps(options.config)
    check_own(out)
    machine = MachineMade.of(options.annotations, options.drop_annotations)
    profile = Profile()
    with profile.stage("list"):
        listing = without_made(walk(archive, options.label_from))
    with WorkerPool(options.workers or os.cpu_count() or 1, WORKER) as pool:
        pool.start()
        with profile.stage("load", alone=True):
            encoder = load(options.config.encoder)
        describer = Describer(pool, encoder, options.config, profile=profile)
        if options.dry_run:
            summary = _look(listing, out, options, describer)
        else:
            with commit.locked(out):
                summary = update(listing, out, options, describer, progress, machine)
    profile.start_up()
    seconds = time.perf_counter() - began
    return replace(summary, seconds=seconds, stages=profile.stages())


def _look(listing: Listing, out: Path, options: Options, describer: Describer) -> Summary:
    """What would be done, without doing or writing anything."""
    previous = Previous.of(out, identity_of(describer), options.resume)
    listing, _ = _removed(out, options, previous).left_out(listing)
    entries, carried = previous.without_rejects(listing.entries)
    planned = plan(entries, previous.files, describer.looker(listing.root))
    return Summary(
        str(out),
        generation=previous.number,
        described=len(planned.todo),
        unchanged=len(planned.sources) - len(planned.todo),
        vanished=len(planned.vanished),
        rejects=(*listing.rejects, *carried, *planned.rejects),
        remarks=listing.remarks,
        dry_run=True,
    )


def update(
    listing: Listing,
    out: Path,
    options: Options,
    describer: Describer,
    progress: Progress,
    machine: MachineMade,
) -> Summary:
    """Brings an index that is locked up to date with a listing; see `build` for all else."""
    previous = Previous.of(out, identity_of(describer), options.resume)
    describer.basis = describer.basis or previous.basis or basis_of(describer.encoder)
    removed = _removed(out, options, previous)
    listing, left_out = removed.left_out(listing)
    bench = Workbench(out, identity_of(describer))
    if not options.resume:
        bench.clear()
    known = previous.files | {record.path: record for record in bench.files()}
    entries, carried = previous.without_rejects(listing.entries)
    with describer.profile.stage("look"):
        planned = plan(entries, known, describer.looker(listing.root))
    taker = Taker(describer, bench, listing.root, entries, known.values(), removed)
    recalled = _recalled(planned, previous, taker, listing.root)
    refused = taker.take(planned.without(recalled | taker.left_out).todo, progress)
    planned = planned.without(taker.left_out)
    listing = replace(listing, remarks=(*listing.remarks, *_of_removed(left_out, taker)))
    rejects = (*listing.rejects, *carried, *planned.rejects, *refused)
    stays = unreachable(known.values(), rejects) if options.prune else planned.vanished
    on_bench = as_they_were(bench.files(), entries)
    change = changes(planned, previous, on_bench, stays & planned.vanished, machine)
    if not change.content.facts:
        raise NothingToIndex(_nothing(listing, rejects))
    summary = _summary(out, planned, change, rejects, refused, len(recalled))
    wish = options.wish(previous.wish)
    as_it_was = change.nothing and previous.rejects_are(rejects) and previous.has_vectors
    if as_it_was and wish == previous.wish and not (options.take_back and is_marked(out)):
        bench.clear()
        return summary.of_generation(previous.generation, (*listing.remarks, *change.remarks))
    built = _built(describer, listing, rejects, previous.erased(len(removed.marks)))
    built = replace(built, wish=wish, tell=options.tell)
    generation, remarks = write_generation(out, previous, bench, change, built, describer.profile)
    _tidy(out, generation, bench, options)
    told = (*listing.remarks, *disputes(planned.sources), *change.remarks, *remarks)
    return replace(summary.of_generation(generation, told), committed=True)


def _recalled(planned: Plan, previous: Previous, taker: Taker, root: Path) -> set[str]:
    """The scans that have another name now, and were taken with what is known of them."""
    found = moved(planned.todo, planned.vanished, previous, root)
    sources = {one.source.key: one.source for one in found}
    return taker.recall((sources[key], told) for key, told in descriptions(found, previous))


def _tidy(out: Path, generation: Generation, bench: Workbench, options: Options) -> None:
    """What is not needed any more, once a generation is the live one."""
    bench.clear()
    if options.take_back:
        forget(out)
    sweep(out, generation, only_before=True)


def _summary(
    out: Path,
    planned: Plan,
    change: Changes,
    rejects: tuple[Reject, ...],
    refused: Sequence[Reject],
    moved: int,
) -> Summary:
    content = change.content
    described = len(planned.todo) - len({one.source or one.path for one in refused}) - moved
    vanished = planned.vanished & content.facts.keys()
    return Summary(
        str(out),
        described=described,
        resumed=len(content.described) - described - moved,
        moved=moved,
        unchanged=len(content.facts.keys() - content.described - change.relabelled - vanished),
        relabelled=len(change.relabelled),
        removed=len(change.gone),
        vanished=len(vanished),
        rejects=rejects,
    )


def _built(
    describer: Describer,
    listing: Listing,
    rejects: tuple[Reject, ...],
    erased: Mapping[str, int],
) -> Built:
    stamps = {entry.path: (entry.size, entry.mtime_ns) for entry in listing.entries}
    rows = []
    for reject in rejects:
        size, mtime_ns = stamps.get(reject.path, (None, None))
        rows.append({**asdict(reject), "bytes": size, "mtime_ns": mtime_ns})
    return Built(
        config=describer.config,
        identity=identity_of(describer),
        dims=describer.dims,
        encoder={"name": describer.encoder.spec.name, "sha256": describer.encoder.spec.sha256},
        archive=listing.root,
        rejects=tuple(rows),
        turn=describer.turned,
        seen=trained_on(describer.config.encoder),
        removed=erased["removed"],
        erased_below=erased["erased_below"],
        basis=describer.basis,
    )


def _removed(out: Path, options: Options, previous: Previous) -> Removed:
    return Removed() if options.take_back else read_removed(out, previous.generation)


def _of_removed(left_out: int, taker: Taker) -> tuple[str, ...]:
    count = left_out + len(taker.left_out)
    remark = f"files left out, since they were removed: {count} (--take-back takes them again)"
    return (remark,) if count else ()


def identity_of(describer: Describer) -> str:
    """The hash of all that decides what numbers `describer` gives."""
    return identity(describer.config, describer.encoder.spec, describer.dims)


def _nothing(listing: Listing, rejects: tuple[Reject, ...]) -> str:
    if not rejects:
        return f"{listing.root} holds no scan; give a folder with DICOM, NIfTI or picture files"
    first = rejects[0]
    return (
        f"none of the {len(rejects)} files of {listing.root} could be taken; "
        f"the first: {first.path}: {first.sentence}"
    )
