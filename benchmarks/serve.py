"""What a server bears: people who ask without pause. `python -m benchmarks.serve --help`.

Each person hands in a film once and asks about it again and again, which describes it anew each
time. The server is a process of its own on the index that is given; the people are threads here.
"""

import argparse
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

_PROGRAM = "from retrieval.cli import main; main()"
_STARTS_WITHIN_S, _ANSWERS_WITHIN_S = 60, 120
_BOUNDARY = "a-film-and-nothing-else"


@dataclass(slots=True)
class Asked:
    """What the people saw: times of answers in ms, statuses other than 200, memory in MB."""

    took_ms: list[float] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def line(self, people: int) -> str:
        """The figures on one line."""
        cuts = quantiles(self.took_ms, n=20)
        return (
            f"{people} asking: {len(self.took_ms)} answers, {len(self.failed)} failed, "
            f"p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms, "
            f"memory {self.memory_mb[0]:.0f} MB at first, {self.memory_mb[-1]:.0f} MB at last"
        )


def measured(port: int, process: int, films: Sequence[Path], people: int, seconds: float) -> Asked:
    """So many people ask for so long; memory is that of the server and what it started."""
    asked, until = Asked(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_ask, args=(port, films[one % len(films)], until, asked))
        for one in range(people)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        time.sleep(min(5, seconds / 4))
        asked.memory_mb.append(_memory_mb(process))
    for thread in threads:
        thread.join()
    return asked


def _ask(port: int, film: Path, until: float, asked: Asked) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWERS_WITHIN_S)
    status, told = _post(link, "scans", _form(film), f"multipart/form-data; boundary={_BOUNDARY}")
    if status != 201:
        asked.failed.append(status)
        return
    body = json.dumps({"scan_id": told["scan_id"]}).encode()
    while time.monotonic() < until:
        began = time.perf_counter()
        status, _ = _post(link, "queries", body, "application/json")
        if status == 200:
            asked.took_ms.append(1000 * (time.perf_counter() - began))
        else:
            asked.failed.append(status)


def _post(link: http.client.HTTPConnection, name: str, body: bytes, kind: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    link.request("POST", f"/api/v1/{name}", body, {"Content-Type": kind})
    response = link.getresponse()
    return response.status, json.loads(response.read())


def _form(film: Path) -> bytes:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{film.name}"'
        "\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + film.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _memory_mb(process: int) -> float:
    """Proportional set size of a process and of all that it started."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        own = next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [one for task in tasks for one in (task / "children").read_text().split()]
    except (OSError, StopIteration):
        return 0.0  # it ended meanwhile
    return own + sum(_memory_mb(int(child)) for child in children)


def _started(index: Path) -> "tuple[int, subprocess.Popen[bytes]]":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    told = ["serve", "--index", str(index), "--port", str(port), "--quiet"]
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, *told])
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return port, process
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise SystemExit(f"the server did not start within {_STARTS_WITHIN_S} s")


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index that is served")
    parser.add_argument("--films", type=Path, nargs="+", required=True, help="what is asked about")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8], help="one run for each")
    parser.add_argument("--seconds", type=float, default=600, help="how long each run takes")
    given = parser.parse_args()
    port, process = _started(given.index)
    try:
        for people in given.people:
            asked = measured(port, process.pid, given.films, people, given.seconds)
            print(asked.line(people), flush=True)
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
