"""How workers end: with the pool, with their parent, and nothing of them stays."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from indexer.workers import WorkerPool
from tests.indexer.test_workers import PERFORM, tasks

ROOT = Path(__file__).resolve().parent.parent.parent


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> set[int]:
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that ends meanwhile
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def test_nothing_is_left_behind() -> None:
    before = children(), open_files()
    with WorkerPool(2, PERFORM) as pool:
        pool.start()
        acts: list[dict[str, Any]] = [
            {"do": "echo"},
            {"do": "exit"},
            {"do": "sleep", "seconds": 60},
        ]
        next(pool.run(tasks(*acts)))
    pool.close()
    assert (children(), open_files()) == before


SCRIPT = f"""
import sys
from indexer.workers import WorkerPool
if __name__ != "__main__":
    raise SystemExit("imported again")
with WorkerPool(2, "{PERFORM}") as pool:
    sleep = {{"do": "sleep", "seconds": 60}}
    for outcome in pool.run([(0, {{}})] + [(n, sleep) for n in range(1, 9)]):
        print(*(m.process.pid for m in pool._dispatcher._team), flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_workers_end_with_their_parent(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "user_script.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(how)
    _, errors = parent.communicate(timeout=10)
    assert errors.count("Traceback") == (1 if how == signal.SIGINT else 0)
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
