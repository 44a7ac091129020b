"""Batches for metric learning: several films of each class, or two views of each film."""

from dataclasses import dataclass

import numpy as np
import torch

from models.errors import UsageError
from models.heads.leave_out import Indices
from models.networks import Takes
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.films import Films

OF_A_CLASS = 4
"""Films of a class in a batch, at least, where a batch cannot hold some of every class."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """How batches are filled.

    `labels`, `patients`: numbers of all films, (n,). `batch`: films a step. `balance`: exponent on
    the inverse of a class's frequency: 0 as frequent as they are, 1 all classes alike.
    """

    labels: Indices
    patients: Indices
    batch: int
    balance: float

    def __post_init__(self) -> None:
        """Raises `UsageError` where a batch cannot hold two films of two classes."""
        if self.batch < 4:
            raise UsageError(
                f"a batch of {self.batch} cannot hold two films of each of two classes, which is "
                "what this loss compares; take a --batch of 4 or more"
            )


class ClassBatches(Batches):
    """Each batch has several films of each of its classes, of as many patients as there are."""

    def __init__(
        self, films: Films, takes: Takes, augmentation: Augmentation, kinds: Kinds
    ) -> None:
        """Nothing is drawn yet."""
        super().__init__(films, takes, 3, augmentation)
        self._kinds = kinds

    def order(self, rows: Indices, epoch: int, seed: int) -> Indices:
        """The rows of an epoch's batches, one batch behind the other.

        A class's films come in turn, those of one patient far apart, and again from the beginning
        where a class has too few. Of a frequent class some have to wait for a later epoch.
        """
        rng = np.random.default_rng((seed, epoch))
        labels = self._kinds.labels[rows]
        classes, counts = np.unique(labels, return_counts=True)
        queues = [self._queue(rows[labels == one], rng) for one in classes]
        places = np.zeros(len(classes), np.intp)
        found = []
        for _ in range(max(1, len(rows) // self._kinds.batch)):
            batch = []
            for at, take in enumerate(self._quotas(counts, rng)):
                turn = (places[at] + np.arange(take)) % len(queues[at])
                batch.append(queues[at][turn])
                places[at] += take
            found.append(rng.permutation(np.concatenate(batch)))
        return np.asarray(np.concatenate(found), np.intp)

    def _queue(self, rows: Indices, rng: np.random.Generator) -> Indices:
        """A class's films: one of each patient, then the second of each who has one, and so on."""
        mixed = rng.permutation(rows)
        seen: dict[int, int] = {}
        turns = np.empty(len(mixed), np.intp)
        for place, patient in enumerate(self._kinds.patients[mixed].tolist()):
            turns[place] = seen[patient] = seen.get(patient, -1) + 1
        return np.asarray(mixed[np.argsort(turns, kind="stable")], np.intp)

    def _quotas(self, counts: Indices, rng: np.random.Generator) -> Indices:
        """How many films each class has in a batch; 0 or two at least."""
        share = counts ** (1 - self._kinds.balance)
        room = max(2, self._kinds.batch // OF_A_CLASS)
        if len(counts) > room:
            kept = rng.choice(len(counts), room, replace=False, p=share / share.sum())
            share = np.where(np.isin(np.arange(len(counts)), kept), share, 0.0)
        quotas = np.where(share > 0, 2, 0)
        while quotas.sum() < self._kinds.batch:
            # Who has least of its share is next: sums to a batch, and no class is left below two.
            wanting = np.divide(quotas, share, out=np.full(len(share), np.inf), where=share > 0)
            quotas[int(wanting.argmin())] += 1
        return np.asarray(quotas, np.intp)


class TwoViews(Batches):
    """Each film twice, augmented anew each time: first all of them, then all again."""

    def changed(self, rows: Indices, seed: int) -> Batch:
        """Pictures and rows have twice as many as `rows`; the same for the same `seed`."""
        return super().changed(np.concatenate([rows, rows]), seed)

    def views(self, rows: Indices, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Two views of each film, each float32 (n, 3, size, size), without touching who draws."""
        kept = torch.get_rng_state()
        pictures = self.changed(rows, seed).pictures
        torch.set_rng_state(kept)
        return pictures[: len(rows)], pictures[len(rows) :]
