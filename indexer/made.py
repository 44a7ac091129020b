"""What the table of an enlarged archive says of films that were made (`indexer/augment/`).

They are for training. They are no patients', so an index never holds them and nothing is measured
on them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from indexer.archive import Listing

ORIGIN = "origin"
"""The films that a made film is made of: their paths in the enlarged archive."""
ORIGIN_PATIENT = "origin_patient"
"""Whose they are, as the archive named them; of an original its own patient."""
MADE_BY = "made_by"
"""The way and what was drawn; empty for an original."""
COLUMNS = (ORIGIN, ORIGIN_PATIENT, MADE_BY)


def joined(names: Iterable[str]) -> str:
    """Several names in one field, ";" between them; one within a name is written %3B."""
    return ";".join(name.replace("%", "%25").replace(";", "%3B") for name in names)


def separated(field: str) -> list[str]:
    """The names that `joined` put together."""
    return [
        name.replace("%3B", ";").replace("%25", "%") for name in field.split(";") if field != ""
    ]


def is_made(facts: Mapping[str, Any]) -> bool:
    """Whether a row, or the facts of a scan, are of a film that was made.

    Both columns count: one of them alone may be of an archive that means something else by it.
    """
    return bool(facts.get(MADE_BY)) and bool(facts.get(ORIGIN))


def without_made(listing: Listing) -> Listing:
    """The listing without films that were made, and a remark on them if there were any."""
    kept = tuple(entry for entry in listing.entries if not (entry.row and is_made(entry.row.extra)))
    count = len(listing.entries) - len(kept)
    if not count:
        return listing
    remark = (
        f"films that were made (`cbir augment`), left out: {count}; an enlarged archive is for "
        "training, index the one that it was made from"
    )
    return replace(listing, entries=kept, remarks=(*listing.remarks, remark))
