"""Hands jobs to worker processes and takes their answers, in a thread of its own.

A thread, because the caller is busy with the last scans while the workers read the next ones: they
must not wait for it, and its clock must not judge them by when it found the time to look.
"""

import os
import re
import selectors
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from indexer.wire import Arrays, Buffer, Meta, WireError
from indexer.worker_process import WorkerLimits, WorkerProcess
from models.errors import UnreadableScan

DEEP = 3  # jobs given to a worker at a time while its jobs are short
SHORT_SECONDS = 0.05  # a longer job hides the way there and back by itself
FAILED_STARTS = 3  # in a row, until the pool gives up
LONGEST_SENTENCE = 500
CLOSED = "the workers were closed before this was done"
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class WorkersError(RuntimeError):
    """No worker can run the function: a fault of the installation or of ours, not of a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job. `seconds`: wall time in the worker."""

    meta: Meta
    arrays: Arrays
    error: UnreadableScan | None
    seconds: float


Results = SimpleQueue[tuple[int, Answer | BaseException]]


@dataclass(slots=True)
class Run:
    """Where the answers of one run go; not `alive` once nobody reads them."""

    results: Results = field(default_factory=SimpleQueue)
    alive: bool = True


@dataclass(slots=True)
class Job:
    """A message to a worker, and whom its answer is for."""

    run: Run
    number: int
    message: list[Buffer]
    deaths: int = 0


@dataclass(slots=True, eq=False)
class Member:
    """A worker of the team and the jobs that it was given; the first is the one it works on."""

    process: WorkerProcess
    deadline: float
    ready: bool = False
    depth: int = 1
    jobs: deque[Job] = field(default_factory=deque)

    @property
    def overdue(self) -> bool:
        """Whether it has had its time, for the start or for a job."""
        return bool(self.jobs or not self.ready) and self.deadline < time.monotonic()


class Dispatcher:
    """The thread, and the team of workers that belongs to it."""

    def __init__(self, workers: int, function: str, limits: WorkerLimits) -> None:
        """Start the thread; workers are started when there is work, or by `hire`."""
        self._workers, self._function, self._limits = workers, function, limits
        self._inbox: deque[Job] = deque()
        self._pending: deque[Job] = deque()
        self._team: list[Member] = []
        self._wanted = 0
        self._failed_starts = 0
        self._fault: BaseException | None = None
        self._closing = False
        self._gate = threading.Lock()  # the bell is not rung after it was closed
        self._selector = selectors.DefaultSelector()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        # The workers are told to die with the thread that started them (prctl(2)): this one.
        self._thread = threading.Thread(target=self._live, name="workers", daemon=True)
        self._thread.start()

    def hire(self) -> None:
        """Start all workers now, before there is work for them."""
        with self._gate:
            if not self._closing:
                self._wanted = self._workers
                os.eventfd_write(self._bell, 1)

    def submit(self, jobs: Iterable[Job]) -> None:
        """Have `jobs` done; the answers come to their run. Raises what ended the thread, if any."""
        with self._gate:
            if not self._closing:
                self._inbox.extend(jobs)
                os.eventfd_write(self._bell, 1)
        if self._fault is not None:
            raise self._fault
        if self._closing:
            raise WorkersError(CLOSED)

    def close(self) -> None:
        """Kill the workers and end the thread; runs that wait are told. Safe to call twice."""
        with self._gate:
            if self._closing:
                return
            self._closing = True
            os.eventfd_write(self._bell, 1)
        self._thread.join()
        self._selector.close()
        os.close(self._bell)

    def _live(self) -> None:
        try:
            while not self._closing:
                self._fill_team()
                self._hand_out()
                for key, events in self._selector.select(self._patience()):
                    if key.data is None:
                        os.eventfd_read(self._bell)
                    else:
                        self._serve(key.data, events)
                while self._inbox:
                    self._pending.append(self._inbox.popleft())
                self._end_overdue()
            self._give_up(WorkersError(CLOSED))
        except BaseException as fault:
            self._give_up(fault)
        finally:
            for member in self._team:
                member.process.end()

    def _fill_team(self) -> None:
        busy = sum(1 for member in self._team if member.jobs)
        needed = min(self._workers, max(self._wanted, busy + len(self._pending)))
        self._wanted = 0
        while len(self._team) < needed:
            process = WorkerProcess(self._function, self._limits)
            member = Member(process, time.monotonic() + self._limits.start_seconds)
            self._team.append(member)
            self._selector.register(process.link, selectors.EVENT_READ, member)

    def _hand_out(self) -> None:
        while self._pending:
            open_to = [m for m in self._team if m.ready and len(m.jobs) < m.depth]
            if not open_to:
                return
            member = min(open_to, key=lambda m: len(m.jobs))
            job = self._pending.popleft()
            if job.run.alive:
                if not member.jobs:
                    member.deadline = time.monotonic() + self._limits.seconds
                member.jobs.append(job)
                member.process.send(job.message)
                self._watch(member)

    def _watch(self, member: Member) -> None:
        events = selectors.EVENT_READ
        if member.process.unsent:
            events |= selectors.EVENT_WRITE
        if self._selector.get_key(member.process.link).events != events:
            self._selector.modify(member.process.link, events, member)

    def _patience(self) -> float | None:
        """Seconds until the next deadline; None if nobody is working."""
        deadlines = [m.deadline for m in self._team if m.jobs or not m.ready]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _serve(self, member: Member, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            member.process.flush()
            self._watch(member)
        if events & selectors.EVENT_READ:
            was_sending = member.process.sending
            try:
                while (message := member.process.read()) is not None:
                    self._take(member, *message)
                    was_sending = False
            except (EOFError, OSError, WireError):
                self._bury(member, "worker_died")
                return
            if member.process.sending and not was_sending:
                # Done in time: what is left is the way here, which has a time limit of its own.
                member.deadline = time.monotonic() + self._limits.seconds

    def _take(self, member: Member, meta: Meta, arrays: Arrays) -> None:
        kind = meta.get("kind")
        if not member.ready and kind == "ready":
            member.ready, self._failed_starts = True, 0
        elif not member.ready and kind == "unfit":
            raise WorkersError(f"a worker cannot load {self._function}: {_printable(meta['why'])}")
        elif member.ready and member.jobs:
            answer = _answer(meta, arrays)
            self._deliver(member.jobs.popleft(), answer)
            member.depth = DEEP if answer.seconds < SHORT_SECONDS else 1
            member.deadline = time.monotonic() + self._limits.seconds
        else:
            raise WireError("a worker spoke without having been asked")

    def _end_overdue(self) -> None:
        for member in [m for m in self._team if m.overdue]:
            # This thread may itself have been held up for long: the answer may be here by now.
            self._serve(member, selectors.EVENT_READ)
            if member in self._team and member.overdue:
                self._bury(member, "timed_out")

    def _bury(self, member: Member, code: str) -> None:
        """End a worker; the job that it was on is rejected, the others go to another worker."""
        self._selector.unregister(member.process.link)
        self._team.remove(member)
        status = member.process.end()
        if not member.ready:
            self._failed_starts += 1
            if self._failed_starts == FAILED_STARTS:
                raise WorkersError(f"workers do not start (the last ended with {status})")
        if member.jobs:
            job = member.jobs.popleft()
            self._pending.extendleft(reversed(member.jobs))
            job.deaths += 1
            # Once more in a fresh worker: the system may have been short of memory, or a file
            # before this one may have damaged the worker.
            if code == "worker_died" and job.deaths == 1:
                self._pending.appendleft(job)
            else:
                self._deliver(job, rejected(code, _sentence(code, self._limits), 0.0))

    def _deliver(self, job: Job, answer: Answer) -> None:
        if job.run.alive:
            job.run.results.put((job.number, answer))

    def _give_up(self, fault: BaseException) -> None:
        self._fault = fault
        jobs = [job for member in self._team for job in member.jobs]
        for job in [*jobs, *self._pending, *self._inbox]:
            job.run.results.put((job.number, fault))


def rejected(code: str, sentence: str, seconds: float) -> Answer:
    """The answer that a file could not be read."""
    return Answer({}, {}, UnreadableScan(code, sentence), seconds)


def _answer(meta: Meta, arrays: Arrays) -> Answer:
    match meta:
        case {"kind": "done", "seconds": float() as seconds, "meta": dict() as inner}:
            return Answer(inner, arrays, None, seconds)
        case {
            "kind": "reject",
            "seconds": float() as seconds,
            "code": str() as code,
            "sentence": str() as sentence,
        } if CODE.fullmatch(code):
            return rejected(code, _phrase(code, _printable(sentence)), seconds)
    raise WireError("a worker's answer has the wrong form")


def _phrase(code: str, sentence: str) -> str:
    if code == "failed":
        return f"reading stopped with {sentence}"
    return sentence or _sentence(code, WorkerLimits())


def _sentence(code: str, limits: WorkerLimits) -> str:
    return {
        "timed_out": f"reading took longer than {limits.seconds:g} s",
        "out_of_memory": "reading needs more memory than a worker may take",
        "worker_died": "the process that read it died, twice",
    }.get(code, code)


def _printable(text: Any) -> str:
    """`text` without control characters: it came from a process that may have been taken over."""
    return UNPRINTABLE.sub(" ", str(text))[:LONGEST_SENTENCE]
