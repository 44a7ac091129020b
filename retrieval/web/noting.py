"""What routes say to the audit log: before an answer goes out, it is on record who got it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from retrieval.web.access.gate import person_of
from retrieval.web.access.roles import LOCAL
from retrieval.web.audit import events
from retrieval.web.audit.events import Code, Event
from retrieval.web.state import served


def note(
    request: Request, event: Code, action: str, cases: Sequence[str] = (), **detail: Any
) -> None:
    """Records what a request was given. Raises `CannotWrite`: then it must not be given.

    `detail`: counts and yes or no; no text of a person's own, which may hold a name.
    """
    here = served(request)
    if here.trail is None:
        return
    cases = tuple(dict.fromkeys(cases))
    told = of_request(request, Event(event, action, cases=cases, detail=detail))
    here.trail.write(told)
    here.glances.seen(told.user, cases)


async def noted(
    request: Request, event: Code, action: str, cases: Sequence[str] = (), **detail: Any
) -> None:
    """The same, where waiting for a disk would hold up others."""
    if served(request).trail is not None:
        await run_in_threadpool(note, request, event, action, cases, **detail)


def looked_at(request: Request, case_id: str) -> None:
    """Records that somebody has a picture of a case before him, unless it was just recorded."""
    here = served(request)
    person = person_of(request) or LOCAL
    if here.trail is not None and here.glances.is_new(person.name, case_id):
        note(request, events.INSTANCES_ACCESSED, events.READ, [case_id])


def of_request(request: Request, event: Event) -> Event:
    """The event with who asks and from where."""
    person = person_of(request) or LOCAL
    address = request.client.host if request.client else ""
    return replace(event, user=person.name, role=person.role, by=person.by, address=address)
