"""Changes of the archive that curators ask for: written down at once, taken into the index after.

    what is asked -> curated.csv (and the scan's files) -> one thread: build or remove -> live

The thread waits for the index where another process writes to it. What was written down and not
yet built when a server ended is built when one starts, or by the next `cbir index`.
"""

import logging
import queue
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from indexer import commit
from indexer.curated import FILE, FOLDER, changing
from indexer.pipeline import Options, build
from indexer.remove import Chosen, remove
from indexer.summary import Summary
from indexer.sweep import sweep
from models.errors import CbirError, IndexLocked
from retrieval.web.archive import Archive
from retrieval.web.pictures import PictureShelf
from retrieval.web.problems import Problem, problem_of
from retrieval.web.settings import Curated

_log = logging.getLogger(__name__)

State = Literal["waiting", "working", "done", "failed"]
Kind = Literal["add", "relabel", "remove"]

_KEPT = 200
_LOCKED_S = 5.0
_PATIENCE_S = 1800.0
_RELEASE_S = 60.0
_ENDS_WITHIN_S = 10.0


@dataclass(slots=True)
class Change:
    """What a curator asked for. `code`, `detail`: why it failed, or what is still to be known."""

    kind: Kind
    case_id: str
    state: State = "waiting"
    code: str = ""
    detail: str = ""
    change_id: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def to_json(self) -> dict[str, Any]:
        """As a request is told of it."""
        return asdict(self)


class Curator:
    """Does what curators ask for, one thing after the other. Safe to use from several threads."""

    def __init__(self, curated: Curated, archive: Archive, shelf: PictureShelf) -> None:
        """Starts the thread. `archive`: of the index that `curated` is in."""
        self._curated, self._archive, self._shelf = curated, archive, shelf
        self._index = archive.path
        self._changes: OrderedDict[str, Change] = OrderedDict()
        self._todo: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name="curator", daemon=True)
        self._thread.start()

    def add(self, files: Path, patient: str, study: str, said: Mapping[str, str]) -> Change:
        """Takes a folder of files, which hold nothing of whose they are, into the archive.

        `said`: label and findings. Raises `CannotWrite`.
        """
        place = f"{FOLDER}/{study}"
        case_id = f"{patient}/{study}"
        self._bring(files, place)
        with changing(self._curated.root) as rows:
            rows[place] = {"path": place, "patient_id": patient, "study_id": study, **said}
        return self._queue(Change("add", case_id))

    def relabel(self, case_id: str, paths: Sequence[str], label: str) -> Change:
        """Gives a case another label. `paths`: its files. Raises `CannotWrite`."""
        with changing(self._curated.root) as rows:
            for path in paths:
                rows[path] = {**rows.get(path, {"path": path}), "label": label}
        return self._queue(Change("relabel", case_id))

    def remove(self, case_id: str) -> Change:
        """Takes a case out of the index; files that a curator had added are deleted."""
        return self._queue(Change("remove", case_id))

    def change(self, change_id: str) -> Change:
        """What became of it. Raises `Problem` if it is not known (any more)."""
        found = self._changes.get(change_id)
        if found is None:
            raise Problem(404, "no_change", "this change is not known (any more)")
        return found

    def close(self) -> None:
        """Ends after what is under way, or soon: a build that is broken off loses nothing."""
        self._closing.set()
        self._todo.put(None)
        self._thread.join(_ENDS_WITHIN_S)

    def _bring(self, files: Path, place: str) -> None:
        """Copies under a hidden name first: nobody indexes half a scan."""
        target = self._curated.root / place
        half = target.with_name(f".{target.name}")
        with commit.writing(target):
            target.parent.mkdir(exist_ok=True)
            try:
                shutil.copytree(files, half)
                for file in half.iterdir():
                    commit.sync(file)
                half.rename(target)
                commit.sync(target.parent)
            except BaseException:
                shutil.rmtree(half, ignore_errors=True)
                raise

    def _queue(self, change: Change) -> Change:
        self._changes[change.change_id] = change
        while len(self._changes) > _KEPT:
            self._changes.popitem(last=False)
        self._todo.put(change)
        return change

    def _live(self) -> None:
        if self._is_behind():
            self._do([], partial(self._built, []))
        while (first := self._todo.get()) is not None:
            waiting = [first]
            while not self._todo.empty():
                change = self._todo.get()
                if change is None:
                    self._todo.put(None)
                    break
                waiting.append(change)
            for change in waiting:
                if change.kind == "remove":
                    self._do([change], partial(self._removed, change))
            told = [change for change in waiting if change.kind != "remove"]
            if told:
                self._do(told, partial(self._built, told))

    def _is_behind(self) -> bool:
        """Whether curators have said something since the index was built."""
        said, live = self._curated.root / FILE, self._index / commit.CURRENT
        return said.exists() and said.stat().st_mtime_ns > live.stat().st_mtime_ns

    def _do(self, changes: Sequence[Change], act: Callable[[], None]) -> None:
        """Does it as soon as nobody else writes to the index, and says what came of it."""
        until = time.monotonic() + _PATIENCE_S
        try:
            while True:
                try:
                    for change in changes:
                        change.state = "working"
                    act()
                    break
                except IndexLocked:
                    if time.monotonic() > until or self._closing.is_set():
                        raise
                    for change in changes:
                        change.state = "waiting"
                    self._closing.wait(_LOCKED_S)
            for change in changes:
                change.state = "failed" if change.code else "done"
        except Exception as error:  # of the thread that all changes depend on
            _log.warning("a change of the archive failed: %s", type(error).__name__)
            code, detail = self._told(error)
            for change in changes:
                change.code, change.detail, change.state = code, detail, "failed"

    def _told(self, error: Exception) -> tuple[str, str]:
        """Code and sentence, without a path of this server."""
        if not isinstance(error, CbirError):
            return "failed", "the index could not be changed"
        problem = problem_of(error)
        named = problem.detail.replace(str(self._index), "the index")
        return problem.code, named.replace(str(self._curated.root), "the archive")

    def _built(self, changes: Sequence[Change]) -> None:
        with self._archive.reading() as index:
            config = index.config
        options = Options(config=config, label_from=self._curated.label_from, workers=1)
        summary = build(self._curated.path, self._index, options)
        with self._archive.reading() as index:
            cases = index.cases
            found = dict(
                zip(cases["case_id"].to_pylist(), cases["patient_id"].to_pylist(), strict=True)
            )
        for change in changes:
            if change.case_id not in found:
                change.code, change.detail = _refusal(summary, change)

    def _removed(self, change: Change) -> None:
        paths = self._paths(change.case_id)
        told = remove(self._index, Chosen(cases=(change.case_id,)))
        self._forget_files(paths)
        with self._archive.reading() as index:  # lets go of the generation that had it
            self._shelf.forget_before(index.generation.number)
        until = time.monotonic() + _RELEASE_S
        pending = told.pending
        while pending and time.monotonic() < until and not self._closing.wait(0.5):
            with self._archive.reading():
                pass
            with commit.locked(self._index):
                pending = bool(sweep(self._index, commit.opened(self._index)).erasing)
        if pending:
            change.detail = "an older generation that a reader holds still has it; see `cbir gc`"

    def _paths(self, case_id: str) -> list[str]:
        with self._archive.reading() as index:
            return files_of(index, case_id)

    def _forget_files(self, paths: Sequence[str]) -> None:
        """What a curator has said of files, and the files that curators have added."""
        gone = set(paths)
        folders = {path.rpartition("/")[0] for path in paths if path.startswith(f"{FOLDER}/")}
        if not folders and not (self._curated.root / FILE).exists():
            return
        with changing(self._curated.root) as rows:
            for path in [path for path in rows if path in gone or path in folders]:
                del rows[path]
        for folder in folders:
            shutil.rmtree(self._curated.root / folder, ignore_errors=True)


def files_of(index: Any, case_id: str) -> list[str]:
    """The archive's files of a case, by path."""
    import pyarrow.compute as pc

    facts = index.facts
    sources = set(facts.filter(pc.equal(facts["case_id"], case_id))["source"].to_pylist())
    files = index.store.table("files")
    rows = zip(files["source"].to_pylist(), files["path"].to_pylist(), strict=True)
    return [path for source, path in rows if source in sources]


def _refusal(summary: Summary, change: Change) -> tuple[str, str]:
    """Why a case is not in the index though it was to be."""
    study = change.case_id.rpartition("/")[2]
    for reject in summary.rejects:
        if study in reject.path:
            return reject.code, reject.sentence
    return "not_there", "the index did not take it; was it removed before?"
