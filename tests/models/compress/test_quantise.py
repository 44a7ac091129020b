"""int8 of the layers that our networks have: near fp32, in the form that runs fast."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from models.arrays import FloatImage
from models.errors import UsageError
from models.runtime import SegmenterSpec

if TYPE_CHECKING:
    from torch import nn

    from models.compress.contract import Given

pytestmark = [
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

Exported = Callable[["nn.Module", int], Path]


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """Writes a network as fp32 ONNX."""

    def write(network: "nn.Module", channels: int) -> Path:
        from models.training.export import export_fp32

        export_fp32(network.eval(), (channels, 64, 64), tmp_path / "fp32.onnx", ("answer",))
        return tmp_path / "fp32.onnx"

    return write


@pytest.fixture(scope="module")
def films(examples: Path) -> FloatImage:
    """24 example films as a grey network takes them: float32 (24, 1, 64, 64)."""
    found = sorted((examples / "archive").rglob("*.jpg"))[::3][:24]
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in found]
    small = [cv2.resize(picture, (64, 64)) for picture in pictures if picture is not None]
    return np.asarray((np.stack(small)[:, None].astype(np.float32) - 128) / 64, np.float32)


def run(path: Path, pictures: FloatImage) -> FloatImage:
    from onnxruntime import InferenceSession

    (found,) = InferenceSession(path, providers=["CPUExecutionProvider"]).run(
        None, {"image": pictures}
    )
    return np.asarray(found, np.float32)


def quantised(path: Path, films: FloatImage) -> tuple[Path, float]:
    """The int8 file, and its correlation with fp32 on films that were not calibrated on."""
    from models.compress.quantise import quantise

    target = path.with_name("int8.onnx")
    quantise(path, target, films[:16])
    pair = run(path, films[16:]).ravel(), run(target, films[16:]).ravel()
    return target, float(np.corrcoef(*pair)[0, 1])


def kinds(path: Path) -> list[str]:
    import onnx

    return [node.op_type for node in onnx.load(path).graph.node]


def seeded(make: "Callable[[], nn.Module]") -> "nn.Module":
    import torch

    torch.manual_seed(0)
    return make()


def test_a_u_net(exported: Exported, films: FloatImage) -> None:
    """Rectifiers become part of the convolutions; nothing is rounded between the two."""
    from models.networks.unet import UNet

    path = exported(seeded(lambda: UNet(1, 16, 64)), 1)
    target, alike = quantised(path, films)
    assert alike > 0.995
    found = kinds(target)
    assert found.count("Conv") == 19 and "Relu" not in found and found.count("Concat") == 4
    assert target.stat().st_size < 0.3 * path.stat().st_size


def test_seven_bits_and_signs(exported: Exported, films: FloatImage) -> None:
    """Weights fit 7 bits; the picture is signed around zero, what was rectified begins at zero."""
    import onnx

    from models.networks.unet import UNet

    target, _ = quantised(exported(seeded(lambda: UNet(1, 16, 64)), 1), films)
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(target).graph.initializer}
    weights = [t for t in tensors.values() if t.dtype == np.int8 and t.ndim == 4]
    assert len(weights) == 18  # the one that gives the logits stays fp32
    assert max(int(np.abs(w).max()) for w in weights) == 64
    zeros = {name: value for name, value in tensors.items() if name.endswith("_zero_point")}
    picture = zeros["pixel_unshuffle_zero_point"]
    assert picture.dtype == np.int8 and int(picture) == 0
    rectified = [value for name, value in zeros.items() if name.startswith("relu")]
    assert len(rectified) == 18
    assert all(value.dtype == np.uint8 and int(value) == 0 for value in rectified)


def test_transposed_convolution_and_fully_connected(exported: Exported, films: FloatImage) -> None:
    from torch import nn

    path = exported(
        seeded(
            lambda: nn.Sequential(
                nn.Conv2d(1, 8, 3, stride=2, padding=1),
                nn.ReLU(),
                nn.ConvTranspose2d(8, 8, 2, stride=2),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(4),
                nn.Flatten(),
                nn.Linear(128, 64),
                nn.ReLU(),
                nn.Linear(64, 3),
            )
        ),
        1,
    )
    target, alike = quantised(path, films)
    assert alike > 0.99
    assert kinds(target).count("QuantizeLinear") >= 4
    import onnx

    stored = [t.data_type for t in onnx.load(target).graph.initializer if len(t.dims) == 2]
    assert sorted(stored) == sorted([onnx.TensorProto.INT8, onnx.TensorProto.FLOAT])


def test_normalisation_is_folded_in_first(films: FloatImage, tmp_path: Path) -> None:
    """A file from elsewhere may hold it apart; then the rectifier would not follow the layer."""
    import onnx
    from onnx import TensorProto, helper

    rng = np.random.default_rng(0)

    def tensor(name: str, values: Any) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(np.asarray(values, np.float32), name)

    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "w"], ["a"], "conv", pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", ["a", "s", "b", "m", "v"], ["c"], "norm"),
            helper.make_node("Relu", ["c"], ["d"], "relu"),
            helper.make_node("Conv", ["d", "w2"], ["answer"], "last"),
        ],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 64, 64])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 2, 64, 64])],
        [
            tensor("w", rng.normal(0, 0.3, (8, 1, 3, 3))),
            tensor("s", rng.uniform(0.5, 1.5, 8)),
            tensor("b", rng.normal(0, 0.3, 8)),
            tensor("m", rng.normal(0, 0.3, 8)),
            tensor("v", rng.uniform(0.5, 1.5, 8)),
            tensor("w2", rng.normal(0, 0.3, (2, 8, 1, 1))),
        ],
    )
    path = tmp_path / "fp32.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(made, path)
    target, alike = quantised(path, films)
    assert alike > 0.999
    found = kinds(target)
    assert "BatchNormalization" not in found and "Relu" not in found


def given(exported: Exported, learned: int) -> "Given":
    """A U-Net with `learned` films to take ranges from."""
    from models.compress.contract import Form, Given, Wishes
    from models.networks.unet import UNet
    from models.training.films import Films
    from models.training.splits import Split

    spec = SegmenterSpec(
        name="net",
        file="net.onnx",
        sha256="",
        size=64,
        mean=(128.0,),
        std=(64.0,),
        regions=("lungs",),
        licence="",
        source="",
    )
    content = exported(seeded(lambda: UNet(1, 8, 64)), 1).read_bytes()
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (learned, 64, 64, 1), np.uint8)
    films = Films(pictures, [str(n) for n in range(learned)], np.zeros(learned, np.intp))
    nobody = np.arange(0)
    split = Split(np.arange(learned), nobody, nobody)
    return Given(Form(spec, content), films, split, Wishes(), Path())


def test_too_few_films_to_take_ranges_from(exported: Exported) -> None:
    from models.compress.int8 import Int8

    with pytest.raises(UsageError, match="and 7 are there; 8 are needed"):
        Int8().make(given(exported, 7), lambda *_: None)


def test_quantised_twice_is_refused(exported: Exported) -> None:
    from models.compress.contract import Wishes
    from models.compress.halve import Fp16
    from models.compress.int8 import Int8

    made = Int8().make(given(exported, 8), lambda *_: None)
    for chosen in (Int8(), Fp16()):
        with pytest.raises(UsageError, match=r"'net' (is quantised|are int8) already"):
            chosen.check(made.form, Wishes())
