"""The index whose cases ask: the archive itself, or a query set that is described as it was."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import commit
from indexer.pipeline import Options, build
from indexer.take import Progress
from models.errors import IndexUnusable
from retrieval.index import OpenIndex


@contextmanager
def asking_index(
    archive: OpenIndex, queries: Path | None, workers: int | None, progress: Progress
) -> Iterator[tuple[OpenIndex, tuple[str, ...]]]:
    """Whose cases ask, and what there is to remark of them.

    `queries`: a folder, a manifest or an index; None: the archive's own cases. A folder or a
    manifest is described for this alone, by the archive's settings and encoder, and forgotten.
    Raises what `indexer.pipeline.build` and opening an index raise, and `IndexUnusable` for an
    index that was built otherwise than the archive's.
    """
    if queries is None:
        yield archive, ()
        return
    if queries.is_dir() and commit.live(queries) is not None:
        with _opened(queries, archive) as asking:
            yield asking, _refused(asking.generation.manifest["counts"]["rejects"])
        return
    with tempfile.TemporaryDirectory(prefix="cbir-evaluate-") as folder:
        options = Options(config=archive.config, workers=workers or os.cpu_count() or 1)
        summary = build(queries, Path(folder) / "index", options, progress)
        with _opened(Path(folder) / "index", archive) as asking:
            yield asking, _refused(len(summary.rejects))


def _refused(count: int) -> tuple[str, ...]:
    return (f"files of the query set that were not taken: {count}",) if count else ()


@contextmanager
def _opened(path: Path, archive: OpenIndex) -> Iterator[OpenIndex]:
    opened = OpenIndex(path)
    try:
        same = (opened.generation.manifest, archive.generation.manifest)
        if same[0]["identity"] != same[1]["identity"]:
            raise IndexUnusable(
                f"{path} and {archive.path} describe scans differently (another encoder, other "
                "settings or another version), so their cases do not compare"
            )
        yield opened
    finally:
        opened.close()
