"""The other side of `indexer.workers`: what runs inside a worker process.

Limits are set here, after the imports and before the first file, with the calls of setrlimit(2)
and prctl(2). The parent gave this process one socket, an environment without secrets, and
/dev/null for input, output and errors: native decoders print header values.
"""

import contextlib
import ctypes
import math
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from indexer.wire import Arrays, Buffer, MessageReader, Meta, decode, encode
from models.errors import UnreadableScan

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CV_STS_NO_MEM = -4  # cv2.error.code of an allocation that failed

Task = Callable[[dict[str, Any]], tuple[Meta, Arrays]]


def main(settings: dict[str, Any]) -> None:
    """Serve tasks until the parent closes the socket.

    `settings`: `fd` the socket, `parent` the id of the parent, `function` "module:function",
    `memory` in bytes, `seconds` a task.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(settings["parent"])
    link = socket.socket(fileno=settings["fd"])
    with contextlib.suppress(OSError):  # the parent is gone: there is nobody to tell
        try:
            module, _, name = settings["function"].partition(":")
            function: Task = getattr(import_module(module), name)
            _confine(settings["memory"])
        except Exception as fault:
            # No file has been opened yet: the message of this exception is safe to show.
            send(link, encode({"kind": "unfit", "why": f"{type(fault).__name__}: {fault}"}, {}))
        else:
            send(link, encode({"kind": "ready"}, {}))
            _serve(link, function, settings["seconds"])
    os._exit(0)  # nothing to tidy, and the teardown of native libraries takes time


def _serve(link: socket.socket, function: Task, seconds: float) -> None:
    reader = MessageReader()
    while True:
        try:
            message = reader.read(link)
        except EOFError:
            return
        if message is not None:
            params, _ = decode(message)
            del message
            _grant_cpu(seconds)
            send(link, answer(function, params))


def answer(function: Task, params: dict[str, Any]) -> list[Buffer]:
    """Run one task; the message to send, whatever happens in it."""
    begun = time.perf_counter()
    try:
        meta, arrays = function(params)
        return encode(
            {"kind": "done", "seconds": time.perf_counter() - begun, "meta": meta}, arrays
        )
    except UnreadableScan as reject:
        code, sentence = reject.code, str(reject)
    except MemoryError:
        code, sentence = "out_of_memory", ""
    except (Exception, SystemExit) as fault:
        # Only the type: a message may hold what stands in the file.
        code, sentence = "failed", type(fault).__name__
        if getattr(fault, "code", None) == CV_STS_NO_MEM:
            code, sentence = "out_of_memory", ""
    seconds = time.perf_counter() - begun
    return encode({"kind": "reject", "seconds": seconds, "code": code, "sentence": sentence}, {})


def send(link: socket.socket, buffers: list[Buffer]) -> None:
    """Write `buffers` to a blocking socket."""
    waiting = [memoryview(buffer) for buffer in buffers]
    while waiting:
        sent = link.sendmsg(waiting[:64])
        while waiting and sent >= len(waiting[0]):
            sent -= len(waiting.pop(0))
        if waiting:
            waiting[0] = waiting[0][sent:]


def _die_with(parent: int) -> None:
    """End this process when the parent does, even in the middle of a task."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _confine(memory_bytes: int) -> None:
    """Bound the memory, and leave no core file: it would hold somebody's picture."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        memory_bytes = min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _grant_cpu(seconds: float) -> None:
    """A backstop to the parent's clock: processor time for one more task."""
    soft = math.ceil(time.process_time() + seconds + 1)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
