"""Recognition: a trunk, dropout, and a fully connected layer that tells the classes apart."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.arrays import FloatImage
from models.heads.leave_out import Indices
from models.networks import Takes
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.films import Films
from models.training.frozen import beginning
from models.training.losses import class_weights, soft_cross_entropy
from models.training.settings import TrainingSettings

AT_ONCE = 32
"""Films that are looked at together when nothing is learned from them."""


class Classifier(nn.Module):
    """Pooled features and the logits of the classes."""

    def __init__(self, trunk: nn.Module, classes: int, dropout: float) -> None:
        """`trunk`: see `models.networks.Trunk`."""
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        dim: int = trunk.dim  # type: ignore[assignment]
        self.classes = nn.Linear(dim, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding, float32 (n, dim), and logits, float32 (n, classes)."""
        found = self.trunk(x)
        return found, self.classes(self.dropout(found))

    def rest(self, begun: Tensor, shared: int) -> tuple[Tensor, Tensor]:
        """The same from what the trunk's first `shared` stages found."""
        last = len(self.trunk.stages())  # type: ignore[operator]
        found = self.trunk.pooled(self.trunk.through(begun, shared, last))  # type: ignore[operator]
        return found, self.classes(self.dropout(found))


class Classification:
    """The task: cross-entropy on labelled films (see `models.training.loop.Task`).

    `shared`: how many of the trunk's first stages are frozen. `folds`: of a committee
    (`models.training.committee`); None here.
    """

    def __init__(
        self,
        trunk: nn.Module,
        films: Films,
        learned: Indices,
        settings: TrainingSettings,
        augmentation: Augmentation,
        shared: int = 0,
    ) -> None:
        """`learned`: the rows that are learned from, by which classes are weighted."""
        takes: Takes = trunk.takes  # type: ignore[assignment]
        self.network: nn.Module = Classifier(trunk, len(films.classes), settings.dropout)
        self.batches = Batches(films, takes, 3, augmentation)
        self._labels = torch.from_numpy(np.asarray(films.labels, np.int64))
        self.classes = len(films.classes)
        self.shared = shared
        self.begin = beginning(trunk, shared, films.size)
        self.folds: Indices | None = None
        self._smoothing = settings.label_smoothing
        self._weights = class_weights(self._labels[learned], self.classes, settings.class_weights)

    def loss(self, batch: Batch) -> Tensor:
        """Weighted cross-entropy with smoothed labels."""
        network: Classifier = self.network  # type: ignore[assignment]
        _, logits = network.rest(self.begin(batch.pictures), self.shared)
        return self.loss_of(logits, batch.rows)

    def loss_of(self, logits: Tensor, rows: Tensor) -> Tensor:
        """The same for logits, float32 (n, classes), of the films `rows`."""
        truth = functional.one_hot(self._labels[rows], self.classes).float()
        smooth = truth * (1 - self._smoothing) + self._smoothing / self.classes
        device = logits.device
        return soft_cross_entropy(logits, smooth.to(device), self._weights.to(device))

    def finish(self, network: nn.Module, rows: Indices) -> int:
        """Makes a trained network ready to be a model; how many numbers its embedding has.

        `rows`: of films that may be looked at for it.
        """
        return int(network.trunk.dim)  # type: ignore[arg-type]

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """On films of these rows: AUC (macro), balanced accuracy, log loss, and their `score`.

        The score is the AUC less a tenth of the log loss: the AUC of a few films has steps and
        ties, and the log loss breaks them.
        """
        return self.scores_of(self.answers(network, rows), rows)

    def answers(self, network: nn.Module, rows: Indices) -> FloatImage:
        """Logits of films, float32 (n, classes), as if none of them had been learned from."""
        return logits_of(network, self.batches, rows)[0]

    def scores_of(self, logits: FloatImage, rows: Indices) -> Mapping[str, float]:
        """The same, of logits, float32 (n, classes)."""
        truth = self._labels[rows].numpy()
        shifted = logits - logits.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = float(-logs[np.arange(len(rows)), truth].mean())
        right = logits.argmax(axis=1) == truth
        balanced = float(np.mean([right[truth == one].mean() for one in np.unique(truth)]))
        auc = _macro_auc(truth, np.exp(logs))
        return {
            "auc": auc,
            "balanced_accuracy": balanced,
            "log_loss": loss,
            "score": auc - loss / 10,
        }


def logits_of(network: nn.Module, batches: Batches, rows: Indices) -> tuple[FloatImage, FloatImage]:
    """Logits, float32 (n, classes), and embeddings, float32 (n, dim), of films as they are.

    A committee's have an axis for its members behind the first.
    """
    logits, embeddings = [], []
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(rows), AT_ONCE):
            batch = batches.plain(rows[start : start + AT_ONCE])
            embedding, told = network(batch.pictures.to(device))
            logits.append(told.float().cpu().numpy())
            embeddings.append(embedding.float().cpu().numpy())
    return np.concatenate(logits), np.concatenate(embeddings)


def temperature_of(logits: FloatImage, truth: Indices) -> float:
    """The temperature with the least log loss (Guo 2017): logits are divided by it."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(truth)), truth].mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return float(np.exp(found.x))


def _macro_auc(truth: Indices, probabilities: FloatImage) -> float:
    """Mean over the classes that occur of the area under one-against-rest's ROC; 0.5 if none."""
    from sklearn.metrics import roc_auc_score

    areas = [
        roc_auc_score(truth == one, probabilities[:, one])
        for one in range(probabilities.shape[1])
        if 0 < (truth == one).sum() < len(truth)
    ]
    return float(np.mean(areas)) if areas else 0.5
