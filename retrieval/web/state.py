"""What the routes share."""

from dataclasses import dataclass

from fastapi import Request

from retrieval.web.archive import Archive
from retrieval.web.desks import Desks
from retrieval.web.metrics import Metrics
from retrieval.web.pictures import PictureShelf
from retrieval.web.settings import ServeSettings
from retrieval.web.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Served:
    """One server: its index, its desks, and what is held for people."""

    settings: ServeSettings
    archive: Archive
    desks: Desks
    uploads: Uploads
    shelf: PictureShelf
    metrics: Metrics


def served(request: Request) -> Served:
    """What the application that got a request serves."""
    found: Served = request.app.state.served
    return found
