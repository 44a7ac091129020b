"""Asking: queries, maps of what made a hit similar, reports."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from retrieval.answer import Answer, Hit
from retrieval.index import OpenIndex
from retrieval.report import html, pdf
from retrieval.web.access.gate import owner_of
from retrieval.web.asking import AskedBody, MapBody, ReportBody, answered, maps_of, query_of
from retrieval.web.audit import events
from retrieval.web.desks import Desk
from retrieval.web.noting import noted
from retrieval.web.problems import Problem
from retrieval.web.routes_scans import Responses
from retrieval.web.state import served

router = APIRouter(tags=["queries"])

_FORMS = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
_FILES: Responses = {
    200: {"content": {name: {} for name in _FORMS.values()}, "description": "The report."}
}


@router.post("/queries")
async def ask(request: Request, body: AskedBody) -> dict[str, Any]:
    """The nearest cases of a scan, of words, or of a case, and what they suggest."""
    here = served(request)
    asked = query_of(body, here.uploads, owner_of(request))

    def answer(desk: Desk, index: OpenIndex) -> Answer:
        return desk.engine(index).query(asked)

    with here.metrics.timed("query"):
        found = await here.desks.do(request, answer, _work(request, body.work_id))
    told = answered(found, body.text)
    cases = [hit.case_id for hit in found.cases]
    await noted(
        request, events.QUERY, events.EXECUTE, cases, query_id=told["query_id"], **_asked(body)
    )
    return told


@router.post("/maps")
async def maps(request: Request, body: MapBody) -> dict[str, Any]:
    """Which places and words made one hit of a query similar."""
    here = served(request)
    asked = query_of(body, here.uploads, owner_of(request))

    def look(desk: Desk, index: OpenIndex) -> dict[str, Any]:
        engine = desk.engine(index)
        answer = engine.query(asked)
        hit = _named(answer, body.hit)
        alone = replace(answer, hits=(hit,), against=None)
        return maps_of(engine.why(asked, alone)[hit.case_id], hit)

    with here.metrics.timed("maps"):
        told = await here.desks.do(request, look, _work(request, body.work_id))
    await noted(request, events.INSTANCES_ACCESSED, events.READ, [body.hit], maps=True)
    return told


def _named(answer: Answer, case_id: str) -> Hit:
    for hit in answer.cases:
        if hit.case_id == case_id:
            return hit
    raise Problem(404, "no_hit", "this case is not among the answer's", "Name one that is.")


@router.post("/reports", response_class=Response, responses=_FILES)
async def report(request: Request, body: ReportBody) -> Response:
    """An answer as one file that can be handed on."""
    here = served(request)
    asked = query_of(body, here.uploads, owner_of(request))

    def written(desk: Desk, index: OpenIndex) -> tuple[bytes, list[str]]:
        engine = desk.engine(index)
        answer = engine.query(asked)
        # Neither the name of a file on this server nor that of the index's folder is told.
        facts = replace(answer.query, path="a scan that was handed in" if asked.scan else None)
        answer = replace(answer, query=facts, index=replace(answer.index, path=index.path.name))
        previews = engine.previews(answer.cases)
        cases = [hit.case_id for hit in answer.cases]
        if body.format == "pdf":
            return pdf.render(answer, previews), cases
        return html.render(answer, previews).encode(), cases

    with here.metrics.timed("report"):
        data, cases = await here.desks.do(request, written, _work(request, body.work_id))
    await noted(request, events.EXPORT, events.READ, cases, form=body.format, **_asked(body))
    name = f'attachment; filename="cbir-report.{body.format}"'
    return Response(data, media_type=_FORMS[body.format], headers={"Content-Disposition": name})


@router.delete("/running/{work_id}", status_code=204)
async def cancel(request: Request, work_id: str) -> None:
    """Stops a query, a map or a report that is under way."""
    served(request).desks.cancel(_work(request, work_id))


def _work(request: Request, work_id: str) -> str:
    """The name of a work among those of everybody: nobody stops what another has asked."""
    return f"{owner_of(request)}\n{work_id}" if work_id else ""


def _asked(body: AskedBody) -> dict[str, Any]:
    """What was asked with, without any of its texts."""
    filtered = bool(body.where.strip()) or any(body.filters.model_dump().values())
    return {
        "scan": body.scan_id is not None,
        "text": bool(body.text.strip()),
        "filtered": filtered,
        "k": body.k,
        "by_cases": [one for one in (body.case_id, *body.like, *body.unlike) if one],
    }
