"""The optimiser, and which parameters it moves how fast."""

from torch import nn, optim

from models.networks.committee import Committee
from models.networks.metric import MetricNetwork
from models.training.settings import TrainingSettings


def optimiser_of(network: nn.Module, settings: TrainingSettings) -> optim.Optimizer:
    """An optimiser over what is not frozen.

    Parameters of `network.trunk`, if it has one, learn at `trunk_rate` of the rate. Biases and
    normalisation (one-dimensional parameters) do not decay.
    """
    trunk = {id(p) for p in _trunk_of(network).parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in network.parameters():
        if parameter.requires_grad:
            key = (id(parameter) in trunk, parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    rate = settings.learning_rate
    told = [
        {
            "params": parameters,
            "lr": rate * (settings.trunk_rate if of_trunk else 1.0),
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (of_trunk, decays), parameters in sorted(groups.items())
    ]
    if settings.optimiser == "sgd":
        nesterov = settings.momentum > 0
        return optim.SGD(told, lr=rate, momentum=settings.momentum, nesterov=nesterov)
    return optim.AdamW(told, lr=rate)


def _trunk_of(network: nn.Module) -> nn.Module:
    trunk = getattr(network, "trunk", None)
    return trunk if isinstance(trunk, nn.Module) else nn.Module()


def parts_of(network: nn.Module) -> list[list[nn.Parameter]]:
    """The parameters, in parts that learn without each other: a committee's members, else one."""
    if isinstance(network, MetricNetwork):
        return network.parts()
    if isinstance(network, Committee):
        pairs = zip(network.trunk, network.classes, strict=True)
        return [[*trunk.parameters(), *last.parameters()] for trunk, last in pairs]
    return [list(network.parameters())]


def freeze(trunk: nn.Module, stages: int) -> None:
    """Keeps the first `stages` stages of a trunk (see `models.networks.Trunk`) as they are.

    Their batch normalisation too: `training_mode` keeps it in evaluation mode.
    """
    for stage in trunk.stages()[:stages]:  # type: ignore[operator]
        for parameter in stage.parameters():
            parameter.requires_grad_(False)


def training_mode(network: nn.Module) -> None:
    """Training mode, except for normalisation whose parameters are frozen."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()
