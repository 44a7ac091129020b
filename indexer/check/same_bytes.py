"""Files with the same bytes: all but the first were not taken."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from indexer.archive import facts_of, source_of
from indexer.check import SAME_BYTES, Film, Finding, Found
from indexer.check.material import Material
from indexer.rejects import DUPLICATE
from indexer.rejects import SAME_BYTES as SENTENCE
from indexer.scan import Header


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each scan that was taken and came again, with all its copies."""
    copies: dict[str, list[str]] = defaultdict(list)
    for row in material.rejects:
        first = row["sentence"].removeprefix(SENTENCE)
        alone = not row["source"] or row["source"] == row["path"]  # of a series its first file
        if row["code"] == DUPLICATE and first != row["sentence"] and alone:
            copies[first].append(row["path"])
    if not copies:
        return Found()
    sources = material.films.column("source")
    places = {source: place for place, source in enumerate(sources)}
    headers = _headers(material)
    findings = [
        Finding(
            SAME_BYTES,
            f"the same bytes in {1 + len(paths)} files",
            (
                material.film(places[first]),
                *(_film(material, path, headers.get(first, "")) for path in paths),
            ),
        )
        for first, paths in copies.items()
        if first in places
    ]
    unread = not material.entries
    why = "the archive is not there, so what it says of copies of the same file was not compared"
    return Found(tuple(findings), (why,) if unread else ())


def _headers(material: Material) -> Mapping[str, str]:
    """The header of each source, as it is kept."""
    files = material.kept.table("files").select(["source", "header"]).to_pylist()
    return {row["source"]: row["header"] for row in files if row["header"]}


def _film(material: Material, path: str, header: str) -> Film:
    """A copy that was not taken, as the archive names it; its header is that of the first."""
    entry = material.entries.get(path)
    if entry is None:
        return Film(path)
    told = facts_of(source_of([entry], ""), Header(**json.loads(header or "{}")))
    patient, label, case = (told[name] or "" for name in ("patient_id", "label", "case_id"))
    return Film(path, patient, label, case)
