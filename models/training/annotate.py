"""Annotation end to end: which findings a film shows, and where its region lies, by one network."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices
from models.measures import weighted
from models.networks import Takes
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.films import Films
from models.training.losses import dice_and_cross_entropy, known_cross_entropy

AT_ONCE = 16
LEAST_POSITIVES = 5
"""A finding that fewer validation films have shares the threshold of all findings together."""


class Annotating:
    """The task: findings where they are known, masks where there are some, summed.

    A film with one of both teaches that alone (see `models.training.loop.Task`).
    """

    def __init__(self, network: nn.Module, films: Films, augmentation: Augmentation) -> None:
        """`films`: with findings. Masks count where the network has regions and the film a mask."""
        if films.findings is None:
            raise ValueError("the films have no findings")
        takes: Takes = network.takes  # type: ignore[assignment]
        self.network = network
        self.batches = Batches(films, takes, 3, augmentation)
        self.findings: FloatImage = films.findings
        self._masks = films.masks
        with_masks = films.masked is not None and films.masks is not None and network.regions
        self.masked: NDArray[np.bool_] = (
            np.asarray(films.masked, bool) if with_masks else np.zeros(len(films), bool)
        )

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the known findings, and Dice with cross-entropy of the masks."""
        logits, masks = _two(self.network(batch.pictures))
        rows = batch.rows.numpy()
        truth = torch.from_numpy(self.findings[rows]).to(logits.device)
        loss = known_cross_entropy(logits, truth)
        there = torch.from_numpy(self.masked[rows])
        if masks is not None:
            # Without a mask in the batch the decoder still has to be a part of the graph.
            part = masks.sum() * 0.0
            if there.any() and batch.masks is not None:
                chosen = there.to(masks.device)
                part = dice_and_cross_entropy(masks[chosen], batch.masks[chosen])
            loss = loss + part
        return loss

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """On films of these rows: AUC (macro) and log loss of findings, Dice of masks.

        `score` is the AUC less a tenth of the log loss, with a tenth of the Dice: the findings are
        the harder part, and the Dice hardly differs between late epochs.
        """
        probabilities, dice = answers_of(network, self, rows)
        truth = self.findings[rows]
        auc = macro_auc(truth, probabilities)
        known = ~np.isnan(truth)
        sure = np.clip(np.where(truth == 1, probabilities, 1 - probabilities)[known], 1e-7, 1)
        loss = float(-np.log(sure).mean()) if known.any() else 0.0
        told = {"auc": auc, "log_loss": loss, "score": auc - loss / 10}
        fits = dice[~np.isnan(dice)]
        if fits.size:
            told |= {"dice": float(fits.mean()), "score": told["score"] + float(fits.mean()) / 10}
        return told


def answers_of(
    network: nn.Module, task: Annotating, rows: Indices
) -> tuple[FloatImage, NDArray[np.float64]]:
    """Of films as they are: probabilities of findings, float32 (n, f), and the Dice of their masks
    at a half, (n,), NaN where there is none.
    """
    found, dice = [], np.full(len(rows), np.nan)
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(rows), AT_ONCE):
            chosen = rows[start : start + AT_ONCE]
            batch = task.batches.plain(chosen)
            logits, masks = _two(network(batch.pictures.to(device)))
            found.append(logits.float().sigmoid().cpu().numpy())
            if masks is not None and batch.masks is not None:
                fits = _dice(masks.cpu().numpy()[:, 0] > 0, batch.masks.numpy()[:, 0] > 0.5)
                dice[start : start + AT_ONCE] = np.where(task.masked[chosen], fits, np.nan)
    return np.concatenate(found), dice


def _dice(found: Mask, truth: Mask) -> NDArray[np.float64]:
    both = 2 * (found & truth).sum((1, 2))
    either: NDArray[np.int64] = found.sum((1, 2)) + truth.sum((1, 2))
    return np.asarray(both / np.maximum(1, either), np.float64)


def thresholds_of(truth: FloatImage, probabilities: FloatImage) -> tuple[float, ...]:
    """From which probability on each finding is said: where F1 is largest on these films.

    `truth`: float32 (n, f), NaN where not known. A finding that fewer than `LEAST_POSITIVES` films
    have takes the one that is best for all findings together: of few films it would be chance.
    """
    known = ~np.isnan(truth)
    together = _best(truth[known] == 1, probabilities[known])
    found = []
    for at in range(truth.shape[1]):
        rows = known[:, at]
        present = truth[rows, at] == 1
        own = present.sum() >= LEAST_POSITIVES
        found.append(_best(present, probabilities[rows, at]) if own else together)
    return tuple(found)


def macro_auc(truth: FloatImage, probabilities: FloatImage) -> float:
    """Mean over the findings that some films have and others have not; 0.5 if there is none."""
    areas = []
    for at in range(truth.shape[1]):
        rows = ~np.isnan(truth[:, at])
        scores = probabilities[rows, at].astype(np.float64)
        area = weighted.auc(scores, truth[rows, at] == 1, np.ones((1, int(rows.sum()))))[0]
        areas.append(float(area))
    told = [area for area in areas if not np.isnan(area)]
    return float(np.mean(told)) if told else 0.5


def _best(present: NDArray[np.bool_], probabilities: FloatImage) -> float:
    """The threshold with the largest F1, half-way to the next lower probability; 0.5 if none."""
    if not present.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    values = probabilities[order].astype(np.float64)
    right = np.cumsum(present[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + present.sum())
    f1[:-1][values[:-1] == values[1:]] = -1.0  # equals are said together
    at = int(f1.argmax())
    below = values[at + 1] if at + 1 < len(values) else values[at]
    return float((values[at] + below) / 2)


def _two(told: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor | None]:
    return (told, None) if isinstance(told, Tensor) else told
