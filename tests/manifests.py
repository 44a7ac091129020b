"""The manifests of the archives that tests make."""

import csv
from pathlib import Path


def write_manifest(archive: Path, rows: list[dict[str, str]]) -> None:
    """Replaces the manifest of a folder."""
    with (archive / "cases.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def manifest_of(archive: Path) -> list[dict[str, str]]:
    """The rows of a folder's manifest."""
    with (archive / "cases.csv").open() as handle:
        return list(csv.DictReader(handle))
