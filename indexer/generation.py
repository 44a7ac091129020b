"""Writes a whole generation: store, heads, vectors, and the manifest that describes them."""

import datetime
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from indexer import commit, searchable, store
from indexer.archive import settle_labels
from indexer.assemble import assemble
from indexer.check.index import counted
from indexer.commit import Generation
from indexer.config import Config
from indexer.contents import Changes
from indexer.films import Films
from indexer.fit import Heads, fit_on, read_heads, write_heads
from indexer.orientation import Turn, fit_orientation
from indexer.previous import Previous, software
from indexer.profile import Profile
from indexer.removed import COUNT
from indexer.search_before import before_of
from indexer.search_plan import Wish, plan
from indexer.searched import blocks_of, searched_dims, searched_vectors
from indexer.store import FILES, REJECTS, Store
from indexer.sweep import ERASED_BELOW
from indexer.work import Workbench
from models.heads.orientation import OrientationHeads
from models.regions import basis_file
from models.regions.cells import CellBasis


def _silent(text: str) -> None:
    """Shows nothing."""


_REFIT_SHARE = 0.1
"""How films lie is learned again when the archive has grown by this share."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a generation was built with and from: what its manifest tells."""

    config: Config
    identity: str
    dims: Mapping[str, int]
    encoder: Mapping[str, str]  # its name and SHA-256
    archive: Path
    rejects: tuple[Mapping[str, Any], ...]  # rows of `REJECTS`
    turn: Turn
    seen: Mapping[str, int]  # what the encoder was trained on, see `models.runtime.registry`
    removed: int = 0  # marks in `indexer.removed`
    erased_below: int = 0  # see `indexer.sweep`
    refit: bool = False  # whether everything is fitted again
    wish: Wish = field(default_factory=Wish)  # how it is to be searched
    tell: Callable[[str], None] = _silent  # hears what that will cost before it is built
    basis: CellBasis | None = None  # of the cells


def write_generation(
    out: Path,
    previous: Previous,
    bench: Workbench,
    change: Changes,
    built: Built,
    profile: Profile | None = None,
) -> tuple[Generation, tuple[str, ...]]:
    """Writes the next generation, makes it the live one, and gives it with remarks on its labels.

    `profile`: is told what its stages take. Raises `CannotWrite`; the live generation then stays
    what it was.
    """
    profile = profile or Profile()
    number = max(previous.number, commit.highest(out)) + 1
    folder = commit.begin(out, number)
    try:
        with profile.stage("assemble", alone=True):
            assemble(folder, previous, bench, change.content)
            cases, remarks = _write_tables(folder, change, built)
        with profile.stage("learn", alone=True):
            fusion, diagnosis, taught = fit_on(folder, cases, built.dims, built.seen)
        with profile.stage("orientation", alone=True):
            lie = _orientation(folder, previous, change, built)
        with commit.writing(folder):
            (folder / "heads").mkdir()
        heads = Heads(change.content.text, fusion, diagnosis, taught, lie)
        write_heads(folder / "heads", heads)
        if built.basis is not None:
            basis_file.save(built.basis, folder / "heads")
        with profile.stage("vectors", alone=True):
            search = _search(folder, previous, heads, built)
        manifest = _manifest(change, built, cases, search)
        with profile.stage("check", alone=True):
            manifest["findings"] = counted(folder, built.dims, lie)
        # Only of what is built upon were the files looked at.
        old = previous.generation if previous.usable else None
        with profile.stage("commit", alone=True):
            return commit.publish(out, folder, number, manifest, old), remarks
    except BaseException:
        commit.discard(folder)
        raise


def _search(folder: Path, previous: Previous, heads: Heads, built: Built) -> dict[str, Any]:
    """Writes what is searched; gives what the manifest says of it."""
    store, dims = Store(folder), searched_dims(built.dims, heads.likeness)
    count = sum(store.rows_in(name) for name in store.parts())
    chosen = plan(count, dims, heads.weights, built.wish)
    built.tell(chosen.to_text())
    # What was fitted with somebody who was taken out is fitted again without him.
    before = None if built.refit else before_of(folder, previous, built.dims)
    rows = searched_vectors(store, built.dims, heads.likeness)
    return searchable.write(folder, rows, (chosen, blocks_of(dims)), built.wish, before)


def _orientation(
    folder: Path, previous: Previous, change: Changes, built: Built
) -> OrientationHeads:
    """What was fitted before, if hardly anything was added; nothing that was taken out lives on."""
    taken_out = built.refit or change.gone or change.content.described & previous.facts.keys()
    if previous.generation is not None and previous.usable and not taken_out:
        kept = read_heads(previous.generation.path / "heads").orientation
        if len(change.content.facts) <= (1 + _REFIT_SHARE) * kept.scans:
            return kept
    return fit_orientation(Films.of(Store(folder)), built.dims, built.turn)


def _write_tables(folder: Path, change: Changes, built: Built) -> tuple[pa.Table, tuple[str, ...]]:
    facts = Store(folder).facts()
    labels, remarks = settle_labels(facts.select(["case_id", "patient_id", "label"]).to_pylist())
    cases = store.cases_of(facts, labels)
    store.write(cases, folder / "cases.parquet")
    rows = [{name: getattr(record, name) for name in FILES.names} for record in change.files]
    store.write(pa.Table.from_pylist(rows, FILES), folder / "files.parquet")
    rejects = pa.Table.from_pylist([dict(row) for row in built.rejects], REJECTS)
    store.write(rejects, folder / "rejects.parquet")
    return cases, tuple(remarks)


def _manifest(
    change: Changes, built: Built, cases: pa.Table, search: dict[str, Any]
) -> dict[str, Any]:
    labels = Counter(label for label in cases.column("label").to_pylist() if label)
    patients = {patient for patient in cases.column("patient_id").to_pylist() if patient}
    return {
        "identity": built.identity,
        "config": built.config.to_json(),
        "dims": dict(built.dims),
        "encoder": dict(built.encoder),
        "software": software(),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "archive": str(built.archive),
        "texts": change.texts,
        COUNT: built.removed,
        ERASED_BELOW: built.erased_below,
        "search": search,
        "counts": {
            "cases": len(cases),
            "instances": search["count"],
            "patients": len(patients),
            "files": len(change.files),
            "rejects": len(built.rejects),
            "labels": dict(sorted(labels.items())),
        },
    }
