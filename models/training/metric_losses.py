"""What metric learning makes small: films of one kind lie near each other, others far away.

A loss is a file's class here and a line in `LOSSES`. Each takes embeddings of unit length. Two
films of one patient with one label are no pair: that they are alike says nothing of the label.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import UsageError

SELF_SUPERVISED = "self-supervised"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of n films of a batch, as numbers, int64 (n,).

    `labels`: of the classes; without labels, of the film that a view is of. `patients`: whose.
    """

    labels: Tensor
    patients: Tensor

    @property
    def alike(self) -> Tensor:
        """Pairs of one label and two patients: bool (n, n)."""
        return _equal(self.labels) & ~_equal(self.patients)

    @property
    def different(self) -> Tensor:
        """Pairs of two labels: bool (n, n)."""
        return ~_equal(self.labels)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which loss, and of what form.

    `loss`: one of `LOSSES`. `dim`: numbers of an embedding; 0 for the trunk's own. `mix`: the share
    of the `proxy` loss, a classifier, in the whole (0: none; no part of the proxy losses).
    `temperature`: what cosines are divided by in `supcon`, `proxy` and `self-supervised`.
    """

    loss: str = "proxy"
    dim: int = 256
    mix: float = 0.0
    temperature: float = 0.1
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Raises `UsageError` naming what does not fit."""
        if self.loss not in LOSSES:
            raise UsageError(f"there is no loss {self.loss!r}; there are: {', '.join(LOSSES)}")
        for name, low, high in (("dim", 0, 4096), ("mix", 0, 0.99), ("temperature", 0.01, 1)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}; it is a number from {low} to {high}")
        if self.mix and self.loss not in _OF_PAIRS:
            raise UsageError(
                f"mix is {self.mix}, but a classifier has a part in {' and '.join(_OF_PAIRS)} only"
            )


class SupCon(nn.Module):
    """Supervised contrastive loss (Khosla et al. 2020, its L_out).

    An anchor's films of the same label against all that are not of its patient and label; an
    anchor without such a film takes no part.
    """

    def __init__(self, recipe: Recipe, dim: int, classes: int) -> None:
        """`dim` and `classes` have no part in it."""
        super().__init__()
        self._temperature = recipe.temperature

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """A scalar; 0 where no two films are a pair."""
        alike, counted = known.alike, known.alike | known.different
        logits = embeddings @ embeddings.T / self._temperature
        logs = logits - _log_sum(logits, counted)[:, None]
        count = alike.sum(1)
        of_anchors = torch.where(alike, logs, 0.0).sum(1) / count.clamp(min=1)
        return -_mean(of_anchors, count > 0)


class MultiSimilarity(nn.Module):
    """Multi-similarity loss with its mining of pairs (Wang et al. 2019, its constants)."""

    alpha, beta, base, margin = 2.0, 50.0, 0.5, 0.1

    def __init__(self, recipe: Recipe, dim: int, classes: int) -> None:
        """Nothing of it is asked for."""
        super().__init__()

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """A scalar; 0 where no pair is hard."""
        likeness = embeddings @ embeddings.T
        alike, different = known.alike, known.different
        with torch.no_grad():
            least = likeness.masked_fill(~alike, torch.inf).amin(1, keepdim=True)
            most = likeness.masked_fill(~different, -torch.inf).amax(1, keepdim=True)
            alike = alike & (likeness - self.margin < most)
            different = different & (likeness + self.margin > least)
        near = _log_one_plus(-self.alpha * (likeness - self.base), alike) / self.alpha
        far = _log_one_plus(self.beta * (likeness - self.base), different) / self.beta
        return torch.where(alike.any(1) & different.any(1), near + far, 0.0).mean()


class Proxy(nn.Module):
    """A classifier by cosine to one learned direction a class: softmax over all of them.

    Normalised softmax (Zhai and Wu 2019); ProxyNCA++ (Teh et al. 2020) is the same with more
    pooling.
    """

    def __init__(self, recipe: Recipe, dim: int, classes: int) -> None:
        """`dim`: of the embeddings."""
        super().__init__()
        self.proxies = nn.Parameter(torch.randn(classes, dim) * dim**-0.5)
        self._temperature, self._smoothing = recipe.temperature, recipe.label_smoothing

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """The cross-entropy, a scalar."""
        logits = embeddings @ functional.normalize(self.proxies, dim=1).T / self._temperature
        return functional.cross_entropy(logits, known.labels, label_smoothing=self._smoothing)


class ProxyAnchor(nn.Module):
    """Proxy anchor loss (Kim et al. 2020, its constants): each proxy is an anchor of the batch."""

    alpha, delta = 32.0, 0.1

    def __init__(self, recipe: Recipe, dim: int, classes: int) -> None:
        """`dim`: of the embeddings."""
        super().__init__()
        self.proxies = nn.Parameter(torch.randn(classes, dim) * dim**-0.5)

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """A scalar."""
        likeness = functional.normalize(self.proxies, dim=1) @ embeddings.T
        own = torch.arange(len(likeness), device=likeness.device)[:, None] == known.labels[None]
        near = _log_one_plus(-self.alpha * (likeness - self.delta), own)
        far = _log_one_plus(self.alpha * (likeness + self.delta), ~own)
        return _mean(near, own.any(1)) + far.mean()


class Mixed(nn.Module):
    """A loss of pairs and a classifier, each with its share."""

    def __init__(self, recipe: Recipe, pairs: nn.Module, classifier: nn.Module) -> None:
        """`recipe.mix`: the share of the classifier."""
        super().__init__()
        self.pairs, self.classifier, self._share = pairs, classifier, recipe.mix

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """A scalar."""
        pairs: Tensor = self.pairs(embeddings, known)
        classifier: Tensor = self.classifier(embeddings, known)
        return (1 - self._share) * pairs + self._share * classifier


class SelfSupervised(nn.Module):
    """Two views of a film are nearer to each other than to any other patient's film.

    Decoupled contrastive loss (Yeh et al. 2022): SimCLR's (Chen et al. 2020) with the positive pair
    left out of the denominator, so that it depends far less on large batches. As there a
    small perceptron stands between the embedding and the loss, and is thrown away afterwards.
    """

    projected = 128

    def __init__(self, recipe: Recipe, dim: int, classes: int) -> None:
        """`dim`: of the embeddings; there are no classes."""
        super().__init__()
        self.perceptron = nn.Sequential(
            nn.Linear(dim, dim, bias=False),
            nn.BatchNorm1d(dim),
            nn.ReLU(inplace=True),
            nn.Linear(dim, self.projected),
        )
        self._temperature = recipe.temperature

    def forward(self, embeddings: Tensor, known: Known) -> Tensor:
        """A scalar; 0 where all films are of one patient."""
        found = functional.normalize(self.perceptron(embeddings), dim=1)
        logits = found @ found.T / self._temperature
        itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        views = _equal(known.labels) & ~itself
        others = ~_equal(known.patients)
        near = torch.where(views, logits, 0.0).sum(1) / views.sum(1).clamp(min=1)
        return _mean(_log_sum(logits, others) - near, others.any(1) & views.any(1))


LOSSES: Mapping[str, Any] = MappingProxyType(
    {
        "supcon": SupCon,
        "proxy": Proxy,
        "proxy-anchor": ProxyAnchor,
        "multi-similarity": MultiSimilarity,
        SELF_SUPERVISED: SelfSupervised,
    }
)
_OF_PAIRS = ("supcon", "multi-similarity")


def loss_of(recipe: Recipe, dim: int, classes: int) -> nn.Module:
    """The loss that a recipe asks for, with what it learns itself; `dim`: of the embeddings."""
    chosen: nn.Module = LOSSES[recipe.loss](recipe, dim, classes)
    return Mixed(recipe, chosen, Proxy(recipe, dim, classes)) if recipe.mix else chosen


def _equal(numbers: Tensor) -> Tensor:
    return numbers[:, None] == numbers[None, :]


def _log_sum(logits: Tensor, counted: Tensor) -> Tensor:
    """log of the sum of the counted exponentials of each row; finite where none is."""
    return logits.masked_fill(~counted, torch.finfo(logits.dtype).min).logsumexp(1)


def _log_one_plus(logits: Tensor, counted: Tensor) -> Tensor:
    """log(1 + the sum of the counted exponentials) of each row."""
    one = logits.new_zeros(len(logits), 1)
    return torch.cat([one, logits.masked_fill(~counted, -torch.inf)], 1).logsumexp(1)


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """The mean of the chosen; 0 with a gradient of 0 where none is."""
    return torch.where(chosen, values, 0.0).sum() / chosen.sum().clamp(min=1)
