"""Kills a process that changes an index, at random moments, and looks at what it leaves.

    python -m benchmarks.crash [--seconds 60 | --kills 200] [--real 0] [--seed 0]

Each round changes an archive (films come, change and go) and brings its index up to date in a
process that is killed (SIGKILL) again and again, and goes on until one is done. After each kill
`CURRENT` names the old or the new generation and every file of it is what was written; no run
describes more than one batch again; and at the end the index holds what one that was never
interrupted holds. The numbers are drawn, not computed (`benchmarks.crash_describer`); `--real`
further kills are of a whole `cbir index` over pictures.

A kill does not lose what the system has not yet written to the disk, as a loss of power does; for
that files and folders are synced in order, which tests/indexer/test_faults.py holds.
"""

import argparse
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.crash_describer import Numbers
from benchmarks.crash_real import kill_real
from indexer import commit
from indexer.archive import walk
from indexer.machine_made import MachineMade
from indexer.pipeline import Options, update
from indexer.work import ROWS
from retrieval.inspect import verified

SLICES = 64
BATCH = ROWS // SLICES
"""Scans that are described between two writes to the workbench."""

_FILMS, _MOST_KILLS_A_ROUND = 16, 25


class BrokenError(Exception):
    """A promise of the index was broken; says which."""


@dataclass
class Tally:
    """What happened. `left`: what a killed process had left, how often."""

    kills: int = 0
    rounds: int = 0
    real: int = 0
    left: Counter[str] = field(default_factory=Counter)


class Crash:
    """An archive and its index in a folder, and the processes that change it."""

    def __init__(self, work: Path, seed: int) -> None:
        """`work`: an empty folder."""
        self.archive, self.index = work / "archive", work / "index"
        self._log, self._work = work / "described", work
        self._random = random.Random(seed)
        self._films = 0
        (self.archive / "images").mkdir(parents=True)  # no label: nothing to fit takes less time
        self._add(_FILMS)

    def round(self, tally: Tally, enough: Callable[[], bool]) -> None:
        """Changes the archive, and its index under fire. Raises `BrokenError`."""
        self._change_archive()
        reference = self._work / "reference"
        shutil.rmtree(reference, ignore_errors=True)
        if self.index.exists():
            shutil.copytree(self.index, reference)
        took_s, described = self._uninterrupted(reference)
        old, wanted = _state(self.index), _content(reference)
        self._log.unlink(missing_ok=True)
        kills = 0
        while True:
            last = kills >= _MOST_KILLS_A_ROUND or enough()
            done = self._run(None if last else self._random.uniform(0, took_s))
            if done:
                break
            kills += 1
            tally.left[self._looked_at(old, wanted)] += 1
        again = self._described() - described
        if again > kills * BATCH:
            raise BrokenError(f"{again} scans were described again after {kills} kills")
        if _content(self.index) != wanted:
            raise BrokenError("the index differs from one that was never interrupted")
        tally.kills += kills
        tally.rounds += 1

    def _looked_at(self, old: str, wanted: str) -> str:
        """What a killed process has left. Raises `BrokenError`."""
        state = _state(self.index)
        if state != old:
            if _content(self.index) != wanted:
                raise BrokenError("CURRENT names neither the old nor the new generation")
            return "the new generation, not tidied up"
        number = int(old.split(" ")[0].removeprefix("gen-") or 0)
        there = {
            "scans on the workbench": any(self.index.glob("work/*/*.parquet")),
            "a half written part": any(self.index.glob("work/*/*.new")),
            "a half written generation": any(self.index.glob("tmp-*")),
            "a whole one that is not named": commit.highest(self.index) > number,
        }
        return ", ".join(name for name, is_there in there.items() if is_there) or "nothing new"

    def _uninterrupted(self, index: Path) -> tuple[float, int]:
        """Seconds that the change takes, and how many scans it describes."""
        self._log.unlink(missing_ok=True)
        began = time.perf_counter()
        if not _in_child(lambda: self._change(index), None):
            raise BrokenError("a run that nobody interrupted failed")
        return time.perf_counter() - began, self._described()

    def _run(self, kill_after_s: float | None) -> bool:
        done = _in_child(lambda: self._change(self.index), kill_after_s)
        if not done and kill_after_s is None:
            raise BrokenError("a run that nobody interrupted failed")
        return done

    def _change(self, index: Path) -> None:
        listing = walk(self.archive)
        describer = Numbers(self._log, SLICES)
        options = Options(prune=True)
        with commit.locked(index):
            update(listing, index, options, describer, lambda *_: None, MachineMade())

    def _described(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _change_archive(self) -> None:
        films = sorted(self.archive.rglob("*.film"))
        for film in self._random.sample(films, 3):
            film.write_bytes(film.read_bytes() + b"changed")
        for film in self._random.sample(films, max(0, len(films) - 2 * _FILMS)):
            film.unlink()
        self._add(self._random.randint(1, 8))

    def _add(self, count: int) -> None:
        for _ in range(count):
            film = self.archive / "images" / f"{self._films:05d}.film"
            film.write_bytes(self._random.randbytes(200))
            self._films += 1


def _preload() -> None:
    """What a change imports where it needs it: once here, not in every child."""
    for name in ("faiss", "safetensors.numpy", "scipy.optimize", "scipy.sparse"):
        importlib.import_module(name)


def _in_child(job: Callable[[], object], kill_after_s: float | None) -> bool:
    """Does a job in a forked process, which may be killed; gives whether it came to its end.

    This process uses no threads, so that a fork of it is whole; so whatever does is done in one.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            job()
            code = 0
        except BaseException as error:
            print(f"crash: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise BrokenError("a run failed, though nothing was wrong")
    return status == 0


def _content(index: Path) -> str:
    """The content hash of the live generation, each file of which was compared with its hash."""
    reading, writing = os.pipe()
    if not _in_child(lambda: os.write(writing, verified(index).content.encode()), None):
        raise BrokenError("the index cannot be verified")
    os.close(writing)
    with os.fdopen(reading) as told:
        return told.read()


def _state(index: Path) -> str:
    """What CURRENT says; "" where nothing was ever committed. Every file is as it was written."""
    current = index / commit.CURRENT
    if not current.exists():
        return ""
    _content(index)
    return current.read_text()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; `arguments` without the program's name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash")
    parser.add_argument("--seconds", type=float, help="how long (60)")
    parser.add_argument("--kills", type=int, help="how many kills, instead of how long")
    parser.add_argument("--real", type=int, default=0, help="kills of a whole `cbir index` too")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (0)")
    told = parser.parse_args(arguments)
    seconds = told.seconds or (60.0 if told.kills is None else float("inf"))
    _preload()
    until = time.monotonic() + seconds
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="crash-") as work:
        crash = Crash(Path(work), told.seed)

        def enough() -> bool:
            kills = sum(tally.left.values())
            return time.monotonic() > until or (told.kills is not None and kills >= told.kills)

        while not enough():
            crash.round(tally, enough)
        tally.real = kill_real(Path(work) / "real", told.real, told.seed)
    print(json.dumps({**asdict(tally), "left": dict(tally.left.most_common())}, indent=1))


if __name__ == "__main__":
    main()
