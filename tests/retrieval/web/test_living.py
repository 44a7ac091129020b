"""A server goes on: new generations, workers that die, people who go, files that are broken."""

import os
import shutil
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from indexer.pipeline import build
from tests.retrieval.films import small_archive
from tests.retrieval.web.serving import served

FILM = "queries/Montgomery_0372.jpg"


@pytest.fixture
def own(examples: Path, tmp_path: Path) -> tuple[Path, Path]:
    """An archive of twelve films and its index, to be changed."""
    archive = small_archive(examples, tmp_path / "archive")
    (archive / "cases.csv").unlink()  # a film that it does not name would not be taken
    build(archive, tmp_path / "index")
    return archive, tmp_path / "index"


def hand_in(client: httpx.Client, film: Path) -> str:
    response = client.post("/api/v1/scans", files=[("files", (film.name, film.read_bytes()))])
    assert response.status_code == 201, response.text
    return str(response.json()["scan_id"])


@pytest.mark.slow
def test_a_new_generation_is_picked_up_and_no_request_fails(
    own: tuple[Path, Path], examples: Path
) -> None:
    archive, index = own
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def ask(address: str) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            scan = hand_in(client, examples / FILM)
            while not done.is_set():
                response = client.post("/api/v1/queries", json={"scan_id": scan, "k": 3})
                told = response.json()
                seen.append((response.status_code, told.get("index", {}).get("generation", 0)))

    with served(index) as one:
        people = [threading.Thread(target=ask, args=(one.address,)) for _ in range(3)]
        for person in people:
            person.start()
        for number in range(3):
            film = archive / "normal" / f"new_{number}.jpg"
            shutil.copy(examples / FILM, film)
            with film.open("ab") as file:
                file.write(bytes([number]))
            build(archive, index)
            _wait_for(partial(_answered_by, seen, number + 2))
        done.set()
        for person in people:
            person.join(60)
    assert {status for status, _ in seen} == {200}
    assert {made for _, made in seen} == {1, 2, 3, 4}


def test_a_worker_that_is_killed_fails_its_own_request_at_most(index: Path, examples: Path) -> None:
    film = examples / FILM
    with served(index) as one, httpx.Client(base_url=one.address, timeout=60) as client:
        case = client.get("/api/v1/cases?limit=1").json()["cases"][0]["case_id"]
        for _ in range(3):
            workers = list(_descendants(one.process.pid))
            assert workers
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            sent = client.post("/api/v1/scans", files=[("files", (film.name, film.read_bytes()))])
            assert sent.status_code < 500, sent.text
            asked = client.post("/api/v1/queries", json={"case_id": case})
            assert asked.status_code == 200, asked.text
        scan = hand_in(client, film)
        assert client.post("/api/v1/queries", json={"scan_id": scan}).status_code == 200


def test_nothing_that_was_handed_in_stays(index: Path, examples: Path, tmp_path: Path) -> None:
    with (
        served(index, folder=tmp_path) as one,
        httpx.Client(base_url=one.address, timeout=60) as client,
    ):
        hand_in(client, examples / FILM)
        (private,) = tmp_path.glob("cbir-serve-*")
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not list(tmp_path.glob("cbir-serve-*"))


def test_what_a_killed_server_left_goes_at_the_next_start(
    index: Path, examples: Path, tmp_path: Path
) -> None:
    with (
        served(index, folder=tmp_path) as one,
        httpx.Client(base_url=one.address, timeout=60) as client,
    ):
        hand_in(client, examples / FILM)
        one.process.kill()
        one.process.wait(20)
    (left,) = tmp_path.glob("cbir-serve-*")
    with served(index, folder=tmp_path):
        assert not left.exists()


@pytest.mark.shared
@pytest.mark.slow
def test_broken_files_are_refused_and_the_server_stays_up(
    client: httpx.Client, shared: Path
) -> None:
    files = sorted(path for path in (shared / "dicom_malformed").rglob("*") if path.is_file())
    assert len(files) == 106
    for file in files:
        sent = client.post("/api/v1/scans", files=[("files", (file.name, file.read_bytes()))])
        assert sent.status_code in (201, 413, 422), (file.name, sent.text)
        if sent.status_code == 201:
            asked = {"scan_id": sent.json()["scan_id"]}
            answer = client.post("/api/v1/queries", json=asked)
            assert answer.status_code < 500, (file.name, answer.text)
    assert client.get("/health/ready").status_code == 200


def _answered_by(seen: list[tuple[int, int]], generation: int) -> bool:
    return any(made == generation for _, made in list(seen))


def _wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def _descendants(process: int) -> Iterator[int]:
    """The processes that a process has started, and theirs."""
    for line in Path(f"/proc/{process}/task").iterdir():
        for child in (line / "children").read_text().split():
            yield from _descendants(int(child))
            yield int(child)
