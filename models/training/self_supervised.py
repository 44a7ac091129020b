"""Self-supervised pretraining: an encoder learned from films without any label.

Two views of one film, as augmentation makes them, are to lie near each other and far from other
patients' films (see `models.training.metric_losses.SelfSupervised`).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from models.arrays import FloatImage
from models.heads.leave_out import Indices
from models.measures.instances import instances
from models.training.align import align
from models.training.batches import Batches
from models.training.films import Films
from models.training.metric import AT_ONCE, MetricLearning, Plan, aligned
from models.training.metric_batches import TwoViews
from models.training.metric_losses import Known

VIEWS_SEED = 20_051
"""Of the views that epochs are judged by: the same in all of them."""


class SelfSupervision(MetricLearning):
    """The task (see `models.training.loop.Task`). Labels have no part in it."""

    def _batches(self, films: Films, plan: Plan) -> Batches:
        return TwoViews(films, self._own(self.network).takes, 3, plan.augmentation)

    def _known(self, rows: Indices, device: torch.device) -> Known:
        films = torch.from_numpy(np.asarray(rows)).to(device)
        return Known(films, torch.from_numpy(self.patients[rows]).to(device))

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """How well a view finds the other view of its film among those of all films of `rows`.

        `score` is the mean reciprocal rank less a tenth of the log loss, which breaks its ties.
        """
        found = instances(*self.views(network, rows))
        told = {
            "view_found": found.first,
            "reciprocal_rank": found.reciprocal_rank,
            "alignment": found.alignment,
            "uniformity": found.uniformity,
        }
        return {**told, "score": found.reciprocal_rank - found.log_loss / 10}

    def views(self, network: nn.Module, rows: Indices) -> tuple[FloatImage, FloatImage]:
        """Embeddings of two views of each film, each float32 (n, dim), of who has not seen it.

        The views are the same for the same rows, whatever the network.
        """
        batches = self.batches
        assert isinstance(batches, TwoViews)
        found: list[list[FloatImage]] = [[], []]
        for start in range(0, len(rows), AT_ONCE):
            seed = VIEWS_SEED + start
            for place, pictures in enumerate(batches.views(rows[start : start + AT_ONCE], seed)):
                found[place].append(self._shown(network, pictures))
        one, other = np.concatenate(found[0]), np.concatenate(found[1])
        if self.folds is not None and self._own(network).aligned is None:
            common = align(one)
            one, other = aligned(one, common), aligned(other, common)
        return self.spoken(one, rows), self.spoken(other, rows)
