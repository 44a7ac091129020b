"""One worker process, seen from the parent: started, written to, read from, ended."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from indexer.wire import LARGEST_MESSAGE, Arrays, Buffer, MessageReader, Meta, decode

# -I keeps the worker from reading PYTHON* variables and the current folder, and so from importing
# what lies beside an archive; the parent's own module path is handed over instead, which holds for
# a virtual environment, an editable install and a test run alike. `site` still runs: the import
# hooks of editable installs live there.
BOOT = """
import json, sys
settings = json.loads(sys.argv[1])
sys.path[:] = settings["path"]
from indexer.worker_main import main
main(settings)
"""
# What a worker needs of the environment. Proxies, tokens and the like are not passed on.
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
# Parallelism comes from the number of workers. Every further malloc arena would reserve memory.
SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "MALLOC_ARENA_MAX": "1",
    # A picture's arrays are as large as what malloc maps anew each time; touching fresh pages took
    # a third of a film's time. Up to these sizes they come from the heap, which keeps its pages.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
# A few thumbnails, so that a worker does not wait for the parent to read the last one. The kernel
# gives less where net.core.wmem_max is lower.
SEND_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may take.

    `memory_bytes` bounds private writable memory (RLIMIT_DATA), which is what a decoder allocates.
    RLIMIT_AS would also count the code of shared libraries, mapped files and reserved but unused
    address space, several hundred MB that differ from machine to machine.

    `seconds`: wall time of one task; processor time is bounded a second above it as a backstop.
    `start_seconds`: wall time until a new worker has imported its function.
    `result_bytes`: the largest message that a worker may send.
    """

    memory_bytes: int = 2 << 30
    seconds: float = 60.0
    start_seconds: float = 120.0
    result_bytes: int = LARGEST_MESSAGE


class WorkerProcess:
    """A process that runs `indexer.worker_main`, and the socket to it (non-blocking)."""

    def __init__(self, function: str, limits: WorkerLimits) -> None:
        """Start the process; its imports go on while this returns. Raises OSError."""
        self.link, child = socket.socketpair()
        with child:
            self.link.setblocking(False)
            child.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            self._process = subprocess.Popen(
                _command(function, limits, child.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(child.fileno(),),
                env={name: os.environ[name] for name in KEPT if name in os.environ} | SINGLE,
                process_group=0,  # Ctrl-C in a terminal is for the parent
            )
        self._reader = MessageReader(limits.result_bytes)
        self._unsent: deque[memoryview] = deque()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def unsent(self) -> bool:
        """Whether `send` left something that `flush` has to write."""
        return bool(self._unsent)

    @property
    def sending(self) -> bool:
        """Whether a part of its next message is here already."""
        return self._reader.begun

    def send(self, buffers: list[Buffer]) -> None:
        """Queue a message and write what the socket takes now."""
        self._unsent.extend(memoryview(buffer) for buffer in buffers)
        self.flush()

    def flush(self) -> None:
        """Write what is queued, as far as the socket takes it. A dead worker is left to `read`."""
        with contextlib.suppress(OSError):
            while self._unsent:
                sent = self.link.send(self._unsent[0])
                if sent < len(self._unsent[0]):
                    self._unsent[0] = self._unsent[0][sent:]
                else:
                    self._unsent.popleft()

    def read(self) -> tuple[Meta, Arrays] | None:
        """The next message if it is complete, else None.

        Raises EOFError or OSError when the process has ended, `WireError` for what is no message.
        """
        with contextlib.suppress(BlockingIOError):
            while True:
                message = self._reader.read(self.link)
                if message is not None:
                    return decode(message)
        return None

    def end(self) -> int:
        """Kill the process, wait for it and close the socket; its return code as `Popen` has it."""
        self.link.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a read of a dead disk
            self._process.wait(5)
        return -1 if self._process.returncode is None else self._process.returncode


def _command(function: str, limits: WorkerLimits, fd: int) -> list[str]:
    settings = {
        "path": [str(Path(entry).absolute()) for entry in sys.path],
        "fd": fd,
        "parent": os.getpid(),
        "function": function,
        "memory": limits.memory_bytes,
        "seconds": limits.seconds,
    }
    flags = ["-I", "-X", f"utf8={sys.flags.utf8_mode}"]
    if sys.dont_write_bytecode:
        flags.append("-B")
    return [sys.executable, *flags, "-c", BOOT, json.dumps(settings)]
