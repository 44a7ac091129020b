"""Metric learning: an encoder whose nearest neighbours are of the same kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.arrays import FloatImage
from models.heads.leave_out import Indices, codes, patients_of
from models.measures.retrieval import Asked, precision
from models.networks.metric import MetricNetwork
from models.runtime.members import NO_MEMBER, unseen
from models.training.align import Alignment, align
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.films import Films
from models.training.frozen import beginning
from models.training.metric_batches import ClassBatches, Kinds
from models.training.metric_losses import Known, Recipe, loss_of
from models.training.settings import TrainingSettings
from models.training.splits import Split, spread

AT_ONCE = 32
"""Films that are looked at together when nothing is learned from them."""

SEARCHED_EACH_EPOCH = 1000
"""Films in which an epoch's validation films search; more take longer and tell the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How it is learned.

    `shared`: how many of the trunk's first stages are frozen. `folds`: of a committee, of all
    films, (n,): the member that does not learn from it, or `NO_MEMBER`; None for one network.
    """

    recipe: Recipe
    settings: TrainingSettings
    augmentation: Augmentation
    shared: int = 0
    folds: Indices | None = None

    @property
    def members(self) -> int:
        """How many networks learn side by side."""
        return 1 if self.folds is None else int(self.folds.max()) + 1


class MetricLearning:
    """The task: films near those of their own label (see `models.training.loop.Task`)."""

    def __init__(self, trunk: nn.Module, films: Films, split: Split, plan: Plan) -> None:
        """`trunk`: see `models.networks.Trunk`. Raises `UsageError` for a batch that is too small
        to compare anything in.
        """
        self.members, self.shared, self.folds = plan.members, plan.shared, plan.folds
        self.network: nn.Module = network_of(
            trunk,
            plan.recipe,
            plan.settings.dropout,
            (plan.members, plan.shared),
            len(films.classes),
        )
        self.begin = beginning(trunk, plan.shared, films.size)
        self.labels = np.asarray(films.labels, np.intp)
        self.patients = codes(patients_of(films.patients))
        self.searched = spread(split.train, SEARCHED_EACH_EPOCH)
        self.batches = self._batches(films, plan)

    def _batches(self, films: Films, plan: Plan) -> Batches:
        settings, takes = plan.settings, self._own(self.network).takes
        kinds = Kinds(self.labels, self.patients, settings.batch, settings.class_weights)
        return ClassBatches(films, takes, plan.augmentation, kinds)

    def loss(self, batch: Batch) -> Tensor:
        """The members' mean loss, each on the films that are not of its fold.

        Its gradient is that of their sum: no two members have a weight in common that learns, so
        each learns as fast as it would alone.
        """
        network = self._own(self.network)
        begun = self.begin(batch.pictures)
        rows = batch.rows.numpy()
        losses = []
        for member in range(self.members):
            left_out = (
                np.zeros(len(rows), bool) if self.folds is None else self.folds[rows] == member
            )
            chosen = np.flatnonzero(~left_out)
            if not chosen.size:
                continue
            places = torch.from_numpy(chosen).to(begun.device)
            part = begun[places].contiguous(memory_format=torch.channels_last)
            embeddings = network.member(member, part)
            # Cosines divided by a small temperature need every bit that there is.
            with torch.autocast(embeddings.device.type, enabled=False):
                known = self._known(rows[chosen], embeddings.device)
                losses.append(network.guides[member](embeddings.float(), known))
        total = torch.stack(losses).sum()
        return total - (total - total / len(losses)).detach()

    def _known(self, rows: Indices, device: torch.device) -> Known:
        labels = torch.from_numpy(self.labels[rows]).to(device)
        return Known(labels, torch.from_numpy(self.patients[rows]).to(device))

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """On films of these rows, which search in those that were learned from: mAP and precision
        of the first hit and of the first five, no patient answering for himself.

        Of a committee each film is told by the member that has not seen it, and searches among the
        others of `rows`. `score` is the mAP.
        """
        told = self.embeddings(network, rows)
        if self.folds is None:
            queries, searched = self._asked(told[:, 0], rows), self.searched
            archive = self._asked(self.embeddings(network, searched)[:, 0], searched)
        else:
            queries = archive = self._asked(self.spoken(aligned(told, align(told)), rows), rows)
        found = precision(queries, archive)
        figures = {"mAP": found.mean_average, "P@1": found.at_1, "P@5": found.at_5}
        figures = {name: float(np.nan_to_num(value)) for name, value in figures.items()}
        return {**figures, "score": figures["mAP"]}

    def embeddings(self, network: nn.Module, rows: Indices) -> FloatImage:
        """What every member says of films as they are: float32 (n, members, dim)."""
        return np.concatenate(
            [
                self._shown(network, self.batches.plain(rows[start : start + AT_ONCE]).pictures)
                for start in range(0, len(rows), AT_ONCE)
            ]
        )

    def _shown(self, network: nn.Module, pictures: Tensor) -> FloatImage:
        own = self._own(network)
        with torch.inference_mode():
            begun = self.begin(pictures.to(next(network.parameters()).device))
            return np.asarray(own.members(begun).float().cpu().numpy(), np.float32)

    def spoken(self, told: FloatImage, rows: Indices) -> FloatImage:
        """Of what the members say, (n, members, dim), what those say who have not seen the films:
        float32 (n, dim).
        """
        left_out = [NO_MEMBER] * len(rows) if self.folds is None else self.folds[rows].tolist()
        return unseen(told, left_out)

    def finish(self, network: nn.Module, rows: Indices) -> int:
        """Brings a committee into one space; how many numbers an embedding there has.

        `rows`: of films that may be looked at for it.
        """
        own = self._own(network)
        if self.folds is None:
            return own.dim
        found = align(self.embeddings(network, rows))
        own.align(torch.from_numpy(found.weight), torch.from_numpy(found.bias))
        return int(found.weight.shape[-1])

    def _asked(self, vectors: FloatImage, rows: Indices) -> Asked:
        return Asked(vectors, self.labels[rows], self.patients[rows])

    @staticmethod
    def _own(network: nn.Module) -> MetricNetwork:
        assert isinstance(network, MetricNetwork)
        return network


def network_of(
    trunk: nn.Module, recipe: Recipe, dropout: float, form: tuple[int, int], classes: int
) -> MetricNetwork:
    """The network of a recipe. `form`: how many members, and how many stages they share."""
    members, shared = form
    return MetricNetwork(
        trunk, shared, members, recipe.dim, dropout, lambda dim: loss_of(recipe, dim, classes)
    )


def aligned(told: FloatImage, found: Alignment) -> FloatImage:
    """The members' embeddings, (n, members, dim), in their common space: (n, members, common)."""
    turned = np.einsum("nmd,mdc->nmc", told, found.weight) + found.bias
    return np.asarray(turned, np.float32)
