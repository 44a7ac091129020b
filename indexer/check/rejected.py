"""The files that were not taken, but for duplicates (`indexer.check.same_bytes`)."""

from collections.abc import Sequence

from indexer.check import REJECTED, Film, Finding, Found
from indexer.check.material import Material
from indexer.rejects import DUPLICATE, SAME_BYTES


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each file."""
    return Found(
        tuple(
            Finding(REJECTED, f"{row['code']}: {row['sentence']}", (Film(row["path"]),))
            for row in material.rejects
            if row["code"] != DUPLICATE or not row["sentence"].startswith(SAME_BYTES)
        )
    )
