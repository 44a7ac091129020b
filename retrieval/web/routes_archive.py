"""The archive: what the index holds, its cases, and their pictures."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pyarrow.compute as pc
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from retrieval.index import OpenIndex
from retrieval.inspect import facts_of
from retrieval.web.asking import counts
from retrieval.web.audit import events
from retrieval.web.desks import Desk
from retrieval.web.noting import looked_at, note
from retrieval.web.pictures import Picture, described
from retrieval.web.problems import Problem
from retrieval.web.routes_scans import OCTETS, octets
from retrieval.web.state import served

router = APIRouter(tags=["archive"])

_ROW = (
    "case_id",
    "patient_id",
    "label",
    "modality",
    "body_part",
    "view",
    "sex",
    "age",
    "instances",
)
_COUNTED = ("modality", "body_part", "view", "label", "sex")
_AGES = (0, 2, 18, 40, 60, 80, 200)
Where = Annotated[str, Query(max_length=4000)]
Within = Annotated[int | None, Query(alias="generation", ge=0, le=10**9)]
"""The generation that an instance's number is of; another one's is refused."""


@router.get("/index")
def index(request: Request) -> dict[str, Any]:
    """What `cbir info` tells, how often each quality remark is there, and how cases are spread."""
    here = served(request)
    told = facts_of(here.settings.index).to_json()
    del told["path"], told["archive"]
    with here.archive.reading() as opened:
        said = opened.facts.column("quality").to_pylist()
        codes = Counter(one.split(":")[0] for text in said if text for one in text.split("; "))
        return {**told, "quality": dict(codes.most_common()), "facets": _facets(opened, "")}


@router.get("/facets")
def facets(request: Request, where: Where = "") -> dict[str, Any]:
    """How many cases there are of each modality, body part, view, label, sex and age."""
    with served(request).archive.reading() as opened:
        return _facets(opened, where)


def _facets(opened: OpenIndex, where: str) -> dict[str, Any]:
    cases = _selected(opened, where)
    told: dict[str, Any] = {name: counts(cases.column(name).to_pylist()) for name in _COUNTED}
    ages = [age for age in cases.column("age").to_pylist() if age is not None]
    pairs = pairwise(_AGES)
    told["age"] = [
        [low, high, count]
        for low, high in pairs
        if (count := sum(low <= age < high for age in ages))
    ]
    return {**told, "cases": len(cases)}


def _selected(opened: OpenIndex, where: str) -> Any:
    if not where.strip():
        return opened.cases
    from retrieval.where import select

    return opened.cases.filter(select(opened.cases, where))


@router.get("/cases")
def cases(
    request: Request,
    where: Where = "",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Cases that a filter selects, in the order of their ids."""
    with served(request).archive.reading() as opened:
        found = _selected(opened, where)
        rows = found.slice(offset, limit).to_pylist()
        seen, filtered = [row["case_id"] for row in rows], bool(where.strip())
        note(request, events.QUERY, events.EXECUTE, seen, filtered=filtered, list=True)
        number = opened.generation.number
        return {"generation": number, "total": len(found), "cases": [_row(row) for row in rows]}


@router.get("/cases/{case_id:path}")
def case(request: Request, case_id: str) -> dict[str, Any]:
    """One case with its pictures, and the other cases of the same patient."""
    with served(request).archive.reading() as opened:
        found = opened.cases.filter(pc.equal(opened.cases.column("case_id"), case_id)).to_pylist()
        if not found:
            raise Problem(404, "no_case", "there is no such case in this generation")
        row = found[0]
        same = opened.cases.column("patient_id")
        others = []
        if row["patient_id"]:
            table = opened.cases.filter(pc.equal(same, row["patient_id"]))
            others = [one for one in table.to_pylist() if one["case_id"] != case_id]
        seen = [case_id, *(one["case_id"] for one in others)]
        note(request, events.INSTANCES_ACCESSED, events.READ, seen)
        texts = {name: row.get(name) or None for name in ("findings", "annotated_by")}
        return {
            **_row(row),
            **texts,
            "generation": opened.generation.number,
            "instances": _instances(opened, case_id),
            "others": [_row(one) for one in others],
        }


def _instances(opened: OpenIndex, case_id: str) -> list[dict[str, Any]]:
    here = pc.equal(opened.facts.column("case_id"), case_id).to_numpy(zero_copy_only=False)
    rows = here.nonzero()[0].tolist()
    facts = opened.facts.take(rows).select(["slice_index", "quality"]).to_pylist()
    return [
        {
            "instance": row,
            "slice_index": one["slice_index"] if one["slice_index"] >= 0 else None,
            "quality": [text for text in (one["quality"] or "").split("; ") if text],
        }
        for row, one in zip(rows, facts, strict=True)
    ]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] if row[name] not in ("",) else None for name in _ROW}
    return {**told, "instance": row["middle_row"]}


@router.get("/instances/{instance}/preview", response_class=Response)
def preview(request: Request, instance: int, within: Within = None) -> Response:
    """A small picture of an instance, a JPEG."""
    with served(request).archive.reading() as opened:
        _check(opened, instance, within)
        jpeg = opened.store.preview([instance]).get(instance) or b""
        looked_at(request, opened.facts.column("case_id")[instance].as_py())
    if not jpeg:
        raise Problem(404, "no_preview", "no small picture was kept of this instance")
    return Response(jpeg, media_type="image/jpeg")


@router.get("/instances/{instance}")
async def instance(request: Request, instance: int, within: Within = None) -> dict[str, Any]:
    """What a viewer needs to show an instance; of a slice, its whole volume."""
    picture, told = await _shown(request, instance, within)
    return {**picture.facts, **told}


@router.get("/instances/{instance}/frames/{number}", response_class=Response, responses=OCTETS)
async def frame(request: Request, instance: int, number: int, within: Within = None) -> Response:
    """One frame: raw samples, little-endian, row by row."""
    picture, _ = await _shown(request, instance, within)
    return octets(picture.frame(number))


@router.get("/instances/{instance}/mask/{number}", response_class=Response, responses=OCTETS)
async def mask(request: Request, instance: int, number: int, within: Within = None) -> Response:
    """The segmented region on one frame: bytes of 0 or 255."""
    picture, _ = await _shown(request, instance, within)
    return octets(picture.mask(number))


async def _shown(
    request: Request, instance: int, within: int | None
) -> tuple[Picture, dict[str, Any]]:
    here = served(request)
    with here.archive.reading() as opened:
        _check(opened, instance, within)
        row = opened.facts.slice(instance, 1).to_pylist()[0]
        key = f"{opened.generation.number}/{row['source']}"
        told = {"case_id": row["case_id"], "generation": opened.generation.number}
    if served(request).trail is not None:
        await run_in_threadpool(looked_at, request, row["case_id"])
    if row["slice_index"] >= 0:
        told["middle"] = row["slice_index"]
    known = here.shelf.known(key)
    if known is None:

        def make(desk: Desk, opened: OpenIndex) -> Picture:
            paths = _files(opened, row["source"])
            return here.shelf.get(
                key, lambda folder: described(desk.pool(opened), paths, opened.config, folder)
            )

        known = await here.desks.do(request, make)
    return known, told


def _files(opened: OpenIndex, source: str) -> list[str]:
    """The archive's files of a scan. Raises `Problem` where they are not there (any more)."""
    table = opened.store.table("files")
    names = table.filter(pc.equal(table.column("source"), source)).column("path").to_pylist()
    root = Path(opened.generation.manifest["archive"])
    paths = [root / name for name in names]
    if not paths or not all(path.is_file() for path in paths):
        raise Problem(404, "archive_gone", "the archive's file cannot be reached from here")
    return [str(path) for path in paths]


def _check(opened: OpenIndex, instance: int, within: int | None) -> None:
    if within is not None and within != opened.generation.number:
        # The number may be another film's by now, and it would be shown as this case.
        told = "the index has changed since this was found"
        raise Problem(409, "other_generation", told, "Ask again.")
    if not 0 <= instance < len(opened.facts):
        raise Problem(404, "no_instance", "there is no such instance in this generation")
