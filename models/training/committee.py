"""Recognition by a committee: each member learns from all patients but one fold of them."""

import numpy as np
import torch
from torch import Tensor, nn

from models.arrays import FloatImage
from models.heads.leave_out import Indices
from models.networks.committee import Committee
from models.runtime.members import NO_MEMBER
from models.training.align import align
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.classify import AT_ONCE, Classification, logits_of
from models.training.films import Films
from models.training.settings import TrainingSettings


class CommitteeBatches(Batches):
    """Batches in which every fold has the same share, so that members learn equally much."""

    folds: Indices

    def order(self, rows: Indices, epoch: int, seed: int) -> Indices:
        """The rows in the order of that epoch: each fold's shuffled, and spread evenly."""
        shuffled = super().order(rows, epoch, seed)
        place = np.empty(len(shuffled))
        for fold in np.unique(self.folds[shuffled]):
            there = np.flatnonzero(self.folds[shuffled] == fold)
            place[there] = (np.arange(len(there)) + 0.5) / len(there)
        return np.asarray(shuffled[np.argsort(place, kind="stable")], np.intp)


class CommitteeClassification(Classification):
    """The task (see `models.training.loop.Task`)."""

    def __init__(
        self,
        trunk: nn.Module,
        films: Films,
        learned: Indices,
        folds: Indices,
        shared: int,
        settings: TrainingSettings,
        augmentation: Augmentation,
    ) -> None:
        """`folds`: of all films, (n,): the member that does not learn from it, or `NO_MEMBER`.

        `shared`: how many of the trunk's first stages are one for all; they are to be frozen.
        """
        super().__init__(trunk, films, learned, settings, augmentation, shared)
        self.folds: Indices = folds
        self.members = int(folds.max()) + 1
        self.network = Committee(trunk, shared, self.members, self.classes, settings.dropout)
        batches = CommitteeBatches(films, self.network.takes, 3, augmentation)  # type: ignore[arg-type]
        batches.folds = folds
        self.batches = batches

    def loss(self, batch: Batch) -> Tensor:
        """The members' mean loss, each on the films that are not of its fold.

        Its gradient is that of their sum: no two members have a weight in common that learns, so
        each learns as fast as it would alone.
        """
        network: Committee = self.network  # type: ignore[assignment]
        begun = self.begin(batch.pictures)
        left_out = torch.from_numpy(self.folds[batch.rows.numpy()])
        losses = []
        for member in range(self.members):
            chosen = torch.nonzero(left_out != member)[:, 0]
            if not len(chosen):
                continue
            part = begun[chosen.to(begun.device)].contiguous(memory_format=torch.channels_last)
            losses.append(self.loss_of(network.member(member, part)[1], batch.rows[chosen]))
        total = torch.stack(losses).sum()
        return total - (total - total / len(losses)).detach()

    def answers(self, network: nn.Module, rows: Indices) -> FloatImage:
        """Logits, float32 (n, classes), each by the member that has not seen the film."""
        committee: Committee = network  # type: ignore[assignment]
        found = np.zeros((len(rows), self.classes), np.float32)
        with torch.inference_mode():
            for member in np.unique(self.folds[rows]):
                places = np.flatnonzero(self.folds[rows] == member)
                asked = range(self.members) if member == NO_MEMBER else (int(member),)
                for start in range(0, len(places), AT_ONCE):
                    chosen = places[start : start + AT_ONCE]
                    begun = self.begin(self._pictures(rows[chosen], committee))
                    told = [committee.member(one, begun)[1] for one in asked]
                    found[chosen] = torch.stack(told).mean(0).float().cpu().numpy()
        return found

    def finish(self, network: nn.Module, rows: Indices) -> int:
        """Brings the members into one space; how many numbers an embedding there has."""
        committee: Committee = network  # type: ignore[assignment]
        _, told = logits_of(network, self.batches, rows)
        found = align(told)
        committee.align(torch.from_numpy(found.weight), torch.from_numpy(found.bias))
        return int(found.weight.shape[-1])

    def _pictures(self, rows: Indices, network: nn.Module) -> Tensor:
        return self.batches.plain(rows).pictures.to(next(network.parameters()).device)


def folds_of(rows: Indices, count: int, told: Indices) -> Indices:
    """The fold of each of `count` films: `told` for those of `rows`, else `NO_MEMBER`."""
    found = np.full(count, NO_MEMBER, np.intp)
    found[rows] = told
    return found
