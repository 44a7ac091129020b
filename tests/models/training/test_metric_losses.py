"""Losses of metric learning, against values computed by hand."""

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.metric_losses import Known

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


def told(
    loss: str,
    vectors: list[tuple[float, float]],
    labels: list[int],
    patients: list[int],
    **more: Any,
) -> float:
    """What a loss says; proxies are east for label 0 and north for 1; there is no perceptron."""
    import torch

    from models.training.metric_losses import Recipe, loss_of

    function = loss_of(Recipe(loss=loss, **more), 2, 2)
    for name, own in function.named_parameters():
        if name.endswith("proxies"):
            with torch.no_grad():
                own.copy_(3 * torch.eye(2))  # their length does not count
    if loss == "self-supervised":
        function.perceptron = torch.nn.Identity()
    value: float = function(torch.tensor(vectors), known(labels, patients)).item()
    return value


def known(labels: list[int], patients: list[int]) -> "Known":
    import torch

    from models.training.metric_losses import Known

    return Known(torch.tensor(labels), torch.tensor(patients))


def test_supcon() -> None:
    """Each anchor: one film of its label at cosine 1, two others at 0."""
    vectors, labels = [EAST, EAST, NORTH, NORTH], [0, 0, 1, 1]
    wanted = math.log((math.e + 2) / math.e)
    assert told("supcon", vectors, labels, [0, 1, 2, 3], temperature=1) == pytest.approx(wanted)
    # Two films of one patient are no pair; the other label's anchors are as before.
    assert told("supcon", vectors, labels, [0, 0, 2, 3], temperature=1) == pytest.approx(wanted)
    # Worst: what is alike is far away, what is not alike lies upon it.
    turned = math.log((1 + math.e + 1) / 1)
    worse = told("supcon", vectors, [0, 1, 0, 1], [0, 1, 2, 3], temperature=1)
    assert worse == pytest.approx(turned)


def test_multi_similarity() -> None:
    """Anchor 0: alike at 0, different at 1; anchor 1: both at 0; anchor 2 has nobody alike."""
    near = math.log(1 + math.e) / 2
    far = (math.log(1 + math.exp(25)) / 50, math.log(1 + math.exp(-25)) / 50)
    found = told("multi-similarity", [EAST, NORTH, EAST], [0, 0, 1], [0, 1, 2])
    assert found == pytest.approx((2 * near + far[0] + far[1]) / 3)
    # What is easy (alike at 1, different at 0) has no part.
    assert told("multi-similarity", [EAST, EAST, NORTH], [0, 0, 1], [0, 1, 2]) == 0


def test_proxies() -> None:
    assert told("proxy", [EAST], [0], [0], temperature=1) == pytest.approx(
        math.log(1 + math.exp(-1))
    )
    assert told("proxy", [NORTH], [0], [0], temperature=0.5) == pytest.approx(
        math.log(1 + math.exp(2))
    )
    smooth = told("proxy", [EAST], [0], [0], temperature=1, label_smoothing=0.2)
    assert smooth == pytest.approx(math.log(1 + math.exp(-1)) + 0.1)


def test_proxy_anchor() -> None:
    """Each proxy: its own film at 1, the other's at 0."""
    near = math.log(1 + math.exp(-32 * 0.9))
    far = math.log(1 + math.exp(32 * 0.1))
    found = told("proxy-anchor", [EAST, NORTH], [0, 1], [0, 1])
    assert found == pytest.approx(near + far, abs=1e-5)
    # A class without a film in the batch has none to be near to, and is kept away from all.
    alone = told("proxy-anchor", [EAST], [0], [0])
    assert alone == pytest.approx(near + (math.log(1) + far) / 2, abs=1e-5)


def test_two_views() -> None:
    """Views at cosine 1, and two views of another patient's film at 0."""
    vectors, films = [EAST, NORTH, EAST, NORTH], [0, 1, 0, 1]
    found = told("self-supervised", vectors, films, [0, 1, 0, 1], temperature=1)
    assert found == pytest.approx(math.log(2) - 1)
    assert told("self-supervised", vectors, films, [0, 0, 0, 0], temperature=1) == 0


def test_a_mixture_is_the_sum_of_its_shares() -> None:
    vectors, labels, patients = [EAST, EAST, NORTH, NORTH], [0, 0, 1, 1], [0, 1, 2, 3]
    one, other = (
        told(name, vectors, labels, patients, temperature=1) for name in ("supcon", "proxy")
    )
    mixed = told("supcon", vectors, labels, patients, temperature=1, mix=0.25)
    assert mixed == pytest.approx(0.75 * one + 0.25 * other)


@pytest.mark.parametrize(
    ("labels", "patients"),
    [([0, 0, 1, 1, 2, 2], [0, 1, 2, 3, 4, 5]), ([0] * 6, [0] * 6), ([0, 1, 2, 3, 4, 5], [0] * 6)],
)
@pytest.mark.parametrize(
    "loss", ["supcon", "proxy", "proxy-anchor", "multi-similarity", "self-supervised"]
)
def test_gradients_are_finite_whatever_is_in_the_batch(
    loss: str, labels: list[int], patients: list[int]
) -> None:
    """Also of equal embeddings, and where no two films are a pair."""
    import torch
    from torch.nn import functional

    from models.training.metric_losses import Recipe, loss_of

    torch.manual_seed(0)
    function = loss_of(Recipe(loss=loss, temperature=0.01), 4, 6)
    for raw in (torch.randn(6, 4), torch.ones(6, 4)):
        embeddings: Tensor = raw.requires_grad_()
        value = function(functional.normalize(embeddings, dim=1), known(labels, patients))
        value.backward()
        assert np.isfinite(value.item())
        assert embeddings.grad is not None and bool(embeddings.grad.isfinite().all())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"loss": "hinge"}, "there is no loss 'hinge'; there are: supcon, proxy"),
        ({"dim": 5000}, "dim is 5000; it is a number from 0 to 4096"),
        ({"temperature": 0.0}, "temperature is 0.0; it is a number from 0.01 to 1"),
        ({"mix": 1.0, "loss": "supcon"}, "mix is 1.0; it is a number from 0 to 0.99"),
        ({"mix": 0.5}, "a classifier has a part in supcon and multi-similarity only"),
    ],
)
def test_what_does_not_fit_is_said(asked: dict[str, Any], words: str) -> None:
    from models.training.metric_losses import Recipe

    with pytest.raises(UsageError, match=words):
        Recipe(**asked)
