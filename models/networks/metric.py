"""An encoder that is trained to put films of one kind near each other.

A trunk, its pooled feature, and a linear projection of it to an embedding of unit length. With
several members it is a committee (see `models.networks.committee`): they share the frozen stages,
and each leaves out one fold of the patients.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks import Takes


class MetricNetwork(nn.Module):
    """Takes what its trunk takes; gives embeddings."""

    def __init__(
        self,
        trunk: nn.Module,
        shared: int,
        members: int,
        dim: int,
        dropout: float,
        guide: Callable[[int], nn.Module],
    ) -> None:
        """`trunk`: see `models.networks.Trunk`; its first `shared` stages are run once for all.

        `dim`: numbers of an embedding; 0 for the trunk's own, without a projection. `guide`: makes
        the loss of a member for embeddings of so many numbers; what it learns is kept with it.
        """
        super().__init__()
        self.shared = shared
        self.takes: Takes = trunk.takes  # type: ignore[assignment]
        found: int = trunk.dim  # type: ignore[assignment]
        self.dim = dim or found
        self.trunk = nn.ModuleList([trunk, *(copy.deepcopy(trunk) for _ in range(members - 1))])
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.ModuleList(
            nn.Linear(found, dim) if dim else nn.Identity() for _ in range(members)
        )
        self.guides = nn.ModuleList(guide(self.dim) for _ in range(members))
        self.aligned: nn.ModuleList | None = None

    def __len__(self) -> int:
        """How many members."""
        return len(self.guides)

    def parts(self) -> list[list[nn.Parameter]]:
        """The parameters of each member; no two learn from each other."""
        every = zip(self.trunk, self.projection, self.guides, strict=True)
        return [[p for module in one for p in module.parameters()] for one in every]

    def beginning(self, x: Tensor) -> Tensor:
        """What the shared stages find in pictures, float32 (n, 3, H, W)."""
        found: Tensor = self.trunk[0].through(x, 0, self.shared)  # type: ignore[operator]
        return found

    def member(self, number: int, begun: Tensor) -> Tensor:
        """One member's embeddings, float32 (n, dim) of unit length, from the beginning."""
        trunk = self.trunk[number]
        last = len(trunk.stages())  # type: ignore[operator]
        found = trunk.pooled(trunk.through(begun, self.shared, last))  # type: ignore[operator]
        embedding = functional.normalize(self.projection[number](self.dropout(found)), dim=1)
        return embedding if self.aligned is None else self.aligned[number](embedding)

    def align(self, weight: Tensor, bias: Tensor) -> None:
        """From now on member m's embedding x is given as x @ weight[m] + bias[m].

        `weight`: float32 (members, dim, common). `bias`: float32 (members, common).
        """
        aligned = nn.ModuleList()
        for matrix, offset in zip(weight, bias, strict=True):
            layer = nn.Linear(*matrix.shape)
            with torch.no_grad():
                layer.weight.copy_(matrix.T)
                layer.bias.copy_(offset)
            aligned.append(layer)
        self.aligned = aligned

    def members(self, begun: Tensor) -> Tensor:
        """All members' embeddings, float32 (n, members, dim), from the beginning."""
        return torch.stack([self.member(number, begun) for number in range(len(self))], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings: float32 (n, dim), of several members (n, members, dim)."""
        begun = self.beginning(x)
        return self.members(begun) if len(self) > 1 else self.member(0, begun)
