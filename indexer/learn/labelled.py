"""The labelled films of an archive, as training takes them."""

from collections.abc import Collection, Sequence

import numpy as np

from indexer.learn.gather import Gathered
from indexer.learn.sides import sources
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.training.films import UNKNOWN, Films
from models.training.splits import Split, check_learnable


def labelled_films(
    gathered: Gathered, without: Collection[str] = (), known: Sequence[str] | None = None
) -> tuple[Films, Indices]:
    """The films with their classes, and the rows that have one.

    `without`: labels that are left out. `known`: the classes, in their order; default: the labels
    that there are. Raises `UsageError` if one of `without` is no label of the archive, if there is
    a label that is none of `known`, or if what is left are not two classes of two patients each.
    """
    kept = kept_labels(gathered, without)
    classes = tuple(sorted(set(kept) - {""}) if known is None else known)
    unknown = sorted(set(kept) - {"", *classes})
    if unknown:
        raise UsageError(
            f"the archive has the label {unknown[0]!r}, which the model does not know; it knows: "
            f"{', '.join(classes)}. Leave the label out with --without"
        )
    patients = gathered.patients()
    check_learnable(kept, patients)
    number = {name: place for place, name in enumerate(classes)}
    films = Films(
        pictures=gathered.pictures,
        patients=patients,
        labels=np.array([number.get(label, UNKNOWN) for label in kept], np.intp),
        classes=classes,
        sources=sources(gathered),
    )
    return films, np.flatnonzero(films.labels != UNKNOWN)


def all_films(gathered: Gathered, without: Collection[str] = ()) -> Films:
    """The films with their classes, of which there may be none; `without`: as `labelled_films`."""
    labels = kept_labels(gathered, without)
    classes = tuple(sorted(set(labels) - {""}))
    number = {name: place for place, name in enumerate(classes)}
    return Films(
        pictures=gathered.pictures,
        patients=gathered.patients(),
        labels=np.array([number.get(label, UNKNOWN) for label in labels], np.intp),
        classes=classes,
        sources=sources(gathered),
    )


def kept_labels(gathered: Gathered, without: Collection[str]) -> list[str]:
    """Each picture's label, "" for those that are left out.

    Raises `UsageError` if one of `without` is no label of the archive.
    """
    labels = gathered.column("label")
    unknown = sorted(set(without) - set(labels))
    if unknown:
        there = ", ".join(sorted(set(labels) - {""})) or "none"
        raise UsageError(f"there is no label {unknown[0]!r} to leave out; there are: {there}")
    return ["" if label in without else label for label in labels]


def check_classes(
    films: Films, split: Split, sides: Sequence[str] = ("validation", "test")
) -> None:
    """Raises `UsageError` if one of `sides` is empty or a class has no film to be learned from."""
    for side in sides:
        if not len(getattr(split, side)):
            raise UsageError(f"too few patients: none is left for the {side} side; add cases")
    counts = np.bincount(films.labels[split.train], minlength=len(films.classes))
    for name, count in zip(films.classes, counts, strict=True):
        if not count:
            raise UsageError(
                f"no film of {name!r} is left to learn from: the archive's column `split` sets "
                "all of them apart; leave the label out with --without"
            )
