"""Scans that ask: handing one in, and looking at it."""

import contextlib
from typing import IO, Annotated, Any

from fastapi import APIRouter, File, Request, Response, UploadFile

from retrieval.index import OpenIndex
from retrieval.scans import scan_files
from retrieval.web.access.gate import owner_of
from retrieval.web.audit import events
from retrieval.web.desks import Desk
from retrieval.web.noting import noted
from retrieval.web.pictures import Picture, described
from retrieval.web.problems import Problem
from retrieval.web.state import served
from retrieval.web.uploads import Held

router = APIRouter(tags=["scans"])

Responses = dict[int | str, dict[str, Any]]

OCTETS: Responses = {
    200: {"content": {"application/octet-stream": {}}, "description": "Raw samples."}
}


@router.post("/scans", status_code=201)
async def hand_in(request: Request, files: Annotated[list[UploadFile], File()]) -> dict[str, Any]:
    """Takes a scan: a file, or all slices of one series. It is forgotten after a while."""
    here = served(request)
    if len(files) > here.settings.limits.upload_files:
        raise Problem(413, "too_many_files", f"{len(files):,} files were sent at once")
    owner = owner_of(request)
    parts: list[tuple[str, IO[bytes]]] = [(one.filename or "", one.file) for one in files]

    def look(desk: Desk, index: OpenIndex) -> Held:
        held = here.uploads.take(parts, owner)
        try:
            pool = desk.pool(index)
            paths = scan_files(held.path)
            held.picture = described(pool, paths, index.config, held.folder / "picture")
        except BaseException:
            here.uploads.let_go(held.scan_id)
            raise
        return held

    with here.metrics.timed("scan"):
        held = await here.desks.do(request, look)
    try:
        taken = events.INSTANCES_TRANSFERRED
        await noted(request, taken, events.CREATE, files=len(parts), bytes=held.size)
    except BaseException:
        here.uploads.let_go(held.scan_id)
        raise
    return _told(held)


@router.get("/scans/{scan_id}")
def scan(request: Request, scan_id: str) -> dict[str, Any]:
    """What is known of a scan that was handed in."""
    return _told(_held(request, scan_id))


@router.delete("/scans/{scan_id}", status_code=204)
def forget(request: Request, scan_id: str) -> None:
    """Forgets a scan at once."""
    with contextlib.suppress(Problem):  # there is none of his: it is gone already
        served(request).uploads.let_go(_held(request, scan_id).scan_id)


@router.get("/scans/{scan_id}/frames/{number}", response_class=Response, responses=OCTETS)
def frame(request: Request, scan_id: str, number: int) -> Response:
    """One frame: raw samples, little-endian, row by row."""
    return octets(_picture(_held(request, scan_id)).frame(number))


@router.get("/scans/{scan_id}/mask/{number}", response_class=Response, responses=OCTETS)
def mask(request: Request, scan_id: str, number: int) -> Response:
    """The segmented region on one frame: bytes of 0 or 255."""
    return octets(_picture(_held(request, scan_id)).mask(number))


def octets(data: bytes) -> Response:
    """Raw bytes as they are sent."""
    return Response(data, media_type="application/octet-stream")


def _held(request: Request, scan_id: str) -> Held:
    return served(request).uploads.get(scan_id, owner_of(request))


def _picture(held: Held) -> Picture:
    if held.picture is None:
        raise Problem(404, "no_scan", "this scan is not ready", "Hand it in again.")
    return held.picture


def _told(held: Held) -> dict[str, Any]:
    picture = _picture(held)
    sex, age = picture.told["sex"], picture.told["age"]
    return {
        "scan_id": held.scan_id,
        **picture.facts,
        "quality": picture.told["quality"],
        "patient": {"sex": sex or None, "age": age} if sex or age is not None else None,
    }
