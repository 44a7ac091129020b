"""How others turn a folder into embeddings, with the same encoder: one step of what indexing does.

    python -m benchmarks.encoding_peers imagededup FOLDER
    python -m benchmarks.encoding_peers loader FOLDER

`imagededup` is that package's own `CNN.encode_images`, handed the encoder as its custom model.
`loader` is what clip-retrieval's inference does on a folder of images: a torch DataLoader whose
workers open and prepare the files, the network on batches, rows of unit length saved as float16.
(clip-retrieval itself asks for numpy below 2 and pyarrow below 16, so it cannot stand beside us.)
Each prints how many images it encoded.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks.peer_script import SIZE, network

BATCH = 64
WORKERS = 2
PICTURES = (".jpg", ".jpeg", ".png")


def prepared(image: Image.Image) -> torch.Tensor:
    """An image as the encoder takes it: float32 (3, SIZE, SIZE)."""
    small = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return torch.from_numpy((np.asarray(small, np.float32).transpose(2, 0, 1) - 127) / 128)


class Folder(Dataset[torch.Tensor]):
    """The images below a folder."""

    def __init__(self, folder: Path) -> None:
        """Lists them."""
        self.paths = sorted(path for path in folder.rglob("*") if path.suffix in PICTURES)

    def __len__(self) -> int:
        """How many."""
        return len(self.paths)

    def __getitem__(self, place: int) -> torch.Tensor:
        """One, prepared."""
        return prepared(Image.open(self.paths[place]))


def loader(folder: Path) -> int:
    """Encodes a folder as clip-retrieval's inference would."""
    model, images = network(), Folder(folder)
    batches: Any = DataLoader(
        images, BATCH, num_workers=WORKERS, multiprocessing_context="spawn", persistent_workers=True
    )
    found = []
    with torch.no_grad():
        for batch in batches:
            told = model(batch)
            found.append((told / told.norm(dim=-1, keepdim=True)).to(torch.float16).numpy())
    with tempfile.TemporaryDirectory() as out:
        np.save(Path(out) / "img_emb_0.npy", np.concatenate(found))
    return len(images)


def imagededup(folder: Path) -> int:
    """Encodes a folder with that package."""
    from imagededup.methods import CNN  # type: ignore[import-not-found,unused-ignore]
    from imagededup.utils import CustomModel  # type: ignore[import-not-found,unused-ignore]

    custom = CustomModel(name="lite0", model=network(), transform=prepared)
    encoder = CNN(verbose=False, model_config=custom)
    return len(encoder.encode_images(image_dir=folder, recursive=True, num_enc_workers=WORKERS))


WAYS = {"imagededup": imagededup, "loader": loader}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoding_peers")
    parser.add_argument("way", choices=list(WAYS))
    parser.add_argument("folder", type=Path)
    told = parser.parse_args()
    sys.stdout.write(f"{WAYS[told.way](told.folder)}\n")


if __name__ == "__main__":
    main()
