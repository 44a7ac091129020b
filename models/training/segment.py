"""Segmentation: a network that gives each pixel's membership in a region."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from models.arrays import FloatImage
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.networks import Takes
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.films import Films
from models.training.losses import dice_and_cross_entropy, dice_loss, mask_cross_entropy

AT_ONCE = 16

LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dice": dice_loss,
    "cross-entropy": mask_cross_entropy,
    "both": dice_and_cross_entropy,
}


class Segmentation:
    """The task: masks of one region (see `models.training.loop.Task`)."""

    def __init__(
        self, network: nn.Module, films: Films, augmentation: Augmentation, loss: str = "both"
    ) -> None:
        """`films`: with masks. `loss`: one of `LOSSES`. Raises `UsageError` for another."""
        if loss not in LOSSES:
            raise UsageError(f"there is no loss {loss!r}; there are: {', '.join(LOSSES)}")
        if films.masks is None:
            raise ValueError("the films have no masks")
        takes: Takes = network.takes  # type: ignore[assignment]
        self.network = network
        self.batches = Batches(films, takes, 1, augmentation)
        self._masks = films.masks
        self._loss = LOSSES[loss]

    def loss(self, batch: Batch) -> Tensor:
        """The loss of the network's logits against the masks."""
        if batch.masks is None:
            raise ValueError("a batch without masks")
        logits: Tensor = self.network(batch.pictures)
        return self._loss(logits, batch.masks)

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """The mean Dice of the masks at a half, which is the `score`."""
        found = probabilities_of(network, self.batches, rows) > 0.5
        truth = self._masks[rows] > 127
        both = (found & truth).sum((1, 2))
        either = found.sum((1, 2)) + truth.sum((1, 2))
        dice = float(np.mean(2 * both / np.maximum(1, either)))
        return {"dice": dice, "score": dice}


def probabilities_of(network: nn.Module, batches: Batches, rows: Indices) -> FloatImage:
    """How probably each pixel of films as they are is in the region: float32 (n, size, size)."""
    found = []
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(rows), AT_ONCE):
            batch = batches.plain(rows[start : start + AT_ONCE])
            logits = network(batch.pictures.to(device))
            found.append(logits.sigmoid().float().cpu().numpy()[:, 0])
    return np.concatenate(found)
