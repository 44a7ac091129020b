"""Batches of films, drawn so that any step can be drawn again: what makes a resumed run exact."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.heads.leave_out import Indices
from models.networks import Takes
from models.training.augment import Augmentation, transform
from models.training.films import Films


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step sees.

    `pictures`: float32 (n, channels, size, size), as the network takes them. `rows`: of the films.
    `masks`: float32 (n, 1, size, size), 0..1, or None.
    """

    pictures: Tensor
    rows: Tensor
    masks: Tensor | None = None


class Batches:
    """Draws batches out of films for a network that takes `takes` with `channels` channels."""

    def __init__(
        self, films: Films, takes: Takes, channels: int, augmentation: Augmentation
    ) -> None:
        """Nothing is copied yet."""
        self._films = films
        self._channels = channels
        self._change = transform(augmentation, films.size)
        self._mean = torch.tensor(takes.mean[:channels]).view(1, -1, 1, 1)
        self._std = torch.tensor(takes.std[:channels]).view(1, -1, 1, 1)

    def order(self, rows: Indices, epoch: int, seed: int) -> Indices:
        """The rows in the order of that epoch."""
        return np.random.default_rng((seed, epoch)).permutation(rows)

    def changed(self, rows: Indices, seed: int) -> Batch:
        """The films of these rows, each augmented anew; the same for the same `seed`."""
        from torchvision import tv_tensors

        torch.manual_seed(seed)
        pictures, masks = [], []
        for row in rows:
            picture = tv_tensors.Image(torch.from_numpy(self._picture(int(row))))
            if self._films.masks is None:
                pictures.append(self._change(picture))
                continue
            mask = tv_tensors.Mask(torch.from_numpy(np.array(self._films.masks[row])))
            new, covered = self._change(picture, mask)
            pictures.append(new)
            masks.append(covered)
        whole = torch.stack([torch.Tensor(picture) for picture in pictures])
        return Batch(self._as_taken(whole), torch.from_numpy(rows), _fractions(masks))

    def plain(self, rows: Indices) -> Batch:
        """The films of these rows as they are."""
        pictures = np.stack([self._picture(int(row)) for row in rows])
        masks = None if self._films.masks is None else self._films.masks[rows]
        whole = torch.from_numpy(pictures).float() / 255.0
        told = None if masks is None else [torch.from_numpy(np.array(mask)) for mask in masks]
        return Batch(self._as_taken(whole), torch.from_numpy(rows), _fractions(told or []))

    def _picture(self, row: int) -> np.ndarray:
        """uint8 (1 or 3, size, size)."""
        return np.array(self._films.pictures[row].transpose(2, 0, 1), order="C")

    def _as_taken(self, pictures: Tensor) -> Tensor:
        if pictures.shape[1] != self._channels:
            grey = pictures.mean(1, keepdim=True) if self._channels == 1 else pictures
            pictures = grey.expand(-1, self._channels, -1, -1)
        taken = (pictures.clamp(0, 1) * 255.0 - self._mean) / self._std
        return taken.contiguous(memory_format=torch.channels_last)


def _fractions(masks: list[Tensor]) -> Tensor | None:
    if not masks:
        return None
    return torch.stack([torch.Tensor(mask.float()) for mask in masks])[:, None] / 255.0
