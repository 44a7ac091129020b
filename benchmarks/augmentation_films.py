"""Films for the measurement of augmentation: the archive's, those made of them, and their vectors.

They go the way of the product: `cbir augment`, then the worker processes that training reads with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.augment.asked import Asked
from indexer.augment.enlarge import enlarge
from indexer.config import Config
from indexer.learn.gather import Asked as Gather
from indexer.learn.gather import Gathered, gather
from indexer.made import ORIGIN, ORIGIN_PATIENT, is_made, separated
from models.arrays import ByteImage, FloatImage
from models.encoders import DEFAULT
from models.errors import NothingToIndex
from models.runtime.registry import load
from models.training.progress import Progress
from models.training.splits import TEST

ON_THE_FLY = 9  # versions of each film, as nine epochs would show
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Vectors:
    """Films as an encoder sees them.

    `vectors`: float32 (n, dim), unit length. `labels`: n names. `owners`: the patients that each
    comes from. `query`: bool (n,), kept apart for measuring.
    """

    vectors: FloatImage
    labels: NDArray[np.str_]
    owners: tuple[frozenset[str], ...]
    query: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Originals(Vectors):
    """The archive's own films.

    `circle`: n names of the circle of each film's patient, which `cbir augment` drew. `pictures`:
    uint8 (n, size, size), what the encoder saw.
    """

    circle: NDArray[np.str_]
    pictures: ByteImage


def enlarged(
    data: Path, work: Path, ways: Sequence[str], times: int, progress: Progress
) -> tuple[Originals, Vectors, int]:
    """The archive's films, those made of them in these ways, and how many could not be made."""
    name = "-".join(ways)
    asked = Asked(times=times, ways=tuple(ways), workers=1)
    made = enlarge(data, work / f"archive-{name}", asked, progress)
    encoder = load(DEFAULT, threads=1)
    wanted = Gather(Config(), encoder.spec.size, workers=1)
    found = gather(work / f"archive-{name}", work / f"run-{name}", wanted, progress)
    rows = np.array([is_made(facts) for facts in found.facts], bool)[found.scan]
    return (
        _originals(found, np.flatnonzero(~rows)),
        Vectors(*_told(found, np.flatnonzero(rows))),
        len(made.left_out),
    )


def makeable(data: Path, work: Path, way: str) -> bool:
    """Whether any film of this archive can be made in this way."""
    try:
        enlarge(data, work / f"none-{way}", Asked(times=1, ways=(way,), workers=1), dry_run=True)
    except NothingToIndex:
        return False
    return True


def on_the_fly(originals: Originals, versions: int, seed: int = 0) -> Vectors:
    """The films that are learned from, as training's transforms show them. Needs torch."""
    import torch
    from torchvision import tv_tensors

    from models.training.augment import Augmentation, transform

    torch.manual_seed(seed)
    change = transform(Augmentation(), originals.pictures.shape[1])
    rows = np.repeat(np.flatnonzero(~originals.query), versions)
    shown = []
    for row in rows:
        picture = tv_tensors.Image(torch.from_numpy(originals.pictures[row][None].copy()))
        shown.append((change(picture)[0].clamp(0, 1) * 255).round().byte().numpy())
    return Vectors(
        encoded(np.stack(shown)),
        originals.labels[rows],
        tuple(originals.owners[row] for row in rows),
        originals.query[rows],
    )


def encoded(pictures: ByteImage) -> FloatImage:
    """Vectors (n, dim) of grey pictures (n, size, size), by the default encoder."""
    encoder = load(DEFAULT, threads=1)
    found = [
        encoder.encode(np.repeat(np.asarray(part)[..., None], 3, axis=-1))
        for part in _parts(pictures)
    ]
    return np.concatenate(found) if found else np.zeros((0, encoder.spec.dim), np.float32)


def _parts(pictures: ByteImage) -> Iterator[ByteImage]:
    for first in range(0, len(pictures), _BATCH):
        yield pictures[first : first + _BATCH]


def _told(
    found: Gathered, rows: NDArray[np.intp]
) -> tuple[FloatImage, NDArray[np.str_], tuple[frozenset[str], ...], NDArray[np.bool_]]:
    owners = found.column(ORIGIN_PATIENT)
    patients = found.patients()
    return (
        encoded(found.pictures[rows][..., 0]),
        np.array(found.column("label"))[rows],
        tuple(frozenset(separated(owners[row]) or [patients[row]]) for row in rows),
        np.array([name.casefold() in TEST for name in found.column("split")])[rows],
    )


def _originals(found: Gathered, rows: NDArray[np.intp]) -> Originals:
    assert not any(np.array(found.column(ORIGIN))[rows])
    circle = np.array(found.patients())[rows]
    return Originals(*_told(found, rows), circle=circle, pictures=found.pictures[rows][..., 0])
