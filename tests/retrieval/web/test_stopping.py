"""Work that is under way: a worker that is killed in the middle of it, and work that is stopped."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.retrieval.web.people import problem
from tests.retrieval.web.serving import Serving, served

LEAST_TICKS = 3
LOOK_S = 0.2
"""So long it is looked whether a worker computes; on a busy machine it gets a part of that."""


@pytest.fixture(scope="module")
def own(index: Path) -> Iterator[Serving]:
    """A server of its own: its workers are killed."""
    with served(index) as one:
        yield one


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture of 42 million pixels, which takes a worker seconds."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (81, 81), np.uint8)
    return cv2.imencode(".png", cv2.resize(small, (6500, 6500)))[1].tobytes()


def test_a_worker_that_is_killed_in_the_middle_fails_its_own_request_alone(
    own: Serving, large: bytes
) -> None:
    others: list[int] = []
    done = threading.Event()
    with client_of(own) as one:
        case = one.get("/api/v1/cases?limit=1").json()["cases"][0]["case_id"]
        wait_for(lambda: not busy(own))
        started = max(ticks(worker) for worker in workers(own.process.pid))

        def ask() -> None:
            while not done.is_set():
                others.append(one.post("/api/v1/queries", json={"case_id": case}).status_code)

        with ThreadPoolExecutor(2) as threads:
            asking = threads.submit(ask)
            sending = threads.submit(hand_in, own, large)
            try:
                for _ in range(2):  # a worker that dies is replaced once
                    os.kill(wait_for(lambda: busy(own, started)), signal.SIGKILL)
                refused = sending.result(60)
            finally:
                done.set()
            asking.result(60)
    assert problem(refused) == (422, "worker_died")
    assert others
    assert set(others) == {200}
    again = hand_in(own, large)
    assert again.status_code == 201, again.text


def test_a_query_that_is_cancelled_ends_at_once(own: Serving, large: bytes) -> None:
    scan = hand_in(own, large).json()["scan_id"]
    with client_of(own) as one, ThreadPoolExecutor(1) as threads:
        whole_s = seconds_of(partial(one.post, "/api/v1/queries", json={"scan_id": scan}), 200)
        body = {"scan_id": scan, "work_id": "mine"}
        asked: Future[httpx.Response] = threads.submit(one.post, "/api/v1/queries", json=body)
        wait_for(lambda: busy(own))
        ended_s = seconds_of(partial(one.delete, "/api/v1/running/mine"), 204)
        ended_s += seconds_of(partial(asked.result, 60), 409)
        assert problem(asked.result()) == (409, "cancelled")
        assert ended_s < whole_s / 2 + 1
        assert one.post("/api/v1/queries", json={"scan_id": scan}).status_code == 200


def test_who_goes_is_not_worked_for(own: Serving, large: bytes) -> None:
    scan = hand_in(own, large).json()["scan_id"]
    with client_of(own) as one:
        with pytest.raises(httpx.ReadTimeout):
            one.post("/api/v1/queries", json={"scan_id": scan}, timeout=0.5)
        wait_for(lambda: not busy(own))
        assert one.post("/api/v1/queries", json={"scan_id": scan}).status_code == 200


def client_of(server: Serving) -> httpx.Client:
    return httpx.Client(base_url=server.address, timeout=60)


def hand_in(server: Serving, data: bytes) -> httpx.Response:
    with client_of(server) as one:
        return one.post("/api/v1/scans", files=[("files", ("a.png", data))])


def seconds_of(act: Callable[[], httpx.Response], status: int) -> float:
    """How long it took; the answer's status must be this one."""
    began = time.monotonic()
    assert act().status_code == status
    return time.monotonic() - began


def wait_for(found: Callable[[], int | bool]) -> int:
    until = time.monotonic() + 60
    while not (told := found()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return int(told)


def busy(server: Serving, started: int = 0) -> int:
    """A worker of the server that computes now, and for a while; 0 if there is none.

    `started`: CPU time that it takes to start, in ticks: one that is only starting is not meant.
    """
    before = {worker: ticks(worker) for worker in workers(server.process.pid)}
    time.sleep(LOOK_S)
    for worker, spent in before.items():
        if spent >= started and ticks(worker) - spent >= LEAST_TICKS:
            return worker
    return 0


def ticks(process: int) -> int:
    """CPU time of a process (proc(5))."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def workers(process: int) -> Iterator[int]:
    """The processes that a process has started."""
    for line in Path(f"/proc/{process}/task").iterdir():
        yield from map(int, (line / "children").read_text().split())
