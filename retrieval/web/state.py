"""What the routes share."""

from dataclasses import dataclass, field

from fastapi import Request

from retrieval.web.access.entrance import Entrance
from retrieval.web.archive import Archive
from retrieval.web.audit.glances import Glances
from retrieval.web.audit.trail import Trail
from retrieval.web.curating import Curator
from retrieval.web.desks import Desks
from retrieval.web.metrics import Metrics
from retrieval.web.pictures import PictureShelf
from retrieval.web.settings import ServeSettings
from retrieval.web.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Served:
    """One server: its index, its desks, and what is held for people.

    `entrance`: None where nobody signs in. `trail`: None where no audit log is kept. `curator`:
    None where nobody may change the archive.
    """

    settings: ServeSettings
    archive: Archive
    desks: Desks
    uploads: Uploads
    shelf: PictureShelf
    metrics: Metrics
    entrance: Entrance | None = None
    trail: Trail | None = None
    curator: Curator | None = None
    glances: Glances = field(default_factory=Glances)


def served(request: Request) -> Served:
    """What the application that got a request serves."""
    found: Served = request.app.state.served
    return found
