"""Who is here: signing in and out."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from retrieval.web.access.entrance import Entrance, session_cookie
from retrieval.web.access.gate import person_of
from retrieval.web.access.oidc import COOKIE as BEGUN
from retrieval.web.access.oidc import WITHIN_S, Provider
from retrieval.web.access.roles import LOCAL, Person
from retrieval.web.access.sessions import COOKIE, cookie_header
from retrieval.web.audit import events
from retrieval.web.audit.events import Event
from retrieval.web.noting import of_request
from retrieval.web.problems import Problem
from retrieval.web.state import served

router = APIRouter(tags=["session"])

_PLACE = "/session"


class SignInBody(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)


def entrance(request: Request) -> Entrance:
    """The entrance of this server. Raises `Problem` where nobody signs in."""
    found = served(request).entrance
    if found is None:
        raise Problem(404, "no_sign_in", "nobody signs in at this server", "Just ask.")
    return found


def provider(request: Request) -> Provider:
    """Where people sign in, if not here. Raises `Problem`."""
    found = entrance(request).provider
    if found is None:
        raise Problem(404, "no_provider", "people sign in here by name and password")
    return found


AtEntrance = Annotated[Entrance, Depends(entrance)]
AtProvider = Annotated[Provider, Depends(provider)]


@router.get(_PLACE)
def session(request: Request) -> dict[str, Any]:
    """Who is signed in, how one signs in, and what he may do."""
    here = served(request).entrance
    if here is None:
        return {"user": None, "sign_in": "none", "may": list(LOCAL.may)}
    person = person_of(request)
    kind = "oidc" if here.provider else "password"
    if person is None:
        return {"user": None, "sign_in": kind, "may": []}
    user = {"name": person.name, "role": person.role}
    shut = {"curate"} if served(request).curator is None else set()
    return {"user": user, "sign_in": kind, "may": [one for one in person.may if one not in shut]}


@router.post(_PLACE, status_code=204)
def sign_in(request: Request, body: SignInBody, here: AtEntrance) -> Response:
    """Signs in; the cookie of a new session comes with the answer."""
    if here.provider is not None:
        raise Problem(403, "by_provider", "people sign in elsewhere", "Use /session/oidc.")
    address = request.client.host if request.client else ""
    before = session_cookie(request.headers)
    try:
        cookie = here.sign_in.enter(body.name, body.password, address, before)
    except Problem:
        _record(request, here.sign_in.known(body.name), "password", outcome=events.MINOR_FAILURE)
        raise
    try:
        _record(request, body.name, "password")
    except BaseException:
        here.sessions.end(cookie)
        raise
    response = Response(status_code=204)
    response.headers.append("Set-Cookie", cookie_header(COOKIE, cookie))
    return response


@router.delete(_PLACE, status_code=204)
def sign_out(request: Request, here: AtEntrance) -> Response:
    """Ends the session, here and in the browser."""
    cookie, person = session_cookie(request.headers), person_of(request)
    if cookie:
        here.sessions.end(cookie)
    if person is not None:
        _record(request, person.name, person.by, events.LOGOUT)
    response = Response(status_code=204)
    response.headers.append("Set-Cookie", cookie_header(COOKIE, "", age_s=0))
    return response


@router.get(f"{_PLACE}/oidc", status_code=302, response_class=Response)
def begin(request: Request, there: AtProvider) -> Response:
    """Sends a browser to where people sign in."""
    back = f"{request.url.scheme}://{request.headers['host']}{request.url.path}/back"
    address, cookie = there.begin(back)
    response = RedirectResponse(address, 302)
    # Lax: it must come back with the browser, which comes from another site then.
    response.headers.append("Set-Cookie", cookie_header(BEGUN, cookie, "Lax", WITHIN_S))
    return response


@router.get(f"{_PLACE}/oidc/back", status_code=303, response_class=Response)
def finish(request: Request, here: AtEntrance, there: AtProvider) -> Response:
    """Where the browser comes back to: signs in and goes on to the page."""
    try:
        person = there.finish(request.cookies.get(BEGUN, ""), dict(request.query_params))
    except Problem:
        _record(request, "", "oidc", outcome=events.MINOR_FAILURE)
        raise
    _record(request, person.name, "oidc", person=person)
    cookie = here.sessions.begin(person, "", session_cookie(request.headers))
    response = RedirectResponse("/", 303)
    response.headers.append("Set-Cookie", cookie_header(COOKIE, cookie))
    response.headers.append("Set-Cookie", cookie_header(BEGUN, "", "Lax", 0))
    return response


def _record(
    request: Request,
    name: str,
    by: str,
    kind: events.Code = events.LOGIN,
    outcome: int = events.SUCCESS,
    person: Person | None = None,
) -> None:
    trail = served(request).trail
    if trail is None:
        return
    told = of_request(request, Event(events.USER_AUTHENTICATION, events.EXECUTE, kind, outcome))
    trail.write(replace(told, user=name, role=person.role if person else "", by=by))
