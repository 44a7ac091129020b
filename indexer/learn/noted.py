"""The films of an archive with their findings and masks, as training takes them."""

import numpy as np
from numpy.typing import NDArray

from indexer.learn.findings import Known
from indexer.learn.gather import Gathered
from indexer.learn.sides import sources
from models.arrays import FloatImage
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.training.films import UNKNOWN, Films
from models.training.splits import Split


def rows_with_anything(gathered: Gathered, known: Known) -> Indices:
    """The films that have a mask, or of which any finding is known."""
    noted = ~np.isnan(known.truth).all(axis=1) if known.names else False
    return np.flatnonzero(np.asarray(gathered.masked, bool) | noted)


def noted_films(
    gathered: Gathered, known: Known, split: Split, least: int
) -> tuple[Films, dict[str, int]]:
    """The films with the findings that enough patients have, and those that are left out.

    `least`: patients that must have a finding; those of the test films are not counted. One that
    all known training films have, or none, is left out too: there is nothing to tell apart. Gives
    the left out with their patients. Raises `UsageError` if nothing is left.
    """
    patients = gathered.patients()
    learned = np.concatenate([split.train, split.validation])
    part = Known(known.names, known.truth[learned])
    counts = part.patients([patients[row] for row in learned])
    both = _told_apart(known.truth[split.train])
    names = [
        name
        for name, differs in zip(known.names, both, strict=True)
        if differs and counts[name] >= least
    ]
    left_out = {name: count for name, count in counts.items() if name not in names}
    if not names:
        there = ", ".join(f"{name} ({count})" for name, count in left_out.items()) or "none"
        raise UsageError(
            f"no finding is noted for {least} patients or more, and absent in others, so there is "
            f"nothing to learn; patients with each: {there}; see --least-patients"
        )
    films = Films(
        pictures=gathered.pictures,
        patients=patients,
        labels=np.full(len(gathered.pictures), UNKNOWN, np.intp),
        masks=gathered.masks,
        masked=gathered.masked,
        findings=known.only(names).truth,
        finding_names=tuple(names),
        sources=sources(gathered),
    )
    return films, left_out


def _told_apart(truth: FloatImage) -> NDArray[np.bool_]:
    """Which findings, (f,), some of the films have and others have not."""
    return np.asarray((truth == 1).any(axis=0) & (truth == 0).any(axis=0))
