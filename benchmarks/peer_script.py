"""The script that most people would write: torch in eager mode, PIL, a loop, FAISS Flat.

    python -m benchmarks.peer_script index FOLDER --out FOLDER
    python -m benchmarks.peer_script query FILM --index FOLDER

It is what the engine is measured against in `benchmarks.throughput`, so it is written well, but not
beyond what is usual: EfficientNet-Lite0 in evaluation and inference mode with torch's own number
of threads, one film at a time, exact search. It has one descriptor, no rejects, no diagnosis, and a
damaged file ends it.
"""

import argparse
import json
from pathlib import Path

import faiss
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models.errors import ModelUnusable
from models.networks.efficientnet_lite import lite0
from models.networks.weights import pretrained

SIZE = 224
FILMS = (".jpg", ".jpeg", ".png", ".dcm")


def network() -> torch.nn.Module:
    """EfficientNet-Lite0, pretrained if the package with the weights is installed.

    Random weights take the same time; they are the same in every process.
    """
    try:
        return pretrained("efficientnet-lite0").eval()
    except ModelUnusable:
        torch.manual_seed(0)
        return lite0().eval()


def picture(path: Path) -> Image.Image:
    """A film as 8-bit RGB."""
    if path.suffix == ".dcm":
        import pydicom

        levels = pydicom.dcmread(path).pixel_array.astype(np.float32)
        low, high = levels.min(), levels.max()
        scaled = (levels - low) / max(high - low, 1) * 255
        return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
    return Image.open(path).convert("RGB")


def embedding(model: torch.nn.Module, path: Path) -> NDArray[np.float32]:
    """A film's embedding: float32 (1, 1280), of unit length."""
    small = picture(path).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    pixels = (np.asarray(small, np.float32) - 127) / 128
    with torch.inference_mode():
        vector = model(torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())).numpy()
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def index(folder: Path, out: Path) -> int:
    """Embeds every film of a folder, saves them, and gives how many there were."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in FILMS)
    model = network()
    vectors = np.concatenate([embedding(model, path) for path in paths])
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    out.mkdir(parents=True, exist_ok=True)
    faiss.write_index(flat, str(out / "vectors.faiss"))
    (out / "paths.json").write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")
    return len(paths)


def query(film: Path, out: Path, count: int = 5) -> list[tuple[str, float]]:
    """The paths of the nearest films and their cosines."""
    flat = faiss.read_index(str(out / "vectors.faiss"))
    paths = json.loads((out / "paths.json").read_text(encoding="utf-8"))
    scores, rows = flat.search(embedding(network(), film), count)
    return [(paths[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peer_script")
    commands = parser.add_subparsers(dest="command", required=True)
    indexing = commands.add_parser("index")
    indexing.add_argument("folder", type=Path)
    indexing.add_argument("--out", type=Path, required=True)
    asking = commands.add_parser("query")
    asking.add_argument("film", type=Path)
    asking.add_argument("--index", type=Path, required=True)
    told = parser.parse_args()
    if told.command == "index":
        print(index(told.folder, told.out))
    else:
        for path, score in query(told.film, told.index):
            print(f"{score:.3f}  {path}")


if __name__ == "__main__":
    main()
