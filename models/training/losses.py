"""What training makes small."""

import torch
from torch import Tensor
from torch.nn import functional

SMOOTH = 1.0
"""Pixels added to both sides of Dice's fraction, so that an empty mask has a gradient."""


def class_weights(labels: Tensor, classes: int, exponent: float) -> Tensor:
    """Each class's weight: its inverse frequency to the power of `exponent`, with mean 1 over the
    pictures. float32 (classes,); 0 for a class that does not occur.
    """
    counts = torch.bincount(labels[labels >= 0], minlength=classes).float()
    raw = torch.where(counts > 0, counts.clamp(min=1) ** -exponent, torch.zeros(()))
    return raw * counts.sum() / (raw * counts).sum().clamp(min=1e-12)


def soft_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean over pictures of the cross-entropy to target probabilities.

    `logits`, `targets`: float32 (n, classes). `weights`: (classes,), on each class's own term.
    """
    terms = -(targets * weights * functional.log_softmax(logits, 1)).sum(1)
    return terms.mean()


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """1 - Dice of the soft mask, the mean over pictures and regions (Milletari 2016).

    `logits`, `masks`: float32 (n, regions, H, W); masks 0..1.
    """
    found = logits.sigmoid()
    both = (found * masks).sum((2, 3))
    either = found.sum((2, 3)) + masks.sum((2, 3))
    loss: Tensor = 1 - ((2 * both + SMOOTH) / (either + SMOOTH)).mean()
    return loss


def mask_cross_entropy(logits: Tensor, masks: Tensor) -> Tensor:
    """Mean binary cross-entropy over all pixels; arguments as of `dice_loss`."""
    return functional.binary_cross_entropy_with_logits(logits, masks)


def dice_and_cross_entropy(logits: Tensor, masks: Tensor) -> Tensor:
    """The sum of both: Dice for the area, cross-entropy for steady gradients."""
    return dice_loss(logits, masks) + mask_cross_entropy(logits, masks)


def known_cross_entropy(logits: Tensor, findings: Tensor) -> Tensor:
    """Mean binary cross-entropy over the findings that are known.

    `findings`: float32 (n, f), NaN where not known; 0 if nothing is.
    """
    known = ~findings.isnan()
    if not known.any():
        return logits.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(logits[known], findings[known])
