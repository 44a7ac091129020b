"""Films for a measurement: archives of any size, made of the films of a folder with a `cases.csv`.

A larger archive than there are films repeats them: a copy is the same JPEG with a comment in it, so
that it is decoded at the same cost, and is another file to a program that knows files by their
bytes.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "cases.csv"
_JPEG = (".jpg", ".jpeg")
_START, _COMMENT = b"\xff\xd8", b"\xff\xfe"  # ITU-T T.81, table B.1: SOI and COM
_LEFT_OUT = ("mask",)  # the files that it names are not copied


@dataclass(frozen=True, slots=True)
class Film:
    """A film and what the manifest says of it. `path`: where it is."""

    path: Path
    row: dict[str, str]


def films_of(data: Path) -> list[Film]:
    """The films of a folder, in the order of its manifest. Raises FileNotFoundError without one."""
    with (data / MANIFEST).open(encoding="utf-8-sig", newline="") as handle:
        return [Film(data / row["path"], row) for row in csv.DictReader(handle)]


def make_archive(films: Sequence[Film], count: int, folder: Path) -> Path:
    """Copies `count` films to `folder`, with a manifest; gives the folder.

    The first round is as it is; every further round holds the JPEG films again, as films of other
    patients. Raises ValueError if there is none to repeat.
    """
    chosen = [(0, film) for film in films[:count]]
    again = [film for film in films if film.path.suffix.lower() in _JPEG]
    if len(chosen) < count and not again:
        raise ValueError(f"{count} films of {len(films)} need repeats, and none of them is a JPEG")
    repeat = 0
    while len(chosen) < count:
        repeat += 1
        chosen += [(repeat, film) for film in again[: count - len(chosen)]]
    rows = [_copied(film, repeat, folder) for repeat, film in chosen]
    names = [name for name in films[0].row if name not in _LEFT_OUT]
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, names, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    return folder


def with_comment(jpeg: bytes, comment: str) -> bytes:
    """The same picture with a comment segment after its start. Raises ValueError for no JPEG."""
    if not jpeg.startswith(_START):
        raise ValueError("this is no JPEG: it does not begin with SOI")
    said = comment.encode()
    segment = _COMMENT + (len(said) + 2).to_bytes(2, "big") + said
    return _START + segment + jpeg[len(_START) :]


def _copied(film: Film, repeat: int, folder: Path) -> dict[str, str]:
    name = f"{repeat}/{film.row['path']}"
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    content = film.path.read_bytes()
    target.write_bytes(with_comment(content, f"copy {repeat}") if repeat else content)
    row = {**film.row, "path": name}
    if repeat:
        ids = ("patient_id", "study_id")
        row |= {key: f"{row[key]}-{repeat}" for key in ids if row.get(key)}
    return row
