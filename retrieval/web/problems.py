"""Errors as problem details (RFC 9457): what is wrong, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from models.errors import (
    CannotWrite,
    CbirError,
    IndexDamaged,
    IndexLocked,
    IndexUnusable,
    ModelUnusable,
    NothingToIndex,
    UnreadableScan,
    UsageError,
)
from retrieval.report.shown import visible

MEDIA_TYPE = "application/problem+json"

_OURS: Mapping[type[CbirError], tuple[int, str, str]] = {
    UsageError: (400, "usage", "Change the request as the sentence says."),
    UnreadableScan: (422, "unreadable", "Hand in another file, or all slices of one series."),
    NothingToIndex: (422, "nothing_to_index", "Hand in a scan that can be read."),
    IndexUnusable: (503, "index_unusable", "Ask who runs this server to look at its index."),
    IndexDamaged: (503, "index_damaged", "Ask who runs this server to look at its index."),
    IndexLocked: (409, "index_locked", "The index is being changed; try again in a while."),
    CannotWrite: (507, "cannot_write", "Ask who runs this server: its disk is full or broken."),
    ModelUnusable: (503, "model_unusable", "Ask who runs this server to look at its models."),
}
"""Our errors: status, code, and what to do."""

_TODO: Mapping[int, str] = {
    401: "Sign in.",
    403: "Ask who runs this server whether you may do this.",
    404: "Look whether the address is right; what was handed in is forgotten after a while.",
    405: "Use another method; /openapi.json names them.",
    413: "Hand in less at once.",
    429: "Wait a little, then ask again.",
}


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it so
    """What a request cannot be given. `code`: for a program; `todo`: for a person.

    `retry_s`: seconds after which the same request may be answered; 0 if that is not known.
    """

    def __init__(self, status: int, code: str, detail: str, todo: str = "") -> None:
        """`status`: of HTTP. `detail`: a sentence without personal data."""
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.todo = todo or _TODO.get(status, "Change the request and try again.")
        self.retry_s = 2 if status in (429, 503) else 0


def response(problem: Problem) -> JSONResponse:
    """A problem as it is sent."""
    told = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": visible(problem.detail),
        "code": problem.code,
        "todo": problem.todo,
    }
    headers = {"Retry-After": str(problem.retry_s)} if problem.retry_s else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"  # not Basic: a browser would ask by itself
    if problem.status in (408, 413):
        headers["Connection"] = "close"  # the rest of the request is not waited for
    return JSONResponse(told, problem.status, headers, media_type=MEDIA_TYPE)


def problem_of(error: CbirError) -> Problem:
    """One of our errors as a problem. Paths of the server are not told."""
    status, code, todo = _OURS[type(error)]
    if isinstance(error, UnreadableScan):
        return Problem(status, error.code, _without_path(error), todo)
    if isinstance(error, UsageError):
        return Problem(status, code, str(error), todo)
    return Problem(status, code, f"the server cannot do this now ({type(error).__name__})", todo)


def _without_path(error: UnreadableScan) -> str:
    """The sentence as the reader gave it: who asks by the web has not named any path."""
    cause = error.__cause__
    return str(cause if isinstance(cause, UnreadableScan) else error)


def install(app: FastAPI) -> None:
    """Has every error answered as a problem."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        return response(problem_of(error) if isinstance(error, CbirError) else _fault())

    async def told(request: Request, error: Exception) -> JSONResponse:
        return response(error if isinstance(error, Problem) else _fault())

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        errors: list[Any] = (
            list(error.errors()) if isinstance(error, RequestValidationError) else []
        )
        said = "; ".join(
            f"{'.'.join(map(str, one['loc'][1:])) or one['loc'][0]}: {one['msg']}" for one in errors
        )
        return response(Problem(422, "invalid", said[:500] or "the request does not fit"))

    async def http(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return response(Problem(status, f"http_{status}", HTTPStatus(status).description or ""))

    async def fault(request: Request, error: Exception) -> JSONResponse:
        return response(_fault())

    app.add_exception_handler(Problem, told)
    app.add_exception_handler(CbirError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)


def _fault() -> Problem:
    return Problem(500, "fault", "a fault of ours", "Please report it, with what you did.")
