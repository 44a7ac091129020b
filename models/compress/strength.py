"""How much each channel of a group gives to what reads it, and which ones therefore stay."""

import math

import numpy as np
import torch
from torch import nn

from models.arrays import FloatImage
from models.compress.channels import Group, weight_of
from models.heads.leave_out import Indices

STEP = 8
"""Channels are kept in eights, which is what a processor works on at once."""


def strengths(network: nn.Module, group: Group) -> FloatImage:
    """How much each channel gives, float32 (channels,), from the weights alone.

    After normalisation a channel is about a Gaussian with mean beta and deviation gamma; what the
    rectifier leaves of it on average, times the length of the weights that read it. (Liu 2017
    prunes by gamma alone and Li 2017 by the length of weights alone: either is blind to the other
    half.)
    """
    gamma = weight_of(network, group.norms[-1]).double().abs()
    beta = network.get_parameter(f"{group.norms[-1]}.bias").detach().double()
    ratio = beta / gamma.clamp(min=1e-12)
    density = torch.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    left = gamma * density + beta * torch.special.ndtr(ratio)
    read = torch.zeros_like(left)
    for reads in group.read_by:
        weight = weight_of(network, reads.layer).double()
        own = weight[:, reads.first : reads.first + len(left)]
        read += own.transpose(0, 1).flatten(1).square().sum(1)
    return np.asarray(left * read.sqrt(), np.float32)


def strongest(network: nn.Module, group: Group, keep: float) -> Indices:
    """The numbers, rising, of the channels that stay: a share of `keep`, in eights, at least 8."""
    found = strengths(network, group)
    count = min(len(found), max(STEP, round(keep * len(found) / STEP) * STEP))
    return np.sort(np.argsort(-found, kind="stable")[:count]).astype(np.intp)
