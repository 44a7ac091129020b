"""What is sent has bounds, whatever is said of it; a server with small ones is asked."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.retrieval.web.people import problem

_PROGRAM = """
import sys
from pathlib import Path
import uvicorn
from retrieval.web.access.binding import Binding
from retrieval.web.app import application
from retrieval.web.settings import Limits, ServeSettings

index, port = Path(sys.argv[1]), int(sys.argv[2])
limits = Limits(upload_bytes=200_000, upload_files=3, upload_s=1.5)
app = application(ServeSettings(index, 1, Binding(port=port), limits=limits))
uvicorn.run(app, port=port, log_level="warning", proxy_headers=False)
"""
EDGE = "edge"


@pytest.fixture(scope="module")
def small(index: Path) -> Iterator[httpx.Client]:
    """A client of a server with small bounds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(index), str(port)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as one:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    one.get("/health/live")
                    break
                except httpx.ConnectError:
                    time.sleep(0.2)
            yield one
    finally:
        process.terminate()
        process.wait(20)


def part(data: bytes) -> bytes:
    """A file in a form."""
    head = 'Content-Disposition: form-data; name="files"; filename="a.jpg"'
    return f"--{EDGE}\r\n{head}\r\n\r\n".encode() + data + f"\r\n--{EDGE}--\r\n".encode()


def sent(one: httpx.Client, pieces: Iterator[bytes]) -> httpx.Response:
    """Sends pieces without saying how much they are."""
    kind = {"Content-Type": f"multipart/form-data; boundary={EDGE}"}
    return one.post("/api/v1/scans", content=pieces, headers=kind)


def test_more_bytes_than_were_said_are_refused(small: httpx.Client) -> None:
    body = part(bytes(300_000))
    pieces = (body[at : at + 50_000] for at in range(0, len(body), 50_000))
    assert problem(sent(small, pieces)) == (413, "too_large")


def test_who_sends_too_slowly_is_not_waited_for(small: httpx.Client) -> None:
    def slow() -> Iterator[bytes]:
        body = part(bytes(1000))
        for at in range(0, len(body), 40):
            yield body[at : at + 40]
            time.sleep(0.2)

    began = time.monotonic()
    assert problem(sent(small, slow())) == (408, "too_slow")
    assert time.monotonic() - began < 4


def test_more_files_than_may_be_are_refused(small: httpx.Client) -> None:
    files = [("files", (f"{number}.dcm", b"x")) for number in range(4)]
    assert problem(small.post("/api/v1/scans", files=files)) == (413, "too_many_files")


def test_what_keeps_to_them_is_taken(small: httpx.Client, examples: Path) -> None:
    film = (examples / "queries" / "Montgomery_0372.jpg").read_bytes()
    assert len(film) < 200_000
    response = small.post("/api/v1/scans", files=[("files", ("film.jpg", film))])
    assert response.status_code == 201
