"""What one person may ask for (docs/security.md)."""

import socket
import ssl
from pathlib import Path

from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    problem,
    signed_in,
)
from tests.retrieval.web.security.asked import ASK, COOKIE, FILM, another, case_of, hand_in


def test_one_person_asks_only_so_much_at_once(office: Office) -> None:
    """Four are under way (they wait for an engine or work); the fifth is told to come back."""
    import threading

    with signed_in(office.server, "anna") as one, signed_in(office.server, "carl") as other:
        case = case_of(one)
        got: list[int] = []

        def ask() -> None:
            sent = one.post("/api/v1/reports", json={"case_id": case, "format": "pdf", "k": 12})
            got.append(sent.status_code)
            if sent.status_code == 429:
                assert problem(sent) == (429, "at_once")
                assert sent.headers["retry-after"]

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        assert other.post(ASK, json={"case_id": case}).status_code == 200
        for thread in threads:
            thread.join()
    assert set(got) == {200, 429}
    assert got.count(200) >= 4


def test_one_person_asks_only_so_often(index: Path, tmp_path: Path) -> None:
    with another(index, tmp_path) as server, signed_in(server, "anna") as one:
        got = [one.post(ASK, json={}).status_code for _ in range(140)]
        assert set(got) == {400, 429}
        assert 120 <= got.count(400) <= 135
        assert got[0] == 400
        last = one.post(ASK, json={})
        assert problem(last) == (429, "rate")
        with signed_in(server, "carl") as other:
            assert other.post(ASK, json={}).status_code == 400


def test_an_upload_has_a_most_in_bytes(office: Office) -> None:
    """What is said to be too long is refused before it is sent; test_uploads.py has the rest."""
    with signed_in(office.server, "anna") as one:
        cookie = one.cookies[COOKIE]
    host = office.server.address.removeprefix("https://")
    lines = (
        "POST /api/v1/scans HTTP/1.1",
        f"Host: {host}",
        f"Origin: {office.server.address}",
        f"Cookie: {COOKIE}={cookie}",
        f"Content-Length: {1 << 40}",
    )
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    address, _, port = host.partition(":")
    with (
        socket.create_connection((address, int(port)), timeout=20) as plain,
        trusting.wrap_socket(plain) as line,
    ):
        line.sendall("\r\n".join((*lines, "", "")).encode())
        answer = line.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"code":"too_large"' in answer


def test_an_upload_has_a_most_in_files(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        files = [("files", (f"{n}.dcm", b"")) for n in range(4001)]
        assert one.post("/api/v1/scans", files=files).status_code in (400, 413)


def test_an_upload_has_a_most_in_pixels(office: Office) -> None:
    """A PNG of some kilobytes that would be 30,000 x 30,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_001) * 100)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    with signed_in(office.server, "anna") as one:
        sent = one.post("/api/v1/scans", files=[("files", ("a.png", png))])
        assert problem(sent) == (422, "too_large")


def test_what_is_handed_in_is_its_owners_alone(office: Office, examples: Path) -> None:
    with signed_in(office.server, "anna") as anna, signed_in(office.server, "carl") as carl:
        scan = hand_in(anna, examples / FILM)
        assert anna.get(f"/api/v1/scans/{scan}").status_code == 200
        assert problem(carl.get(f"/api/v1/scans/{scan}")) == (404, "no_scan")
        assert problem(carl.get(f"/api/v1/scans/{scan}/frames/0")) == (404, "no_scan")
        assert problem(carl.post(ASK, json={"scan_id": scan})) == (404, "no_scan")
        carl.delete(f"/api/v1/scans/{scan}")
        assert anna.get(f"/api/v1/scans/{scan}").status_code == 200
