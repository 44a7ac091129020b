"""One network or a committee: who learns from which films, and who is judged by which.

Of a committee each member leaves out one fold of the patients. So it needs no validation side: of
each film that was learned from one member has not seen it.
"""

from typing import TYPE_CHECKING

from indexer.learn.gather import Gathered
from indexer.learn.sides import SHARES, photographed, split_of
from models.errors import UsageError
from models.heads.leave_out import Indices, patients_of
from models.training.films import Films
from models.training.splits import Split, folds, spread

if TYPE_CHECKING:
    from torch import nn

JUDGED_EACH_EPOCH = 300
"""Films that an epoch of a committee is judged by, which could be judged by all that it has."""

ALIGNED_ON = 1000
"""Films on which a committee's members are brought into one space."""


def split_for(
    gathered: Gathered, rows: Indices, members: int, seed: int
) -> tuple[Split, tuple[str, ...]]:
    """The sides, and remarks for a person; see `indexer.learn.sides.split_of`."""
    shares = (SHARES[0], 0.0) if members > 1 else SHARES
    return split_of(gathered, rows, seed, shares)


def judging_sides(members: int) -> tuple[str, ...]:
    """The sides that have to hold films."""
    return ("test",) if members > 1 else ("validation", "test")


def check_members(films: Films, split: Split, members: int) -> None:
    """Raises `UsageError` if there are too few patients for so many members."""
    owners = patients_of(films.patients)
    patients = len({owners[row] for row in split.train})
    if members > 1 and patients < 2 * members:
        raise UsageError(
            f"{patients} patients to learn from are too few for {members} members, which "
            "leave out two of them each at least; take fewer --members"
        )


def left_out(films: Films, split: Split, members: int, seed: int) -> Indices | None:
    """The member that does not learn from a film, for all films; None for one network."""
    from models.training.committee import folds_of

    if members == 1:
        return None
    names = [f"{films.labels[row]}|{films.sources[row]}" for row in split.train]
    owners = [films.patients[row] for row in split.train]
    return folds_of(split.train, len(films), folds(names, owners, members, seed))


def shared_stages(trunk: "nn.Module", frozen: int) -> int:
    """How many of its first stages stay as they are; `frozen`: -1 for all of them."""
    stages = len(trunk.stages())  # type: ignore[operator]
    return stages if frozen < 0 else min(frozen, stages)


def judged_by(gathered: Gathered, split: Split) -> tuple[Indices, Indices]:
    """The films that a network is judged by, and those of them that choose the best epoch."""
    if len(split.validation):
        return split.validation, split.validation
    judged = photographed(gathered, split.train)
    return judged, spread(judged, JUDGED_EACH_EPOCH)
