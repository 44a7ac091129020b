"""`cbir serve` as a process of its own, for tests that ask it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN_S = 60
_PROGRAM = "from retrieval.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs. `address`: without a slash at its end."""

    address: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def served(index: Path, *arguments: str, folder: Path | None = None) -> Iterator[Serving]:
    """`cbir serve` of this index, on a port of its own; ended afterwards.

    `folder`: where its private folder is made; the system's, if not said.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _PROGRAM, "serve", "--index", str(index), "--port", str(port)]
    environment = {**os.environ, "NO_COLOR": "1"}
    if folder is not None:
        environment["TMPDIR"] = str(folder)
    process = subprocess.Popen([*command, *arguments], env=environment)
    address = f"{'https' if '--tls-cert' in arguments else 'http'}://127.0.0.1:{port}"
    try:
        _wait(process, port)
        yield Serving(address, process)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            # It listens when everything is ready.
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not start within {STARTS_WITHIN_S} s")
