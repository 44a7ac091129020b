"""An archive looked through before one builds on it: what is wrong in it, with pictures."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer import commit
from indexer.check.run import Report
from indexer.check.run import check as check_index
from indexer.config import Config
from indexer.pipeline import Options, build
from indexer.store import Store
from models.errors import UsageError

Progress = Callable[[str, int, int], None]

SHOWN = 40
"""Findings of one code that a page shows; the JSON holds them all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked, and how.

    `archive`: described first, into `index` or, without one, into a folder that goes away again.
    Without `archive`: `index` as it is. `labels`: whether labels are checked too. `pictures`:
    whether the previews of what is found are wanted. `config`: how scans are described, for an
    archive. `workers`: processes; None: one a core.
    """

    archive: Path | None = None
    index: Path | None = None
    labels: bool = True
    pictures: bool = False
    label_from: str = "auto"
    config: Config = field(default_factory=Config)
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `previews`: instance row -> JPEG, of what a page shows."""

    report: Report
    previews: dict[int, bytes]


def check(asked: Asked, progress: Progress) -> Checked:
    """What is wrong in an archive.

    Raises `UsageError` where nothing was named, or another archive than that of the index; and
    what `indexer.pipeline.build` and opening an index raise.
    """
    began = time.perf_counter()
    workers = asked.workers or os.cpu_count() or 1
    with _described(asked, progress) as index:
        report = check_index(index, asked.labels, workers, progress)
        previews = _previews(index, report) if asked.pictures else {}
    return Checked(replace(report, seconds=time.perf_counter() - began), previews)


@contextmanager
def _described(asked: Asked, progress: Progress) -> Iterator[Path]:
    """The index to look at; one that was made for this alone is removed afterwards."""
    if asked.archive is None:
        if asked.index is None:
            raise UsageError("nothing to check: give an archive, --index, or both")
        yield asked.index
        return
    options = Options(config=asked.config, label_from=asked.label_from, workers=asked.workers)
    if asked.index is not None:
        _same_archive(asked.archive, asked.index)
        build(asked.archive, asked.index, options, progress)
        yield asked.index
        return
    with tempfile.TemporaryDirectory(prefix="cbir-check-") as folder:
        index = Path(folder) / "index"
        build(asked.archive, index, options, progress)
        yield index


def _same_archive(archive: Path, index: Path) -> None:
    """Raises `UsageError` if the index is of another archive: it must not be changed by mistake."""
    live = commit.live(index) if index.is_dir() else None
    if live is None:
        return
    known = Path(live.manifest["archive"]).resolve()
    if archive.resolve() not in (known, *known.glob("cases.*")):
        raise UsageError(
            f"{index} is the index of another archive; leave ARCHIVE out to check the index as it "
            "is, or name a folder of its own"
        )


def _previews(index: Path, report: Report) -> dict[int, bytes]:
    shown = [finding for code in report.found for finding in report.of(code)[:SHOWN]]
    rows = {film.row for finding in shown for film in finding.films if film.row is not None}
    return Store(commit.opened(index).path).preview(sorted(rows))
