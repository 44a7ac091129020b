"""The application, put together in one place."""

import importlib.metadata
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from indexer import commit
from models.errors import UsageError
from retrieval.web import (
    problems,
    routes_archive,
    routes_curating,
    routes_queries,
    routes_scans,
    routes_session,
)
from retrieval.web.access.entrance import Entrance
from retrieval.web.access.gate import Gate
from retrieval.web.archive import Archive
from retrieval.web.asking import NOTICE
from retrieval.web.audit import events
from retrieval.web.audit.events import Event
from retrieval.web.audit.trail import Trail
from retrieval.web.curating import Curator
from retrieval.web.desks import Desks
from retrieval.web.folder import PrivateFolder
from retrieval.web.headers import Guarded
from retrieval.web.metrics import CONTENT_TYPE_LATEST, Metrics
from retrieval.web.pictures import PictureShelf
from retrieval.web.settings import ServeSettings
from retrieval.web.state import Served, served
from retrieval.web.uploads import Uploads

STATIC = Path(__file__).parent / "static"
BASE = "/api/v1"


def application(settings: ServeSettings) -> ASGIApp:
    """The server as an ASGI application.

    Raises `IndexUnusable`, `IndexDamaged`, `UsageError` where it may not listen there or its users
    cannot be read, and `CannotWrite` where its audit log cannot be written.
    """
    binding = settings.binding
    binding.check()
    check_curated(settings)
    entrance = Entrance.of(binding.auth, settings.access) if binding.auth else None
    trail = Trail(settings.audit) if settings.audit else None
    archive = Archive(settings.index)

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        limits = settings.limits
        with PrivateFolder() as folder, _recorded(trail):
            desks = Desks(archive, settings.engines, limits.waiting)
            desks.start()
            shelf = PictureShelf(folder.path, limits.held_bytes)
            curator = Curator(settings.curated, archive, shelf) if settings.curated else None
            app.state.served = Served(
                settings=settings,
                archive=archive,
                desks=desks,
                uploads=Uploads(folder.path, limits),
                shelf=shelf,
                metrics=Metrics(),
                entrance=entrance,
                trail=trail,
                curator=curator,
            )
            try:
                yield
            finally:
                if curator is not None:
                    curator.close()
                desks.close()
                archive.close()

    app = FastAPI(
        title="cbir",
        version=importlib.metadata.version("cbir"),
        description=f"Case lookup: {NOTICE}.",
        lifespan=living,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=_PROBLEMS,
    )
    problems.install(app)
    parts = (routes_session, routes_scans, routes_queries, routes_curating, routes_archive)
    for part in parts:
        app.include_router(part.router, prefix=BASE)
    _add_running(app)
    _add_page(app)
    return Guarded(Gate(app, entrance, trail), settings)


def look(settings: ServeSettings) -> None:
    """Looks whether it could be served, and leaves nothing open. Raises as `application` does."""
    settings.binding.check()
    check_curated(settings)
    if settings.binding.auth:
        Entrance.of(settings.binding.auth, settings.access)
    Archive(settings.index).close()


def check_curated(settings: ServeSettings) -> None:
    """Raises `UsageError` where an archive that may be changed is not that of the index."""
    if settings.curated is None:
        return
    if settings.binding.auth is None:
        raise UsageError(
            "an archive that may be changed (--archive) needs people who sign in: --auth"
        )
    root, path = settings.curated.root, settings.curated.path
    if not path.exists():
        raise UsageError(f"{path} cannot be opened: there is no such file or folder")
    told = Path(commit.opened(settings.index).manifest["archive"])
    if told.resolve() != root.resolve():
        raise UsageError(f"{settings.index} was built from {told}, not from {root}")
    if not os.access(root, os.W_OK):
        raise UsageError(f"{root} may not be written to, so no case can be added or labelled")


@contextmanager
def _recorded(trail: Trail | None) -> Iterator[None]:
    """Beginning and end of the server in its audit log."""
    if trail is None:
        yield
        return
    activity, execute = events.APPLICATION_ACTIVITY, events.EXECUTE
    trail.write(Event(activity, execute, events.APPLICATION_START))
    try:
        yield
    finally:
        trail.write(Event(activity, execute, events.APPLICATION_STOP))
        trail.close()


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem: what is wrong, and what to do about it.",
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["title", "status", "detail", "code", "todo"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                        "todo": {"type": "string"},
                    },
                }
            }
        },
    }
}


def _add_running(app: FastAPI) -> None:
    """Health, readiness and metrics."""

    @app.middleware("http")
    async def count(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        route = getattr(request.scope.get("route"), "path", "none")
        counter = served(request).metrics.requests
        counter.labels(request.method, route, str(response.status_code)).inc()
        return response

    @app.get("/health/live", tags=["running"])
    def live() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["running"])
    def ready(request: Request) -> dict[str, Any]:
        """Whether it can be asked, and which generation answers."""
        with served(request).archive.reading() as index:
            return {"status": "ready", "generation": index.generation.number}

    @app.get("/metrics", tags=["running"], response_class=Response)
    def metrics(request: Request) -> Response:
        """Counts and times for Prometheus."""
        here = served(request)
        with here.archive.reading() as index:
            here.metrics.generation.set(index.generation.number)
            here.metrics.cases.set(len(index.cases))
        here.metrics.waiting.set(here.desks.waiting)
        return Response(here.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _add_page(app: FastAPI) -> None:
    """The page and what it is made of."""
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")
