"""A committee: one frozen beginning, several ends that each leave out a part of the patients.

Ends that learned from different patients err differently, so their mean is better than any of them
(bagging, Breiman 1996). And of each film that was learned from there is one end that has not seen
it: what that end says is as good as what the network says of a new film, so nothing need be set
apart to choose and to calibrate by (cross-fitting).
"""

import copy

import torch
from torch import Tensor, nn


class Committee(nn.Module):
    """Takes what its trunk takes. Gives each member's embedding and logits."""

    def __init__(
        self, trunk: nn.Module, shared: int, members: int, classes: int, dropout: float
    ) -> None:
        """`trunk`: see `models.networks.Trunk`; its first `shared` stages are run once for all."""
        super().__init__()
        self.shared = shared
        self.takes = trunk.takes
        # Each member keeps a whole trunk; of all but the first the beginning is never run.
        self.trunk = nn.ModuleList([trunk, *(copy.deepcopy(trunk) for _ in range(members - 1))])
        self.dropout = nn.Dropout(dropout)
        dim: int = trunk.dim  # type: ignore[assignment]
        self.classes = nn.ModuleList(nn.Linear(dim, classes) for _ in range(members))
        self.aligned: nn.ModuleList | None = None

    def beginning(self, x: Tensor) -> Tensor:
        """What the shared stages find in pictures, float32 (n, 3, H, W)."""
        found: Tensor = self.trunk[0].through(x, 0, self.shared)  # type: ignore[operator]
        return found

    def member(self, number: int, begun: Tensor) -> tuple[Tensor, Tensor]:
        """One member's embedding, (n, dim), and logits, (n, classes), from the beginning."""
        trunk = self.trunk[number]
        last = len(trunk.stages())  # type: ignore[operator]
        found = trunk.pooled(trunk.through(begun, self.shared, last))  # type: ignore[operator]
        return found, self.classes[number](self.dropout(found))

    def align(self, weight: Tensor, bias: Tensor) -> None:
        """From now on member m's embedding x is given as x @ weight[m] + bias[m].

        `weight`: float32 (members, dim, common). `bias`: float32 (members, common).
        """
        self.aligned = nn.ModuleList()
        for matrix, offset in zip(weight, bias, strict=True):
            layer = nn.Linear(*matrix.shape)
            with torch.no_grad():
                layer.weight.copy_(matrix.T)
                layer.bias.copy_(offset)
            self.aligned.append(layer)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """All members: embeddings, float32 (n, members, dim), and logits (n, members, classes)."""
        begun = self.beginning(x)
        told = [self.member(number, begun) for number in range(len(self.classes))]
        if self.aligned is not None:
            told = [
                (layer(found), logits)
                for layer, (found, logits) in zip(self.aligned, told, strict=True)
            ]
        return torch.stack([one[0] for one in told], 1), torch.stack([one[1] for one in told], 1)
